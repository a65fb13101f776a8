//! The generator.

use jackfield_sdk::dsp::ramp::Ramp;
use jackfield_sdk::dsp::{check_block, check_format, from_db};
use jackfield_sdk::prelude::*;

use crate::frequency_of;

/// The lowest frequency.
pub(crate) const LOWEST_HZ: f32 = 1.0;
/// The highest frequency.
pub(crate) const HIGHEST_HZ: f32 = 20_000.0;
/// How long the way to a new level takes.
const RAMP: TimeDelta = TimeDelta::ms(10);

/// What can be set.
#[derive(Params)]
pub struct ToneParameters {
    /// The shape of the signal.
    #[param(title = "Waveform", choices = ["sine", "noise", "sweep"], default = 0)]
    pub waveform: u32,
    /// Frequency of the sine, and where a sweep begins.
    #[param(title = "Frequency", unit = "Hz", min = 1.0, max = 20_000.0, default = 440.0)]
    pub frequency: f32,
    /// Where a sweep ends.
    #[param(title = "Sweep to", unit = "Hz", min = 1.0, max = 20_000.0, default = 8_000.0)]
    pub sweep_to: f32,
    /// How long a sweep takes before it begins anew.
    #[param(title = "Sweep time", unit = "s", min = 0.1, max = 600.0, default = 10.0)]
    pub sweep_time: f32,
    /// The level (root mean square). A sine is at full scale at −3.01, noise at −4.77; above that the level stays there.
    #[param(title = "Level", unit = "dBov", min = -96.0, max = 0.0, default = -20.0)]
    pub level: f32,
}

/// The shapes of the signal, in the order of the parameter's choices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waveform {
    /// A sine of one frequency; the same in all channels.
    Sine,
    /// White noise, uniform, from the instance's seed; each channel its own.
    Noise,
    /// A sine whose frequency goes exponentially from one to the other; the same in all channels.
    Sweep,
}

/// Generates a tone, noise or a sweep.
pub struct ToneSource {
    parameters: ToneParameters,
    seed: u64,
    format: Option<AudioFormat>,
    /// Samples per channel given since `open`.
    position: u64,
    /// In turns, 0 to 1.
    phase: f64,
    amplitude: Ramp,
}

impl Plugin for ToneSource {
    const DESCRIPTOR: Descriptor =
        Descriptor::new("jackfield.capture.tone", "Tone", env!("CARGO_PKG_VERSION"))
            .vendor("Jackfield")
            .license("MIT OR Apache-2.0")
            .description(
                "Generates a sine, white noise or a sweep. Location: a frequency in hertz, or nothing.",
            );
    const STATISTICS: &'static [Statistic] = &[Statistic::counter(
        "position",
        "samples",
        "Samples per channel given since it was opened.",
    )];
    type Parameters = ToneParameters;

    fn create(environment: &Environment) -> Result<Self, Fault> {
        Ok(Self {
            parameters: ToneParameters::defaults(),
            seed: environment.seed,
            format: None,
            position: 0,
            phase: 0.0,
            amplitude: Ramp::new(0.0, 1),
        })
    }

    fn parameters(&mut self) -> &mut ToneParameters {
        &mut self.parameters
    }

    fn statistics(&mut self, values: &mut [f64]) {
        values[0] = self.position as f64;
    }

    fn reset(&mut self, _reason: ResetReason) {
        self.stand_at(0);
    }
}

impl ToneSource {
    /// The present waveform.
    pub fn waveform(&self) -> Waveform {
        match self.parameters.waveform {
            1 => Waveform::Noise,
            2 => Waveform::Sweep,
            _ => Waveform::Sine,
        }
    }

    fn peak(&self) -> f32 {
        let crest = match self.waveform() {
            Waveform::Noise => 3_f32.sqrt(),
            Waveform::Sine | Waveform::Sweep => 2_f32.sqrt(),
        };
        (from_db(self.parameters.level) * crest).min(1.0)
    }

    /// The frequency at `position`, below half the sample rate.
    fn frequency(&self, position: u64, rate: f64) -> f64 {
        let from = f64::from(self.parameters.frequency);
        let hertz = if self.waveform() == Waveform::Sweep {
            let period = (f64::from(self.parameters.sweep_time) * rate).round().max(1.0);
            let progress = (position as f64 % period) / period;
            from * (f64::from(self.parameters.sweep_to) / from).powf(progress)
        } else {
            from
        };
        hertz.min(0.499 * rate)
    }

    fn stand_at(&mut self, position: u64) {
        let rate = self
            .format
            .map_or(48_000.0, |format| f64::from(format.sample_rate.as_hz()));
        self.position = position;
        // Exact for a sine whose frequency has not changed; of a sweep the phase does not matter.
        self.phase = (position as f64 * self.frequency(0, rate) / rate).fract();
    }

    fn sines(&mut self, rate: f64, block: &mut [f32]) {
        for sample in block {
            *sample = (self.phase * std::f64::consts::TAU).sin() as f32;
            self.phase = (self.phase + self.frequency(self.position, rate) / rate).fract();
            self.position += 1;
        }
    }

    fn noise(&mut self, samples: usize, block: &mut [f32]) {
        for (channel, block) in block.chunks_exact_mut(samples).enumerate() {
            for (i, sample) in block.iter_mut().enumerate() {
                let at = (self.position + i as u64) * MAX_CHANNELS as u64 + channel as u64;
                *sample = uniform(self.seed, at);
            }
        }
        self.position += samples as u64;
    }
}

impl AudioSource for ToneSource {
    fn open(&mut self, location: &str, format: &AudioFormat) -> Result<(), Fault> {
        check_format(format)?;
        if let Some(hertz) = frequency_of(location)? {
            self.parameters.frequency = hertz;
        }
        self.format = Some(*format);
        self.amplitude = Ramp::new(self.peak(), format.sample_rate.samples(RAMP) as u32);
        self.stand_at(0);
        Ok(())
    }

    fn read(&mut self, _now: Timestamp, block: &mut [f32]) -> Result<SourceState, Fault> {
        let format = check_block(self.format, block.len())?;
        let samples = format.block_samples();
        if self.waveform() == Waveform::Noise {
            self.noise(samples, block);
        } else {
            let (first, others) = block.split_at_mut(samples);
            self.sines(f64::from(format.sample_rate.as_hz()), first);
            others
                .chunks_exact_mut(samples)
                .for_each(|other| other.copy_from_slice(first));
        }
        self.amplitude.aim(self.peak());
        self.amplitude.apply(block, format.channels as usize);
        Ok(SourceState::default())
    }

    fn hand_over(&mut self) -> Result<SourceHandover, Fault> {
        Ok(SourceHandover {
            position: self.position,
        })
    }

    fn take_over(&mut self, state: &SourceHandover) -> Result<(), Fault> {
        self.stand_at(state.position);
        Ok(())
    }
}

/// A number from −1 to 1 that depends on seed and place only (the finaliser of SplitMix64, Steele and others 2014).
fn uniform(seed: u64, at: u64) -> f32 {
    let mut z = seed.wrapping_add(at.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^= z >> 31;
    // 24 bits fit an f32 exactly.
    (z >> 40) as f32 / (1_u32 << 23) as f32 - 1.0
}
