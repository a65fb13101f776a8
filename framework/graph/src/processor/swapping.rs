//! What each step of a swap is in a processor's socket.

use jackfield_core::audio::BLOCK_DURATION;
use jackfield_core::audio_processor::{CaptureInfo, PROCESSOR_SWAP, ProcessorHandover, ProcessorReport};
use jackfield_core::time::Timestamp;

use super::away::Away;
use super::{DEADLINE_US, MISSED, NEWCOMER_OVERRUNS, ProcessorSlot, SLACK_BLOCKS, SlotEvent, Swap, verdict};
use crate::judge::Judge;
use crate::prepared::{Ends, PreparedProcessor, Ran};
use crate::stopwatch::Stopwatch;
use crate::swap::{ABORTED, DISPLACED, SwapMeasure, crossfade, discontinuity_db, steepest};
use crate::transaction::{Event, Step, Transaction};

impl ProcessorSlot {
    /// Takes a newcomer in: it is heard after its time in the shadow, or when it is promoted if the swap is on `hold`. Gives back the one that
    /// it displaces if a swap was under way. \[audio\]
    pub fn begin_swap(
        &mut self,
        id: u64,
        mut newcomer: Box<PreparedProcessor>,
        hold: bool,
        watch: &mut dyn Stopwatch,
    ) -> Option<SlotEvent> {
        let start = watch.us();
        let mut state = ProcessorHandover::UNKNOWN;
        if self.active.processor.hand_over(&mut state).is_ok() {
            // One that cannot use it starts from nothing; one that breaks over it is found out in the shadow.
            let _ = newcomer.processor.take_over(&state);
        }
        let displaced = self.displace(Event::Displaced, DISPLACED);
        // Whoever has the longer way has to be waited for: the past of both is kept until then.
        self.active.align.record(true);
        newcomer.align.record(true);
        let measure = SwapMeasure {
            stall_us: watch.us() - start,
            ..SwapMeasure::CLEAN
        };
        self.swap = Some(Swap {
            id,
            other: newcomer,
            transaction: Transaction::begun(PROCESSOR_SWAP, hold),
            measure,
            judge: Judge::default(),
            overruns: 0,
        });
        displaced
    }

    /// Somebody decided about the swap `id`: it goes on now (`promote`), or is taken back. \[audio\]
    pub fn decide(&mut self, id: u64, promote: bool) -> Option<SlotEvent> {
        let swap = self.swap.as_mut().filter(|swap| swap.id == id)?;
        if promote {
            return match swap.transaction.on(Event::Promote) {
                step if step.is_end() => self.end(""),
                _ => None,
            };
        }
        if swap.transaction.step() == Step::Probation {
            // Whoever is heard must be faded out: with the next block.
            swap.judge.condemn(ABORTED);
            return None;
        }
        swap.transaction.on(Event::Abort);
        self.end(ABORTED)
    }

    /// No audio flows through the slot now, so a swap needs no crossfade: once the newcomer has taken a silent block it is done. \[audio\]
    pub fn idle(&mut self, now: Timestamp) -> Option<SlotEvent> {
        let swap = self.swap.as_mut()?;
        let condemned = swap.judge.condemned();
        if swap.transaction.step() == Step::Probation {
            if let Some(reason) = condemned {
                std::mem::swap(&mut self.active, &mut swap.other);
                swap.transaction.on(Event::Failed);
                return self.end(reason);
            }
            if swap.transaction.is_held() {
                return None;
            }
            swap.transaction.on(Event::Promote);
            return self.end("");
        }
        if swap.transaction.is_held() && swap.transaction.step() != Step::Align {
            return None;
        }
        self.dry.fill(0.0);
        self.other.fill(0.0);
        let ends = Ends {
            dry: &self.dry,
            far: &self.dry,
            capture: &CaptureInfo::UNKNOWN,
        };
        let mut unused = ProcessorReport::UNKNOWN;
        let ran = swap.other.run(now, &mut self.other, &ends, &mut unused, true);
        if let Some(reason) = verdict(ran, &self.other) {
            swap.transaction.on(Event::Failed);
            return self.end(reason);
        }
        for event in [Event::Promote, Event::Aligned, Event::Joined] {
            swap.transaction.on(event);
        }
        std::mem::swap(&mut self.active, &mut swap.other);
        self.active.align.forget();
        swap.other.align.forget();
        swap.measure.added_latency_ms = latency_beyond(self.samples, &self.active, &swap.other);
        self.bypassed = false;
        self.away = Away::No;
        self.overruns = 0;
        if swap.transaction.is_held() {
            return Some(SlotEvent::Stepped {
                id: swap.id,
                step: Step::Probation,
            });
        }
        swap.transaction.on(Event::Promote);
        self.end("")
    }

    /// Ends a swap as it stands: the participant leaves. \[audio\]
    pub(crate) fn end_swap(&mut self) -> Option<SlotEvent> {
        self.displace(Event::Left, "")
    }

    fn displace(&mut self, event: Event, reason: &'static str) -> Option<SlotEvent> {
        self.swap.as_mut()?.transaction.on(event);
        self.end(reason)
    }

