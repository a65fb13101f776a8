//! Brings the parts together: an event goes to those whom it concerns, and what they make of it becomes the target, the pacing and the
//! padding.
//!
//! Facts: libwebrtc's `goog_cc_network_control.cc`.

use jackfield_sdk::prelude::*;

use crate::acknowledged::Throughput;
use crate::alr::AlrDetector;
use crate::arithmetic::{LOWEST_RATE, scaled};
use crate::delay_based::DelayBased;
use crate::history::History;
use crate::loss_based::{LossSettings, LossState};
use crate::path_estimate::PathEstimate;
use crate::probe_controller::{Limit, ProbeController};
use crate::probe_estimator::ProbeEstimator;
use crate::sane;
use crate::send_side::SendSide;
use crate::trendline::Usage;
use crate::window::CongestionWindow;

/// What becomes of the congestion window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WindowUse {
    /// There is none.
    Nothing,
    /// The pacer gets it.
    Window,
    /// It pushes the target back.
    Target,
    /// It tells the encoders to leave out frames.
    Frames,
}

/// What the controller itself goes by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    pub(crate) window_use: WindowUse,
    pub(crate) queueing: TimeDelta,
    pub(crate) lowest_push_back: DataRate,
    pub(crate) count_pacer: bool,
    pub(crate) safe_reset: bool,
    pub(crate) pacing_before_feedback: f64,
    pub(crate) pacing: f64,
    pub(crate) pacing_window: TimeDelta,
    pub(crate) pace_within_link: bool,
}

/// What was last decided, and why.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Decision {
    /// Before the window pushes back.
    pub(crate) target: DataRate,
    pub(crate) pushed_back: DataRate,
    pub(crate) loss: f64,
    pub(crate) round_trip: TimeDelta,
    pub(crate) loss_state: LossState,
    pub(crate) limited_by_path: bool,
}

/// All parts.
pub(crate) struct Controller {
    pub(crate) options: Options,
    pub(crate) delay: DelayBased,
    pub(crate) alr: AlrDetector,
    pub(crate) send_side: SendSide,
    pub(crate) probes: ProbeController,
    pub(crate) throughput: Throughput,
    pub(crate) probe_results: ProbeEstimator,
    pub(crate) window: CongestionWindow,
    pub(crate) history: History,
    pub(crate) path: PathEstimate,
    pub(crate) feedback_seen: bool,
    pub(crate) was_application_limited: bool,
    /// Room for the packets of a report …
    pub(crate) reported: Vec<PacketFeedback>,
    /// … and for those that came, in the order of their coming.
    pub(crate) received: Vec<PacketFeedback>,
    pub(crate) decision: Decision,
    decided: bool,
    bounds: RateConstraints,
    minimum: DataRate,
    allocated_minimum: DataRate,
    wanted_padding: DataRate,
    asked_pacing: Option<f64>,
}

/// A report is taken in pieces of at most so many packets.
pub(crate) const MOST_PACKETS: usize = 4_096;

impl Controller {
    /// Nothing known but the bounds. Allocates; nothing else does.
    pub(crate) fn new(options: Options, bounds: &RateConstraints) -> Self {
        let bounds = sane::bounds(bounds);
        let start = bounds.start.clamp(bounds.minimum, bounds.maximum);
        Self {
            options,
            delay: DelayBased::new(),
            alr: AlrDetector::default(),
            send_side: SendSide::new(LossSettings::default()),
            probes: ProbeController::default(),
            throughput: Throughput::default(),
            probe_results: ProbeEstimator::default(),
            window: CongestionWindow::default(),
            history: History::new(),
            path: PathEstimate::default(),
            feedback_seen: false,
            was_application_limited: false,
            reported: Vec::with_capacity(MOST_PACKETS),
            received: Vec::with_capacity(MOST_PACKETS),
            decision: Decision {
                target: start,
                pushed_back: start,
                loss: 0.0,
                round_trip: TimeDelta::ZERO,
                loss_state: LossState::DelayBased,
                limited_by_path: true,
            },
            decided: false,
            bounds,
            minimum: LOWEST_RATE,
            allocated_minimum: DataRate::ZERO,
            wanted_padding: DataRate::ZERO,
            asked_pacing: None,
        }
    }

