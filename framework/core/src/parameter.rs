//! Parameters: what can be set on a module while it runs. Described without running it, numbered, typed and ranged.
//!
//! On the wire every value is an `f64`: a `bool` is 0 or 1, an integer is itself, a choice is the index of its name.
//! `#[derive(Params)]` writes the implementation of [`Parameters`] for a struct of fields.

use jackfield_abi::Fault;

/// One parameter of a module.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parameter {
    /// The name by which manifests and scripts set it, `snake_case`.
    pub name: &'static str,
    /// The name that people read.
    pub title: &'static str,
    /// What it does, in a sentence.
    pub help: &'static str,
    /// The unit, such as `dB` or `ms`; empty if it has none.
    pub unit: &'static str,
    /// Type and range.
    pub kind: ParameterKind,
    /// The value before anyone sets it.
    pub default: f64,
}

/// The type and range of a parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum ParameterKind {
    /// On or off.
    Bool,
    /// A whole number in `min..=max`.
    Int {
        /// Smallest value.
        min: i64,
        /// Largest value.
        max: i64,
    },
    /// A number in `min..=max`.
    Float {
        /// Smallest value.
        min: f64,
        /// Largest value.
        max: f64,
    },
    /// One of these names; its value is the index.
    Choice {
        /// The names.
        names: &'static [&'static str],
    },
}

impl Parameter {
    /// `value` if it fits the parameter, rounded to a whole number where the type has no fractions.
    ///
    /// # Errors
    /// `Invalid` if it is not a number or lies outside the range; the text names both.
    pub fn accept(&self, value: f64) -> Result<f64, Fault> {
        let (min, max, whole) = match self.kind {
            ParameterKind::Bool => (0.0, 1.0, true),
            ParameterKind::Int { min, max } => (min as f64, max as f64, true),
            ParameterKind::Float { min, max } => (min, max, false),
            ParameterKind::Choice { names } => (0.0, names.len().saturating_sub(1) as f64, true),
        };
        let value = if whole { value.round() } else { value };
        if value >= min && value <= max {
            Ok(value)
        } else {
            Err(Fault::invalid(
                "the value is outside the parameter's range: see `jackfield plugin inspect` for the range",
            ))
        }
    }
}

/// The parameters of one module as a struct of typed fields; `#[derive(Params)]` implements it.
pub trait Parameters: Send {
    /// What there is, in the order of the indices.
    const PARAMETERS: &'static [Parameter];

    /// The defaults.
    fn defaults() -> Self
    where
        Self: Sized;

    /// Sets parameter `index` to `value`, which [`Parameter::accept`] let through. Allocates nothing.
    fn set(&mut self, index: u32, value: f64);

    /// The present value of parameter `index`; 0 for an index that there is not.
    fn value(&self, index: u32) -> f64;
}

impl Parameters for () {
    const PARAMETERS: &'static [Parameter] = &[];
    fn defaults() -> Self {}
    fn set(&mut self, _index: u32, _value: f64) {}
    fn value(&self, _index: u32) -> f64 {
        0.0
    }
}
