//! What the link seems to bear, from the throughput at each overuse, and how sure that is.
//!
//! Facts: libwebrtc's `link_capacity_estimator.cc`.

use jackfield_sdk::prelude::*;

use crate::arithmetic::whole_kbps;

/// Weight of a new sample.
const WEIGHT: f64 = 0.05;
/// The bounds of the normalised variance, in kbit/s: about 14 and 35 kbit/s of deviation at 500 kbit/s.
const VARIANCE_RANGE: (f64, f64) = (0.4, 2.5);

/// The estimate of the capacity; none until the first overuse.
#[derive(Default)]
pub struct LinkCapacity {
    /// In kbit/s.
    estimate: Option<f64>,
    /// Variance divided by the estimate, in kbit/s.
    variance: Option<f64>,
}

impl LinkCapacity {
    /// The estimate.
    pub fn estimate(&self) -> Option<DataRate> {
        self.estimate.map(rate)
    }

    /// Throughput above this contradicts the estimate; infinite if there is none.
    pub fn upper(&self) -> DataRate {
        self.estimate
            .map_or(DataRate::INFINITE, |kbps| rate(kbps + 3.0 * self.deviation(kbps)))
    }

    /// Throughput below this contradicts the estimate; zero if there is none.
    pub fn lower(&self) -> DataRate {
        self.estimate.map_or(DataRate::ZERO, |kbps| {
            rate((kbps - 3.0 * self.deviation(kbps)).max(0.0))
        })
    }

    /// There was an overuse at this throughput.
    pub fn overused(&mut self, throughput: DataRate) {
        let sample = whole_kbps(throughput) as f64;
        let estimate = self
            .estimate
            .map_or(sample, |old| (1.0 - WEIGHT) * old + WEIGHT * sample);
        let error = estimate - sample;
        let (lowest, highest) = VARIANCE_RANGE;
        let variance =
            (1.0 - WEIGHT) * self.variance.unwrap_or(lowest) + WEIGHT * error * error / estimate.max(1.0);
        self.estimate = Some(estimate);
        self.variance = Some(variance.clamp(lowest, highest));
    }

    /// Forgets the estimate, not how sure such estimates are on this path.
    pub fn forget(&mut self) {
        self.estimate = None;
    }

    fn deviation(&self, estimate: f64) -> f64 {
        (self.variance.unwrap_or(VARIANCE_RANGE.0) * estimate).sqrt()
    }
}

fn rate(kbps: f64) -> DataRate {
    DataRate::bps((kbps * 1e3) as i64)
}
