//! Join tokens: JSON Web Tokens (RFC 7519) that say who may enter which room until when, signed with HS256 or EdDSA.
//!
//! It must never accept a token that another key has signed, or one that says nothing of its end.
//!
//! ```
//! use std::time::Duration;
//!
//! use jackfield_join_token::{Claims, TokenIssuer, TokenVerifier};
//!
//! let secret = b"thirty-two bytes that nobody knows";
//! let token = TokenIssuer::from_file_text(secret)?.issue(&Claims::new("studio", Duration::from_secs(3600)))?;
//! let claims = TokenVerifier::with_secret(secret)?.verify(&token)?;
//! assert!(claims.opens("studio") && !claims.opens("lobby"));
//! # Ok::<(), jackfield_join_token::TokenError>(())
//! ```

#![allow(
    clippy::disallowed_methods,
    reason = "a host asks for the date, by which tokens expire, and for secrets"
)]

mod jwt_crypto;

use std::fmt;
use std::time::Duration;

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

/// The room of a token that opens every room, and the metrics.
pub const EVERY_ROOM: &str = "*";

/// The least length of a shared secret in bytes (RFC 7518 section 3.2: as long as the hash).
pub const LEAST_SECRET: usize = 32;

/// By how much clocks may differ.
const LEEWAY: Duration = Duration::from_secs(5);

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The room that it opens; `*` is every room.
    pub room: String,
    /// The name under which its bearer joins. Without one the bearer chooses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whom it was made for, in the words of whoever made it; for the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub: Option<String>,
    /// Until when it opens the room, in seconds since 1970.
    pub exp: u64,
    /// From when on it opens the room, in seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<u64>,
    /// Whether its bearer may swap plugins and set parameters.
    #[serde(default)]
    pub may_swap: bool,
}

impl Claims {
    /// Opens `room` for `lifetime` from now on, to a listener and speaker who may swap nothing.
    #[must_use]
    pub fn new(room: &str, lifetime: Duration) -> Self {
        Self {
            room: room.to_owned(),
            name: None,
            sub: None,
            exp: jsonwebtoken::get_current_timestamp().saturating_add(lifetime.as_secs()),
            nbf: None,
            may_swap: false,
        }
    }

    /// Whether it opens `room`.
    #[must_use]
    pub fn opens(&self, room: &str) -> bool {
        self.room == EVERY_ROOM || self.room == room
    }
}

/// Why a token or a key is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// There is none.
    #[error(
        "this host asks for a join token: open the link that you were sent, or make one with `jackfield token`"
    )]
    Missing,
    /// It was good once.
    #[error("the token has expired: ask whoever invited you for a new one")]
    Expired,
    /// It will be good later.
    #[error("the token is not valid yet: wait, or check the clocks of both machines")]
    TooEarly,
    /// It is good for another room.
    #[error("the token opens another room: ask whoever invited you for one that opens this room")]
    OtherRoom,
    /// It is none, or signed with another key or algorithm.
    #[error("the token is not one of this host's ({0}): ask whoever invited you for a new one")]
    Bad(String),
    /// The key is none.
    #[error("the key cannot be used: {0}")]
    Key(String),
}

/// Checks tokens.
#[derive(Clone)]
pub struct TokenVerifier {
    key: DecodingKey,
    validation: Validation,
}

impl TokenVerifier {
    /// Checks tokens that are signed with a shared secret (HS256).
    ///
    /// # Errors
    /// If the secret is shorter than [`LEAST_SECRET`].
    pub fn with_secret(secret: &[u8]) -> Result<Self, TokenError> {
        long_enough(secret)?;
        Ok(Self::new(DecodingKey::from_secret(secret), Algorithm::HS256))
    }

    /// Checks tokens that are signed with an Ed25519 key (EdDSA), given the public half as PEM (`BEGIN PUBLIC KEY`).
    ///
    /// # Errors
    /// If the text is not such a key.
    pub fn with_public_key(pem: &[u8]) -> Result<Self, TokenError> {
        let key = DecodingKey::from_ed_pem(pem).map_err(|_| {
            TokenError::Key(
                "an Ed25519 public key in PEM is needed, as `openssl pkey -pubout` writes it".to_owned(),
            )
        })?;
        Ok(Self::new(key, Algorithm::EdDSA))
    }

