//! A parameter as it travels: described, and its value translated between JSON and the `f64` of the plugin boundary.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A parameter and, in a running graph, its present value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ParameterView {
    /// The name by which it is set, `snake_case`.
    pub name: String,
    /// The name that people read.
    pub title: String,
    /// Its type.
    pub kind: ParameterKindView,
    /// Its unit; empty if it has none.
    pub unit: String,
    /// Smallest value; nothing for `bool` and `choice`.
    #[serde(default)]
    pub min: Option<f64>,
    /// Largest value; nothing for `bool` and `choice`.
    #[serde(default)]
    pub max: Option<f64>,
    /// By how much a slider moves; 1 for `int`, nothing for `bool` and `choice`.
    #[serde(default)]
    pub step: Option<f64>,
    /// The value before anyone sets it.
    pub default: ParameterValue,
    /// The present value; nothing where no instance runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<ParameterValue>,
    /// The names of a `choice`; empty for the other kinds.
    #[serde(default)]
    pub choices: Vec<String>,
    /// What it does, in a sentence.
    pub help: String,
}

/// The type of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ParameterKindView {
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Int,
    /// A number.
    Float,
    /// One of some names.
    Choice,
}

/// A parameter's value in JSON: `true`, `4`, `-3.5` or `"voice"`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ParameterValue {
    /// Of a `bool`.
    Bool(bool),
    /// Of an `int`.
    Int(i64),
    /// Of a `float`.
    Float(f64),
    /// Of a `choice`: the chosen name.
    Choice(String),
}

/// Why a value does not fit a parameter.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ParameterProblem {
    /// It is of another JSON type.
    #[error("parameter `{name}` takes {wanted}, not {found}")]
    Type {
        /// The parameter.
        name: String,
        /// What it takes.
        wanted: String,
        /// What was given.
        found: String,
    },
    /// It lies outside the range.
    #[error("parameter `{name}` takes {min} to {max} {unit}, not {found}")]
    Range {
        /// The parameter.
        name: String,
        /// Smallest value.
        min: f64,
        /// Largest value.
        max: f64,
        /// The unit.
        unit: String,
        /// What was given.
        found: f64,
    },
}

impl ParameterView {
    /// A parameter without a present value, from its parts as the metadata of a plugin has them: `default` is the number of the
    /// plugin boundary, `min` and `max` count for `int` and `float` only.
    #[must_use]
    pub fn new(name: &str, title: &str, kind: ParameterKindView, default: f64) -> Self {
        let mut view = Self {
            name: name.to_owned(),
            title: title.to_owned(),
            kind,
            unit: String::new(),
            min: None,
            max: None,
            step: None,
            default: ParameterValue::Bool(false),
            value: None,
            choices: Vec::new(),
            help: String::new(),
        };
        view.default = view.to_json(default);
        view
    }

    /// With its range; the step of a `float` is the round number next to a hundredth of the range.
    #[must_use]
    pub fn range(mut self, min: f64, max: f64) -> Self {
        self.step = match self.kind {
            ParameterKindView::Int => Some(1.0),
            ParameterKindView::Float => Some(round_step(max - min)),
            ParameterKindView::Bool | ParameterKindView::Choice => return self,
        };
        self.min = Some(min);
        self.max = Some(max);
        self
    }

    /// With the names of a `choice`; `default` is the index of the one that holds before anyone sets it.
    #[must_use]
    pub fn choices(mut self, names: &[String], default: f64) -> Self {
        self.choices = names.to_vec();
        self.default = self.to_json(default);
        self
    }

    /// The number of the plugin boundary in the JSON type of this parameter.
    #[must_use]
    pub fn to_json(&self, number: f64) -> ParameterValue {
        match self.kind {
            ParameterKindView::Bool => ParameterValue::Bool(number >= 0.5),
            ParameterKindView::Int => ParameterValue::Int(number.round() as i64),
            ParameterKindView::Float => ParameterValue::Float(number),
            ParameterKindView::Choice => ParameterValue::Choice(
                self.choices
                    .get(number.round() as usize)
                    .cloned()
                    .unwrap_or_default(),
            ),
        }
    }

    /// A value from outside as the number of the plugin boundary. A `choice` is given by its name or its index; for the sake of
    /// sliders an `int` may be written as `4.0`, and a `bool` as 0 or 1.
    ///
    /// # Errors
    /// If it is of another type, not a number, or outside the range.
    pub fn to_number(&self, value: &Value) -> Result<f64, ParameterProblem> {
        let number = match (self.kind, value) {
            (ParameterKindView::Bool, Value::Bool(on)) => f64::from(u8::from(*on)),
            (ParameterKindView::Bool, Value::Number(number)) => match number.as_f64() {
                Some(bit) if bit == 0.0 || bit == 1.0 => bit,
                _ => return Err(self.type_problem(value)),
            },
            (ParameterKindView::Int, Value::Number(number)) => match number.as_f64() {
                Some(whole) if whole.fract() == 0.0 => whole,
                _ => return Err(self.type_problem(value)),
            },
            (ParameterKindView::Float, Value::Number(number)) => number
                .as_f64()
                .filter(|number| number.is_finite())
                .ok_or_else(|| self.type_problem(value))?,
            (ParameterKindView::Choice, Value::String(name)) => {
                let index = self.choices.iter().position(|choice| choice == name);
                index.ok_or_else(|| self.type_problem(value))? as f64
            }
            (ParameterKindView::Choice, Value::Number(number)) => match number.as_u64() {
                Some(index) if index < self.choices.len() as u64 => index as f64,
                _ => return Err(self.type_problem(value)),
            },
            _ => return Err(self.type_problem(value)),
        };
        let (min, max) = (
            self.min.unwrap_or(f64::NEG_INFINITY),
            self.max.unwrap_or(f64::INFINITY),
        );
        if number < min || number > max {
            return Err(ParameterProblem::Range {
                name: self.name.clone(),
                min,
                max,
                unit: self.unit.clone(),
                found: number,
            });
        }
        Ok(number)
    }

    fn type_problem(&self, found: &Value) -> ParameterProblem {
        let wanted = match self.kind {
            ParameterKindView::Bool => "true or false".to_owned(),
            ParameterKindView::Int => "a whole number".to_owned(),
            ParameterKindView::Float => "a number".to_owned(),
            ParameterKindView::Choice => format!("one of \"{}\"", self.choices.join("\", \"")),
        };
        // The value comes from outside: a short beginning of it is enough to recognise it.
        let found = found.to_string().chars().take(60).collect();
        ParameterProblem::Type {
            name: self.name.clone(),
            wanted,
            found,
        }
    }
}

/// The 1, 2 or 5 times a power of ten that is at most a hundredth of `span`.
fn round_step(span: f64) -> f64 {
    let wanted = span / 100.0;
    if !(wanted.is_finite() && wanted > 0.0) {
        return 1.0;
    }
    let power = 10_f64.powf(wanted.log10().floor());
    let factor = [5.0, 2.0]
        .into_iter()
        .find(|factor| factor * power <= wanted)
        .unwrap_or(1.0);
    factor * power
}
