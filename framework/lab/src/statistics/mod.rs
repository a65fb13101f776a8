//! What may be claimed from the numbers of an experiment: effects with their intervals, tests, corrections for many of them, and a way to
//! stop early that keeps its promise.
//!
//! The one contract: every function is pure. Equal numbers and an equal seed give equal results, bit for bit, on every machine: resampling is
//! counter-based and the transcendental functions are those of the pure-Rust crate `libm`.
//!
//! | question | here |
//! |---|---|
//! | by how much does B differ from A in this scenario | [`paired::Pairs`], [`bootstrap::bca`] |
//! | and over all scenarios | [`hierarchy::Hierarchy`] |
//! | does a test that assumes less agree | [`rank::wilcoxon`], [`rank::sign_test`] |
//! | several primary metrics | [`multiple::holm`] |
//! | metrics looked at without a plan | [`multiple::benjamini_hochberg`] |
//! | is B no worse than A by more than a margin | [`equivalence::non_inferiority`], [`equivalence::tost`] |
//! | may we stop now | [`sequential::SequentialMean`], [`sequential::SequentialSign`] |
//!
//! All of it is held against scipy and statsmodels on the same numbers: `benches/ab/validate_statistics.py` writes
//! `framework/lab/tests/data/statistics.json` and the tests of this crate compare with it. To make it anew:
//!
//! ```sh
//! python3 -m venv target/statistics-venv
//! target/statistics-venv/bin/pip install -r benches/ab/requirements-statistics.txt
//! target/statistics-venv/bin/python benches/ab/validate_statistics.py
//! ```
//!
//! ```
//! use jackfield_lab::statistics::bootstrap::{Resampling, bca};
//! use jackfield_lab::statistics::summary::mean;
//!
//! let differences = [0.9, 1.1, 1.3, 0.8, 1.0, 1.2, 1.1, 0.7, 1.0, 0.9];
//! let interval = bca(&differences, mean, &Resampling::seeded(1)).unwrap();
//! assert!(interval.lower > 0.8 && interval.upper < 1.2);
//! ```

pub mod bootstrap;
pub mod distribution;
pub mod equivalence;
pub mod hierarchy;
pub mod multiple;
pub mod paired;
pub mod random;
pub mod rank;
pub mod sequential;
pub mod summary;

use std::fmt;

/// An estimate and the interval that holds the truth with a stated confidence.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Interval {
    /// The estimate from the numbers as they are.
    pub estimate: f64,
    /// The lower end.
    pub lower: f64,
    /// The upper end.
    pub upper: f64,
    /// How often such intervals hold the truth, 0 to 1.
    pub confidence: f64,
}

impl Interval {
    /// Whether `value` lies in it, ends included.
    pub fn holds(&self, value: f64) -> bool {
        self.lower <= value && value <= self.upper
    }

    /// The same interval of the opposite difference.
    #[must_use]
    pub fn negated(self) -> Self {
        Self {
            estimate: -self.estimate,
            lower: -self.upper,
            upper: -self.lower,
            confidence: self.confidence,
        }
    }
}

/// Why a question to the numbers has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StatisticsError {
    /// There are fewer numbers than the method needs.
    TooFew {
        /// How many there are.
        given: usize,
        /// How many it takes at least.
        needed: usize,
    },
    /// One of the numbers is not finite.
    NotFinite,
    /// A probability, confidence or margin lies outside of its range.
    OutOfRange {
        /// Which one.
        what: &'static str,
    },
}

impl fmt::Display for StatisticsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooFew { given, needed } => {
                write!(f, "{given} values are too few: run at least {needed} seeds")
            }
            Self::NotFinite => f.write_str(
                "a value is not finite: a cell that failed must carry the worst value of its metric, not NaN",
            ),
            Self::OutOfRange { what } => write!(
                f,
                "{what} is out of its range: give a number between 0 and 1, or a positive margin"
            ),
        }
    }
}

impl std::error::Error for StatisticsError {}

/// All finite, and at least `needed`.
fn check(values: &[f64], needed: usize) -> Result<(), StatisticsError> {
    if values.len() < needed {
        return Err(StatisticsError::TooFew {
            given: values.len(),
            needed,
        });
    }
    if values.iter().any(|value| !value.is_finite()) {
        return Err(StatisticsError::NotFinite);
    }
    Ok(())
}
