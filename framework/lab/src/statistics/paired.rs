//! Pairs: what two arms gave under the same seed of the same scenario.

use std::collections::BTreeMap;

use super::distribution::student_quantile;
use super::summary::{mean, standard_deviation};
use super::{Interval, StatisticsError, check};

/// Values of a baseline and a candidate, matched by key.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pairs {
    /// Of the baseline.
    pub baseline: Vec<f64>,
    /// Of the candidate, in the same order.
    pub candidate: Vec<f64>,
    /// Keys that only one of the two has: they pair with nothing and are left out of every difference.
    pub unmatched: usize,
}

impl Pairs {
    /// Matches by key, in ascending order of the keys.
    pub fn matched<Key: Ord>(baseline: &BTreeMap<Key, f64>, candidate: &BTreeMap<Key, f64>) -> Self {
        let mut pairs = Self::default();
        for (key, value) in baseline {
            if let Some(other) = candidate.get(key) {
                pairs.baseline.push(*value);
                pairs.candidate.push(*other);
            }
        }
        pairs.unmatched = baseline.len() + candidate.len() - 2 * pairs.baseline.len();
        pairs
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.baseline.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.baseline.is_empty()
    }

    /// Candidate minus baseline.
    pub fn differences(&self) -> Vec<f64> {
        self.baseline
            .iter()
            .zip(&self.candidate)
            .map(|(baseline, candidate)| candidate - baseline)
            .collect()
    }
}

/// Student's interval of the mean difference: exact for normal differences, a cross-check for others.
pub fn student_interval(differences: &[f64], confidence: f64) -> Result<Interval, StatisticsError> {
    check(differences, 2)?;
    if !(confidence > 0.0 && confidence < 1.0) {
        return Err(StatisticsError::OutOfRange {
            what: "the confidence",
        });
    }
    let n = differences.len() as f64;
    let estimate = mean(differences);
    let reach =
        student_quantile(0.5 + confidence / 2.0, n - 1.0) * standard_deviation(differences) / libm::sqrt(n);
    Ok(Interval {
        estimate,
        lower: estimate - reach,
        upper: estimate + reach,
        confidence,
    })
}
