//! What somebody else knows of the link: a modem, a simulator, another estimator.

use jackfield_sdk::prelude::*;

/// Bounds of what the link bears; none where nobody knows. Facts: libwebrtc's `NetworkStateEstimate`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PathEstimate {
    /// It bears at least this.
    pub lower: Option<DataRate>,
    /// It bears at most this.
    pub upper: Option<DataRate>,
}

impl PathEstimate {
    /// From an event of kind `NetworkStateEstimate`; rates that make no sense count as unknown.
    pub fn of(event: &CongestionEvent) -> Self {
        let known = |rate: DataRate| (rate > DataRate::ZERO && rate < DataRate::INFINITE).then_some(rate);
        Self {
            lower: known(event.lower),
            upper: known(event.upper),
        }
    }
}
