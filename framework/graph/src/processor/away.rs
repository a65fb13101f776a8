//! A processor whose process does not answer: blocks go around it until it is back.

use jackfield_core::time::Timestamp;

use super::ProcessorSlot;
use crate::prepared::{Ends, Ran};
use crate::swap::declick;

/// Whether blocks go around a processor that is to come back.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Away {
    /// It is there.
    No,
    /// It is busy with an earlier block.
    Late,
    /// Its process has ended.
    Gone,
}

impl ProcessorSlot {
    /// Blocks that went around a processor because its process did not answer.
    pub fn concealed_blocks(&self) -> u64 {
        self.concealed
    }

    /// Runs the processor that is heard; one that comes back in a new process is first told what is known, and shown what was played meanwhile.
    pub(super) fn run_active(
        &mut self,
        now: Timestamp,
        near: &mut [f32],
        ends: &Ends<'_>,
        may_catch_up: bool,
    ) -> Ran {
        if self.away == Away::Gone {
            self.active.rejoin(now, &self.learnt);
        }
        self.active.run(now, near, ends, &mut self.report, may_catch_up)
    }

    /// The block goes around the processor.
    pub(super) fn conceal(&mut self, near: &mut [f32], away: Away) {
        self.concealed += 1;
        if self.away == Away::No {
            declick(&self.last, near, self.samples);
        }
        self.away = away;
    }

    /// The processor that is heard has processed the block.
    pub(super) fn is_back(&mut self, near: &mut [f32]) {
        if self.away != Away::No {
            self.away = Away::No;
            declick(&self.last, near, self.samples);
        }
        for (known, told) in [
            (&mut self.learnt.echo_delay_ms, self.report.echo_delay_ms),
            (&mut self.learnt.gain_db, self.report.gain_db),
        ] {
            if !told.is_nan() {
                *known = told;
            }
        }
    }
}
