//! The certificate that we show in DTLS, the fingerprints by which the ends know each other's (RFC 8122), and our ICE credentials.

use std::fmt::Write;

use jackfield_sdk::prelude::*;
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_ECDSA_P256_SHA256};
use sha2::{Digest, Sha256, Sha384, Sha512};
use time::{Duration, OffsetDateTime};
use webrtc_dtls::crypto::CryptoPrivateKey;

/// A user name and a password of ICE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub(crate) name: String,
    pub(crate) password: String,
}

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

    /// Its fingerprint as the value of `a=fingerprint`.
    pub(crate) fn fingerprint(&self) -> String {
        let mut text = String::from("sha-256");
        for (index, byte) in Sha256::digest(&self.der).iter().enumerate() {
            let _ = write!(text, "{}{byte:02X}", if index == 0 { ' ' } else { ':' });
        }
        text
    }
}

/// The hash of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fingerprint(Vec<u8>);

impl Fingerprint {
    /// Reads the value of `a=fingerprint` (RFC 8122 section 5). `None` for a hash function that is broken.
    pub(crate) fn parse(value: &str) -> Result<Option<Self>, Fault> {
        let wrong = || {
            Fault::invalid(
                "`fingerprint` must be a hash function and pairs of hexadecimal digits: `sha-256 AB:CD:...`",
            )
        };
        let (function, hash) = value.trim().split_once(' ').ok_or_else(wrong)?;
        let length = match function.to_ascii_lowercase().as_str() {
            "sha-256" => 32,
            "sha-384" => 48,
            "sha-512" => 64,
            _ => return Ok(None),
        };
        let digits = |pair: &str| pair.len() == 2 && pair.bytes().all(|digit| digit.is_ascii_hexdigit());
        let byte = |pair: &str| digits(pair).then(|| u8::from_str_radix(pair, 16).ok()).flatten();
        let hash: Vec<u8> = hash
            .trim()
            .split(':')
            .map(byte)
            .collect::<Option<_>>()
            .ok_or_else(wrong)?;
        if hash.len() == length {
            Ok(Some(Self(hash)))
        } else {
            Err(wrong())
        }
    }

    /// Whether this is the fingerprint of the certificate `der`.
    pub(crate) fn matches(&self, der: &[u8]) -> bool {
        match self.0.len() {
            32 => Sha256::digest(der).as_slice() == self.0,
            48 => Sha384::digest(der).as_slice() == self.0,
            _ => Sha512::digest(der).as_slice() == self.0,
        }
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
