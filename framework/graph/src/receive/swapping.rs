//! Swapping a receiver's jitter buffer, and what to do when it breaks: no packet is lost either way.

use jackfield_core::audio::BLOCK_DURATION;
use jackfield_core::jitter_buffer::{
    HandleSink, Insertion, JITTER_BUFFER_SWAP, JitterBuffer, JitterHandover, PacketArrival,
};
use jackfield_core::module::ResetReason;
use jackfield_core::time::Timestamp;
use jackfield_core::units::TimeDelta;
use jackfield_core::{Fault, FaultCode};

use super::shadow::Shadow;
use super::waiting::{Noted, Waiting, next, take};
use super::{Receiver, Recycle};
use crate::fallback::Fallback;
use crate::swap::{ABORTED, DISPLACED, SwapMeasure};
use crate::transaction::{Event, Step, Transaction};

pub(super) const FAILED: &str = "it failed or panicked";
const FAILED_TO_TAKE_OVER: &str = "it failed or panicked while it took over";
/// So long after a newcomer has come in the seams of the signal are laid to it.
const SEAM: TimeDelta = TimeDelta::ms(60);

/// A swap under way.
pub(super) struct Swap {
    id: u64,
    /// Who is not heard: the newcomer until it joins, then its predecessor. It is told of every packet and asked as if it played.
    other: Box<dyn JitterBuffer>,
    shadow: Shadow,
    transaction: Transaction,
    measure: SwapMeasure,
    /// A predecessor that broke while it was not heard: it is asked no more.
    cold: bool,
    aborted: bool,
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
    /// Takes `jitter` in (activated as for [`Receiver::new`]): it starts from what the present one learnt, is told of every packet and asked as
    /// if it played. When its time in the shadow is up, or when it is promoted if the swap is on `hold`, every waiting packet is inserted
    /// again and it plays. The end is told by [`Receiver::take_ended`]; should it break before, its predecessor plays on. \[audio\]
    pub fn swap_jitter(
        &mut self,
        now: Timestamp,
        id: u64,
        mut jitter: Box<dyn JitterBuffer>,
        hold: bool,
        recycle: &mut dyn Recycle,
    ) -> Option<JitterSwapped> {
        let displaced = self.swap.take().map(|mut swap| {
            swap.transaction.on(Event::Displaced);
            swap.ended(DISPLACED)
        });
        let state = self.handover(now);
        let told = bound(&mut *jitter, self.minimum_delay);
        let told = told.and_then(|()| tell_all(now, &mut *jitter, &state, &self.waiting));
        let mut swap = Swap {
            id,
            other: jitter,
            shadow: Shadow::NEW,
            transaction: Transaction::begun(JITTER_BUFFER_SWAP, hold),
            measure: SwapMeasure::CLEAN,
            cold: false,
            aborted: false,
        };
        if told.is_err() {
            swap.transaction.on(Event::Failed);
            self.ended = Some(swap.ended(FAILED_TO_TAKE_OVER));
            return displaced;
        }
        self.decoding.watch_seams();
        self.swap = Some(swap);
        if self.failed {
            // Only the stand-in plays: there is nothing to wait for.
            self.come_in(now, Event::PredecessorFailed, recycle);
        }
        displaced
    }

    /// Somebody decided about the swap `id`: it goes on now (`promote`), or is taken back. \[audio\]
    pub fn decide(&mut self, id: u64, promote: bool) {
        let Some(swap) = self.swap.as_mut().filter(|swap| swap.id == id) else {
            return;
        };
        if promote {
            swap.transaction.on(Event::Promote);
        } else if swap.transaction.step() == Step::Probation {
            // Who takes over is given every packet: with the next block.
            swap.aborted = true;
        } else {
            swap.transaction.on(Event::Abort);
        }
        self.end_if_over(ABORTED);
    }

