//! An audio processor that applies a gain, and holds the result below full scale.
//!
//! It must never make a click: a new gain is reached in a straight line over 20 ms, sample by sample. At 0 dB, a signal that fits in full
//! scale passes bit for bit.
//!
//! ```
//! use jackfield_processing_gain::Gain;
//! use jackfield_sdk::prelude::*;
//!
//! let mut gain = Gain::create(&Environment::seeded(1))?;
//! gain.parameters().gain = -6.0;
//! gain.activate(&AudioFormat::MONO_48K)?;
//! let mut block = [0.5; 480];
//! gain.process(Timestamp::ZERO, &mut block, &CaptureInfo::UNKNOWN, &mut ProcessorReport::UNKNOWN.clone())?;
//! assert!((block[479] - 0.25).abs() < 0.001);
//! # Ok::<(), Fault>(())
//! ```

use jackfield_sdk::dsp::limiter::Limiter;
use jackfield_sdk::dsp::ramp::Ramp;
use jackfield_sdk::dsp::{check_block, check_format, from_db, to_db};
use jackfield_sdk::prelude::*;

/// How long the way to a new gain takes.
const RAMP: TimeDelta = TimeDelta::ms(20);

/// What can be set.
#[derive(Params)]
pub struct GainParameters {
    /// How much louder the output is than the input.
    #[param(title = "Gain", unit = "dB", min = -60.0, max = 30.0, default = 0.0)]
    pub gain: f32,
}

/// Applies a gain.
pub struct Gain {
    parameters: GainParameters,
    format: Option<AudioFormat>,
    ramp: Ramp,
    limiter: Limiter,
    /// The gain in dB that a predecessor applied last, until `activate` or the first block makes use of it.
    taken_over: Option<f32>,
}

impl Plugin for Gain {
    const DESCRIPTOR: Descriptor =
        Descriptor::new("jackfield.processing.gain", "Gain", env!("CARGO_PKG_VERSION"))
            .vendor("Jackfield")
            .license("MIT OR Apache-2.0")
            .description("Makes the signal louder or softer without a click and keeps it below full scale.");
    const STATISTICS: &'static [Statistic] = &[
        Statistic::gauge("gain", "dB", "The gain at the end of the last block."),
        Statistic::gauge(
            "limiter_gain",
            "dB",
            "How far the limiter held the signal down at the end of the last block.",
        ),
    ];
    type Parameters = GainParameters;

    fn create(_: &Environment) -> Result<Self, Fault> {
        Ok(Self {
            parameters: GainParameters::defaults(),
            format: None,
            ramp: Ramp::new(1.0, 1),
            limiter: Limiter::new(SampleRate::HZ_48000.as_hz()),
            taken_over: None,
        })
    }

    fn parameters(&mut self) -> &mut GainParameters {
        &mut self.parameters
    }

    fn statistics(&mut self, values: &mut [f64]) {
        values[0] = f64::from(to_db(self.ramp.value()));
        values[1] = f64::from(to_db(self.limiter.gain()));
    }

    fn reset(&mut self, _reason: ResetReason) {
        self.ramp.jump(from_db(self.parameters.gain));
        self.limiter = Limiter::new(self.format.map_or(48_000, |format| format.sample_rate.as_hz()));
    }
}

impl AudioProcessor for Gain {
    fn activate(&mut self, format: &AudioFormat) -> Result<(), Fault> {
        check_format(format)?;
        self.format = Some(*format);
        let start = self.taken_over.take().unwrap_or(self.parameters.gain);
        self.ramp = Ramp::new(from_db(start), format.sample_rate.samples(RAMP) as u32);
        self.limiter = Limiter::new(format.sample_rate.as_hz());
        Ok(())
    }

    fn process(
        &mut self,
        _now: Timestamp,
        near: &mut [f32],
        _capture: &CaptureInfo,
        report: &mut ProcessorReport,
    ) -> Result<(), Fault> {
        let format = check_block(self.format, near.len())?;
        if let Some(start) = self.taken_over.take() {
            self.ramp.jump(from_db(start));
        }
        self.ramp.aim(from_db(self.parameters.gain));
        self.ramp.apply(near, format.channels as usize);
        self.limiter.process(near, format.channels as usize);
        report.gain_db = to_db(self.ramp.value());
        Ok(())
    }

    fn hand_over(&mut self, state: &mut ProcessorHandover) -> Result<(), Fault> {
        state.gain_db = to_db(self.ramp.value());
        Ok(())
    }

    /// Starts from the gain that the predecessor applied, so that not even a swap between two gains makes a step.
    fn take_over(&mut self, state: &ProcessorHandover) -> Result<(), Fault> {
        if state.gain_db.is_finite() {
            self.taken_over = Some(state.gain_db.clamp(-120.0, 60.0));
        }
        Ok(())
    }
}

jackfield_sdk::export! { AudioProcessor => Gain }
