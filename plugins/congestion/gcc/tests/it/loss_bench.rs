//! A bench for the loss-based estimator: feedback on packets of 15,000 bytes, a quarter of a second at a time.

use jackfield_congestion_gcc::loss_based::{LossBased, LossEstimate, LossSettings, LossState};
use jackfield_sdk::prelude::*;

/// One observation.
pub(crate) const STRETCH: TimeDelta = TimeDelta::ms(250);
const SIZE: i64 = 15_000;
/// No estimate from the delay.
pub(crate) const NONE: DataRate = DataRate::INFINITE;

pub(crate) fn kbps(kbps: i64) -> DataRate {
    DataRate::kbps(kbps)
}

/// One observation is enough, and two are looked at.
pub(crate) fn short() -> LossSettings {
    LossSettings {
        least_observations: 1,
        observation_window: 2,
        ..LossSettings::default()
    }
}

/// Without the bound that much loss gives at once.
pub(crate) fn unbounded() -> LossSettings {
    LossSettings {
        instant_upper_bound_balance: kbps(10_000),
        ..short()
    }
}

/// Settings that prefer high rates and heed every observation.
pub(crate) fn bold() -> LossSettings {
    LossSettings {
        rampup_factor: 1.2,
        candidate_factors: [1.1, 1.0, 0.95],
        higher_bandwidth_bias: 0.01,
        inherent_loss_upper_bound_balance: kbps(14),
        inherent_loss_upper_bound_offset: 0.9,
        newton_iterations: 2,
        newton_step: 0.4,
        sending_rate_smoothing: 0.01,
        average_temporal_weight: 0.97,
        instant_upper_bound_balance: kbps(90),
        instant_upper_bound_offset: 0.1,
        temporal_weight: 0.98,
        least_observations: 1,
        max_increase: 1.5,
        ..LossSettings::default()
    }
}

pub(crate) struct Bench {
    pub(crate) estimator: LossBased,
    sequence_number: i64,
    /// Whether the media does not fill the estimate.
    pub(crate) application_limited: bool,
}

/// An estimator that starts from `start`.
pub(crate) fn from(settings: LossSettings, start: DataRate) -> Bench {
    let mut bench = fresh(settings);
    bench.estimator.start_from(start);
    bench
}

/// An estimator that knows nothing.
pub(crate) fn fresh(settings: LossSettings) -> Bench {
    Bench {
        estimator: LossBased::new(settings),
        sequence_number: 0,
        application_limited: false,
    }
}

impl Bench {
    pub(crate) fn packet(&mut self, sent: TimeDelta, came: bool, size: i64) -> PacketFeedback {
        self.sequence_number += 1;
        PacketFeedback {
            sequence_number: self.sequence_number,
            sent: Timestamp::ZERO + sent,
            received: if came {
                Timestamp::ZERO + sent + STRETCH
            } else {
                Timestamp::NEVER
            },
            arrival_offset: TimeDelta::us(-1),
            size: DataSize::bytes(size),
            ecn: 0,
            cluster: 0,
            audio: 0,
            recovered: 0,
        }
    }

    /// Two packets, a stretch apart, of which the first `came` come.
    fn two(&mut self, at: TimeDelta, came: usize, delay_based: DataRate) -> LossEstimate {
        let packets = [
            self.packet(at, came > 0, SIZE),
            self.packet(at + STRETCH, came > 1, SIZE),
        ];
        self.hear(&packets, delay_based)
    }

    pub(crate) fn hear(&mut self, packets: &[PacketFeedback], delay_based: DataRate) -> LossEstimate {
        self.estimator
            .update(packets, delay_based, self.application_limited);
        self.estimator.estimate()
    }

    /// All come.
    pub(crate) fn received(&mut self, at: TimeDelta, delay_based: DataRate) -> LossEstimate {
        self.two(at, 2, delay_based)
    }

    /// Half of them come.
    pub(crate) fn half_lost(&mut self, at: TimeDelta, delay_based: DataRate) -> LossEstimate {
        self.two(at, 1, delay_based)
    }

    /// None comes.
    pub(crate) fn lost(&mut self, at: TimeDelta, delay_based: DataRate) -> LossEstimate {
        self.two(at, 0, delay_based)
    }

    /// Of ten packets the last, of `size`, is lost.
    pub(crate) fn tenth_lost(&mut self, at: TimeDelta, size: i64, delay_based: DataRate) -> LossEstimate {
        let packets: Vec<_> = (0..10)
            .map(|n| self.packet(at + STRETCH * n, n < 9, if n < 9 { SIZE } else { size }))
            .collect();
        self.hear(&packets, delay_based)
    }

    /// All come, stretch by stretch from the one of number `from`, until the state is `state`; gives the number of the next.
    pub(crate) fn received_until(&mut self, state: LossState, from: i64, delay_based: DataRate) -> i64 {
        let mut next = from;
        while self.estimator.estimate().state != state {
            self.received(STRETCH * next, delay_based);
            next += 1;
            assert!(next < 1_000, "{:?}", self.estimator.estimate());
        }
        next
    }

    pub(crate) fn acknowledge(&mut self, rate: DataRate) {
        self.estimator.set_acknowledged(rate);
    }

    pub(crate) fn rate(&self) -> DataRate {
        self.estimator.estimate().rate
    }

    pub(crate) fn state(&self) -> LossState {
        self.estimator.estimate().state
    }
}
