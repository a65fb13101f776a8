//! The certificate that we show in DTLS, and our ICE credentials.

use jackfield_sdk::prelude::*;
use jackfield_sdk::secure_transport::{Credentials, Fingerprint, HashFunction};
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_ECDSA_P256_SHA256};
use time::{Duration, OffsetDateTime};
use webrtc_dtls::crypto::CryptoPrivateKey;

/// A self-signed ECDSA P-256 certificate and its key.
pub(crate) struct Certificate {
    der: Vec<u8>,
    key: KeyPair,
}

impl Certificate {
    /// Makes one that is valid from a day before to thirty days after `unix_us`.
    pub(crate) fn make(unix_us: i64) -> Result<Self, Fault> {
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
        parameters.not_before = today.checked_sub(Duration::days(1)).unwrap_or(today);
        parameters.not_after = today.checked_add(Duration::days(30)).unwrap_or(today);
        let der = parameters.self_signed(&key).map_err(failed)?.der().to_vec();
        Ok(Self { der, key })
    }

    /// In the shape that the DTLS library wants.
    pub(crate) fn library(&self) -> Result<webrtc_dtls::crypto::Certificate, String> {
        let private_key = CryptoPrivateKey::from_key_pair(&self.key).map_err(|error| error.to_string())?;
        Ok(webrtc_dtls::crypto::Certificate {
            certificate: vec![self.der.clone().into()],
            private_key,
        })
    }

    /// Its fingerprint.
    pub(crate) fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(HashFunction::Sha256, &self.der)
    }
}

/// New credentials from the operating system's generator: 48 random bits of name, 192 of password.
pub(crate) fn credentials() -> Result<Credentials, Fault> {
    const CHARS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bytes = [0; 40];
    #[allow(
        clippy::disallowed_methods,
        reason = "passwords must be unguessable; nothing but a secret is drawn here"
    )]
    getrandom::fill(&mut bytes)
        .map_err(|error| Fault::failed(format!("the operating system gives no random numbers: {error}")))?;
    let text: String = bytes
        .iter()
        .map(|byte| char::from(CHARS[usize::from(byte & 63)]))
        .collect();
    let (name, password) = text.split_at(8);
    Ok(Credentials {
        name: name.into(),
        password: password.into(),
    })
}
