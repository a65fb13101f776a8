//! The estimate that comes from the loss, with the delay-based one as its ceiling.
//!
//! Every quarter of a second what was sent and lost becomes an observation. Candidate rates – somewhat up, the same, somewhat down, what
//! gets through, the delay-based estimate – are held against the last observations (see [`model`](self)), and the likeliest wins, within
//! bounds: after a loss the estimate is held for a while, then rises in steps, with padding to try the way.
//!
//! Facts: libwebrtc's `loss_based_bwe_v2.cc`.

mod model;
mod observations;
mod settings;

pub use observations::MOST_OBSERVATIONS;
pub use settings::{LossSettings, MOST_FACTORS};

use jackfield_sdk::prelude::*;

use crate::arithmetic::{LOWEST_RATE, is_finite, scaled};
use model::Channel;
use observations::Observations;

/// The first hold.
const FIRST_HOLD: TimeDelta = TimeDelta::ms(300);
/// No hold is longer.
const LONGEST_HOLD: TimeDelta = TimeDelta::seconds(60);

/// What bounds the estimate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LossState {
    /// The loss, and the estimate rises again.
    Increasing,
    /// The same, with padding to try the higher rate.
    IncreasingWithPadding,
    /// The loss, and the estimate falls or stays.
    Decreasing,
    /// The delay.
    DelayBased,
}

/// The estimate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LossEstimate {
    /// The rate; infinite if nothing bounds it.
    pub rate: DataRate,
    /// What bounds it.
    pub state: LossState,
}

struct Hold {
    until: Option<Timestamp>,
    duration: TimeDelta,
    rate: DataRate,
}

const NO_HOLD: Hold = Hold {
    until: None,
    duration: FIRST_HOLD,
    rate: DataRate::INFINITE,
};

/// The loss-based estimator.
pub struct LossBased {
    /// What it goes by. The window and its weights are those of its making.
    pub settings: LossSettings,
    observations: Observations,
    average_loss: f64,
    acknowledged: Option<DataRate>,
    minimum: DataRate,
    maximum: DataRate,
    delay_based: DataRate,
    best: Option<Channel>,
    estimate: LossEstimate,
    hold: Hold,
    /// Since when padding is sent, and up to what rate.
    padding: Option<(Timestamp, DataRate)>,
    recovering_since: Option<Timestamp>,
    limit_in_window: DataRate,
}

impl LossBased {
    /// Nothing known. Allocates; nothing else does.
    pub fn new(settings: LossSettings) -> Self {
        Self {
            observations: Observations::new(&settings),
            settings,
            average_loss: 0.0,
            acknowledged: None,
            minimum: DataRate::kbps(1),
            maximum: DataRate::INFINITE,
            delay_based: DataRate::INFINITE,
            best: None,
            estimate: LossEstimate {
                rate: DataRate::ZERO,
                state: LossState::DelayBased,
            },
            hold: NO_HOLD,
            padding: None,
            recovering_since: None,
            limit_in_window: DataRate::INFINITE,
        }
    }

    /// Forgets everything but its settings.
    pub fn restart(&mut self) {
        self.observations.restart();
        self.average_loss = 0.0;
        self.acknowledged = None;
        self.minimum = DataRate::kbps(1);
        self.maximum = DataRate::INFINITE;
        self.delay_based = DataRate::INFINITE;
        self.best = None;
        self.estimate = LossEstimate {
            rate: DataRate::ZERO,
            state: LossState::DelayBased,
        };
        self.hold = NO_HOLD;
        self.padding = None;
        self.recovering_since = None;
        self.limit_in_window = DataRate::INFINITE;
    }

    /// The bounds.
    pub fn set_bounds(&mut self, minimum: DataRate, maximum: DataRate) {
        self.minimum = minimum;
        self.maximum = maximum;
    }

    /// What gets through.
    pub fn set_acknowledged(&mut self, rate: DataRate) {
        self.acknowledged = is_finite(rate).then_some(rate).or(self.acknowledged);
    }

    /// Starts from `rate`, as if it had been the estimate.
    pub fn start_from(&mut self, rate: DataRate) {
        self.best = Some(Channel {
            inherent_loss: self
                .best
                .map_or(self.settings.initial_inherent_loss, |best| best.inherent_loss),
            bandwidth: rate,
        });
        self.estimate = LossEstimate {
            rate,
            state: LossState::DelayBased,
        };
    }

