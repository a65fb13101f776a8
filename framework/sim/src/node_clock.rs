//! Clocks of nodes: each is wrong in its own way.

use jackfield_core::time::Timestamp;

use crate::clock::VirtualTime;
use crate::scenario::ClockSpec;

/// What a node takes for the time.
#[derive(Clone, Copy, Debug, Default)]
pub struct NodeClock {
    offset_us: i64,
    /// Parts per thousand million.
    drift_ppb: i64,
}

impl NodeClock {
    /// A clock like this.
    pub fn new(spec: &ClockSpec) -> Self {
        Self {
            offset_us: spec.offset.as_us(),
            drift_ppb: (spec.drift_ppm * 1_000.0) as i64,
        }
    }

    /// What it shows at `now`.
    pub fn shows(&self, now: VirtualTime) -> Timestamp {
        let drift = i128::from(now.ns()) * i128::from(self.drift_ppb) / 1_000_000_000_000;
        Timestamp::from_us(now.timestamp().us() + self.offset_us + drift as i64)
    }
}
