//! Who may do what: everybody everything on an open host, else what a join token says.

use axum::http::{HeaderMap, Uri, header};

use crate::token::{Claims, EVERY_ROOM, TokenError, TokenVerifier};

/// How a host decides whom it lets in.
#[derive(Clone, Debug)]
pub enum Access {
    /// Everybody may enter every room and swap every plugin.
    Open,
    /// Whoever shows a token may do what it says.
    Tokens(Box<TokenVerifier>),
}

impl Access {
    /// What the bearer of `token` may do.
    ///
    /// # Errors
    /// If a token is needed and this is none, or it is not valid now.
    pub fn admit(&self, token: Option<&str>) -> Result<Grant, TokenError> {
        match self {
            Self::Open => Ok(Grant {
                room: EVERY_ROOM.to_owned(),
                name: None,
                subject: None,
                may_swap: true,
            }),
            Self::Tokens(verifier) => {
                let token = token
                    .filter(|token| !token.is_empty())
                    .ok_or(TokenError::Missing)?;
                verifier.verify(token).map(Grant::from)
            }
        }
    }
}

/// What someone may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    room: String,
    /// The name that they must have; nothing if they choose.
    pub name: Option<String>,
    /// For the log.
    pub subject: Option<String>,
    /// Whether they may swap plugins and set parameters.
    pub may_swap: bool,
}

impl Grant {
    /// Whether they may see and enter `room`.
    #[must_use]
    pub fn opens(&self, room: &str) -> bool {
        self.opens_all() || self.room == room
    }

    /// Whether they may see and enter every room.
    #[must_use]
    pub fn opens_all(&self) -> bool {
        self.room == EVERY_ROOM
    }
}

impl From<Claims> for Grant {
    fn from(claims: Claims) -> Self {
        Self {
            room: claims.room,
            name: claims.name,
            subject: claims.sub,
            may_swap: claims.may_swap,
        }
    }
}

/// The token of an HTTP request: `Authorization: Bearer` (RFC 6750 section 2.1), or `token` in the query (section 2.3).
pub fn token_of(headers: &HeaderMap, uri: &Uri) -> Option<String> {
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let (scheme, token) = value.to_str().ok()?.trim().split_once(' ')?;
        return scheme
            .eq_ignore_ascii_case("bearer")
            .then(|| token.trim().to_owned());
    }
    // A token is base64url and full stops, which no encoder of queries escapes.
    uri.query()?
        .split('&')
        .find_map(|pair| pair.strip_prefix("token="))
        .map(str::to_owned)
}
