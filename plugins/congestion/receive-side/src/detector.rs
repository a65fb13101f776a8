//! Whether the queue on the path grows: a Kalman filter of how much later each group comes, and a threshold that adapts (draft-ietf-rmcat-gcc-02
//! sections 5.3 and 5.4).

use jackfield_sdk::prelude::Timestamp;

use crate::arrival::GroupDelta;

/// State noise covariance `q`.
const STATE_NOISE: f64 = 1e-3;
/// So many times more of it while the offset comes back from overuse or underuse: it is believed sooner (libwebrtc's `OveruseEstimator`; the draft has
/// none of this, and lowers the rate long after the queue has begun to drain).
const TURNING: f64 = 10.0;
/// Initial error covariance `e(0)`.
const FIRST_COVARIANCE: f64 = 0.1;
/// Coefficient of the filter of the measured noise variance, at 30 groups a second.
const CHI: f64 = 0.01;
/// The threshold's first value, and its bounds, in ms.
const THRESHOLD: (f64, f64, f64) = (12.5, 6.0, 600.0);
/// By how much the threshold follows an offset above it, and below it, per ms.
const GAINS: (f64, f64) = (0.01, 0.000_18);
/// An offset that is further above the threshold than this is a peak, which it does not follow.
const PEAK: f64 = 15.0;
/// So many ms above the threshold are overuse.
const OVERUSE: f64 = 10.0;
/// The offset counts as often as groups have come, up to this: what is compared with the threshold is by how much the queue has grown over so many
/// groups. The draft compares the offset of one group, which a link that is overused by a tenth never lifts above the least threshold; what it
/// describes (libwebrtc's `OveruseDetector`) does as here.
const GROUPS: f64 = 60.0;
/// The longest step of time with which the threshold adapts.
const LONGEST_STEP: f64 = 100.0;

/// How the path is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usage {
    /// Its queue grows.
    Over,
    /// Its queue stands still.
    Normal,
    /// Its queue drains.
    Under,
}

/// Tells how the path is used.
#[derive(Clone, Copy, Debug)]
pub struct Detector {
    offset: f64,
    before: f64,
    groups: f64,
    covariance: f64,
    noise: f64,
    threshold: f64,
    over_for: f64,
    usage: Usage,
    updated: Option<Timestamp>,
}

impl Default for Detector {
    fn default() -> Self {
        Self::new()
    }
}

impl Detector {
    /// Before anything has come.
    pub const fn new() -> Self {
        Self {
            offset: 0.0,
            before: 0.0,
            groups: 0.0,
            covariance: FIRST_COVARIANCE,
            noise: 1.0,
            threshold: THRESHOLD.0,
            over_for: 0.0,
            usage: Usage::Normal,
            updated: None,
        }
    }

    /// How the path is used, as far as is known.
    pub const fn usage(&self) -> Usage {
        self.usage
    }

    /// By how much the queue has grown over the last groups, in ms: `m_hat` times their number.
    pub fn growth(&self) -> f64 {
        self.offset * self.groups
    }

    /// `del_var_th`, in ms.
    pub const fn threshold(&self) -> f64 {
        self.threshold
    }

    /// Overuse was answered: it takes as long again to be found once more.
    pub fn seen(&mut self) {
        self.over_for = 0.0;
    }

    /// Another group came.
    pub fn update(&mut self, now: Timestamp, group: &GroupDelta) -> Usage {
        let delay = group.arrival - group.departure;
        self.groups = (self.groups + 1.0).min(GROUPS);
        self.filter(delay, group.departure.max(1.0));
        self.judge(group.departure);
        self.adapt(now);
        self.usage
    }

    fn filter(&mut self, delay: f64, interval: f64) {
        let residual = delay - self.offset;
        let most = 3.0 * libm::sqrt(self.noise);
        let measured = residual.clamp(-most, most);
        // The draft's (1 - chi)^(30 / (1000 f_max)), where groups come once in `interval` ms.
        let kept = libm::pow(1.0 - CHI, 30.0 * interval / 1_000.0);
        self.noise = (kept * self.noise + (1.0 - kept) * measured * measured).max(1.0);
        let turns = match self.usage {
            Usage::Over => self.offset < self.before,
            Usage::Under => self.offset > self.before,
            Usage::Normal => false,
        };
        let mut predicted = self.covariance + STATE_NOISE;
        if turns {
            predicted += TURNING * STATE_NOISE;
        }
        let gain = predicted / (self.noise + predicted);
        self.before = self.offset;
        self.offset += gain * residual;
        self.covariance = (1.0 - gain) * predicted;
    }

    fn judge(&mut self, interval: f64) {
        let growth = self.growth();
        if growth > self.threshold {
            self.over_for += interval.max(0.0);
            if self.over_for > OVERUSE && self.offset >= self.before {
                self.usage = Usage::Over;
            }
        } else {
            self.over_for = 0.0;
            self.usage = if growth < -self.threshold {
                Usage::Under
            } else {
                Usage::Normal
            };
        }
    }

    fn adapt(&mut self, now: Timestamp) {
        let last = self.updated.replace(now).unwrap_or(now);
        let distance = self.growth().abs() - self.threshold;
        if distance > PEAK {
            return;
        }
        let gain = if distance < 0.0 { GAINS.1 } else { GAINS.0 };
        let step = now.since(last).as_ms_f64().min(LONGEST_STEP);
        self.threshold = (self.threshold + gain * step * distance).clamp(THRESHOLD.1, THRESHOLD.2);
    }
}
