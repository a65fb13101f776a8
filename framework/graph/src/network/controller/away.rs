//! A congestion controller whose process does not answer: its last decision holds until it is back.

use jackfield_core::congestion_controller::CongestionHandover;
use jackfield_core::time::Timestamp;
use jackfield_core::units::TimeDelta;
use jackfield_core::{Fault, FaultCode};

use super::{Controller, availability_event};
use crate::network::decided::NoProbes;

/// So often a controller that never asked to be told of time is asked whether it is back.
pub(super) const AWAY_INTERVAL: TimeDelta = TimeDelta::ms(25);

impl Controller {
    /// Whether nobody decides now.
    pub(crate) fn is_bypassed(&self) -> bool {
        self.broken || self.gone
    }

    /// Events that went without the controller because its process did not answer.
    pub(crate) fn concealed_events(&self) -> u64 {
        self.concealed
    }

    /// Its process is a new one, which knows nothing: it is told what is known of the path, whether there is one, and what the streams need.
    /// False while it is not back.
    pub(super) fn rejoin(&mut self, now: Timestamp) -> bool {
        let known = CongestionHandover {
            estimate: self.decided.estimate,
            target: self.decided.target,
            round_trip: self.known.round_trip,
            minimum_round_trip: TimeDelta::ZERO,
            in_flight: self.known.in_flight,
            loss_ppm: 0,
            reserved: 0,
        };
        let told = self.plugin.take_over(now, &known);
        if told.as_ref().is_err_and(is_away) {
            return false;
        }
        self.begin_anew(now);
        let available = self
            .known
            .available
            .map(|available| availability_event(now, available));
        for event in available.into_iter().chain([self.streams.event(now)]) {
            // What it answers is taken with the event that is due.
            let told = self.plugin.on_event(now, &event, &[], &mut NoProbes);
            if told.is_err_and(|fault| is_away(&fault)) {
                self.gone = true;
                return false;
            }
        }
        true
    }
}

/// Whether a controller that gave this fault may answer later.
pub(super) fn is_away(fault: &Fault) -> bool {
    matches!(fault.code(), FaultCode::TimedOut | FaultCode::Gone)
}