    /// Whether there were enough observations.
    pub fn is_ready(&self) -> bool {
        self.best.is_some() && self.observations.count() >= u64::from(self.settings.least_observations)
    }

    /// The estimate; the delay-based one until it is ready.
    pub fn estimate(&self) -> LossEstimate {
        if self.is_ready() {
            self.estimate
        } else {
            LossEstimate {
                rate: self.delay_based,
                state: LossState::DelayBased,
            }
        }
    }

    /// The share of bytes lost lately.
    pub fn average_loss(&self) -> f64 {
        self.average_loss
    }

    /// Takes feedback on packets, received and lost; `delay_based` is infinite if there is no such estimate.
    pub fn update(&mut self, packets: &[PacketFeedback], delay_based: DataRate, application_limited: bool) {
        self.delay_based = delay_based;
        if !self.observations.add(packets, &self.settings) {
            return;
        }
        self.average_loss = self.observations.average_loss(&self.settings);
        let Some(now) = self.observations.last_sent() else {
            return;
        };
        let current = match self.best {
            Some(best) => best,
            None if is_finite(delay_based) => {
                self.start_from(delay_based);
                Channel {
                    inherent_loss: self.settings.initial_inherent_loss,
                    bandwidth: delay_based,
                }
            }
            None => return,
        };
        let candidate = self.bounded_increase(
            now,
            current,
            self.best_candidate(now, current, application_limited),
        );
        let bounded = self
            .lower_bound()
            .max(candidate.bandwidth.min(self.upper_bound()).min(self.delay_based));
        self.remember(candidate, bounded);
        self.decide(now, bounded);
    }

    /// The candidate under which the observations are likeliest.
    fn best_candidate(&self, now: Timestamp, current: Channel, application_limited: bool) -> Channel {
        let ceiling = if self.is_loss_limited() && is_finite(self.limit_in_window) {
            self.limit_in_window
        } else {
            self.maximum
        }
        .max(current.bandwidth);
        let padding = self
            .padding
            .is_some_and(|(since, _)| since + self.settings.padding_duration >= now);
        let acknowledged = self
            .acknowledged
            .filter(|_| self.settings.measured_candidates && (!application_limited || padding));
        let delay_based = (self.settings.measured_candidates && is_finite(self.delay_based))
            .then_some(self.delay_based)
            .filter(|rate| *rate > current.bandwidth);
        let factors = self.settings.candidate_factors;
        let rates = factors
            .iter()
            .map(|factor| scaled(current.bandwidth, *factor))
            .chain(acknowledged)
            .chain(delay_based);
        let mut best = current;
        let mut highest = f64::MIN;
        for rate in rates {
            let mut candidate = Channel {
                bandwidth: rate.min(ceiling),
                ..current
            };
            candidate.inherent_loss = candidate.feasible_inherent_loss(&self.settings);
            candidate.approach(&self.observations, &self.settings);
            let objective = candidate.objective(&self.observations, self.average_loss, &self.settings);
            if objective > highest || (objective == highest && candidate.bandwidth > best.bandwidth) {
                highest = objective;
                best = candidate;
            }
        }
        best
    }

    /// The candidate, if it goes up no faster than it may.
    fn bounded_increase(&self, now: Timestamp, current: Channel, mut candidate: Channel) -> Channel {
        if self.settings.hold_above_inherent_loss
            && self.average_loss > candidate.inherent_loss
            && current.bandwidth < candidate.bandwidth
        {
            candidate.bandwidth = current.bandwidth;
        }
        if !self.is_loss_limited() {
            return candidate;
        }
        let in_window = self
            .recovering_since
            .is_some_and(|since| since + self.settings.delayed_increase_window > now);
        if in_window {
            candidate.bandwidth = candidate.bandwidth.min(self.limit_in_window);
        }
        if let (true, Some(acknowledged)) = (
            self.is_increasing(current.bandwidth, candidate.bandwidth),
            self.acknowledged,
        ) {
            let near_hold = is_finite(self.hold.rate)
                && acknowledged < scaled(self.hold.rate, self.settings.rampup_hold_threshold);
            let factor = if near_hold {
                self.settings.rampup_factor_in_hold
            } else {
                self.settings.rampup_factor
            };
            candidate.bandwidth = candidate
                .bandwidth
                .min(scaled(acknowledged, factor))
                .max(current.bandwidth);
            // The least step up leaves the state of decreasing, and padding begins.
            if self.estimate.state == LossState::Decreasing && candidate.bandwidth == current.bandwidth {
                candidate.bandwidth = current.bandwidth + DataRate::bps(1);
            }
        }
        candidate
    }