    /// The bounds of the session.
    pub(crate) fn bounds(&self) -> &RateConstraints {
        &self.bounds
    }

    /// New bounds; a start rate in them is started from.
    pub(crate) fn set_bounds(&mut self, now: Timestamp, bounds: &RateConstraints) {
        self.bounds = sane::bounds(bounds);
        let start = self.bound();
        self.send_side.set_bounds(self.minimum, self.bounds.maximum);
        if start > DataRate::ZERO {
            self.send_side.set_rate(start);
            self.delay.rate_control.start(start);
        }
        self.delay.rate_control.set_minimum(self.minimum);
        self.probes
            .set_bounds(now, self.minimum, start, self.bounds.maximum);
    }

    /// Reckons the smallest rate anew; gives the start rate within the bounds, zero if there is none.
    fn bound(&mut self) -> DataRate {
        self.minimum = self
            .bounds
            .minimum
            .max(LOWEST_RATE)
            .max(self.allocated_minimum)
            .min(self.bounds.maximum.max(LOWEST_RATE));
        if self.bounds.start > DataRate::ZERO {
            self.bounds.start.max(self.minimum).min(self.bounds.maximum)
        } else {
            DataRate::ZERO
        }
    }

    /// What the streams want.
    pub(crate) fn set_streams(&mut self, now: Timestamp, event: &CongestionEvent) {
        self.probes.set_periodic(event.flag != 0);
        self.probes.set_repeated(event.probe_repeatedly != 0);
        self.probes
            .set_allocated(now, sane::rate(event.constraints.maximum));
        let factor = f64::from(event.pacing_factor);
        self.asked_pacing = (factor > 0.0 && factor.is_finite()).then_some(factor);
        self.wanted_padding = sane::rate(event.padding);
        let minimum = sane::rate(event.rate);
        if minimum != self.allocated_minimum {
            self.allocated_minimum = minimum;
            self.bound();
            self.delay.rate_control.set_minimum(self.minimum);
            self.send_side.set_bounds(self.minimum, self.bounds.maximum);
        }
    }

    /// Another path: everything that was learned of the old one is forgotten but what got through, which bounds the start.
    pub(crate) fn change_route(&mut self, now: Timestamp, bounds: &RateConstraints) {
        let mut bounds = *bounds;
        if let (true, Some(through)) = (self.options.safe_reset, self.throughput.rate()) {
            bounds.start = if bounds.start > DataRate::ZERO {
                bounds.start.min(through)
            } else {
                through
            };
        }
        self.throughput.restart();
        self.probe_results = ProbeEstimator::default();
        self.delay.restart();
        self.send_side.restart();
        self.probes.restart(now);
        self.set_bounds(now, &bounds);
        self.decide(now);
    }

    /// Goes on from what a predecessor believed, without the probes of the beginning.
    pub(crate) fn go_on_from(&mut self, now: Timestamp, start: DataRate, round_trip: Option<TimeDelta>) {
        let bounds = RateConstraints { start, ..self.bounds };
        self.set_bounds(now, &bounds);
        self.probes.go_on_from(start);
        self.feedback_seen = true;
        if let Some(round_trip) = round_trip {
            self.set_round_trip(round_trip);
        }
        self.decide(now);
    }

    /// A round-trip time was measured.
    pub(crate) fn set_round_trip(&mut self, round_trip: TimeDelta) {
        self.delay.rate_control.set_round_trip(round_trip);
        self.send_side.set_round_trip(round_trip);
    }

    /// A receiver report came: on a path without feedback on packets that is the sign that it lives.
    pub(crate) fn note_report(&mut self, now: Timestamp) {
        if !self.feedback_seen {
            self.send_side.round_trip_limit.reported(now);
        }
    }

