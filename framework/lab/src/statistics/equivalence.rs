//! Whether B is as good as A up to a stated margin: two one-sided tests (Schuirmann, "A comparison of the two one-sided tests procedure and the
//! power approach for assessing the equivalence of average bioavailability", 1987). That no difference was found proves nothing; this does.

use libm::sqrt;

use super::distribution::{student_cdf, student_survival};
use super::summary::{mean, standard_deviation};
use super::{StatisticsError, check};

/// What two one-sided t tests say of differences.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Equivalence {
    /// The chance of differences so far above the lower bound if the truth lay on it.
    pub above_lower: f64,
    /// The chance of differences so far below the upper bound if the truth lay on it.
    pub below_upper: f64,
}

impl Equivalence {
    /// The p-value of "the truth lies between the bounds".
    pub fn p_value(&self) -> f64 {
        self.above_lower.max(self.below_upper)
    }
}

/// Tests that the mean of `differences` lies above `lower` and below `upper`. Fails for fewer than two values and if the bounds are the wrong
/// way round.
pub fn tost(differences: &[f64], lower: f64, upper: f64) -> Result<Equivalence, StatisticsError> {
    check(differences, 2)?;
    if lower.is_nan() || upper.is_nan() || lower >= upper {
        return Err(StatisticsError::OutOfRange { what: "the margin" });
    }
    Ok(Equivalence {
        above_lower: p_above(differences, lower),
        below_upper: p_below(differences, upper),
    })
}

/// The p-value of "B is worse than A by less than `margin`": the half of [`tost`] that a guardrail needs. `lower_is_better` says which
/// direction is worse. Fails for fewer than two values and for a margin that is not positive.
pub fn non_inferiority(
    differences: &[f64],
    margin: f64,
    lower_is_better: bool,
) -> Result<f64, StatisticsError> {
    check(differences, 2)?;
    if margin.is_nan() || margin <= 0.0 {
        return Err(StatisticsError::OutOfRange { what: "the margin" });
    }
    Ok(if lower_is_better {
        p_below(differences, margin)
    } else {
        p_above(differences, -margin)
    })
}

fn p_above(differences: &[f64], bound: f64) -> f64 {
    student_survival(statistic(differences, bound), differences.len() as f64 - 1.0)
}

fn p_below(differences: &[f64], bound: f64) -> f64 {
    student_cdf(statistic(differences, bound), differences.len() as f64 - 1.0)
}

/// Student's t of the distance to `bound`; infinite where the differences do not vary, 0 where they all lie on it.
fn statistic(differences: &[f64], bound: f64) -> f64 {
    let distance = mean(differences) - bound;
    let error = standard_deviation(differences) / sqrt(differences.len() as f64);
    if distance == 0.0 { 0.0 } else { distance / error }
}
