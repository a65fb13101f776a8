//! Ed25519 signatures of plugin files: who vouches for this very file.
//!
//! A signature stands in a file of its own beside the plugin, `libhush.so.sig`, so that the plugin's digest stays what it was and a pin and a
//! signature can be had together. It is text:
//!
//! ```text
//! jackfield signature 1
//! signer ed25519:<64 hexadecimal digits>
//! digest blake3:<64 hexadecimal digits>
//! signature <128 hexadecimal digits>
//! ```
//!
//! What is signed is [`CONTEXT`], then the 32 bytes of the digest. A file whose signature does not fit it is refused, whatever the manifest says.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey};
use ed25519_dalek::{Signer, Verifier};
use serde::{Serialize, Serializer};

use crate::digest::Digest;

/// What a signed message begins with, so that no signature made for something else is one of a plugin.
pub const CONTEXT: &[u8] = b"jackfield plugin signature 1\n";
/// The first line of a signature file.
const HEADING: &str = "jackfield signature 1";
/// A signature file is shorter than this.
const LONGEST: u64 = 4_096;

/// Who may sign plugins, as a manifest names them: `ed25519:` and 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PublicKey([u8; 32]);

/// What signs plugins. Its text is PKCS#8 in PEM, as `openssl genpkey -algorithm ed25519` makes it too.
pub struct SecretKey(ed25519_dalek::SigningKey);

/// A signature with what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature {
    /// Who signed.
    pub signer: PublicKey,
    /// The digest of the file that was signed.
    pub digest: Digest,
    bytes: [u8; 64],
}

/// A signature or a key that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// Not a public key.
    #[error("a public key is `ed25519:` and 64 hexadecimal digits; `jackfield plugin keygen` prints it")]
    NotAPublicKey,
    /// Not a secret key.
    #[error("this is no Ed25519 key in PEM (PKCS#8); make one with `jackfield plugin keygen`")]
    NotASecretKey,
    /// Not a signature file.
    #[error(
        "the signature beside it cannot be read; sign it again with `jackfield plugin sign`, or remove the .sig file"
    )]
    Unreadable,
    /// For another file.
    #[error(
        "the signature beside it is for another file: this one was changed after it was signed, or exchanged; get it from its maker again"
    )]
    OtherFile,
    /// Wrong.
    #[error(
        "the signature beside it is false: it was not made with the key that it names; get the plugin from its maker again"
    )]
    False,
}

impl Signature {
    /// Signs the file of this digest.
    pub fn make(key: &SecretKey, digest: Digest) -> Self {
        Self {
            signer: key.public(),
            digest,
            bytes: key.0.sign(&message(digest)).to_bytes(),
        }
    }

    /// Whether it is a true signature of the file of this digest, by whom it says.
    ///
    /// # Errors
    /// If it is for another file, or false.
    pub fn verify(&self, digest: Digest) -> Result<(), SignatureError> {
        if self.digest != digest {
            return Err(SignatureError::OtherFile);
        }
        let key =
            ed25519_dalek::VerifyingKey::from_bytes(&self.signer.0).map_err(|_| SignatureError::False)?;
        key.verify(
            &message(digest),
            &ed25519_dalek::Signature::from_bytes(&self.bytes),
        )
        .map_err(|_| SignatureError::False)
    }

    /// Where the signature of the plugin at `path` stands.
    pub fn path_of(path: &Path) -> PathBuf {
        let mut name = path.as_os_str().to_owned();
        name.push(".sig");
        PathBuf::from(name)
    }

    /// The signature of the plugin at `path`; nothing if it has none.
    ///
    /// # Errors
    /// If what stands there is no signature.
    pub fn beside(path: &Path) -> Result<Option<Self>, SignatureError> {
        let file = match File::open(Self::path_of(path)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(_) => return Err(SignatureError::Unreadable),
        };
        // A pipe or a device of that name would block or never end.
        if !file.metadata().is_ok_and(|found| found.is_file()) {
            return Err(SignatureError::Unreadable);
        }
        let mut text = String::new();
        file.take(LONGEST)
            .read_to_string(&mut text)
            .map_err(|_| SignatureError::Unreadable)?;
        text.parse().map(Some)
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, second) = self.bytes.split_at(32);
        writeln!(
            f,
            "{HEADING}\nsigner {}\ndigest {}\nsignature {}{}",
            self.signer,
            self.digest,
            hex(first),
            hex(second)
        )
    }
}

impl FromStr for Signature {
    type Err = SignatureError;

    fn from_str(text: &str) -> Result<Self, SignatureError> {
        let mut lines = text.lines();
        let mut line = |begins: &str| {
            lines
                .next()
                .and_then(|line| line.strip_prefix(begins))
                .ok_or(SignatureError::Unreadable)
        };
        if !line(HEADING)?.is_empty() {
            return Err(SignatureError::Unreadable);
        }
        let signer = line("signer ")?.parse().map_err(|_| SignatureError::Unreadable)?;
        let digest = line("digest ")?.parse().map_err(|_| SignatureError::Unreadable)?;
        let digits = line("signature ")?;
        let half = |range| {
            digits
                .get(range)
                .and_then(unhex)
                .ok_or(SignatureError::Unreadable)
        };
        if digits.len() != 128 || lines.next().is_some() {
            return Err(SignatureError::Unreadable);
        }
        let mut bytes = [0; 64];
        bytes[..32].copy_from_slice(&half(0..64)?);
        bytes[32..].copy_from_slice(&half(64..128)?);
        Ok(Self {
            signer,
            digest,
            bytes,
        })
    }
}

impl SecretKey {
    /// The key that comes from these 32 bytes, which nobody must be able to guess.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(seed))
    }

    /// Who signs with it.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    /// As PEM.
    ///
    /// # Errors
    /// Never, as far as is known.
    pub fn to_pem(&self) -> Result<String, SignatureError> {
        self.0
            .to_pkcs8_pem(ed25519_dalek::pkcs8::spki::der::pem::LineEnding::LF)
            .map(|pem| (*pem).clone())
            .map_err(|_| SignatureError::NotASecretKey)
    }

    /// From PEM.
    ///
    /// # Errors
    /// If it is none.
    pub fn from_pem(text: &str) -> Result<Self, SignatureError> {
        ed25519_dalek::SigningKey::from_pkcs8_pem(text)
            .map(Self)
            .map_err(|_| SignatureError::NotASecretKey)
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey of {}", self.public())
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ed25519:{}", hex(&self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl FromStr for PublicKey {
    type Err = SignatureError;

    fn from_str(text: &str) -> Result<Self, SignatureError> {
        let bytes = text
            .strip_prefix("ed25519:")
            .and_then(unhex)
            .ok_or(SignatureError::NotAPublicKey)?;
        match ed25519_dalek::VerifyingKey::from_bytes(&bytes) {
            // Under a weak key anything is signed.
            Ok(key) if !key.is_weak() => Ok(Self(bytes)),
            _ => Err(SignatureError::NotAPublicKey),
        }
    }
}

fn message(digest: Digest) -> Vec<u8> {
    [CONTEXT, digest.bytes()].concat()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// 32 bytes from 64 lower-case digits.
fn unhex(digits: &str) -> Option<[u8; 32]> {
    if digits.bytes().any(|digit| digit.is_ascii_uppercase()) {
        return None;
    }
    blake3::Hash::from_hex(digits).ok().map(|hash| *hash.as_bytes())
}
