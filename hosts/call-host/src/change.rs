//! What is asked for over HTTP, read from the body of the request: a change of a socket, a vote on limits.

use std::num::NonZeroU32;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// What is asked of a socket: another plugin, parameters, or both.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SocketChange {
    /// The plugin that is to be swapped in; without one, the one in the socket stays.
    #[serde(default, rename = "use")]
    pub plugin: Option<String>,
    /// Its parameters by their names.
    #[serde(default)]
    pub params: Map<String, Value>,
    /// Whether the swap waits in the shadow until it is promoted or aborted.
    #[serde(default)]
    pub hold: bool,
}

/// What an operator votes for; nothing takes the vote back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitsVote {
    /// What encoders of sound make at most, in kbit/s of payload.
    #[serde(default)]
    pub audio_kbps: Option<NonZeroU32>,
    /// Pictures in a second.
    #[serde(default)]
    pub frame_rate: Option<NonZeroU32>,
    /// Pixels of a picture.
    #[serde(default)]
    pub pixels: Option<NonZeroU32>,
}

/// Why a body asks for nothing that could be done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChangeError {
    /// Of another type. Browsers let strangers' pages send every other type unasked.
    #[error("send the change as JSON, with `content-type: application/json`")]
    NotJson,
    /// No object, or one with other fields or values.
    #[error("the change cannot be read ({reason}): send {example}")]
    Malformed {
        /// What is wrong with it.
        reason: String,
        /// What could have been sent.
        example: &'static str,
    },
    /// Neither a plugin nor parameters.
    #[error("nothing is asked for: name a plugin in `use`, parameters in `params`, or both")]
    Empty,
}

impl SocketChange {
    /// Reads the body of a request whose header `content-type` says `kind`.
    ///
    /// # Errors
    /// If it is not JSON, not of this shape, or asks for nothing.
    pub fn read(kind: &str, body: &[u8]) -> Result<Self, ChangeError> {
        let change: Self = read(
            kind,
            body,
            r#"{"use": "<plugin id>", "params": {"<name>": <value>}}"#,
        )?;
        if change.plugin.is_none() && change.params.is_empty() {
            return Err(ChangeError::Empty);
        }
        Ok(change)
    }
}

impl LimitsVote {
    /// Reads the body of a request whose header `content-type` says `kind`.
    ///
    /// # Errors
    /// If it is not JSON or not of this shape.
    pub fn read(kind: &str, body: &[u8]) -> Result<Self, ChangeError> {
        read(
            kind,
            body,
            r#"{"audio_kbps": 24, "frame_rate": 15, "pixels": 230400}, each a whole number from 1 on, or left out"#,
        )
    }
}

fn read<T: DeserializeOwned>(kind: &str, body: &[u8], example: &'static str) -> Result<T, ChangeError> {
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/json") {
        return Err(ChangeError::NotJson);
    }
    // By way of an object, because a list would pass for one with everything left out.
    serde_json::from_slice::<Map<String, Value>>(body)
        .and_then(|fields| T::deserialize(Value::Object(fields)))
        .map_err(|error| ChangeError::Malformed {
            reason: error.to_string(),
            example,
        })
}
