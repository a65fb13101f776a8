//! The swap of a controller as it goes on in its socket: the newcomer hears everything in the shadow, comes in, and is taken back if it is found out.

use jackfield_core::Fault;
use jackfield_core::congestion_controller::{CongestionController, CongestionEvent, PacketFeedback};
use jackfield_core::time::Timestamp;

use super::swap::{BEAT, ControllerSwap, ControllerSwapped};
use super::{Controller, availability_event};
use crate::network::decided::Decided;
use crate::swap::{ABORTED, DISPLACED};
use crate::transaction::{Event, Step};

const FAILED: &str = "it failed or panicked";
const FAILED_TO_TAKE_OVER: &str = "it failed while it took over";

impl Controller {
    /// What whoever does not count would have decided, while a swap is under way.
    pub(crate) fn decided_in_the_shadow(&self) -> Decided {
        let heard = self.swap.as_ref().filter(|swap| !swap.cold);
        heard.map_or(Decided::default(), |swap| swap.decided)
    }

    /// Takes another controller in, which starts from what its predecessor knows and is told everything; its decisions count from the end of its
    /// time in the shadow on, or from when it is promoted if the swap is on `hold`.
    pub(crate) fn swap(
        &mut self,
        now: Timestamp,
        id: u64,
        mut newcomer: Box<dyn CongestionController>,
        hold: bool,
    ) {
        if let Some(mut swap) = self.swap.take() {
            swap.transaction.on(Event::Displaced);
            self.ended.push(swap.ended(DISPLACED));
        }
        let taken = newcomer
            .activate(now, &self.bounds)
            .and_then(|()| self.hand_over(now, &mut *newcomer));
        let mut swap = ControllerSwap::new(id, newcomer, self.decided, hold, now);
        if taken.is_err() {
            swap.transaction.on(Event::Failed);
            self.ended.push(swap.ended(FAILED_TO_TAKE_OVER));
            return;
        }
        // What it was not there for when it was told.
        let available = self
            .known
            .available
            .is_none_or(|available| swap.tell(now, &availability_event(now, available), &[]));
        if !available || !swap.tell(now, &self.streams.event(now), &[]) {
            swap.transaction.on(Event::Failed);
            self.ended.push(swap.ended(FAILED));
            return;
        }
        self.swap = Some(swap);
        self.next_beat = now + BEAT;
        if self.broken {
            // Nobody decides: there is nothing to wait for.
            self.come_in(now, Event::PredecessorFailed);
        }
    }

    /// Somebody decided about the swap `id`: it goes on now (`promote`), or is taken back.
    pub(crate) fn decide(&mut self, now: Timestamp, id: u64, promote: bool) {
        let Some(swap) = self.swap.as_mut().filter(|swap| swap.id == id) else {
            return;
        };
        if promote {
            swap.transaction.on(Event::Promote);
        } else if swap.transaction.step() == Step::Probation {
            swap.aborted = true;
        } else {
            swap.transaction.on(Event::Abort);
        }
        self.next_beat = now;
        self.end_if_over(ABORTED);
    }

    /// Where the swap `id` stands, if it is under way.
    pub(crate) fn swap_step(&self, id: u64) -> Option<Step> {
        let swap = self.swap.as_ref().filter(|swap| swap.id == id)?;
        Some(swap.transaction.step())
    }

    /// The end of the swap `id`, once.
    pub(crate) fn take_ended(&mut self, id: u64) -> Option<ControllerSwapped> {
        let at = self.ended.iter().position(|ended| ended.swap == id)?;
        Some(self.ended.swap_remove(at))
    }

    /// Everything ends: whoever is in a swap leaves.
    pub(crate) fn end_swap(&mut self) {
        if let Some(mut swap) = self.swap.take() {
            swap.transaction.on(Event::Left);
            self.ended.push(swap.ended(""));
        }
    }