    /// Ends a swap as it stands: the participant leaves.
    pub(crate) fn end_swap(&mut self) -> Option<JitterSwapped> {
        let mut swap = self.swap.take()?;
        swap.transaction.on(Event::Left);
        Some(swap.ended(""))
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

    /// A step that others may wait for, told once.
    pub(crate) fn take_stepped(&mut self) -> Option<(u64, Step)> {
        self.stepped.take()
    }

    /// Whether the newcomer is to come in before the next block.
    pub(crate) fn is_join_due(&self) -> bool {
        self.swap
            .as_ref()
            .is_some_and(|swap| swap.transaction.step() == Step::Align)
    }

    /// The newcomer comes in: it gets the state anew, and every packet that waits. \[audio\]
    pub(crate) fn join(&mut self, now: Timestamp, recycle: &mut dyn Recycle) {
        self.come_in(now, Event::Aligned, recycle);
    }

    /// A packet came: whoever is not heard is told too.
    pub(super) fn shadow_insert(&mut self, now: Timestamp, arrival: &PacketArrival) {
        if let Some(swap) = self.swap.as_mut().filter(|swap| !swap.cold)
            && swap.shadow.insert(now, &mut *swap.other, arrival).is_err()
        {
            self.other_failed(FAILED);
        }
    }

    /// 10 ms have been played: whoever is not heard is asked too, and the swap goes on. `played` is whether they came in a packet.
    pub(super) fn shadow_pull(&mut self, now: Timestamp, played: bool, recycle: &mut dyn Recycle) {
        let Some(swap) = &mut self.swap else { return };
        if swap.aborted {
            return self.take_back(now, Event::Abort, ABORTED, recycle);
        }
        let on_probation = swap.transaction.step() == Step::Probation;
        if !swap.cold {
            let asked = swap.shadow.pull(now, &mut *swap.other, &self.waiting, played);
            let unheard = asked.and_then(|()| swap.shadow.unheard_is_silent());
            let heard = swap.shadow.heard_is_silent();
            match (unheard, heard) {
                (Err(reason), _) if !on_probation => return self.other_failed(reason),
                // Whatever it does, a predecessor is only asked in case that it is needed.
                (Ok(()), Err(reason)) if on_probation => {
                    return self.take_back(now, Event::Failed, reason, recycle);
                }
                (Err(FAILED), _) => self.other_failed(FAILED),
                _ => {}
            }
        }
        let Some(swap) = &mut self.swap else { return };
        let before = swap.transaction.step();
        let step = swap.transaction.on(Event::Passed(BLOCK_DURATION));
        if step == Step::Probation && swap.transaction.times().probation <= SEAM {
            swap.measure.discontinuity_db = self.decoding.worst_seam_db();
        }
        if step == Step::Ready && before != step {
            self.stepped = Some((swap.id, step));
        }
        self.end_if_over("");
    }

    /// The jitter buffer broke: the other one of a swap plays on if there is one, else the stand-in.
    pub(super) fn jitter_failed(&mut self, now: Timestamp, fault: &Fault, recycle: &mut dyn Recycle) {
        self.failed = true;
        self.away = self.swap.is_none() && is_away(fault);
        self.fallback = Fallback::default();
        match self.swap.as_ref().map(|swap| swap.transaction.step()) {
            None => {}
            Some(Step::Probation) => self.take_back(now, Event::Failed, FAILED, recycle),
            // The newcomer is known to work: it plays at once.
            Some(_) => self.come_in(now, Event::PredecessorFailed, recycle),
        }
    }

    /// The newcomer takes the place of the one that plays, for its probation (`Aligned`) or for good (`PredecessorFailed`).
    fn come_in(&mut self, now: Timestamp, event: Event, recycle: &mut dyn Recycle) {
        let Some(mut swap) = self.swap.take() else { return };
        let before = self.delay(now).current;
        let state = self.handover(now);
        self.decoding.watch_seams();
        let Ok(samples_lost) = self.introduce(now, &mut *swap.other, &state, recycle) else {
            swap.transaction.on(Event::Failed);
            self.ended = Some(swap.ended(FAILED_TO_TAKE_OVER));
            return;
        };
        swap.measure.samples_lost = samples_lost;
        std::mem::swap(&mut self.jitter, &mut swap.other);
        swap.shadow = Shadow::NEW;
        self.failed = false;
        self.away = false;
        self.fallback = Fallback::default();
        swap.measure.added_latency_ms = (self.delay(now).current - before).as_ms_f64();
        swap.transaction.on(event);
        if swap.transaction.on(Event::Joined) == Step::Probation {
            self.stepped = Some((swap.id, Step::Probation));
        }
        self.swap = Some(swap);
        self.end_if_over("");
    }

    /// The newcomer that is heard broke, was found out, or is not wanted: its predecessor plays on.
    fn take_back(&mut self, now: Timestamp, event: Event, reason: &'static str, recycle: &mut dyn Recycle) {
        let Some(mut swap) = self.swap.take() else { return };
        // What the newcomer knows may be wrong; the receiver's own account of where playing stands is not.
        let state = self.due.handover();
        match self.introduce(now, &mut *swap.other, &state, recycle) {
            Ok(lost) => {
                swap.measure.samples_lost += lost;
                self.failed = false;
            }
            Err(_) => self.failed = true,
        }
        std::mem::swap(&mut self.jitter, &mut swap.other);
        swap.transaction.on(event);
        self.ended = Some(swap.ended(reason));
    }

    /// The one that is not heard is of no use: a newcomer goes, a predecessor cannot take over as it is.
    fn other_failed(&mut self, reason: &'static str) {
        let Some(swap) = &mut self.swap else { return };
        if swap.transaction.step() == Step::Probation {
            swap.cold = true;
            swap.transaction.on(Event::PredecessorFailed);
        } else {
            swap.transaction.on(Event::Failed);
            self.end_if_over(reason);
        }
    }

    fn end_if_over(&mut self, reason: &'static str) {
        if self.ended.is_none() {
            let over = self.swap.take_if(|swap| swap.transaction.step().is_end());
            self.ended = over.map(|swap| swap.ended(reason));
        }
    }

    fn handover(&mut self, now: Timestamp) -> JitterHandover {
        if self.failed {
            return self.due.handover();
        }
        self.jitter.hand_over(now).unwrap_or_else(|_| self.due.handover())
    }

    /// Gives `jitter`, whatever it knew before, the state and every waiting packet; says how many samples it refused. Until it has taken
    /// everything nothing is let go.
    fn introduce(
        &mut self,
        now: Timestamp,
        jitter: &mut dyn JitterBuffer,
        state: &JitterHandover,
        recycle: &mut dyn Recycle,
    ) -> Result<u64, Fault> {
        jitter.reset(ResetReason::Stream)?;
        bound(jitter, self.minimum_delay)?;
        let refused = tell_all(now, jitter, state, &self.waiting)?;
        Ok(self.let_go(&refused, recycle))
    }

    /// The jitter buffer's process did not answer when it was last asked. Once it does, it starts from where playing stands; one that was only late
    /// would remember packets that were played meanwhile.
    pub(super) fn rejoin(&mut self, now: Timestamp, recycle: &mut dyn Recycle) {
        let state = self.due.handover();
        let there = self.jitter.reset(ResetReason::Stream);
        let there = there.and_then(|()| bound(&mut *self.jitter, self.minimum_delay));
        match there.and_then(|()| tell_all(now, &mut *self.jitter, &state, &self.waiting)) {
            Ok(refused) => {
                self.let_go(&refused, recycle);
                self.failed = false;
                self.away = false;
                self.fallback = Fallback::default();
            }
            Err(fault) => self.away = is_away(&fault),
        }
    }

    /// Lets packets go that a jitter buffer refused; how many samples that are.
    fn let_go(&mut self, refused: &Noted, recycle: &mut dyn Recycle) -> u64 {
        let mut lost = 0;
        for handle in &refused.handles[..refused.count] {
            if let Some(waiting) = take(&mut self.waiting, *handle) {
                lost += self.decoding.samples(waiting.arrival.ticks) as u64;
                recycle.recycle(waiting.payload);
            }
        }
        lost
    }
}

/// Tells `jitter` the least delay, if there is one.
fn bound(jitter: &mut dyn JitterBuffer, minimum: TimeDelta) -> Result<(), Fault> {
    if minimum > TimeDelta::ZERO {
        jitter.set_bounds(minimum, TimeDelta::INFINITE)?;
    }
    Ok(())
}

/// Tells `jitter` the state and every waiting packet; gives those that it refuses.
fn tell_all(
    now: Timestamp,
    jitter: &mut dyn JitterBuffer,
    state: &JitterHandover,
    waiting: &[Option<Waiting>],
) -> Result<Noted, Fault> {
    jitter.take_over(now, state)?;
    let mut refused = Noted::default();
    let mut last = i64::MIN;
    // In order of sequence numbers, without a buffer to sort in: each round takes the next one up.
    while let Some(arrival) = next(waiting, last).copied() {
        last = arrival.sequence_number;
        // A duplicate is no loss: a predecessor that comes back has it already.
        if jitter.insert(now, &arrival, &mut refused)? == Insertion::Late {
            refused.release(arrival.handle)?;
        }
    }
    Ok(refused)
}

/// Whether a jitter buffer that gave this fault may answer later.
fn is_away(fault: &Fault) -> bool {
    matches!(fault.code(), FaultCode::TimedOut | FaultCode::Gone)
}

impl Swap {
    /// What is told at the end; `reason` is why, if it was rolled back.
    fn ended(self, reason: &'static str) -> JitterSwapped {
        let measure = SwapMeasure {
            times: self.transaction.times(),
            ..self.measure
        };
        JitterSwapped {
            id: self.id,
            measure: match self.transaction.step() {
                Step::RolledBack => measure.rolled_back(reason),
                _ => measure,
            },
            retired: self.other,
        }
    }
}
