//! Parameters of plugins as hosts see them: what there is, and values by name.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{Deserializer, Visitor};
use serde::{Deserialize, Serialize};

use crate::nearest::did_you_mean;

/// A parameter, as the metadata of a plugin describes it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ParameterInfo {
    /// The name by which manifests set it.
    pub name: String,
    /// The name that people read.
    pub title: String,
    /// The unit; empty if it has none.
    pub unit: String,
    /// Type and range.
    #[serde(flatten)]
    pub kind: ParameterKind,
    /// The value before anyone sets it, as it crosses the boundary.
    pub default: f64,
    /// What it does, in a sentence.
    pub help: String,
}

/// The type and range of a parameter.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
#[non_exhaustive]
pub enum ParameterKind {
    /// On or off.
    Bool,
    /// A whole number.
    Int {
        /// Smallest value.
        min: i64,
        /// Largest value.
        max: i64,
    },
    /// A number.
    Float {
        /// Smallest value.
        min: f64,
        /// Largest value.
        max: f64,
    },
    /// One of these names; its value is the index.
    Choice {
        /// The names.
        choices: Vec<String>,
    },
}

/// A value that somebody gives to a parameter, in a manifest or over HTTP.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum ParameterValue {
    /// `true` or `false`.
    Bool(bool),
    /// A number, whole or not.
    Number(f64),
    /// The name of a choice.
    Text(String),
}

/// A value does not fit its parameter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("parameter `{name}` cannot be {value}: {expected}")]
pub struct ParameterError {
    /// The parameter.
    pub name: String,
    /// The value.
    pub value: String,
    /// What would have fitted.
    pub expected: String,
}

impl ParameterInfo {
    /// `value` as it crosses the boundary: a `bool` is 0 or 1, a choice is the index of its name.
    ///
    /// # Errors
    /// If it has another type or is out of range; the text says what fits.
    pub fn accept(&self, value: &ParameterValue) -> Result<f64, ParameterError> {
        let fault = |expected: String| ParameterError {
            name: self.name.clone(),
            value: value.to_string(),
            expected,
        };
        let ranged = |given: f64, whole: bool, min: f64, max: f64| {
            if (whole && given.fract() != 0.0) || !(min..=max).contains(&given) {
                let kind = if whole { "a whole number" } else { "a number" };
                let unit = if self.unit.is_empty() {
                    String::new()
                } else {
                    format!(" {}", self.unit)
                };
                return Err(fault(format!("expected {kind} from {min} to {max}{unit}")));
            }
            Ok(given)
        };
        match (&self.kind, value) {
            (ParameterKind::Bool, ParameterValue::Bool(on)) => Ok(f64::from(u8::from(*on))),
            (ParameterKind::Bool, _) => Err(fault("expected true or false".to_owned())),
            (ParameterKind::Int { min, max }, ParameterValue::Number(number)) => {
                ranged(*number, true, *min as f64, *max as f64)
            }
            (ParameterKind::Float { min, max }, ParameterValue::Number(number)) => {
                ranged(*number, false, *min, *max)
            }
            (ParameterKind::Choice { choices }, ParameterValue::Number(index)) => {
                ranged(*index, true, 0.0, choices.len().saturating_sub(1) as f64)
            }
            (ParameterKind::Choice { choices }, ParameterValue::Text(name)) => choices
                .iter()
                .position(|choice| choice == name)
                .map(|index| index as f64)
                .ok_or_else(|| {
                    let near = did_you_mean(name, choices.iter().map(String::as_str));
                    fault(format!("{near}expected one of: {}", choices.join(", ")))
                }),
            (ParameterKind::Choice { choices }, ParameterValue::Bool(_)) => {
                Err(fault(format!("expected one of: {}", choices.join(", "))))
            }
            (ParameterKind::Int { min, max }, _) => {
                Err(fault(format!("expected a whole number from {min} to {max}")))
            }
            (ParameterKind::Float { min, max }, _) => {
                Err(fault(format!("expected a number from {min} to {max}")))
            }
        }
    }

    /// A value that crossed the boundary, as people write it.
    pub fn show(&self, value: f64) -> ParameterValue {
        match &self.kind {
            ParameterKind::Bool => ParameterValue::Bool(value >= 0.5),
            ParameterKind::Int { .. } | ParameterKind::Float { .. } => ParameterValue::Number(value),
            ParameterKind::Choice { choices } => choices
                .get(value.max(0.0) as usize)
                .map_or(ParameterValue::Number(value), |name| {
                    ParameterValue::Text(name.clone())
                }),
        }
    }
}

impl ParameterValue {
    /// From JSON; nothing if it is null, a list or an object.
    pub fn from_json(value: &serde_json::Value) -> Option<Self> {
        match value {
            serde_json::Value::Bool(on) => Some(Self::Bool(*on)),
            serde_json::Value::Number(number) => number.as_f64().map(Self::Number),
            serde_json::Value::String(text) => Some(Self::Text(text.clone())),
            _ => None,
        }
    }
}

impl fmt::Display for ParameterValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(on) => write!(f, "{on}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => write!(f, "`{text}`"),
        }
    }
}

impl<'de> Deserialize<'de> for ParameterValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl Visitor<'_> for Read {
            type Value = ParameterValue;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true, false, a number or a text")
            }

            fn visit_bool<E>(self, on: bool) -> Result<ParameterValue, E> {
                Ok(ParameterValue::Bool(on))
            }

            fn visit_i64<E>(self, number: i64) -> Result<ParameterValue, E> {
                Ok(ParameterValue::Number(number as f64))
            }

            fn visit_u64<E>(self, number: u64) -> Result<ParameterValue, E> {
                Ok(ParameterValue::Number(number as f64))
            }

            fn visit_f64<E>(self, number: f64) -> Result<ParameterValue, E> {
                Ok(ParameterValue::Number(number))
            }

            fn visit_str<E>(self, text: &str) -> Result<ParameterValue, E> {
                Ok(ParameterValue::Text(text.to_owned()))
            }
        }
        deserializer.deserialize_any(Read)
    }
}

impl JsonSchema for ParameterValue {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ParameterValue".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "type": ["boolean", "number", "string"] })
    }
}
