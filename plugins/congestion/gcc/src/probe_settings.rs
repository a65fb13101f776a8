//! When probes are sent, how fast and how long.

use jackfield_sdk::prelude::*;

/// What the probe controller goes by. The defaults are those of libwebrtc's `probe_controller.cc`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProbeSettings {
    /// The first probe is so many times as fast as the start rate …
    pub first_scale: f64,
    /// … and the second so many times; 0 for no second one.
    pub second_scale: f64,
    /// Each further probe is so many times as fast as what the one before found …
    pub further_scale: f64,
    /// … if that is more than this share of the one before.
    pub further_threshold: f64,
    /// For so long the first probes are repeated, if repeating them is wanted.
    pub repeat_for: TimeDelta,
    /// While they are repeated, a probe lasts so long …
    pub repeated_duration: TimeDelta,
    /// … and its packets are at least so far apart.
    pub repeated_distance: TimeDelta,
    /// While the media does not fill the estimate, there is a probe so often …
    pub alr_interval: TimeDelta,
    /// … so many times as fast as the estimate.
    pub alr_scale: f64,
    /// Whether there is a probe when the streams can do with more than before …
    pub on_allocation: bool,
    /// … even while the media fills the estimate.
    pub on_allocation_outside_alr: bool,
    /// Such a probe is so many times as fast as what the streams can do with …
    pub first_allocation_scale: f64,
    /// … with a second one so many times; 0 for none …
    pub second_allocation_scale: f64,
    /// … but none is faster than so many times the estimate.
    pub allocation_limit: f64,
    /// A probe has at least so many packets …
    pub packets: u32,
    /// … lasts at least so long …
    pub duration: TimeDelta,
    /// … and its packets are at least so far apart.
    pub distance: TimeDelta,
    /// While loss bounds the estimate, no probe is faster than so many times the estimate.
    pub loss_limited_scale: f64,
}

impl Default for ProbeSettings {
    fn default() -> Self {
        Self {
            first_scale: 3.0,
            second_scale: 6.0,
            further_scale: 2.0,
            further_threshold: 0.7,
            repeat_for: TimeDelta::seconds(5),
            repeated_duration: TimeDelta::ms(100),
            repeated_distance: TimeDelta::ms(20),
            alr_interval: TimeDelta::seconds(5),
            alr_scale: 2.0,
            on_allocation: true,
            on_allocation_outside_alr: true,
            first_allocation_scale: 1.0,
            second_allocation_scale: 2.0,
            allocation_limit: 2.0,
            packets: 5,
            duration: TimeDelta::ms(15),
            distance: TimeDelta::ms(2),
            loss_limited_scale: 1.5,
        }
    }
}
