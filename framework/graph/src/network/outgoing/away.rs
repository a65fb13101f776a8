//! A pacer whose process does not answer: packets leave as they come until it is back.

use jackfield_core::pacer::DepartureSink;
use jackfield_core::time::Timestamp;
use jackfield_core::{Fault, FaultCode};

use super::Outgoing;

/// Packets that a pacer holds of which nobody knows any more.
struct Forgotten;

impl DepartureSink for Forgotten {
    fn depart(&mut self, _: u64) -> Result<(), Fault> {
        Ok(())
    }
}

impl Outgoing {
    /// Whether packets leave unpaced now.
    pub(crate) fn is_unpaced(&self) -> bool {
        self.pacer_broken || self.pacer_away
    }

    /// Calls that went without the pacer because its process did not answer.
    pub(crate) fn concealed_calls(&self) -> u64 {
        self.concealed
    }

    /// Whether the pacer is there; one that did not answer is asked again, and told of the present.
    pub(super) fn paces(&mut self, now: Timestamp) -> bool {
        if self.pacer_away
            && let Err(fault) = self.rejoin(now)
        {
            self.broke(fault);
        }
        !self.is_unpaced()
    }

    /// In a new process a pacer knows nothing, and one that was late holds packets that have left.
    fn rejoin(&mut self, now: Timestamp) -> Result<(), Fault> {
        self.pacer.hand_over(&mut Forgotten)?;
        self.pacer.set_rates(now, self.rates.pacing, self.rates.padding)?;
        self.pacer.configure(now, &self.pacer_config)?;
        self.pacer.set_congested(now, u32::from(self.congested))?;
        for waiting in &self.queue {
            let paced = self.paced(waiting);
            self.pacer.enqueue(now, &paced)?;
        }
        self.pacer_away = false;
        Ok(())
    }

    /// Packets leave unpaced: until the pacer is back if it only did not answer, else until another one is put in.
    pub(super) fn broke(&mut self, fault: Fault) {
        if matches!(fault.code(), FaultCode::TimedOut | FaultCode::Gone) {
            self.pacer_away = true;
            self.concealed += 1;
            return;
        }
        self.pacer_broken = true;
        self.fault = Some(fault);
    }
}
