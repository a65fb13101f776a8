//! Swapping a receiver's jitter buffer, and what to do when it breaks: no packet is lost either way.

use jackfield_core::Fault;
use jackfield_core::jitter_buffer::{
    HandleSink, Insertion, JitterBuffer, JitterHandover, Operation, Playout,
};
use jackfield_core::time::Timestamp;

use super::waiting::{Noted, take};
use super::{MAX_WAITING, Receiver, Recycle, STEP};
use crate::fallback::Fallback;
use crate::swap::{SwapMeasure, SwapOutcome};

/// Blocks for which the predecessor of a jitter buffer is kept.
const PROBATION_BLOCKS: u32 = 40;

/// A swap in its probation.
pub(super) struct Swap {
    id: u64,
    predecessor: Box<dyn JitterBuffer>,
    left: u32,
    measure: SwapMeasure,
}

/// The end of a swap of the jitter buffer.
pub struct JitterSwapped {
    /// The swap.
    pub id: u64,
    /// Its figures.
    pub measure: SwapMeasure,
    /// To be dropped on the control thread.
    pub retired: Box<dyn JitterBuffer>,
}

impl Receiver {
    /// Puts `jitter` (activated as for [`Receiver::new`]) in the place of the present one: it starts from what its predecessor learnt and every
    /// waiting packet is inserted again. The end is told by [`Receiver::take_ended`]; should it break before, its predecessor plays on.
    /// \[audio\]
    pub fn swap_jitter(
        &mut self,
        now: Timestamp,
        id: u64,
        mut jitter: Box<dyn JitterBuffer>,
        recycle: &mut dyn Recycle,
    ) -> Option<JitterSwapped> {
        let displaced = self.swap.take().map(Swap::committed);
        let before = self.delay(now).current;
        let state = self.jitter.hand_over(now).unwrap_or_else(|_| self.due.handover());
        let mut measure = SwapMeasure::CLEAN;
        match self.introduce(now, &mut *jitter, &state, recycle) {
            Ok(samples_lost) => {
                measure.samples_lost = samples_lost;
                let mut predecessor = std::mem::replace(&mut self.jitter, jitter);
                self.empty(now, &mut *predecessor);
                self.failed = false;
                self.fallback = Fallback::default();
                measure.added_latency_ms = (self.delay(now).current - before).as_ms_f64();
                self.swap = Some(Swap {
                    id,
                    predecessor,
                    left: PROBATION_BLOCKS,
                    measure,
                });
            }
            Err(_) => {
                self.ended = Some(JitterSwapped {
                    id,
                    measure: SwapMeasure {
                        outcome: SwapOutcome::RolledBack,
                        reason: "it failed or panicked while it took over",
                        ..measure
                    },
                    retired: jitter,
                });
            }
        }
        displaced
    }

    /// Ends a swap as it stands: the participant leaves.
    pub(crate) fn end_swap(&mut self) -> Option<JitterSwapped> {
        self.swap.take().map(Swap::committed)
    }

    /// Adds the time that a swap took to its figures.
    pub(crate) fn stalled(&mut self, us: f64) {
        let measure = match (&mut self.swap, &mut self.ended) {
            (Some(swap), _) => &mut swap.measure,
            (None, Some(ended)) => &mut ended.measure,
            (None, None) => return,
        };
        measure.stall_us = measure.stall_us.max(us);
    }

    /// Gives `jitter` the state and every waiting packet; says how many samples it refused. Until it has taken everything nothing is let go.
    fn introduce(
        &mut self,
        now: Timestamp,
        jitter: &mut dyn JitterBuffer,
        state: &JitterHandover,
        recycle: &mut dyn Recycle,
    ) -> Result<u64, Fault> {
        jitter.take_over(now, state)?;
        let mut refused = Noted::default();
        let mut last = i64::MIN;
        // In order of sequence numbers, without a buffer to sort in: each round takes the next one up.
        while let Some(arrival) = self.next_waiting(last).copied() {
            last = arrival.sequence_number;
            // A duplicate is no loss: a predecessor that comes back has it already.
            if jitter.insert(now, &arrival, &mut refused)? == Insertion::Late {
                refused.release(arrival.handle)?;
            }
        }
        let mut lost = 0;
        for handle in &refused.handles[..refused.count] {
            if let Some(waiting) = take(&mut self.waiting, *handle) {
                lost += self.decoding.samples(waiting.arrival.ticks) as u64;
                recycle.recycle(waiting.payload);
            }
        }
        Ok(lost)
    }

    /// Has a predecessor give out all that waits, to nobody: should it come back, it must not remember packets that were played meanwhile.
    fn empty(&self, now: Timestamp, predecessor: &mut dyn JitterBuffer) {
        let mut left = Noted::default();
        let mut waiting = self.waiting.iter().flatten().count();
        let mut playout = Playout {
            last: self.last,
            ..Playout::START
        };
        for _ in 0..2 * MAX_WAITING {
            if waiting <= left.count {
                return;
            }
            let Ok(action) = predecessor.next(now, &playout, &mut left) else {
                return;
            };
            match action.operation {
                Operation::Silence | Operation::Conceal | Operation::Recover => {
                    playout.ready_ticks += action.ticks.max(STEP);
                }
                _ => {
                    waiting -= 1;
                    playout.ready_ticks += 2 * STEP;
                }
            }
            playout.last = action.operation;
        }
    }

    /// The jitter buffer broke: its predecessor plays on if it is still there, else the stand-in.
    pub(super) fn jitter_failed(&mut self, now: Timestamp, recycle: &mut dyn Recycle) {
        self.failed = true;
        self.fallback = Fallback::default();
        let Some(mut swap) = self.swap.take() else { return };
        let state = self.due.handover();
        let mut measure = SwapMeasure {
            outcome: SwapOutcome::RolledBack,
            reason: "it failed or panicked",
            ..swap.measure
        };
        if let Ok(lost) = self.introduce(now, &mut *swap.predecessor, &state, recycle) {
            measure.samples_lost += lost;
            self.failed = false;
        }
        self.ended = Some(JitterSwapped {
            id: swap.id,
            measure,
            retired: std::mem::replace(&mut self.jitter, swap.predecessor),
        });
    }

    /// A block of the probation has passed.
    pub(super) fn count_down(&mut self) {
        match &mut self.swap {
            Some(swap) if swap.left > 0 => swap.left -= 1,
            Some(_) if self.ended.is_none() => self.ended = self.swap.take().map(Swap::committed),
            _ => {}
        }
    }
}

impl Swap {
    fn committed(self) -> JitterSwapped {
        JitterSwapped {
            id: self.id,
            measure: self.measure,
            retired: self.predecessor,
        }
    }
}
