//! Looking at the numbers as they come, and stopping when they suffice, without paying for the looks. Both tests are e-processes: under "no
//! difference" the chance that the e-value **ever** reaches 1/α is at most α (Ville's inequality), so one may look after every seed and stop
//! whenever one likes.
//!
//! - [`SequentialMean`], for the mean of paired differences that are about normal, of unknown spread. It is the mixture sequential
//!   probability ratio test on Student's t: a normal prior on the effect in standard deviations (Robbins' method of mixtures), with the right
//!   Haar prior on the deviation. Its e-value is exact under optional stopping for every deviation because it depends on the data only through
//!   what scale leaves alone: Lai, "On confidence sequences", Annals of Statistics 4, 1976; Pérez-Ortiz, Lardy, de Heide and Grünwald,
//!   "E-statistics, group invariance and anytime-valid testing", Annals of Statistics 52, 2024; Wang and Ramdas, "Anytime-valid t-tests and
//!   confidence sequences for Gaussian means with unknown variance", Sequential Analysis 44, 2025. (The mSPRT that experiment platforms use,
//!   Johari, Koomen, Pekelis and Walsh, "Always valid inference", Operations Research 70, 2022, takes the deviation as known.)
//! - [`SequentialSign`], for the median, whatever the shape of the differences: a bet on the next sign whose stake is learned from the signs so
//!   far (Krichevsky and Trofimov's, the Beta(½, ½) mixture; Ville, 1939; Waudby-Smith and Ramdas, "Estimating means of bounded random
//!   variables by betting", Journal of the Royal Statistical Society B 86, 2024). Slower, and it assumes nothing: use it where outliers rule.

use libm::{exp, log, log1p, pow, sqrt};

use super::Interval;
use super::distribution::log_beta;

/// A sequential test of the mean difference.
///
/// ```
/// use jackfield_lab::statistics::sequential::SequentialMean;
///
/// let mut test = SequentialMean::new(0.05);
/// for difference in [1.2, 0.9, 1.1, 1.0, 0.8, 1.3, 1.1, 0.9] {
///     test.push(difference);
/// }
/// assert!(test.rejects());
/// assert!(test.interval().lower > 0.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SequentialMean {
    alpha: f64,
    prior_variance: f64,
    n: u64,
    mean: f64,
    squares: f64,
    greatest: f64,
}

impl SequentialMean {
    /// With false alarms in at most a share `alpha` of experiments without a difference. The prior of the effect has a standard deviation of
    /// one standard deviation of the differences.
    pub const fn new(alpha: f64) -> Self {
        Self::with_prior(alpha, 1.0)
    }

    /// With another variance of the prior of the effect, in units of the differences' variance. It changes how soon a difference is found,
    /// never how often one is found that is not there.
    pub const fn with_prior(alpha: f64, prior_variance: f64) -> Self {
        Self {
            alpha,
            prior_variance,
            n: 0,
            mean: 0.0,
            squares: 0.0,
            greatest: 1.0,
        }
    }

    /// Takes the next difference. What is not finite is ignored.
    pub fn push(&mut self, difference: f64) {
        if !difference.is_finite() {
            return;
        }
        self.n += 1;
        let step = difference - self.mean;
        self.mean += step / self.n as f64;
        self.squares += step * (difference - self.mean);
        self.greatest = self.greatest.max(self.e_value());
    }

    /// How many differences there were.
    pub const fn n(&self) -> u64 {
        self.n
    }

    /// The evidence against "no difference" in the differences so far: 1 is none.
    pub fn e_value(&self) -> f64 {
        self.e_value_against(0.0)
    }

    /// The evidence against a mean of `mean`.
    pub fn e_value_against(&self, mean: f64) -> f64 {
        if self.n < 2 {
            return 1.0;
        }
        let (n, freedom) = (self.n as f64, (self.n - 1) as f64);
        let growth = 1.0 + n * self.prior_variance;
        let distance = self.mean - mean;
        let signal = n * distance * distance;
        if signal == 0.0 && self.squares == 0.0 {
            return 1.0;
        }
        // t² / freedom, and the same as the prior sees it.
        let plain = log1p(signal / self.squares);
        let mixed = log1p(signal / (self.squares * growth));
        let logarithm = if plain.is_infinite() {
            // The limit where the differences do not vary at all.
            log(growth)
        } else {
            plain - mixed
        };
        exp(0.5 * (freedom + 1.0) * logarithm - 0.5 * log(growth))
    }

    /// A p-value that holds whenever one stops: the inverse of the greatest e-value so far.
    pub fn p_value(&self) -> f64 {
        (1.0 / self.greatest).min(1.0)
    }

    /// Whether there is a difference: once true, it stays so.
    pub fn rejects(&self) -> bool {
        self.greatest * self.alpha >= 1.0
    }

    /// The interval of the mean that holds at all times together: the means against which there is too little evidence. Infinite at first.
    pub fn interval(&self) -> Interval {
        let reach = self.reach();
        Interval {
            estimate: self.mean,
            lower: self.mean - reach,
            upper: self.mean + reach,
            confidence: 1.0 - self.alpha,
        }
    }

    fn reach(&self) -> f64 {
        if self.n < 2 {
            return f64::INFINITY;
        }
        let n = self.n as f64;
        let growth = 1.0 + n * self.prior_variance;
        // Solved for the distance at which the e-value is 1/alpha.
        let bound = pow(sqrt(growth) / self.alpha, 2.0 / n);
        if bound >= growth {
            return f64::INFINITY;
        }
        sqrt(self.squares * (bound - 1.0) / (1.0 - bound / growth) / n)
    }
}

/// A sequential test of the median difference by its signs alone; zeros say nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SequentialSign {
    alpha: f64,
    positive: u64,
    negative: u64,
    greatest: f64,
}

impl SequentialSign {
    /// With false alarms in at most a share `alpha` of experiments without a difference.
    pub const fn new(alpha: f64) -> Self {
        Self {
            alpha,
            positive: 0,
            negative: 0,
            greatest: 1.0,
        }
    }

    /// Takes the next difference.
    pub fn push(&mut self, difference: f64) {
        if difference > 0.0 {
            self.positive += 1;
        } else if difference < 0.0 {
            self.negative += 1;
        }
        self.greatest = self.greatest.max(self.e_value());
    }

    /// The evidence against a median of zero: 1 is none.
    pub fn e_value(&self) -> f64 {
        let (positive, negative) = (self.positive as f64, self.negative as f64);
        exp(
            (positive + negative) * std::f64::consts::LN_2 + log_beta(positive + 0.5, negative + 0.5)
                - log_beta(0.5, 0.5),
        )
    }

    /// A p-value that holds whenever one stops.
    pub fn p_value(&self) -> f64 {
        (1.0 / self.greatest).min(1.0)
    }

    /// Whether there is a difference: once true, it stays so.
    pub fn rejects(&self) -> bool {
        self.greatest * self.alpha >= 1.0
    }
}
