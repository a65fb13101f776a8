//! The sink.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use hound::{SampleFormat, WavSpec, WavWriter};
use jackfield_sdk::dsp::{check_block, check_format};
use jackfield_sdk::prelude::*;
use rtrb::{Consumer, Producer, RingBuffer};

/// How long the writer sleeps when the ring is empty.
const NAP: Duration = Duration::from_millis(5);

/// What can be set. Takes effect when the sink is opened.
#[derive(Params)]
pub struct FileSinkParameters {
    /// How samples are stored.
    #[param(title = "Sample format", choices = ["s16", "s24", "f32"], default = 2)]
    pub sample_format: u32,
    /// How much sound the ring between the audio thread and the writer holds. In virtual time, where blocks come faster than a disk writes, set it to
    /// the length of the run.
    #[param(title = "Buffer", unit = "s", min = 1, max = 600, default = 10)]
    pub buffer: u32,
}

/// Records a WAV file.
pub struct FileSink {
    parameters: FileSinkParameters,
    recording: Option<Recording>,
    written: u64,
    dropped: u64,
}

impl Plugin for FileSink {
    const DESCRIPTOR: Descriptor =
        Descriptor::new("jackfield.capture.file", "WAV file", env!("CARGO_PKG_VERSION"))
            .vendor("Jackfield")
            .license("MIT OR Apache-2.0")
            .description("Records a WAV file. Location: the path, which is overwritten.")
            .not_deterministic();
    const STATISTICS: &'static [Statistic] = &[
        Statistic::counter(
            "taken",
            "samples",
            "Samples per channel taken since it was opened.",
        ),
        Statistic::counter(
            "dropped",
            "samples",
            "Samples per channel dropped because the writer lagged behind.",
        ),
        Statistic::gauge(
            "queued",
            "samples",
            "Samples per channel that wait for the writer.",
        ),
    ];
    type Parameters = FileSinkParameters;

    fn create(_: &Environment) -> Result<Self, Fault> {
        Ok(Self {
            parameters: FileSinkParameters::defaults(),
            recording: None,
            written: 0,
            dropped: 0,
        })
    }

    fn parameters(&mut self) -> &mut FileSinkParameters {
        &mut self.parameters
    }

    fn statistics(&mut self, values: &mut [f64]) {
        values[0] = self.written as f64;
        values[1] = self.dropped as f64;
        values[2] = self
            .recording
            .as_ref()
            .map_or(0.0, |recording| f64::from(recording.queued()));
    }
}

impl AudioSink for FileSink {
    fn open(&mut self, location: &str, format: &AudioFormat) -> Result<(), Fault> {
        check_format(format)?;
        if location.is_empty() {
            return Err(Fault::invalid(
                "no file given: set the location to the path of the WAV file to write",
            ));
        }
        self.close()?;
        (self.written, self.dropped) = (0, 0);
        self.recording = Some(Recording::start(location.into(), *format, &self.parameters)?);
        Ok(())
    }

    fn write(&mut self, _now: Timestamp, block: &[f32]) -> Result<SinkState, Fault> {
        let format = check_block(
            self.recording.as_ref().map(|recording| recording.format),
            block.len(),
        )?;
        let samples = format.block_samples();
        let Some(recording) = &mut self.recording else {
            return Err(Fault::state("call `open` first"));
        };
        if recording.shared.failed.load(Ordering::Acquire) {
            return Err(Fault::failed("writing the file failed: `close` says why"));
        }
        let dropped = if recording.push(block, samples) {
            0
        } else {
            samples
        };
        self.written += samples as u64;
        self.dropped += dropped as u64;
        Ok(SinkState {
            queued: recording.queued(),
            dropped: dropped as u32,
        })
    }

    fn close(&mut self) -> Result<(), Fault> {
        self.recording.take().map_or(Ok(()), Recording::finish)
    }
}

impl Drop for FileSink {
    fn drop(&mut self) {
        // Nobody is left who could be told; a host that wants to know closes first.
        let _ = self.close();
    }
}

/// A recording that is running.
struct Recording {
    format: AudioFormat,
    ring: Producer<f32>,
    shared: Arc<Shared>,
    writer: JoinHandle<Result<(), Fault>>,
}

