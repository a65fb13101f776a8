//! A socket for an audio processor.

mod away;
mod swapping;

use jackfield_core::audio::{AudioFormat, BLOCK_DURATION, MAX_CHANNELS};
use jackfield_core::audio_processor::{
    AudioProcessor, CaptureInfo, PROCESSOR_SWAP, ProcessorHandover, ProcessorReport,
};
use jackfield_core::module::ResetReason;
use jackfield_core::time::Timestamp;
use jackfield_core::units::TimeDelta;

use self::away::Away;
use crate::history::History;
use crate::judge::Judge;
use crate::prepared::{Ends, Ran};
use crate::stopwatch::Stopwatch;
use crate::swap::{SwapMeasure, declick, is_sane, last_samples};
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
    /// What the reports told so far that a successor in a new process can start from.
    learnt: ProcessorHandover,
    away: Away,
    concealed: u64,
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
            learnt: ProcessorHandover::UNKNOWN,
            away: Away::No,
            concealed: 0,
            dry: vec![0.0; format.block_len()],
            other: vec![0.0; format.block_len()],
        }
    }

    /// The processor that is heard.
    pub fn processor(&mut self) -> &mut dyn AudioProcessor {
        &mut *self.active.processor
    }

    /// Whether the signal goes around a broken processor, or around one whose process is started again.
    pub fn is_bypassed(&self) -> bool {
        self.bypassed || self.away == Away::Gone
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
            let ran = self.run_active(now, near, ends, may_catch_up);
            match ran {
                // Only where nobody else could take its place at once.
                Ran::Gone if self.swap.is_none() => self.conceal(near, Away::Gone),
                Ran::Late => self.conceal(near, Away::Late),
                _ => {
                    if let Some(reason) = verdict(ran, near) {
                        // What a call left behind that failed means nothing.
                        self.report = ProcessorReport::UNKNOWN;
                        return Some(self.active_failed(now, near, ends, reason));
                    }
                    self.is_back(near);
                }
            }
            let late = watch.us() - start > DEADLINE_US || (ran == Ran::Late && self.swap.is_some());
            self.overruns = if late { self.overruns + 1 } else { 0 };
        }
        match self.swap.as_ref().map(|swap| swap.transaction.step()) {
            Some(Step::Probation) => self.probation(now, near, ends),
            Some(_) => self.unheard(now, near, ends, watch),
            None if self.overruns >= OVERRUNS => Some(self.active_failed(now, near, ends, MISSED)),
            None => None,
        }
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
        self.away = Away::No;
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
}

const fn blocks(time: TimeDelta) -> u32 {
    (time.as_us() / BLOCK_DURATION.as_us()) as u32
}

/// What is wrong with a block, if anything.
fn verdict(ran: Ran, samples: &[f32]) -> Option<&'static str> {
    match ran {
        Ran::Failed => Some("it failed or panicked"),
        Ran::Gone => Some("its process ended"),
        Ran::Done | Ran::Late if is_sane(samples) => None,
        Ran::Done | Ran::Late => Some("its output was not a number or far beyond full scale"),
    }
}
