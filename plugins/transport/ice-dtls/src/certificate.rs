//! The certificate that we show in DTLS, and the fingerprints by which the ends know each other's (RFC 8122).

use std::fmt;

use jackfield_sdk::prelude::*;
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_ECDSA_P256_SHA256, SerialNumber};
use sha2::{Digest, Sha256, Sha384, Sha512};
use time::{Duration, OffsetDateTime};

use crate::secrets::Secrets;

/// A self-signed ECDSA P-256 certificate and its key. Made anew for each instance: nobody can follow a user from call to call by it.
#[derive(Clone)]
pub(crate) struct Certificate {
    /// The certificate, DER.
    pub(crate) der: Vec<u8>,
    /// The private key, PKCS #8 DER.
    pub(crate) private_key: Vec<u8>,
}

impl Certificate {
    /// Makes one that is valid from a day before to thirty days after `unix_us`.
    pub(crate) fn make(unix_us: i64, secrets: &mut Secrets) -> Result<Self, Fault> {
        let failed = |error: rcgen::Error| Fault::failed(format!("no certificate could be made: {error}"));
        let today = OffsetDateTime::from_unix_timestamp(unix_us.div_euclid(1_000_000)).map_err(|_| {
            Fault::invalid(
                "`unix_us` is not a date that a certificate can carry: pass microseconds since 1970",
            )
        })?;
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(failed)?;
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name = DistinguishedName::new();
        parameters.distinguished_name.push(DnType::CommonName, "WebRTC");
        parameters.serial_number = Some(SerialNumber::from_slice(&secrets.bytes::<8>()?));
        parameters.not_before = today.checked_sub(Duration::days(1)).unwrap_or(today);
        parameters.not_after = today.checked_add(Duration::days(30)).unwrap_or(today);
        let certificate = parameters.self_signed(&key).map_err(failed)?;
        Ok(Self {
            der: certificate.der().to_vec(),
            private_key: key.serialize_der(),
        })
    }

    /// Its fingerprint.
    pub(crate) fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(HashFunction::Sha256, &self.der)
    }
}

/// The hash of a certificate, as `a=fingerprint` carries it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fingerprint {
    function: HashFunction,
    hash: Vec<u8>,
}

/// A hash function that still keeps its promise. SHA-1 and MD5 do not, so a fingerprint by them is no fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum HashFunction {
    Sha256,
    Sha384,
    Sha512,
}

impl Fingerprint {
    fn of(function: HashFunction, der: &[u8]) -> Self {
        let hash = match function {
            HashFunction::Sha256 => Sha256::digest(der).to_vec(),
            HashFunction::Sha384 => Sha384::digest(der).to_vec(),
            HashFunction::Sha512 => Sha512::digest(der).to_vec(),
        };
        Self { function, hash }
    }

    /// Reads the value of `a=fingerprint` (RFC 8122 section 5): `sha-256 AB:CD:...`. `None` for a hash function that we do not trust.
    pub(crate) fn parse(value: &str) -> Result<Option<Self>, Fault> {
        let wrong = || {
            Fault::invalid(
                "`fingerprint` must be a hash function and pairs of hexadecimal digits: `sha-256 AB:CD:...`",
            )
        };
        let (function, hash) = value.trim().split_once(' ').ok_or_else(wrong)?;
        let (function, length) = match function.to_ascii_lowercase().as_str() {
            "sha-256" => (HashFunction::Sha256, 32),
            "sha-384" => (HashFunction::Sha384, 48),
            "sha-512" => (HashFunction::Sha512, 64),
            _ => return Ok(None),
        };
        let two_digits = |pair: &str| {
            (pair.len() == 2)
                .then(|| u8::from_str_radix(pair, 16).ok())
                .flatten()
        };
        let hash: Vec<u8> = hash
            .trim()
            .split(':')
            .map(two_digits)
            .collect::<Option<_>>()
            .ok_or_else(wrong)?;
        if hash.len() == length {
            Ok(Some(Self { function, hash }))
        } else {
            Err(wrong())
        }
    }

    /// Whether this is the fingerprint of the certificate `der`.
    pub(crate) fn matches(&self, der: &[u8]) -> bool {
        Self::of(self.function, der).hash == self.hash
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.function {
            HashFunction::Sha256 => "sha-256",
            HashFunction::Sha384 => "sha-384",
            HashFunction::Sha512 => "sha-512",
        })?;
        for (index, byte) in self.hash.iter().enumerate() {
            write!(f, "{}{byte:02X}", if index == 0 { ' ' } else { ':' })?;
        }
        Ok(())
    }
}
