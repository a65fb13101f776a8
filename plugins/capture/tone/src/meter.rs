//! The meter.

use jackfield_sdk::dsp::{check_block, check_format};
use jackfield_sdk::prelude::*;

use crate::frequency_of;

/// Blocks per reading: 100 ms, so that two tones 10 Hz apart are told apart.
const WINDOW: u32 = 10;
/// What the meter shows for silence.
const SILENCE_DBOV: f64 = -127.0;

/// What can be set.
#[derive(Params)]
pub struct ToneMeterParameters {
    /// The frequency at which the tone is measured.
    #[param(title = "Frequency", unit = "Hz", min = 1.0, max = 20_000.0, default = 440.0)]
    pub frequency: f32,
}

/// Measures the level of channel 0, of all together and at one frequency.
pub struct ToneMeter {
    parameters: ToneMeterParameters,
    format: Option<AudioFormat>,
    tone: Goertzel,
    blocks_in_window: u32,
    blocks: u64,
    level_dbov: f64,
    tone_dbov: f64,
    peak: f32,
}

impl Plugin for ToneMeter {
    const DESCRIPTOR: Descriptor =
        Descriptor::new("jackfield.capture.tone", "Tone", env!("CARGO_PKG_VERSION"))
            .vendor("Jackfield")
            .license("MIT OR Apache-2.0")
            .description("Measures a level and a tone. Location: the tone's frequency in hertz, or nothing.");
    const STATISTICS: &'static [Statistic] = &[
        Statistic::gauge("level", "dBov", "The level of the last block."),
        Statistic::gauge(
            "tone_level",
            "dBov",
            "The level at the frequency over the last full 100 ms.",
        ),
        Statistic::gauge(
            "peak",
            "",
            "The largest magnitude since it was opened; NaN or infinity count as infinity.",
        ),
        Statistic::counter("blocks", "blocks", "Blocks taken since it was opened."),
    ];
    type Parameters = ToneMeterParameters;

    fn create(_: &Environment) -> Result<Self, Fault> {
        Ok(Self {
            parameters: ToneMeterParameters::defaults(),
            format: None,
            tone: Goertzel::new(440.0, 48_000.0),
            blocks_in_window: 0,
            blocks: 0,
            level_dbov: SILENCE_DBOV,
            tone_dbov: SILENCE_DBOV,
            peak: 0.0,
        })
    }

    fn parameters(&mut self) -> &mut ToneMeterParameters {
        &mut self.parameters
    }

    fn parameter_changed(&mut self, _index: u32) -> Result<(), Fault> {
        self.start_window();
        Ok(())
    }

    fn statistics(&mut self, values: &mut [f64]) {
        values[..4].copy_from_slice(&[
            self.level_dbov,
            self.tone_dbov,
            f64::from(self.peak),
            self.blocks as f64,
        ]);
    }

    fn reset(&mut self, _reason: ResetReason) {
        (self.level_dbov, self.tone_dbov, self.peak) = (SILENCE_DBOV, SILENCE_DBOV, 0.0);
        self.start_window();
    }
}

impl ToneMeter {
    /// The level of the last block in dBov.
    pub fn level_dbov(&self) -> f64 {
        self.level_dbov
    }

    /// The level at the frequency over the last full 100 ms, in dBov; −127 before.
    pub fn tone_dbov(&self) -> f64 {
        self.tone_dbov
    }

    fn start_window(&mut self) {
        let rate = self
            .format
            .map_or(48_000.0, |format| f64::from(format.sample_rate.as_hz()));
        self.tone = Goertzel::new(f64::from(self.parameters.frequency), rate);
        self.blocks_in_window = 0;
    }
}

impl AudioSink for ToneMeter {
    fn open(&mut self, location: &str, format: &AudioFormat) -> Result<(), Fault> {
        check_format(format)?;
        if let Some(hertz) = frequency_of(location)? {
            self.parameters.frequency = hertz;
        }
        self.format = Some(*format);
        self.blocks = 0;
        Plugin::reset(self, ResetReason::Stream);
        Ok(())
    }

    fn write(&mut self, _now: Timestamp, block: &[f32]) -> Result<SinkState, Fault> {
        let format = check_block(self.format, block.len())?;
        for sample in block {
            let magnitude = if sample.is_finite() {
                sample.abs()
            } else {
                f32::INFINITY
            };
            self.peak = self.peak.max(magnitude);
        }
        self.level_dbov = f64::from(level_dbov(block));
        self.tone.add(&block[..format.block_samples()]);
        self.blocks += 1;
        self.blocks_in_window += 1;
        if self.blocks_in_window == WINDOW {
            self.tone_dbov = self.tone.dbov();
            self.start_window();
        }
        Ok(SinkState::default())
    }

    fn close(&mut self) -> Result<(), Fault> {
        self.format = None;
        Ok(())
    }
}

/// The Goertzel algorithm: one bin of a Fourier transform, at any frequency.
struct Goertzel {
    /// Radians per sample.
    omega: f64,
    previous: [f64; 2],
    samples: u32,
}

impl Goertzel {
    fn new(hertz: f64, rate: f64) -> Self {
        Self {
            omega: std::f64::consts::TAU * hertz / rate,
            previous: [0.0; 2],
            samples: 0,
        }
    }

    fn add(&mut self, samples: &[f32]) {
        let coefficient = 2.0 * self.omega.cos();
        for sample in samples {
            let input = if sample.is_finite() {
                f64::from(*sample)
            } else {
                0.0
            };
            let next = input + coefficient * self.previous[0] - self.previous[1];
            self.previous = [next, self.previous[0]];
        }
        self.samples += samples.len() as u32;
    }

    fn dbov(&self) -> f64 {
        let [last, before] = self.previous;
        let energy = last * last + before * before - 2.0 * self.omega.cos() * last * before;
        let count = f64::from(self.samples.max(1));
        // The amplitude is 2|X|/n, the power of a sine half the square of it.
        let power = 2.0 * energy / (count * count);
        (10.0 * power.max(1e-13).log10()).clamp(SILENCE_DBOV, 6.0)
    }
}