    fn new(key: DecodingKey, algorithm: Algorithm) -> Self {
        jwt_crypto::install();
        let mut validation = Validation::new(algorithm);
        validation.validate_nbf = true;
        validation.leeway = LEEWAY.as_secs();
        // Who else the token is meant for is not this host's business.
        validation.validate_aud = false;
        Self { key, validation }
    }

    /// What a token says, if it is valid now.
    ///
    /// # Errors
    /// If it is none, not signed with the host's key, expired, or not valid yet.
    pub fn verify(&self, token: &str) -> Result<Claims, TokenError> {
        match jsonwebtoken::decode::<Claims>(token, &self.key, &self.validation) {
            Ok(token) => Ok(token.claims),
            Err(error) => Err(match error.kind() {
                ErrorKind::ExpiredSignature => TokenError::Expired,
                ErrorKind::ImmatureSignature => TokenError::TooEarly,
                ErrorKind::InvalidSignature => TokenError::Bad("its signature is of another key".to_owned()),
                ErrorKind::InvalidAlgorithm => {
                    TokenError::Bad("it is signed by another algorithm".to_owned())
                }
                ErrorKind::MissingRequiredClaim(claim) => TokenError::Bad(format!("it lacks `{claim}`")),
                ErrorKind::Json(_) => TokenError::Bad("a claim is missing or of another type".to_owned()),
                _ => TokenError::Bad("it is malformed".to_owned()),
            }),
        }
    }
}

impl fmt::Debug for TokenVerifier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "TokenVerifier({:?})", self.validation.algorithms)
    }
}

/// Makes tokens.
pub struct TokenIssuer {
    key: EncodingKey,
    algorithm: Algorithm,
}

impl TokenIssuer {
    /// Signs with the key that a file holds: an Ed25519 private key as PEM, or else a shared secret.
    ///
    /// # Errors
    /// If it is a PEM of another kind, or a secret that is too short.
    pub fn from_file_text(text: &[u8]) -> Result<Self, TokenError> {
        jwt_crypto::install();
        if text.starts_with(b"-----BEGIN") {
            let key = EncodingKey::from_ed_pem(text).map_err(|_| {
                TokenError::Key("an Ed25519 private key in PEM is needed, as `openssl genpkey -algorithm ed25519` writes it".to_owned())
            })?;
            return Ok(Self {
                key,
                algorithm: Algorithm::EdDSA,
            });
        }
        let secret = secret_of(text);
        long_enough(secret)?;
        Ok(Self {
            key: EncodingKey::from_secret(secret),
            algorithm: Algorithm::HS256,
        })
    }

    /// A token that says `claims`.
    ///
    /// # Errors
    /// If the key cannot sign.
    pub fn issue(&self, claims: &Claims) -> Result<String, TokenError> {
        jsonwebtoken::encode(&Header::new(self.algorithm), claims, &self.key)
            .map_err(|error| TokenError::Key(error.to_string()))
    }
}

impl fmt::Debug for TokenIssuer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "TokenIssuer({:?})", self.algorithm)
    }
}

/// The secret in the text of a file: all of it but the white space around it.
#[must_use]
pub fn secret_of(text: &[u8]) -> &[u8] {
    text.trim_ascii()
}

/// A new secret as text, from the operating system's randomness.
///
/// # Errors
/// If the operating system gives none.
pub fn new_secret() -> std::io::Result<String> {
    use base64::Engine as _;
    let mut bytes = [0; LEAST_SECRET];
    getrandom::fill(&mut bytes).map_err(std::io::Error::other)?;
    Ok(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes))
}

fn long_enough(secret: &[u8]) -> Result<(), TokenError> {
    if secret.len() >= LEAST_SECRET {
        return Ok(());
    }
    Err(TokenError::Key(format!(
        "the secret has {} bytes and needs at least {LEAST_SECRET}: make one with `openssl rand -base64 32`",
        secret.len()
    )))
}
