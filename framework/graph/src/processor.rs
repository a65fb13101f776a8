//! A socket for an audio processor, and what each step of a swap is there.

use jackfield_core::audio::{AudioFormat, BLOCK_DURATION, MAX_CHANNELS};
use jackfield_core::audio_processor::{
    AudioProcessor, CaptureInfo, PROCESSOR_SWAP, ProcessorHandover, ProcessorReport,
};
use jackfield_core::module::ResetReason;
use jackfield_core::time::Timestamp;
use jackfield_core::units::TimeDelta;

use crate::history::History;
use crate::judge::Judge;
use crate::prepared::Ends;
use crate::stopwatch::Stopwatch;
use crate::swap::{
    ABORTED, DISPLACED, SwapMeasure, crossfade, declick, discontinuity_db, is_sane, last_samples, steepest,
};
use crate::transaction::{Event, Step, Transaction};

pub use crate::prepared::PreparedProcessor;

/// Blocks that a newcomer hears without being heard: time for an echo canceller to find its bearings.
pub const SHADOW_BLOCKS: u32 = blocks(PROCESSOR_SWAP.shadow);
/// Blocks in which the predecessor is kept warm.
pub const PROBATION_BLOCKS: u32 = blocks(PROCESSOR_SWAP.probation);
/// A block that takes a newcomer longer than this, three times running, is an overrun.
pub const DEADLINE_US: f64 = 5_000.0;
/// So many overruns running send a newcomer away.
const NEWCOMER_OVERRUNS: u32 = 3;
/// So many overruns running send a processor away that has proven itself long ago: a busy machine is no reason.
const OVERRUNS: u32 = 20;

/// A predecessor is held back by up to this much more than it must be, so that its voice repeats itself: 15 ms, the longest pitch period.
const SLACK_BLOCKS: f32 = 1.5;

pub(crate) const MISSED: &str = "it missed its deadline";

/// A socket for one processor in one participant's chain.
pub struct ProcessorSlot {
    samples: usize,
    active: Box<PreparedProcessor>,
    swap: Option<Swap>,
    bypassed: bool,
    /// A bypass that could not be told yet, because the end of a swap had to be told first.
    untold: Option<&'static str>,
    overruns: u32,
    last: [f32; MAX_CHANNELS],
    report: ProcessorReport,
    dry: Vec<f32>,
    other: Vec<f32>,
}

struct Swap {
    id: u64,
    /// Who is not heard: the newcomer until it joins, then its predecessor.
    other: Box<PreparedProcessor>,
    transaction: Transaction,
    measure: SwapMeasure,
    judge: Judge,
    overruns: u32,
}

/// What a slot tells when a swap ends or a processor breaks.
pub enum SlotEvent {
    /// A swap ended; the box is the one that is out of use now.
    Swapped {
        /// The swap.
        id: u64,
        /// Its figures.
        measure: SwapMeasure,
        /// To be dropped on the control thread.
        retired: Box<PreparedProcessor>,
    },
    /// A swap goes on to a step that others may wait for.
    Stepped {
        /// The swap.
        id: u64,
        /// `Ready` or `Probation`.
        step: Step,
    },
    /// The processor failed outside of a swap: it is bypassed from now on.
    Bypassed {
        /// Why.
        reason: &'static str,
    },
}

impl ProcessorSlot {
    /// A slot with `processor` in it.
    pub fn new(format: AudioFormat, processor: Box<PreparedProcessor>) -> Self {
        Self {
            samples: format.block_samples(),
            active: processor,
            swap: None,
            bypassed: false,
            untold: None,
            overruns: 0,
            last: [0.0; MAX_CHANNELS],
            report: ProcessorReport::UNKNOWN,
            dry: vec![0.0; format.block_len()],
            other: vec![0.0; format.block_len()],
        }
    }

    /// The processor that is heard.
    pub fn processor(&mut self) -> &mut dyn AudioProcessor {
        &mut *self.active.processor
    }

    /// Whether the signal goes around a broken processor.
    pub fn is_bypassed(&self) -> bool {
        self.bypassed
    }

    /// Whether a swap is under way.
    pub fn is_swapping(&self) -> bool {
        self.swap.is_some()
    }

    /// What the processor said of the last block.
    pub fn report(&self) -> &ProcessorReport {
        &self.report
    }

    /// Latency of what is heard, in samples of the room's rate.
    pub fn latency_samples(&self) -> usize {
        if self.bypassed {
            self.active.align.samples()
        } else {
            self.active.latency_samples()
        }
    }

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

    /// The signal starts anew after a pause; what was played meanwhile is shown to the processor, the last `blocks` of it. \[audio\]
    pub(crate) fn wake(&mut self, now: Timestamp, history: &History, blocks: usize) {
        self.last = [0.0; MAX_CHANNELS];
        self.active.wake();
        if let Some(swap) = &mut self.swap {
            swap.other.wake();
        }
        if !self.bypassed {
            self.active.replay_render(now, history, blocks);
        }
    }

