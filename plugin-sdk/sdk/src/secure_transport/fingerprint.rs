//! The fingerprints by which the ends know each other's certificates.

use std::fmt;

use jackfield_core::Fault;
use sha2::{Digest, Sha256, Sha384, Sha512};

/// The hash of a certificate, as `a=fingerprint` carries it (RFC 8122 section 5).
///
/// ```
/// use jackfield_sdk::secure_transport::{Fingerprint, HashFunction};
/// let told = Fingerprint::of(HashFunction::Sha256, b"the DER of a certificate");
/// let read = Fingerprint::parse(&told.to_string()).unwrap().expect("a hash function that is trusted");
/// assert!(read.matches(b"the DER of a certificate") && !read.matches(b"another"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    function: HashFunction,
    hash: Vec<u8>,
}

/// A hash function that still keeps its promise. SHA-1 and MD5 do not, so a fingerprint by them is no fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HashFunction {
    /// 32 bytes.
    Sha256,
    /// 48 bytes.
    Sha384,
    /// 64 bytes.
    Sha512,
}

impl Fingerprint {
    /// The fingerprint of the certificate `der`.
    pub fn of(function: HashFunction, der: &[u8]) -> Self {
        let hash = match function {
            HashFunction::Sha256 => Sha256::digest(der).to_vec(),
            HashFunction::Sha384 => Sha384::digest(der).to_vec(),
            HashFunction::Sha512 => Sha512::digest(der).to_vec(),
        };
        Self { function, hash }
    }

    /// Reads the value of `a=fingerprint`: `sha-256 AB:CD:...`. `None` for a hash function that is not trusted.
    ///
    /// # Errors
    /// If it is not of that form, or the hash has another length than its function gives.
    pub fn parse(value: &str) -> Result<Option<Self>, Fault> {
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
        let digits = |pair: &str| pair.len() == 2 && pair.bytes().all(|digit| digit.is_ascii_hexdigit());
        let byte = |pair: &str| digits(pair).then(|| u8::from_str_radix(pair, 16).ok()).flatten();
        let hash: Vec<u8> = hash
            .trim()
            .split(':')
            .map(byte)
            .collect::<Option<_>>()
            .ok_or_else(wrong)?;
        if hash.len() == length {
            Ok(Some(Self { function, hash }))
        } else {
            Err(wrong())
        }
    }

    /// Whether this is the fingerprint of the certificate `der`.
    pub fn matches(&self, der: &[u8]) -> bool {
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