    fn remember(&mut self, candidate: Channel, bounded: DataRate) {
        self.best = Some(if bounded < candidate.bandwidth {
            Channel {
                inherent_loss: 0.0,
                bandwidth: bounded,
            }
        } else {
            let lowest = if self.settings.lower_bound_by_acknowledged > 0.0 {
                self.lower_bound()
            } else {
                DataRate::ZERO
            };
            Channel {
                bandwidth: candidate.bandwidth.max(lowest),
                ..candidate
            }
        });
    }

    /// Turns the bounded rate into the estimate and its state.
    fn decide(&mut self, now: Timestamp, bounded: DataRate) {
        let below = bounded < self.delay_based;
        let holding = self.hold.until.is_some_and(|until| until > now);
        if self.estimate.state == LossState::Decreasing && holding && below {
            if self.settings.lower_bound_by_acknowledged > 0.0 {
                self.hold.rate = self.hold.rate.max(self.lower_bound());
            }
            self.estimate.rate = self.hold.rate.min(bounded);
            return;
        }
        let loss_limited = below && bounded < self.maximum;
        let rising = self.is_increasing(self.estimate.rate, bounded) && self.may_go_on_rising(now, bounded);
        if rising && loss_limited {
            self.estimate.state = self.begin_padding(now, bounded);
        } else if loss_limited {
            if self.estimate.state != LossState::Decreasing && self.settings.hold_duration_factor > 0.0 {
                self.hold = Hold {
                    until: Some(now + self.hold.duration),
                    duration: (self.hold.duration * self.settings.hold_duration_factor).min(LONGEST_HOLD),
                    rate: bounded,
                };
            }
            self.padding = None;
            self.estimate.state = LossState::Decreasing;
        } else {
            self.hold = NO_HOLD;
            self.padding = None;
            self.estimate.state = LossState::DelayBased;
        }
        self.estimate.rate = bounded;
        let window_over = self
            .recovering_since
            .is_none_or(|since| since + self.settings.delayed_increase_window < now);
        if let (true, true, Some(best)) = (self.is_loss_limited(), window_over, self.best) {
            self.limit_in_window = LOWEST_RATE.max(scaled(best.bandwidth, self.settings.max_increase));
            self.recovering_since = Some(now);
        }
    }

    fn begin_padding(&mut self, now: Timestamp, rate: DataRate) -> LossState {
        if self.settings.padding_duration <= TimeDelta::ZERO {
            return LossState::Increasing;
        }
        if self.padding.is_none_or(|(_, padded)| rate > padded) {
            self.padding = Some((now, rate));
        }
        LossState::IncreasingWithPadding
    }

    fn may_go_on_rising(&self, now: Timestamp, rate: DataRate) -> bool {
        if self.settings.padding_duration <= TimeDelta::ZERO
            || self.estimate.state != LossState::IncreasingWithPadding
        {
            return true;
        }
        self.padding
            .is_none_or(|(since, padded)| since + self.settings.padding_duration >= now || padded < rate)
    }

    fn is_increasing(&self, old: DataRate, new: DataRate) -> bool {
        let rising = matches!(
            self.estimate.state,
            LossState::Increasing | LossState::IncreasingWithPadding
        );
        self.is_loss_limited() && (old < new || (old == new && rising))
    }

    fn is_loss_limited(&self) -> bool {
        self.estimate.state != LossState::DelayBased
    }

    /// While much is lost the estimate stays below this.
    fn upper_bound(&self) -> DataRate {
        let excess = self.average_loss - self.settings.instant_upper_bound_offset;
        if self.observations.count() == 0 || excess <= 0.0 {
            return self.maximum;
        }
        let balance = self.settings.instant_upper_bound_balance.as_bps() as f64;
        DataRate::bps((balance / excess).round() as i64)
    }

    fn lower_bound(&self) -> DataRate {
        let acknowledged = self.acknowledged.map_or(DataRate::ZERO, |rate| {
            scaled(rate, self.settings.lower_bound_by_acknowledged)
        });
        acknowledged.max(self.minimum)
    }
}