    /// Forgets the signal. \[audio\]
    pub fn reset(&mut self) {
        let _ = self.active.processor.reset(ResetReason::Stream);
        self.active.wake();
        self.last = [0.0; MAX_CHANNELS];
    }

    /// Processes one block in place. \[audio\]
    pub fn process(
        &mut self,
        now: Timestamp,
        near: &mut [f32],
        far: &[f32],
        muted: bool,
        watch: &mut dyn Stopwatch,
    ) -> Option<SlotEvent> {
        let capture = CaptureInfo {
            muted: u32::from(muted),
            ..CaptureInfo::UNKNOWN
        };
        let mut dry = std::mem::take(&mut self.dry);
        dry.copy_from_slice(near);
        let ends = Ends {
            dry: &dry,
            far,
            capture: &capture,
        };
        let event = self.advance(now, near, &ends, watch);
        self.dry = dry;
        last_samples(near, self.samples, &mut self.last);
        if event.is_none()
            && let Some(reason) = self.untold.take()
        {
            return Some(SlotEvent::Bypassed { reason });
        }
        event
    }

    fn advance(
        &mut self,
        now: Timestamp,
        near: &mut [f32],
        ends: &Ends<'_>,
        watch: &mut dyn Stopwatch,
    ) -> Option<SlotEvent> {
        let start = watch.us();
        // While a swap is under way both keep their places on the axis of time.
        let may_catch_up = self.swap.is_none();
        if self.bypassed {
            self.active.align.run(near, ends.dry, may_catch_up);
        } else {
            self.report = ProcessorReport::UNKNOWN;
            let ran = self.active.run(now, near, ends, &mut self.report, may_catch_up);
            if let Some(reason) = verdict(ran, near) {
                return Some(self.active_failed(now, near, ends, reason));
            }
            let late = watch.us() - start > DEADLINE_US;
            self.overruns = if late { self.overruns + 1 } else { 0 };
        }
        match self.swap.as_ref().map(|swap| swap.transaction.step()) {
            Some(Step::Probation) => self.probation(now, near, ends),
            Some(_) => self.unheard(now, near, ends, watch),
            None if self.overruns >= OVERRUNS => Some(self.active_failed(now, near, ends, MISSED)),
            None => None,
        }
    }

    /// The newcomer hears the block too; when its time is up both are aligned, and it is faded in.
    fn unheard(
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
        let late = watch.us() - start > DEADLINE_US;
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
    fn probation(&mut self, now: Timestamp, near: &mut [f32], ends: &Ends<'_>) -> Option<SlotEvent> {
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

    /// The processor that is heard broke in this block: the other one of the swap takes over if there is one, else the signal goes around.
    fn active_failed(
        &mut self,
        now: Timestamp,
        near: &mut [f32],
        ends: &Ends<'_>,
        reason: &'static str,
    ) -> SlotEvent {
        near.copy_from_slice(ends.dry);
        self.overruns = 0;
        let Some(mut swap) = self.swap.take() else {
            self.active.align.forget();
            self.bypassed = true;
            declick(&self.last, near, self.samples);
            return SlotEvent::Bypassed { reason };
        };
        std::mem::swap(&mut self.active, &mut swap.other);
        let ran = self.active.run(now, near, ends, &mut self.report, false);
        let works = verdict(ran, near).is_none();
        if !works {
            near.copy_from_slice(ends.dry);
            self.active.align.forget();
            self.bypassed = true;
            self.untold = Some(reason);
        }
        declick(&self.last, near, self.samples);
        self.active.align.record(false);
        let unheard = swap.transaction.step().is_unheard();
        let reason = if unheard && !works {
            "it failed, and so did its predecessor"
        } else {
            reason
        };
        swap.transaction.on(if unheard && works {
            Event::PredecessorFailed
        } else {
            Event::Failed
        });
        swap.ended(reason)
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

/// Latency of one less that of another, in ms.
fn latency_beyond(block_samples: usize, one: &PreparedProcessor, other: &PreparedProcessor) -> f64 {
    (one.latency_samples() as f64 - other.latency_samples() as f64) * 10.0 / block_samples as f64
}

const fn blocks(time: TimeDelta) -> u32 {
    (time.as_us() / BLOCK_DURATION.as_us()) as u32
}

impl Swap {
    /// What is told at the end; `reason` is why, if it was rolled back.
    fn ended(self, reason: &'static str) -> SlotEvent {
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

/// What is wrong with a block, if anything.
fn verdict(ran: bool, samples: &[f32]) -> Option<&'static str> {
    if !ran {
        Some("it failed or panicked")
    } else if is_sane(samples) {
        None
    } else {
        Some("its output was not a number or far beyond full scale")
    }
}
