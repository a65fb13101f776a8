//! A socket for an audio processor, with the swap machine: shadow, crossfade, probation, commit or roll back.

use jackfield_core::audio::{AudioFormat, MAX_CHANNELS};
use jackfield_core::audio_processor::{AudioProcessor, CaptureInfo, ProcessorHandover, ProcessorReport};
use jackfield_core::module::ResetReason;
use jackfield_core::time::Timestamp;

use crate::history::History;
use crate::judge::Judge;
use crate::prepared::Ends;
use crate::stopwatch::Stopwatch;
use crate::swap::{
    SwapMeasure, SwapOutcome, crossfade, declick, discontinuity_db, is_sane, last_samples, steepest,
};

pub use crate::prepared::PreparedProcessor;

/// Blocks that a newcomer hears without being heard: time for an echo canceller to find its bearings.
pub const SHADOW_BLOCKS: u32 = 30;
/// Blocks in which the predecessor is kept warm.
pub const PROBATION_BLOCKS: u32 = 40;
/// A block that takes a newcomer longer than this, three times running, is an overrun.
pub const DEADLINE_US: f64 = 5_000.0;
/// So many overruns running send a newcomer away.
const NEWCOMER_OVERRUNS: u32 = 3;
/// So many overruns running send a processor away that has proven itself long ago: a busy machine is no reason.
const OVERRUNS: u32 = 20;

const MISSED: &str = "it missed its deadline";

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
    other: Box<PreparedProcessor>,
    stage: Stage,
    measure: SwapMeasure,
    judge: Judge,
    overruns: u32,
}

