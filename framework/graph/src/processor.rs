//! A socket for an audio processor, with the swap machine: shadow, crossfade, probation, commit or roll back.

use jackfield_core::audio::AudioFormat;
use jackfield_core::audio_processor::{AudioProcessor, CaptureInfo, ProcessorHandover, ProcessorReport};
use jackfield_core::module::ResetReason;
use jackfield_core::time::Timestamp;

use crate::converter::Converter;
use crate::delay::Delay;
use crate::stopwatch::Stopwatch;
use crate::swap::{SwapMeasure, SwapOutcome, crossfade, discontinuity_db, is_sane};

/// Blocks that a newcomer hears without being heard: time for an echo canceller to find its bearings.
pub const SHADOW_BLOCKS: u32 = 30;
/// Blocks in which the predecessor is kept warm.
pub const PROBATION_BLOCKS: u32 = 40;
/// A block that takes a newcomer longer than this, three times running, is an overrun.
pub const DEADLINE_US: f64 = 5_000.0;

/// A processor made ready off the audio thread: activated in its own format, with converters if that is not the room's.
pub struct PreparedProcessor {
    processor: Box<dyn AudioProcessor>,
    format: AudioFormat,
    renders: bool,
    into: Option<Conversion>,
    latency: usize,
    /// Holds the output back so that the latency stays what it was before a swap, until a silence allows to drop it.
    align: Delay,
}

/// Converters on both sides of a processor that works in another format.
struct Conversion {
    near_in: Converter,
    far_in: Converter,
    near_out: Converter,
    near: Vec<f32>,
    far: Vec<f32>,
}

impl PreparedProcessor {
    /// Activates `processor` in `format` for a room in `room`; `renders` is whether it wants the far end. [control]
    ///
    /// # Errors
    /// If it refuses the format or the formats cannot be converted.
    pub fn new(
        mut processor: Box<dyn AudioProcessor>,
        format: AudioFormat,
        room: AudioFormat,
        renders: bool,
    ) -> Result<Self, jackfield_core::Fault> {
        processor.activate(&format)?;
        let mut latency = latency_in(&mut *processor, room);
        let convert = |from, to| {
            Converter::new(from, to).map_err(|e| jackfield_core::Fault::unsupported(e.to_string()))
        };
        let into = if format == room {
            None
        } else {
            let conversion = Conversion {
                near_in: convert(room, format)?,
                far_in: convert(room, format)?,
                near_out: convert(format, room)?,
                near: vec![0.0; format.block_len()],
                far: vec![0.0; format.block_len()],
            };
            let ratio = f64::from(room.sample_rate.as_hz()) / f64::from(format.sample_rate.as_hz());
            latency += (conversion.near_in.latency_samples() as f64 * ratio) as usize
                + conversion.near_out.latency_samples();
            Some(conversion)
        };
        Ok(Self {
            processor,
            format,
            renders,
            into,
            latency,
            align: Delay::new(room),
        })
    }

    /// Latency in samples of the room's rate, with converters and alignment.
    pub fn latency_samples(&self) -> usize {
        self.latency + self.align.samples()
    }

    /// The format that it works in.
    pub fn format(&self) -> AudioFormat {
        self.format
    }

    /// Processes one block in place and aligns it. False if the processor failed.
    fn run(
        &mut self,
        now: Timestamp,
        near: &mut [f32],
        end: &Ends<'_>,
        report: &mut ProcessorReport,
    ) -> bool {
        let ran = self.run_unaligned(now, near, end, report);
        self.align.run(near, end.dry);
        ran
    }

    fn run_unaligned(
        &mut self,
        now: Timestamp,
        near: &mut [f32],
        end: &Ends<'_>,
        report: &mut ProcessorReport,
    ) -> bool {
        let Some(conversion) = &mut self.into else {
            if self.renders && self.processor.render(now, end.far).is_err() {
                return false;
            }
            return self.processor.process(now, near, end.capture, report).is_ok();
        };
        if self.renders {
            conversion.far_in.convert(end.far, &mut conversion.far);
            if self.processor.render(now, &conversion.far).is_err() {
                return false;
            }
        }
        conversion.near_in.convert(near, &mut conversion.near);
        let done = self
            .processor
            .process(now, &mut conversion.near, end.capture, report)
            .is_ok();
        conversion.near_out.convert(&conversion.near, near);
        done
    }
}