    /// The newcomer hears the block too; when its time is up both are aligned, and it is faded in.
    pub(super) fn unheard(
        &mut self,
        now: Timestamp,
        near: &mut [f32],
        ends: &Ends<'_>,
        watch: &mut dyn Stopwatch,
    ) -> Option<SlotEvent> {
        let swap = self.swap.as_mut()?;
        self.other.copy_from_slice(ends.dry);
        let mut report = ProcessorReport::UNKNOWN;
        let start = watch.us();
        let ran = swap.other.run(now, &mut self.other, ends, &mut report, false);
        let late = watch.us() - start > DEADLINE_US || ran == Ran::Late;
        swap.overruns = if late { swap.overruns + 1 } else { 0 };
        let wrong = verdict(ran, &self.other)
            .or((swap.overruns >= NEWCOMER_OVERRUNS).then_some(MISSED))
            .or_else(|| swap.judge.see(ends.far, near, &self.other));
        if let Some(reason) = wrong {
            swap.transaction.on(Event::Failed);
            return self.end(reason);
        }
        let before = swap.transaction.step();
        let step = match swap.transaction.on(Event::Passed(BLOCK_DURATION)) {
            Step::Align => {
                let start = watch.us();
                let waits = self.align(near);
                self.stalled(watch.us() - start);
                let swap = self.swap.as_mut()?;
                swap.transaction.on(Event::Aligned);
                // Its predecessor is being slowed down within this very block: the next one is faded.
                if waits {
                    return None;
                }
                Step::Join
            }
            step => step,
        };
        if step == Step::Join {
            let start = watch.us();
            self.fade_in(near);
            self.report = report;
            self.stalled(watch.us() - start);
        }
        let swap = self.swap.as_ref()?;
        let after = swap.transaction.step();
        (after != before).then_some(SlotEvent::Stepped {
            id: swap.id,
            step: after,
        })
    }

    /// Brings both to the same instant of the signal, whoever is the slower one: a newcomer that is quicker is held back; for one that is slower
    /// its predecessor is, by whole periods of the voice, and the newcomer by what that is too much. True if the predecessor needs this block
    /// for it.
    fn align(&mut self, near: &mut [f32]) -> bool {
        let before = self.latency_samples();
        let Some(swap) = &mut self.swap else { return false };
        let behind = swap.other.latency_samples().saturating_sub(before);
        let grown = if behind == 0 {
            0
        } else {
            let slack = (self.samples as f32 * SLACK_BLOCKS) as usize;
            self.active.align.grow(behind, slack, near)
        };
        let wanted = (before + grown).saturating_sub(swap.other.latency_samples());
        let beyond = swap.other.align.set(wanted, &mut self.other) + behind.saturating_sub(grown);
        swap.measure.samples_lost += beyond as u64;
        let added = swap.other.latency_samples() as f64 - before as f64;
        swap.measure.added_latency_ms = added * 10.0 / self.samples as f64;
        grown > 0
    }

    /// `near` holds the predecessor's block and `other` the newcomer's; the faded block is made in `near`.
    fn fade_in(&mut self, near: &mut [f32]) {
        let Some(swap) = &mut self.swap else { return };
        std::mem::swap(&mut self.active, &mut swap.other);
        self.bypassed = false;
        self.away = Away::No;
        self.overruns = 0;
        near.swap_with_slice(&mut self.other);
        let own =
            steepest(None, near, self.samples).max(steepest(Some(&self.last), &self.other, self.samples));
        crossfade(&self.other, near, self.samples);
        swap.measure.discontinuity_db = discontinuity_db(&self.last, near, self.samples, own);
        swap.judge = Judge::default();
        swap.overruns = 0;
        swap.transaction.on(Event::Joined);
    }

    /// The predecessor is kept warm until the newcomer has proven itself.
    pub(super) fn probation(
        &mut self,
        now: Timestamp,
        near: &mut [f32],
        ends: &Ends<'_>,
    ) -> Option<SlotEvent> {
        let swap = self.swap.as_mut()?;
        self.other.copy_from_slice(ends.dry);
        let mut unused = ProcessorReport::UNKNOWN;
        let ran = swap.other.run(now, &mut self.other, ends, &mut unused, false);
        if verdict(ran, &self.other).is_none() {
            let wrong = (self.overruns >= NEWCOMER_OVERRUNS)
                .then_some(MISSED)
                .or_else(|| swap.judge.see(ends.far, &self.other, near));
            if let Some(reason) = wrong {
                crossfade(near, &mut self.other, self.samples);
                near.copy_from_slice(&self.other);
                std::mem::swap(&mut self.active, &mut swap.other);
                swap.transaction.on(match reason {
                    ABORTED => Event::Abort,
                    _ => Event::Failed,
                });
                self.overruns = 0;
                self.away = Away::No;
                return self.end(reason);
            }
        } else {
            swap.transaction.on(Event::PredecessorFailed);
        }
        if swap.transaction.on(Event::Passed(BLOCK_DURATION)).is_end() {
            return self.end("");
        }
        None
    }

    /// The swap has come to its end: tells it, and lets the one go that is out of use.
    fn end(&mut self, reason: &'static str) -> Option<SlotEvent> {
        self.active.align.record(false);
        self.swap.take().map(|swap| swap.ended(reason))
    }

    fn stalled(&mut self, us: f64) {
        if let Some(swap) = &mut self.swap {
            swap.measure.stall_us = swap.measure.stall_us.max(us);
        }
    }
}

impl Swap {
    /// What is told at the end; `reason` is why, if it was rolled back.
    pub(super) fn ended(self, reason: &'static str) -> SlotEvent {
        let measure = SwapMeasure {
            times: self.transaction.times(),
            ..self.measure
        };
        let measure = match self.transaction.step() {
            Step::RolledBack => SwapMeasure {
                samples_lost: 0,
                added_latency_ms: 0.0,
                ..measure.rolled_back(reason)
            },
            _ => measure,
        };
        SlotEvent::Swapped {
            id: self.id,
            measure,
            retired: self.other,
        }
    }
}

/// Latency of one less that of another, in ms.
fn latency_beyond(block_samples: usize, one: &PreparedProcessor, other: &PreparedProcessor) -> f64 {
    (one.latency_samples() as f64 - other.latency_samples() as f64) * 10.0 / block_samples as f64
}