    /// The other of a swap that is under way sees every event too; what comes of the event for the one that decides is `result`.
    pub(super) fn tell_other(
        &mut self,
        now: Timestamp,
        event: &CongestionEvent,
        packets: &[PacketFeedback],
        result: Result<(), Fault>,
    ) -> Result<(), Fault> {
        let Some(swap) = &mut self.swap else { return result };
        swap.judge.see(event, packets);
        let told = swap.tell(now, event, packets);
        match (swap.transaction.step(), &result, told) {
            (Step::Probation, Err(_), true) => {
                // Nothing has come of the fault: whoever decided before decides again.
                self.take_back(now, Event::Failed, FAILED);
                return Ok(());
            }
            (Step::Probation, Ok(()), false) => {
                swap.cold = true;
                swap.transaction.on(Event::PredecessorFailed);
            }
            (_, _, false) => {
                swap.transaction.on(Event::Failed);
                self.end_if_over(FAILED);
            }
            (_, Err(_), true) => {
                self.broken = true;
                self.come_in(now, Event::PredecessorFailed);
                return result;
            }
            (_, Ok(()), true) => {}
        }
        if result.is_err() {
            self.break_down();
        }
        result
    }

    /// The swap goes on with time.
    pub(super) fn go_on(&mut self, now: Timestamp) {
        let Some(swap) = &mut self.swap else { return };
        if now < self.next_beat {
            return;
        }
        self.next_beat = now + BEAT;
        if swap.aborted {
            return self.take_back(now, Event::Abort, ABORTED);
        }
        if swap.transaction.step() == Step::Probation && !swap.cold {
            let stuck = swap.judge.verdict(now, swap.decided.target, self.decided.target);
            if let Some(reason) = stuck {
                return self.take_back(now, Event::Failed, reason);
            }
        }
        let step = match swap.transaction.step() {
            Step::Align => Step::Align,
            _ => swap.pass(now),
        };
        if step == Step::Align {
            self.come_in(now, Event::Aligned);
        }
        self.end_if_over("");
    }

    /// The newcomer decides from now on: for its probation (`Aligned`), or for good (`PredecessorFailed`).
    fn come_in(&mut self, now: Timestamp, event: Event) {
        let Some(mut swap) = self.swap.take() else { return };
        // It has seen the same and may have come to another estimate: what is sent must not jump.
        if !self.broken && self.hand_over(now, &mut *swap.other).is_err() {
            swap.transaction.on(Event::Failed);
            self.ended.push(swap.ended(FAILED_TO_TAKE_OVER));
            return;
        }
        std::mem::swap(&mut self.plugin, &mut swap.other);
        // Marks are for those who heed them.
        let heeds_marks = self.plugin.adapts_to_ecn() == Ok(1);
        let marked = swap.decided.ecn && heeds_marks;
        swap.decided = self.decided;
        self.decided.ecn = marked;
        self.broken = false;
        self.begin_anew(now);
        swap.transaction.on(event);
        swap.transaction.on(Event::Joined);
        self.swap = Some(swap);
        self.end_if_over("");
    }

    /// The newcomer is found out, or not wanted: its predecessor, which was told everything too, decides again.
    fn take_back(&mut self, now: Timestamp, event: Event, reason: &'static str) {
        let Some(mut swap) = self.swap.take() else { return };
        std::mem::swap(&mut self.plugin, &mut swap.other);
        self.decided = swap.decided;
        self.broken = swap.cold;
        self.begin_anew(now);
        swap.transaction.on(event);
        self.ended.push(swap.ended(reason));
    }

    fn end_if_over(&mut self, reason: &'static str) {
        let over = self.swap.take_if(|swap| swap.transaction.step().is_end());
        self.ended.extend(over.map(|swap| swap.ended(reason)));
    }

    fn hand_over(&mut self, now: Timestamp, newcomer: &mut dyn CongestionController) -> Result<(), Fault> {
        // A predecessor that cannot tell what it knows is replaced all the same: that is what the swap may be for.
        match self.plugin.hand_over(now) {
            Ok(known) => newcomer.take_over(now, &known),
            Err(_) => Ok(()),
        }
    }
}