/// What the audio thread and the writer tell each other beside the samples.
#[derive(Default)]
struct Shared {
    /// No more samples will come.
    ended: AtomicBool,
    /// The writer has given up.
    failed: AtomicBool,
}

impl Recording {
    fn start(path: PathBuf, format: AudioFormat, parameters: &FileSinkParameters) -> Result<Self, Fault> {
        let spec = spec(format, parameters.sample_format);
        let file = WavWriter::create(&path, spec).map_err(|error| {
            Fault::failed(format!(
                "cannot create {}: {error}: check that the host may write there",
                path.display()
            ))
        })?;
        let room = format.block_len() * 100 * parameters.buffer as usize;
        let (ring, consumer) = RingBuffer::new(room);
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        let writer = std::thread::Builder::new()
            .name("jackfield-wav".into())
            .spawn(move || {
                write_out(file, spec, consumer, &theirs).map_err(|error| {
                    theirs.failed.store(true, Ordering::Release);
                    Fault::failed(format!(
                        "writing {} failed: {error}: is the disk full?",
                        path.display()
                    ))
                })
            })
            .map_err(|error| Fault::failed(format!("no thread for the writer: {error}")))?;
        Ok(Self {
            format,
            ring,
            shared,
            writer,
        })
    }

    /// Puts a planar block into the ring, interleaved; false if there is no room for all of it.
    fn push(&mut self, block: &[f32], samples: usize) -> bool {
        let Ok(mut chunk) = self.ring.write_chunk(block.len()) else {
            return false;
        };
        let channels = block.len() / samples;
        let (first, second) = chunk.as_mut_slices();
        for (at, place) in first.iter_mut().chain(second).enumerate() {
            *place = block[at % channels * samples + at / channels];
        }
        chunk.commit_all();
        true
    }

    fn queued(&self) -> u32 {
        let free = self.ring.slots();
        ((self.ring.buffer().capacity() - free) / self.format.channels as usize) as u32
    }

    fn finish(self) -> Result<(), Fault> {
        self.shared.ended.store(true, Ordering::Release);
        self.writer.join().unwrap_or_else(|_| {
            Err(Fault::failed(
                "the writer of the file panicked; the file is incomplete",
            ))
        })
    }
}

fn spec(format: AudioFormat, sample_format: u32) -> WavSpec {
    let (bits_per_sample, sample_format) = match sample_format {
        0 => (16, SampleFormat::Int),
        1 => (24, SampleFormat::Int),
        _ => (32, SampleFormat::Float),
    };
    let channels = format.channels as u16;
    WavSpec {
        channels,
        sample_rate: format.sample_rate.as_hz(),
        bits_per_sample,
        sample_format,
    }
}

/// The writer's thread: from the ring to the file until the recording has ended and the ring is empty.
fn write_out<W: std::io::Write + std::io::Seek>(
    mut file: WavWriter<W>,
    spec: WavSpec,
    mut ring: Consumer<f32>,
    shared: &Shared,
) -> Result<(), hound::Error> {
    loop {
        // Read before the ring is looked at: what was pushed before the end is then seen.
        let ended = shared.ended.load(Ordering::Acquire);
        let waiting = ring.slots();
        if waiting == 0 {
            if ended {
                return file.finalize();
            }
            std::thread::sleep(NAP);
            continue;
        }
        let Ok(chunk) = ring.read_chunk(waiting) else {
            continue;
        };
        for sample in chunk {
            write_sample(&mut file, spec, sample)?;
        }
    }
}

fn write_sample<W: std::io::Write + std::io::Seek>(
    file: &mut WavWriter<W>,
    spec: WavSpec,
    sample: f32,
) -> Result<(), hound::Error> {
    match spec.sample_format {
        SampleFormat::Float => file.write_sample(sample),
        SampleFormat::Int => {
            let full_scale = (1_i64 << (spec.bits_per_sample - 1)) as f32;
            let sample = if sample.is_nan() { 0.0 } else { sample };
            file.write_sample((sample * full_scale).round().clamp(-full_scale, full_scale - 1.0) as i32)
        }
    }
}
