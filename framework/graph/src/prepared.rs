//! A processor made ready for a socket: activated in its own format, with converters around it if that is not the room's, and a delay that
//! holds it back after a swap.

use jackfield_core::audio::{AudioFormat, BLOCK_DURATION};
use jackfield_core::audio_processor::{AudioProcessor, CaptureInfo, ProcessorHandover, ProcessorReport};
use jackfield_core::module::Latency;
use jackfield_core::time::Timestamp;
use jackfield_core::{Fault, FaultCode};

use crate::converter::Converter;
use crate::delay::Delay;
use crate::history::History;

/// So many blocks of the far end are kept, for a processor that comes back in a new process: as much as an echo is late at most.
const SHOWN_BLOCKS: usize = 20;

/// A processor made ready off the audio thread.
pub struct PreparedProcessor {
    pub(crate) processor: Box<dyn AudioProcessor>,
    format: AudioFormat,
    /// What it was shown of the far end last, if it wants to see it.
    shown: Option<History>,
    into: Option<Conversion>,
    latency: usize,
    /// Holds the output back so that the latency stays what it was before a swap, until a silence allows to drop it.
    pub(crate) align: Delay,
}

/// Converters on both sides of a processor that works in another format.
struct Conversion {
    near_in: Converter,
    far_in: Converter,
    near_out: Converter,
    near: Vec<f32>,
    far: Vec<f32>,
}

/// What a processor is shown beside the block that it works on.
pub(crate) struct Ends<'a> {
    /// The block as it came in.
    pub(crate) dry: &'a [f32],
    /// What is played at the far end of the echo path.
    pub(crate) far: &'a [f32],
    pub(crate) capture: &'a CaptureInfo,
}

/// How a processor came through a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ran {
    /// It processed the block.
    Done,
    /// Its process did not answer in time: the block went around it.
    Late,
    /// Its process has ended and is started again: the block went around it.
    Gone,
    /// It failed or panicked.
    Failed,
}

impl Ran {
    fn of(result: &Result<(), Fault>) -> Self {
        match result.as_ref().map_err(Fault::code) {
            Ok(()) => Self::Done,
            Err(FaultCode::TimedOut) => Self::Late,
            Err(FaultCode::Gone) => Self::Gone,
            Err(_) => Self::Failed,
        }
    }
}

impl PreparedProcessor {
    /// Activates `processor` in `format` for a room in `room`; `renders` is whether it wants the far end. \[control\]
    ///
    /// # Errors
    /// If it refuses the format or the formats cannot be converted.
    pub fn new(
        mut processor: Box<dyn AudioProcessor>,
        format: AudioFormat,
        room: AudioFormat,
        renders: bool,
    ) -> Result<Self, Fault> {
        processor.activate(&format)?;
        let mut latency = latency_in(&mut *processor, room);
        let into = if format == room {
            None
        } else {
            let conversion = Conversion::new(format, room)?;
            latency += conversion.latency_samples(format, room);
            Some(conversion)
        };
        Ok(Self {
            processor,
            format,
            shown: renders.then(|| History::new(room, SHOWN_BLOCKS)),
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

    /// The signal starts anew after a pause: what is left of the old one is not to be heard.
    pub(crate) fn wake(&mut self) {
        self.align.forget();
        if let Some(conversion) = &mut self.into {
            conversion.near_in.reset();
            conversion.far_in.reset();
            conversion.near_out.reset();
        }
    }

    /// Shows it what was played before `now`, oldest first.
    pub(crate) fn replay_render(&mut self, now: Timestamp, history: &History, blocks: usize) {
        if self.shown.is_none() {
            return;
        }
        for back in (0..history.len().min(blocks)).rev() {
            let then = now - BLOCK_DURATION * (back as i64 + 1);
            if self.render(then, history.block(back)).is_err() {
                return;
            }
        }
    }

    /// Its process is a new one: it is told what is known of the signal and shown what its predecessor was shown before `now`, oldest first. Does
    /// nothing while the process is not back.
    pub(crate) fn rejoin(&mut self, now: Timestamp, learnt: &ProcessorHandover) {
        // One that cannot use it starts from nothing.
        let told = self.processor.take_over(learnt);
        if matches!(Ran::of(&told), Ran::Gone | Ran::Late) {
            return;
        }
        let Some(shown) = self.shown.take() else { return };
        if let Some(conversion) = &mut self.into {
            conversion.far_in.reset();
        }
        for back in (0..shown.len()).rev() {
            let then = now - BLOCK_DURATION * (back as i64 + 1);
            if self.show(then, shown.block(back)).is_err() {
                break;
            }
        }
        self.shown = Some(shown);
    }

    /// Processes one block in place and aligns it; the alignment may end in a silence if `may_catch_up`. A block that went around the processor is as
    /// late as one that it processed.
    pub(crate) fn run(
        &mut self,
        now: Timestamp,
        near: &mut [f32],
        ends: &Ends<'_>,
        report: &mut ProcessorReport,
        may_catch_up: bool,
    ) -> Ran {
        let ran = Ran::of(&self.run_unaligned(now, near, ends, report));
        self.align.run(near, ends.dry, may_catch_up);
        ran
    }

    fn run_unaligned(
        &mut self,
        now: Timestamp,
        near: &mut [f32],
        ends: &Ends<'_>,
        report: &mut ProcessorReport,
    ) -> Result<(), Fault> {
        let shown = if self.shown.is_some() {
            self.render(now, ends.far)
        } else {
            Ok(())
        };
        let Some(conversion) = &mut self.into else {
            return shown.and_then(|()| self.processor.process(now, near, ends.capture, report));
        };
        conversion.near_in.convert(near, &mut conversion.near);
        let (processor, block) = (&mut self.processor, &mut conversion.near);
        let done = shown.and_then(|()| processor.process(now, block, ends.capture, report));
        conversion.near_out.convert(&conversion.near, near);
        done
    }

    fn render(&mut self, now: Timestamp, far: &[f32]) -> Result<(), Fault> {
        if let Some(shown) = &mut self.shown {
            shown.push(far);
        }
        self.show(now, far)
    }

    fn show(&mut self, now: Timestamp, far: &[f32]) -> Result<(), Fault> {
        match &mut self.into {
            None => self.processor.render(now, far),
            Some(conversion) => {
                conversion.far_in.convert(far, &mut conversion.far);
                self.processor.render(now, &conversion.far)
            }
        }
    }
}

impl Conversion {
    fn new(format: AudioFormat, room: AudioFormat) -> Result<Self, Fault> {
        let convert = |from, to| Converter::new(from, to).map_err(|e| Fault::unsupported(e.to_string()));
        Ok(Self {
            near_in: convert(room, format)?,
            far_in: convert(room, format)?,
            near_out: convert(format, room)?,
            near: vec![0.0; format.block_len()],
            far: vec![0.0; format.block_len()],
        })
    }

    fn latency_samples(&self, format: AudioFormat, room: AudioFormat) -> usize {
        let ratio = f64::from(room.sample_rate.as_hz()) / f64::from(format.sample_rate.as_hz());
        (self.near_in.latency_samples() as f64 * ratio) as usize + self.near_out.latency_samples()
    }
}

fn latency_in(processor: &mut dyn AudioProcessor, room: AudioFormat) -> usize {
    let latency = processor.latency().unwrap_or(Latency::NONE);
    let rate = u64::from(latency.sample_rate.as_hz().max(1));
    (u64::from(latency.samples) * u64::from(room.sample_rate.as_hz()) / rate) as usize
}
