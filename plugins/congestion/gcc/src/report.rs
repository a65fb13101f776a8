//! What the controller tells of itself.

use jackfield_sdk::prelude::*;

use crate::controller::Controller;
use crate::loss_based::LossState;
use crate::trendline::Usage;

impl Controller {
    /// The round-trip time: as measured, or as feedback tells it; zero if nobody knows.
    pub(crate) fn round_trip(&self) -> TimeDelta {
        let measured = self.send_side.round_trip();
        if measured > TimeDelta::ZERO {
            measured
        } else {
            self.send_side.round_trip_limit.round_trip().max(TimeDelta::ZERO)
        }
    }

    /// The share lost lately: of feedback on packets, or else of receiver reports.
    pub(crate) fn loss(&self) -> f64 {
        if self.feedback_seen {
            self.send_side.loss_based.average_loss().clamp(0.0, 1.0)
        } else {
            self.send_side.reported_loss()
        }
    }

    /// The values of the statistics, in their order.
    pub(crate) fn statistics(&self) -> [f64; 12] {
        let kbps = |rate: Option<DataRate>| rate.map_or(0.0, DataRate::as_kbps_f64);
        let trendline = self.delay.trendline();
        let usage = match trendline.usage() {
            Usage::Underusing => -1.0,
            Usage::Normal => 0.0,
            Usage::Overusing => 1.0,
        };
        let loss_state = match self.decision.loss_state {
            LossState::DelayBased => 0.0,
            LossState::Decreasing => 1.0,
            LossState::Increasing => 2.0,
            LossState::IncreasingWithPadding => 3.0,
        };
        [
            self.target().as_kbps_f64(),
            self.decision.target.as_kbps_f64(),
            kbps(self.delay.estimate()),
            trendline.trend(),
            trendline.threshold(),
            usage,
            loss_state,
            self.loss() * 100.0,
            kbps(self.throughput.rate()),
            self.round_trip().as_ms_f64(),
            self.window
                .window()
                .map_or(0.0, |window| window.as_bytes() as f64),
            f64::from(u8::from(!self.decision.limited_by_path)),
        ]
    }
}
