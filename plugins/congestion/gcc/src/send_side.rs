//! The target: the least of what delay, loss, the remote end and the session allow.
//!
//! Facts: libwebrtc's `send_side_bandwidth_estimation.cc`.

use jackfield_sdk::prelude::*;

use crate::arithmetic::{LOWEST_RATE, is_finite, passed, scaled};
use crate::loss_based::{LossBased, LossSettings, LossState};
use crate::loss_reports::LossReports;
use crate::round_trip_limit::RoundTripLimit;

/// No rate is above this when the session gives no bound.
const DEFAULT_MAXIMUM: DataRate = DataRate::bps(1_000_000_000);
/// The time from the first loss report in which the other estimates are trusted upwards.
const START_PHASE: TimeDelta = TimeDelta::seconds(2);

/// Brings the estimates together.
pub struct SendSide {
    /// The loss-based estimator.
    pub loss_based: LossBased,
    /// Whether the loss-based estimator is heard.
    pub use_loss_based: bool,
    /// The brake for round trips that take seconds.
    pub round_trip_limit: RoundTripLimit,
    reports: LossReports,
    target: DataRate,
    minimum: DataRate,
    maximum: DataRate,
    round_trip: TimeDelta,
    remote_limit: DataRate,
    delay_limit: DataRate,
    last_decrease: Option<Timestamp>,
    loss_state: LossState,
}

impl SendSide {
    /// Nothing known.
    pub fn new(loss: LossSettings) -> Self {
        let mut loss_based = LossBased::new(loss);
        loss_based.set_bounds(LOWEST_RATE, DEFAULT_MAXIMUM);
        Self {
            loss_based,
            use_loss_based: true,
            round_trip_limit: RoundTripLimit::default(),
            reports: LossReports::default(),
            target: DataRate::ZERO,
            minimum: LOWEST_RATE,
            maximum: DEFAULT_MAXIMUM,
            round_trip: TimeDelta::ZERO,
            remote_limit: DataRate::INFINITE,
            delay_limit: DataRate::INFINITE,
            last_decrease: None,
            loss_state: LossState::DelayBased,
        }
    }

    /// Another path: forgets what it knows of the old one.
    pub fn restart(&mut self) {
        self.reports.restart();
        self.target = DataRate::ZERO;
        self.minimum = LOWEST_RATE;
        self.maximum = DEFAULT_MAXIMUM;
        self.round_trip = TimeDelta::ZERO;
        self.remote_limit = DataRate::INFINITE;
        self.delay_limit = DataRate::INFINITE;
        self.last_decrease = None;
        self.loss_based.restart();
    }

    /// The target before the congestion window pushes back.
    pub fn target(&self) -> DataRate {
        self.target.min(self.remote_limit).max(self.minimum)
    }

    /// The smallest target.
    pub fn minimum(&self) -> DataRate {
        self.minimum
    }

    /// What bounds the loss-based estimate.
    pub fn loss_state(&self) -> LossState {
        self.loss_state
    }

    /// The share lost, of receiver reports.
    pub fn reported_loss(&self) -> f64 {
        self.reports.loss()
    }

    /// The round-trip time as somebody measured it; zero if nobody did.
    pub fn round_trip(&self) -> TimeDelta {
        self.round_trip
    }

    /// The bounds; an infinite maximum is none.
    pub fn set_bounds(&mut self, minimum: DataRate, maximum: DataRate) {
        self.minimum = minimum.max(LOWEST_RATE);
        self.maximum = if maximum > DataRate::ZERO && is_finite(maximum) {
            maximum.max(self.minimum)
        } else {
            DEFAULT_MAXIMUM
        };
        self.loss_based.set_bounds(self.minimum, self.maximum);
    }

    /// Starts from `rate`, which the delay-based estimate does not bound until it is renewed.
    pub fn set_rate(&mut self, rate: DataRate) {
        self.delay_limit = DataRate::INFINITE;
        self.set_target(rate);
        self.reports.forget_rates();
    }

    /// What the remote end allows; zero for no limit.
    pub fn set_remote_limit(&mut self, rate: DataRate) {
        self.remote_limit = if rate > DataRate::ZERO {
            rate
        } else {
            DataRate::INFINITE
        };
        self.set_target(self.target);
    }

    /// What the delay allows.
    pub fn set_delay_limit(&mut self, rate: DataRate) {
        self.delay_limit = if rate > DataRate::ZERO {
            rate
        } else {
            DataRate::INFINITE
        };
        self.set_target(self.target);
    }

    /// A round-trip time was measured.
    pub fn set_round_trip(&mut self, round_trip: TimeDelta) {
        if round_trip > TimeDelta::ZERO {
            self.round_trip = round_trip;
        }
    }

    /// What gets through.
    pub fn set_acknowledged(&mut self, rate: Option<DataRate>) {
        if let Some(rate) = rate {
            self.loss_based.set_acknowledged(rate);
        }
    }

    /// Feedback on packets, received and lost.
    pub fn feedback(&mut self, now: Timestamp, packets: &[PacketFeedback], application_limited: bool) {
        self.loss_based
            .update(packets, self.delay_limit, application_limited);
        self.update(now);
    }

    /// A receiver report.
    pub fn report(&mut self, now: Timestamp, lost: u64, received: u64) {
        if self.reports.report(now, lost, received) {
            self.update(now);
        }
    }

    /// Time went by, or something is new.
    pub fn update(&mut self, now: Timestamp) {
        if self.round_trip_limit.is_exceeded() {
            self.brake(now);
            return;
        }
        let loss_based = self.use_loss_based && self.loss_based.is_ready();
        if self.reports.loss() == 0.0 && self.is_in_start_phase(now) && !loss_based {
            let mut rate = self.target;
            for limit in [self.remote_limit, self.delay_limit] {
                if is_finite(limit) {
                    rate = rate.max(limit);
                }
            }
            if rate != self.target {
                self.reports.forget_rates();
                self.reports.remember(now, self.target);
                self.set_target(rate);
                return;
            }
        }
        self.reports.remember(now, self.target);
        if loss_based {
            let estimate = self.loss_based.estimate();
            self.loss_state = estimate.state;
            self.set_target(estimate.rate);
            return;
        }
        self.loss_state = LossState::DelayBased;
        let wanted = self
            .reports
            .wanted(now, self.target, self.round_trip, &mut self.last_decrease);
        self.set_target(wanted.unwrap_or(self.target));
    }

    fn brake(&mut self, now: Timestamp) {
        let settings = self.round_trip_limit.settings;
        let mut rate = self.target;
        if passed(now, self.last_decrease, settings.interval) && rate > settings.floor {
            self.last_decrease = Some(now);
            rate = scaled(rate, settings.fraction).max(settings.floor);
        }
        self.set_target(rate);
    }

    fn is_in_start_phase(&self, now: Timestamp) -> bool {
        self.reports
            .first_report()
            .is_none_or(|first| now - first < START_PHASE)
    }

    fn set_target(&mut self, rate: DataRate) {
        self.target = rate.min(self.delay_limit).min(self.maximum).max(self.minimum);
    }
}
