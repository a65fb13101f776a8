//! What is asked of a socket over HTTP, read from the body of the request.

use serde::Deserialize;
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

/// Why a body asks for nothing that could be done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChangeError {
    /// Of another type. Browsers let strangers' pages send every other type unasked.
    #[error("send the change as JSON, with `content-type: application/json`")]
    NotJson,
    /// No object, or one with other fields or values.
    #[error(
        "the change cannot be read ({0}): send {{\"use\": \"<plugin id>\", \"params\": {{\"<name>\": <value>}}}}"
    )]
    Malformed(String),
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
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/json") {
            return Err(ChangeError::NotJson);
        }
        // By way of an object, because a list would pass for one with everything left out.
        let change = serde_json::from_slice::<Map<String, Value>>(body)
            .and_then(|fields| Self::deserialize(Value::Object(fields)))
            .map_err(|error| ChangeError::Malformed(error.to_string()))?;
        if change.plugin.is_none() && change.params.is_empty() {
            return Err(ChangeError::Empty);
        }
        Ok(change)
    }
}