/// What a processor is shown beside the block that it works on.
struct Ends<'a> {
    /// The block as it came in.
    dry: &'a [f32],
    /// What is played at the far end of the echo path.
    far: &'a [f32],
    capture: &'a CaptureInfo,
}

fn latency_in(processor: &mut dyn AudioProcessor, room: AudioFormat) -> usize {
    let latency = processor
        .latency()
        .unwrap_or(jackfield_core::module::Latency::NONE);
    let rate = u64::from(latency.sample_rate.as_hz().max(1));
    (u64::from(latency.samples) * u64::from(room.sample_rate.as_hz()) / rate) as usize
}

/// A socket for one processor in one participant's chain.
pub struct ProcessorSlot {
    format: AudioFormat,
    active: Box<PreparedProcessor>,
    swap: Option<Swap>,
    bypassed: bool,
    last_sample: f32,
    report: ProcessorReport,
    dry: Vec<f32>,
    other: Vec<f32>,
}

struct Swap {
    id: u64,
    other: Box<PreparedProcessor>,
    stage: Stage,
    measure: SwapMeasure,
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
            format,
            active: processor,
            swap: None,
            bypassed: false,
            last_sample: 0.0,
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
    /// [audio]
    pub fn begin_swap(
        &mut self,
        id: u64,
        mut newcomer: Box<PreparedProcessor>,
        watch: &mut dyn Stopwatch,
    ) -> Option<SlotEvent> {
        let start = watch.us();
        let mut state = ProcessorHandover::UNKNOWN;
        if self.active.processor.hand_over(&mut state).is_ok() {
            let _ = newcomer.processor.take_over(&state);
        }
        let displaced = self.swap.take().map(|swap| match swap.stage {
            Stage::Shadow(_) => swap.rolled_back("another swap took its place"),
            Stage::Probation(_) => swap.committed(),
        });
        // The newcomer's output is held back by as much as it is quicker, so that no sample is skipped at the crossfade.
        newcomer
            .align
            .set(self.latency_samples().saturating_sub(newcomer.latency));
        let measure = SwapMeasure {
            stall_us: watch.us() - start,
            ..SwapMeasure::CLEAN
        };
        self.swap = Some(Swap {
            id,
            other: newcomer,
            stage: Stage::Shadow(SHADOW_BLOCKS),
            measure,
            overruns: 0,
        });
        displaced
    }

    /// No audio flows through the slot now, so a swap needs no crossfade: it is done at once. [audio]
    pub fn idle(&mut self) -> Option<SlotEvent> {
        let mut swap = self.swap.take()?;
        if let Stage::Shadow(_) = swap.stage {
            std::mem::swap(&mut self.active, &mut swap.other);
            self.bypassed = false;
            self.active.align.clear();
            swap.measure.added_latency_ms = self.latency_beyond(&swap.other);
        }
        self.wake();
        Some(swap.committed())
    }

    /// The signal starts anew after a pause. [audio]
    pub fn wake(&mut self) {
        self.active.align.clear();
        self.last_sample = 0.0;
    }

    /// Shows the processor what was played before the signal came back. [audio]
    pub fn replay_render(&mut self, now: Timestamp, far: &[f32]) {
        let active = &mut *self.active;
        if active.renders && !self.bypassed && active.into.is_none() {
            let _ = active.processor.render(now, far);
        }
    }

    /// Forgets the signal. [audio]
    pub fn reset(&mut self) {
        let _ = self.active.processor.reset(ResetReason::Stream);
        self.wake();
    }