    /// Time went by.
    pub(crate) fn process(&mut self, now: Timestamp, pacer_queue: DataSize) {
        self.window.set_pacer_queue(sane::amount(pacer_queue));
        self.send_side.update(now);
        self.probes
            .set_alr_started(self.alr.started().filter(|_| self.feedback_seen));
        self.probes.process(now);
        self.resize_window();
        self.decide(now);
    }

    /// A packet left.
    pub(crate) fn sent(&mut self, now: Timestamp, event: &CongestionEvent) {
        let at = sane::departure(now, event.at);
        self.alr.sent(at, sane::packet_size(event.size));
        self.send_side.round_trip_limit.sent(at);
        self.history
            .sent(event.sequence_number, sane::packet_size(event.untracked));
        if self.pushes_back() {
            self.window.set_in_flight(sane::amount(event.in_flight));
            self.decide(now);
        }
    }

    pub(crate) fn pushes_back(&self) -> bool {
        matches!(self.options.window_use, WindowUse::Target | WindowUse::Frames)
    }

    pub(crate) fn resize_window(&mut self) {
        if self.options.window_use == WindowUse::Nothing {
            self.window.close();
        } else {
            self.window.resize(self.decision.target, self.options.queueing);
        }
    }

    /// Looks whether anything changed that the pacer, the encoders or the probes must know.
    pub(crate) fn decide(&mut self, now: Timestamp) {
        let target = self.send_side.target();
        let mut pushed_back = target;
        if self.pushes_back() {
            pushed_back = self
                .window
                .push_back(target, self.options.lowest_push_back, self.options.count_pacer)
                .max(self.send_side.minimum());
        }
        let decision = Decision {
            target,
            pushed_back,
            loss: self.send_side.reported_loss(),
            round_trip: self.send_side.round_trip(),
            loss_state: self.send_side.loss_state(),
            limited_by_path: self.alr.started().is_none(),
        };
        if self.decided && decision == self.decision {
            return;
        }
        self.decided = true;
        self.decision = decision;
        self.alr.set_estimate(target);
        self.probes.set_estimate(now, target, self.limit());
    }

    fn limit(&self) -> Limit {
        if self.delay.trendline().usage() != Usage::Normal {
            return Limit::DelayIncreased;
        }
        if self.send_side.round_trip_limit.is_exceeded() {
            return Limit::RoundTrip;
        }
        match self.send_side.loss_state() {
            LossState::Decreasing | LossState::IncreasingWithPadding => Limit::Loss,
            LossState::Increasing => Limit::LossIncreasing,
            LossState::DelayBased => Limit::Delay,
        }
    }

    /// The rate at which packets may leave: above the target before the window pushes back, so that no queue grows while it does.
    pub(crate) fn pacing(&self) -> DataRate {
        let base = self
            .decision
            .target
            .max(self.allocated_minimum.min(self.bounds.maximum));
        let factor = self.asked_pacing.unwrap_or(if self.feedback_seen {
            self.options.pacing
        } else {
            self.options.pacing_before_feedback
        });
        let pacing = scaled(base, factor);
        match self.path.upper {
            Some(upper) if self.options.pace_within_link && pacing > upper => upper.max(base),
            _ => pacing,
        }
    }

    /// The rate up to which padding may fill.
    pub(crate) fn padding(&self) -> DataRate {
        let mut padding = self.wanted_padding;
        if self.decision.loss_state == LossState::IncreasingWithPadding {
            padding = padding.max(self.decision.target);
        }
        padding.min(self.decision.pushed_back)
    }

    /// The target for the encoders.
    pub(crate) fn target(&self) -> DataRate {
        let target = if self.options.window_use == WindowUse::Frames {
            self.decision.target
        } else {
            self.decision.pushed_back
        };
        target.min(self.bounds.maximum).max(self.bounds.minimum)
    }

    /// The share of the target that the encoders shall leave out for now.
    pub(crate) fn reduction(&self) -> f64 {
        let target = self.decision.target;
        if self.options.window_use != WindowUse::Frames || target <= DataRate::ZERO {
            return 0.0;
        }
        ((target - self.decision.pushed_back) / target).clamp(0.0, 1.0)
    }
}
