//! The certificate that we show in DTLS.

use jackfield_sdk::prelude::*;
use jackfield_sdk::secure_transport::{Fingerprint, HashFunction};
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_ECDSA_P256_SHA256, SerialNumber};
use rsa::pkcs8::EncodePrivateKey;
use rsa::rand_core::{TryCryptoRng, TryRng};
use time::{Duration, OffsetDateTime};

use crate::secrets::Secrets;

/// Clocks of peers may be behind ours.
const BEFORE: Duration = Duration::days(1);
/// As long as a browser's.
const AFTER: Duration = Duration::days(30);
/// A certificate that has no more than this left is replaced before it is shown to anybody.
const LEAST_LEFT: Duration = Duration::days(1);
/// RFC 8827 section 6.5 asks for 2048 bits at least.
const RSA_BITS: usize = 2048;

/// A self-signed certificate and its key. Made anew for each instance: nobody can follow a user from call to call by it.
#[derive(Clone)]
pub(crate) struct Certificate {
    /// The certificate, DER.
    pub(crate) der: Vec<u8>,
    /// The private key, PKCS #8 DER.
    pub(crate) private_key: Vec<u8>,
    /// What kind of key it is.
    pub(crate) key: KeyKind,
    /// The last moment of its validity, in microseconds since 1970.
    not_after_us: i64,
}

/// What kind of key a certificate has (RFC 8827 section 6.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyKind {
    /// What everybody must know.
    EcdsaP256,
    /// For peers that know nothing else.
    Rsa,
}

impl Certificate {
    /// Makes one that is valid from a day before to thirty days after `unix_us`. With an RSA key that takes up to a second.
    pub(crate) fn make(key: KeyKind, unix_us: i64, secrets: &mut Secrets) -> Result<Self, Fault> {
        let today = OffsetDateTime::from_unix_timestamp(unix_us.div_euclid(1_000_000)).map_err(|_| {
            Fault::invalid(
                "`unix_us` is not a date that a certificate can carry: pass microseconds since 1970",
            )
        })?;
        let pair = match key {
            KeyKind::EcdsaP256 => KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(|e| failed(&e))?,
            KeyKind::Rsa => rsa_pair(secrets)?,
        };
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name = DistinguishedName::new();
        parameters.distinguished_name.push(DnType::CommonName, "WebRTC");
        parameters.serial_number = Some(SerialNumber::from_slice(&secrets.bytes::<8>()?));
        parameters.not_before = today.checked_sub(BEFORE).unwrap_or(today);
        parameters.not_after = today.checked_add(AFTER).unwrap_or(today);
        let certificate = parameters.self_signed(&pair).map_err(|e| failed(&e))?;
        Ok(Self {
            der: certificate.der().to_vec(),
            private_key: pair.serialize_der(),
            key,
            not_after_us: parameters.not_after.unix_timestamp().saturating_mul(1_000_000),
        })
    }

    /// Its fingerprint.
    pub(crate) fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(HashFunction::Sha256, &self.der)
    }

    /// Whether it has ended by `unix_us`.
    pub(crate) fn has_ended(&self, unix_us: i64) -> bool {
        unix_us > self.not_after_us
    }

    /// Whether it is so near its end at `unix_us` that another one should be shown instead.
    pub(crate) fn nears_its_end(&self, unix_us: i64) -> bool {
        unix_us
            > self
                .not_after_us
                .saturating_sub(LEAST_LEFT.whole_seconds() * 1_000_000)
    }
}

fn rsa_pair(secrets: &mut Secrets) -> Result<KeyPair, Fault> {
    let key = rsa::PrivateKey::new(&mut Random(secrets), RSA_BITS).map_err(|e| failed(&e))?;
    let der = key.to_pkcs8_der().map_err(|e| failed(&e))?;
    KeyPair::try_from(der.as_bytes()).map_err(|e| failed(&e))
}

fn failed(error: &dyn std::fmt::Display) -> Fault {
    Fault::failed(format!("no certificate could be made: {error}"))
}

/// Secrets as the library draws them.
struct Random<'a>(&'a mut Secrets);

impl TryRng for Random<'_> {
    type Error = Fault;

    fn try_next_u32(&mut self) -> Result<u32, Fault> {
        self.0.bytes().map(u32::from_le_bytes)
    }

    fn try_next_u64(&mut self) -> Result<u64, Fault> {
        self.0.bytes().map(u64::from_le_bytes)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Fault> {
        for piece in bytes.chunks_mut(32) {
            piece.copy_from_slice(&self.0.bytes::<32>()?[..piece.len()]);
        }
        Ok(())
    }
}

impl TryCryptoRng for Random<'_> {}

#[cfg(test)]
mod tests {
    use x509_cert::der::Decode;

    use super::*;

    const DAY_US: i64 = 24 * 3_600 * 1_000_000;
    /// 15 January 2027.
    const TODAY: i64 = 1_800_000_000_000_000;

    fn made(key: KeyKind) -> Certificate {
        Certificate::make(key, TODAY, &mut Secrets::new(false, 1)).unwrap()
    }

    #[test]
    fn e25_4_keys_are_ecdsa_p256_or_rsa_of_2048_bits() {
        for (key, algorithm, least_bits) in [
            (KeyKind::EcdsaP256, "1.2.840.10045.2.1", 2 * 256),
            (KeyKind::Rsa, "1.2.840.113549.1.1.1", 2_048),
        ] {
            let certificate = made(key);
            let read = x509_cert::Certificate::from_der(&certificate.der).unwrap();
            let public = read.tbs_certificate().subject_public_key_info();
            assert_eq!(public.algorithm.oid.to_string(), algorithm);
            assert!(public.subject_public_key.bit_len() > least_bits, "{key:?}");
        }
    }

    #[test]
    fn e25_4_a_certificate_is_valid_around_the_date_that_it_was_given() {
        for key in [KeyKind::EcdsaP256, KeyKind::Rsa] {
            let certificate = made(key);
            let read = x509_cert::Certificate::from_der(&certificate.der).unwrap();
            let validity = read.tbs_certificate().validity();
            let seconds = |time: x509_cert::time::Time| time.to_unix_duration().as_secs() as i64 * 1_000_000;
            assert_eq!(seconds(validity.not_before), TODAY - DAY_US);
            assert_eq!(seconds(validity.not_after), TODAY + 30 * DAY_US);
        }
    }

    #[test]
    fn e25_4_it_nears_its_end_a_day_before_it_ends() {
        let certificate = made(KeyKind::EcdsaP256);
        let of = |days: i64, us: i64| {
            let now = TODAY + days * DAY_US + us;
            (certificate.nears_its_end(now), certificate.has_ended(now))
        };
        assert_eq!(of(0, 0), (false, false));
        assert_eq!(of(29, 0), (false, false));
        assert_eq!(of(29, 1), (true, false));
        assert_eq!(of(30, 0), (true, false));
        assert_eq!(of(30, 1), (true, true));
    }

    #[test]
    fn e25_4_no_two_certificates_are_alike() {
        for key in [KeyKind::EcdsaP256, KeyKind::Rsa] {
            assert_ne!(made(key).fingerprint(), made(key).fingerprint());
        }
    }
}