/// Who `Swap::other` is, and for how many blocks more.
#[derive(Clone, Copy)]
enum Stage {
    /// The newcomer, unheard.
    Shadow(u32),
    /// The predecessor, kept warm.
    Probation(u32),
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
            0
        } else {
            self.active.latency_samples()
        }
    }

    /// Takes a newcomer in: it is heard after its time in the shadow. Gives back the one that it displaces if a swap was under way.
    /// \[audio\]
    pub fn begin_swap(
        &mut self,
        id: u64,
        mut newcomer: Box<PreparedProcessor>,
        watch: &mut dyn Stopwatch,
    ) -> Option<SlotEvent> {
        let start = watch.us();
        let mut state = ProcessorHandover::UNKNOWN;
        if self.active.processor.hand_over(&mut state).is_ok() {
            // One that cannot use it starts from nothing; one that breaks over it is found out in the shadow.
            let _ = newcomer.processor.take_over(&state);
        }
        let displaced = self.swap.take().map(|swap| match swap.stage {
            Stage::Shadow(_) => swap.rolled_back("another swap took its place"),
            Stage::Probation(_) => swap.committed(),
        });
        // The newcomer's output is held back by as much as it is quicker, so that no sample is skipped at the crossfade.
        let samples_lost = newcomer.align_to(self.latency_samples()) as u64;
        let measure = SwapMeasure {
            samples_lost,
            stall_us: watch.us() - start,
            ..SwapMeasure::CLEAN
        };
        self.swap = Some(Swap {
            id,
            other: newcomer,
            stage: Stage::Shadow(SHADOW_BLOCKS),
            measure,
            judge: Judge::default(),
            overruns: 0,
        });
        displaced
    }

    /// No audio flows through the slot now, so a swap needs no crossfade: once the newcomer has taken a silent block it is done. \[audio\]
    pub fn idle(&mut self, now: Timestamp) -> Option<SlotEvent> {
        let mut swap = self.swap.take()?;
        if let Stage::Shadow(_) = swap.stage {
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
                return Some(swap.rolled_back(reason));
            }
            swap.other.align_to(0);
            std::mem::swap(&mut self.active, &mut swap.other);
            self.bypassed = false;
            self.overruns = 0;
            swap.measure.samples_lost = 0;
            swap.measure.added_latency_ms = self.latency_beyond(&swap.other);
        }
        Some(swap.committed())
    }

    /// Ends a swap as it stands: the participant leaves. \[audio\]
    pub(crate) fn end_swap(&mut self) -> Option<SlotEvent> {
        self.swap.take().map(Swap::committed)
    }

    /// The signal starts anew after a pause; what was played meanwhile is shown to the processor, the last `blocks` of it. \[audio\]
    pub(crate) fn wake(&mut self, now: Timestamp, history: &History, blocks: usize) {
        self.last = [0.0; MAX_CHANNELS];
        self.active.wake();
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
        if !self.bypassed {
            self.report = ProcessorReport::UNKNOWN;
            let ran = self.active.run(now, near, ends, &mut self.report, true);
            if let Some(reason) = verdict(ran, near) {
                return Some(self.active_failed(now, near, ends, reason));
            }
            let late = watch.us() - start > DEADLINE_US;
            self.overruns = if late { self.overruns + 1 } else { 0 };
        }
        match self.swap.as_ref().map(|swap| swap.stage) {
            Some(Stage::Shadow(left)) => self.shadow(left, now, near, ends, watch),
            Some(Stage::Probation(left)) => self.probation(left, now, near, ends),
            None if self.overruns >= OVERRUNS => Some(self.active_failed(now, near, ends, MISSED)),
            None => None,
        }
    }

    /// The newcomer hears the block too; when its time is up it is faded in.
    fn shadow(
        &mut self,
        left: u32,
        now: Timestamp,
        near: &mut [f32],
        ends: &Ends<'_>,
        watch: &mut dyn Stopwatch,
    ) -> Option<SlotEvent> {
        let mut swap = self.swap.take()?;
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
            return Some(swap.rolled_back(reason));
        }
        if left > 0 {
            swap.stage = Stage::Shadow(left - 1);
            self.swap = Some(swap);
            return None;
        }
        let start = watch.us();
        self.fade_in(&mut swap, near);
        self.report = report;
        swap.measure.stall_us = swap.measure.stall_us.max(watch.us() - start);
        swap.stage = Stage::Probation(PROBATION_BLOCKS);
        self.swap = Some(swap);
        None
    }

    /// `near` holds the predecessor's block and `other` the newcomer's; the faded block is made in `near`.
    fn fade_in(&mut self, swap: &mut Swap, near: &mut [f32]) {
        std::mem::swap(&mut self.active, &mut swap.other);
        self.bypassed = false;
        self.overruns = 0;
        near.swap_with_slice(&mut self.other);
        let own =
            steepest(None, near, self.samples).max(steepest(Some(&self.last), &self.other, self.samples));
        crossfade(&self.other, near, self.samples);
        swap.measure.discontinuity_db = discontinuity_db(&self.last, near, self.samples, own);
        swap.measure.added_latency_ms = self.latency_beyond(&swap.other);
        swap.judge = Judge::default();
        swap.overruns = 0;
    }

    /// The predecessor is kept warm until the newcomer has proven itself.
    fn probation(
        &mut self,
        left: u32,
        now: Timestamp,
        near: &mut [f32],
        ends: &Ends<'_>,
    ) -> Option<SlotEvent> {
        let mut swap = self.swap.take()?;
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
                self.overruns = 0;
                return Some(swap.rolled_back(reason));
            }
        }
        if left == 0 {
            return Some(swap.committed());
        }
        swap.stage = Stage::Probation(left - 1);
        self.swap = Some(swap);
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
            self.bypassed = true;
            declick(&self.last, near, self.samples);
            return SlotEvent::Bypassed { reason };
        };
        std::mem::swap(&mut self.active, &mut swap.other);
        let ran = self.active.run(now, near, ends, &mut self.report, true);
        let works = verdict(ran, near).is_none();
        if !works {
            near.copy_from_slice(ends.dry);
            self.bypassed = true;
            self.untold = Some(reason);
        }
        declick(&self.last, near, self.samples);
        match swap.stage {
            // The newcomer is heard at once: it works, what it should replace does not.
            Stage::Shadow(_) if works => swap.committed(),
            Stage::Shadow(_) => swap.rolled_back("it failed, and so did its predecessor"),
            Stage::Probation(_) => swap.rolled_back(reason),
        }
    }

    /// Latency of what is heard less that of `other`, in ms.
    fn latency_beyond(&self, other: &PreparedProcessor) -> f64 {
        let per_ms = self.samples as f64 / 10.0;
        (self.active.latency_samples() as f64 - other.latency_samples() as f64) / per_ms
    }
}

impl Swap {
    fn committed(self) -> SlotEvent {
        SlotEvent::Swapped {
            id: self.id,
            measure: self.measure,
            retired: self.other,
        }
    }

    fn rolled_back(self, reason: &'static str) -> SlotEvent {
        let measure = SwapMeasure {
            outcome: SwapOutcome::RolledBack,
            reason,
            samples_lost: 0,
            added_latency_ms: 0.0,
            ..self.measure
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