    /// Processes one block in place. [audio]
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
        self.last_sample = near.last().copied().unwrap_or_default();
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
            let ran = self.active.run(now, near, ends, &mut self.report);
            if let Some(reason) = verdict(ran, near) {
                return Some(self.active_failed(now, near, ends, reason));
            }
        }
        let took = watch.us() - start;
        match self.swap.as_ref()?.stage {
            Stage::Shadow(left) => self.shadow(left, now, near, ends, watch),
            Stage::Probation(left) => self.probation(left, took, now, near, ends),
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
        let ran = swap.other.run(now, &mut self.other, ends, &mut report);
        swap.overruns = if watch.us() - start > DEADLINE_US {
            swap.overruns + 1
        } else {
            0
        };
        if let Some(reason) =
            verdict(ran, &self.other).or((swap.overruns >= 3).then_some("it missed its deadline"))
        {
            return Some(swap.rolled_back(reason));
        }
        if left > 0 {
            swap.stage = Stage::Shadow(left - 1);
            self.swap = Some(swap);
            return None;
        }
        let start = watch.us();
        let n = self.format.block_samples();
        std::mem::swap(&mut self.active, &mut swap.other);
        self.bypassed = false;
        self.report = report;
        let before = self.last_sample;
        // `near` holds the predecessor's block and `other` the newcomer's; the faded block is made in `near`.
        near.swap_with_slice(&mut self.other);
        let steepest_new = near[..n]
            .windows(2)
            .map(|w| (w[1] - w[0]).abs())
            .fold(0.0, f32::max);
        crossfade(&self.other, near, n);
        swap.measure.discontinuity_db = discontinuity_db(before, &near[..n], &self.other[..n], steepest_new);
        swap.measure.added_latency_ms = self.latency_beyond(&swap.other);
        swap.stage = Stage::Probation(PROBATION_BLOCKS);
        swap.overruns = 0;
        swap.measure.stall_us = swap.measure.stall_us.max(watch.us() - start);
        self.swap = Some(swap);
        None
    }

    /// The predecessor is kept warm until the newcomer has proven itself.
    fn probation(
        &mut self,
        left: u32,
        took: f64,
        now: Timestamp,
        near: &mut [f32],
        ends: &Ends<'_>,
    ) -> Option<SlotEvent> {
        let mut swap = self.swap.take()?;
        self.other.copy_from_slice(ends.dry);
        let mut unused = ProcessorReport::UNKNOWN;
        let warm = verdict(
            swap.other.run(now, &mut self.other, ends, &mut unused),
            &self.other,
        )
        .is_none();
        swap.overruns = if took > DEADLINE_US { swap.overruns + 1 } else { 0 };
        if swap.overruns >= 3 && warm {
            crossfade(near, &mut self.other, self.format.block_samples());
            near.copy_from_slice(&self.other);
            std::mem::swap(&mut self.active, &mut swap.other);
            return Some(swap.rolled_back("it missed its deadline"));
        }
        if left == 0 {
            return Some(swap.committed());
        }
        swap.stage = Stage::Probation(left - 1);
        self.swap = Some(swap);
        None
    }

    /// The processor that is heard broke in this block: its predecessor takes over if it is still there, else the signal goes around it.
    fn active_failed(
        &mut self,
        now: Timestamp,
        near: &mut [f32],
        ends: &Ends<'_>,
        reason: &'static str,
    ) -> SlotEvent {
        near.copy_from_slice(ends.dry);
        let Some(mut swap) = self.swap.take() else {
            self.bypassed = true;
            return SlotEvent::Bypassed { reason };
        };
        if let Stage::Shadow(_) = swap.stage {
            // The newcomer is heard at once: it works, what it should replace does not.
            std::mem::swap(&mut self.active, &mut swap.other);
            let ran = self.active.run(now, near, ends, &mut self.report);
            if verdict(ran, near).is_some() {
                near.copy_from_slice(ends.dry);
                self.bypassed = true;
            }
            return swap.committed();
        }
        std::mem::swap(&mut self.active, &mut swap.other);
        let ran = self.active.run(now, near, ends, &mut self.report);
        if verdict(ran, near).is_some() {
            near.copy_from_slice(ends.dry);
            self.bypassed = true;
        }
        swap.rolled_back(reason)
    }

    /// Latency of what is heard less that of `other`, in ms.
    fn latency_beyond(&self, other: &PreparedProcessor) -> f64 {
        let per_ms = f64::from(self.format.sample_rate.as_hz()) / 1e3;
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
