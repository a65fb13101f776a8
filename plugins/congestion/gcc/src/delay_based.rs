//! The estimate that comes from the delay: groups of packets → trend → rate control.
//!
//! Facts: libwebrtc's `delay_based_bwe.cc` with its default settings: audio and video are judged together.

use jackfield_sdk::prelude::*;

use crate::aimd::RateControl;
use crate::inter_arrival::InterArrival;
use crate::path_estimate::PathEstimate;
use crate::trendline::{Trendline, Usage};

/// What leaves within this is one group.
const GROUP_LENGTH: TimeDelta = TimeDelta::ms(5);
/// After a silence of the feedback that long the trend starts anew.
const SILENCE: TimeDelta = TimeDelta::seconds(2);

/// What feedback made of the estimate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DelayOutcome {
    /// The new estimate, if there is one.
    pub estimate: Option<DataRate>,
    /// Whether it is what a probe measured.
    pub from_probe: bool,
    /// Whether a queue has just drained.
    pub recovered: bool,
    /// What the delay says.
    pub usage: Usage,
}

impl Default for DelayOutcome {
    fn default() -> Self {
        Self {
            estimate: None,
            from_probe: false,
            recovered: false,
            usage: Usage::Normal,
        }
    }
}

/// What was measured beside the delay.
#[derive(Clone, Copy, Debug, Default)]
pub struct Measured {
    /// The rate of what got through.
    pub throughput: Option<DataRate>,
    /// What a probe found.
    pub probe: Option<DataRate>,
    /// What is known of the link from elsewhere.
    pub path: PathEstimate,
    /// Whether the media fills less than it may.
    pub application_limited: bool,
}

/// The delay-based estimator.
pub struct DelayBased {
    /// The rate control, for its settings.
    pub rate_control: RateControl,
    arrivals: InterArrival,
    trendline: Trendline,
    last_feedback: Option<Timestamp>,
    last_estimate: DataRate,
}

impl Default for DelayBased {
    fn default() -> Self {
        Self::new()
    }
}

impl DelayBased {
    /// Nothing known.
    pub fn new() -> Self {
        Self {
            rate_control: RateControl::new(),
            arrivals: InterArrival::new(GROUP_LENGTH),
            trendline: Trendline::new(),
            last_feedback: None,
            last_estimate: DataRate::ZERO,
        }
    }

    /// Forgets everything but its settings.
    pub fn restart(&mut self) {
        self.rate_control.restart();
        self.arrivals = InterArrival::new(GROUP_LENGTH);
        self.trendline.restart();
        self.last_feedback = None;
        self.last_estimate = DataRate::ZERO;
    }

    /// Draws the trend through so many groups.
    pub fn set_window(&mut self, groups: usize) {
        self.trendline.set_window(groups);
    }

    /// The trend of the delay.
    pub fn trendline(&self) -> &Trendline {
        &self.trendline
    }

    /// The estimate, if there is one.
    pub fn estimate(&self) -> Option<DataRate> {
        self.rate_control
            .is_initialized()
            .then(|| self.rate_control.rate())
    }

    /// The estimate that feedback last gave; zero if none did.
    pub fn last_estimate(&self) -> DataRate {
        self.last_estimate
    }

    /// Takes feedback on packets that came, in the order of their coming.
    pub fn feedback(
        &mut self,
        now: Timestamp,
        received: &[PacketFeedback],
        measured: &Measured,
    ) -> DelayOutcome {
        if received.is_empty() {
            return DelayOutcome {
                usage: self.trendline.usage(),
                ..DelayOutcome::default()
            };
        }
        let mut recovered = false;
        let mut before = self.trendline.usage();
        for packet in received {
            self.packet(now, packet);
            let after = self.trendline.usage();
            recovered |= before == Usage::Underusing && after == Usage::Normal;
            before = after;
        }
        self.rate_control
            .set_application_limited(measured.application_limited);
        self.rate_control.set_path(measured.path);
        self.update(now, measured, recovered)
    }

    fn packet(&mut self, now: Timestamp, packet: &PacketFeedback) {
        if self.last_feedback.is_none_or(|last| now - last > SILENCE) {
            self.arrivals = InterArrival::new(GROUP_LENGTH);
            self.trendline.restart();
        }
        self.last_feedback = Some(now);
        if let Some(deltas) = self.arrivals.add(packet.sent, packet.received, now, packet.size) {
            self.trendline.update(&deltas, packet.received);
        }
    }

    fn update(&mut self, now: Timestamp, measured: &Measured, recovered: bool) -> DelayOutcome {
        let usage = self.trendline.usage();
        let mut outcome = DelayOutcome {
            usage,
            ..DelayOutcome::default()
        };
        match (usage, measured.throughput, measured.probe) {
            (Usage::Overusing, Some(throughput), _) => {
                if self.rate_control.may_reduce(now, throughput) {
                    outcome.estimate = self.controlled(now, usage, measured.throughput);
                }
            }
            (Usage::Overusing, None, _) => {
                if self.rate_control.may_reduce_blindly(now) {
                    let half = DataRate::bps(self.rate_control.rate().as_bps() / 2);
                    self.rate_control.set_estimate(now, half);
                    outcome.estimate = Some(self.rate_control.rate());
                }
            }
            (_, _, Some(probe)) => {
                self.rate_control.set_estimate(now, probe);
                outcome.estimate = Some(self.rate_control.rate());
                outcome.from_probe = true;
            }
            (_, throughput, None) => {
                outcome.estimate = self.controlled(now, usage, throughput);
                outcome.recovered = recovered;
            }
        }
        self.last_estimate = outcome.estimate.unwrap_or(self.last_estimate);
        outcome
    }

    fn controlled(&mut self, now: Timestamp, usage: Usage, throughput: Option<DataRate>) -> Option<DataRate> {
        let rate = self.rate_control.update(now, usage, throughput);
        self.rate_control.is_initialized().then_some(rate)
    }
}
