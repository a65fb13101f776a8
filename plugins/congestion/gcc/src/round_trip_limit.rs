//! The emergency brake: when the round trip takes seconds, or feedback stays out for seconds while packets leave, the rate falls in steps to
//! a floor, whatever the estimators think.
//!
//! Facts: the class `RttBasedBackoff` in libwebrtc's `send_side_bandwidth_estimation.cc`.

use jackfield_sdk::prelude::*;

/// When it brakes, and how hard.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RoundTripSettings {
    /// Above this; infinite for never.
    pub limit: TimeDelta,
    /// What is left of the rate after a step.
    pub fraction: f64,
    /// From step to step.
    pub interval: TimeDelta,
    /// Not below this.
    pub floor: DataRate,
}

impl Default for RoundTripSettings {
    fn default() -> Self {
        Self {
            limit: TimeDelta::seconds(3),
            fraction: 0.8,
            interval: TimeDelta::seconds(1),
            floor: DataRate::kbps(5),
        }
    }
}

/// Watches the round trip.
#[derive(Default)]
pub struct RoundTripLimit {
    /// When it brakes.
    pub settings: RoundTripSettings,
    updated: Option<Timestamp>,
    round_trip: TimeDelta,
    last_sent: Option<Timestamp>,
}

impl RoundTripLimit {
    /// What feedback says: the round trip without the time that the feedback was held back.
    pub fn update(&mut self, now: Timestamp, round_trip: TimeDelta) {
        self.updated = Some(now);
        self.round_trip = round_trip;
    }

    /// A packet left. Before the first feedback the clock starts with the first of them.
    pub fn sent(&mut self, at: Timestamp) {
        if self.updated.is_none() {
            self.update(at, TimeDelta::ZERO);
        }
        self.last_sent = Some(at);
    }

    /// A report came that is not about packets: a sign of life where there is no other.
    pub fn reported(&mut self, now: Timestamp) {
        self.updated = Some(now);
    }

    /// The round trip as feedback last told it.
    pub fn round_trip(&self) -> TimeDelta {
        self.round_trip
    }

    /// Whether it is beyond the limit; silence of the feedback counts as long as packets leave.
    pub fn is_exceeded(&self) -> bool {
        let silence = match (self.last_sent, self.updated) {
            (Some(sent), Some(updated)) => sent.since(updated),
            _ => TimeDelta::ZERO,
        };
        silence + self.round_trip > self.settings.limit
    }
}
