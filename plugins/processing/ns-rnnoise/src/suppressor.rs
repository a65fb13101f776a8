//! The plugin.

use jackfield_sdk::dsp::{check_block, from_db, sanitize, to_db};
use jackfield_sdk::prelude::*;

use crate::network::{FRAME, LATENCY, Network, Outcome};

const MAX_CHANNELS: u32 = 2;
/// Weight of a new block in the running means: a time constant of a quarter of a second.
const SMOOTHING: f32 = 0.04;

/// What can be set.
#[derive(Params)]
pub struct RnnoiseParameters {
    /// How much of the cleaned signal is heard: 0 is the untouched one, 1 the cleaned one. The delay is the same for both.
    #[param(title = "Strength", min = 0.0, max = 1.0, default = 1.0)]
    pub strength: f32,
}

/// The noise suppressor.
pub struct Rnnoise {
    parameters: RnnoiseParameters,
    active: Option<Active>,
    /// The noise that a predecessor heard, in dBov, for `activate`.
    taken_over: Option<f32>,
}

struct Active {
    format: AudioFormat,
    networks: Vec<Network>,
    /// Take the place of the others at a reset.
    spares: Vec<Network>,
    /// The strength at the end of the last block.
    strength: f32,
    voice_probability: f32,
    /// Running means of the power before and of what is taken away while nobody speaks.
    power: f32,
    removed: f32,
}

impl Plugin for Rnnoise {
    const DESCRIPTOR: Descriptor = Descriptor::new(
        "jackfield.processing.ns-rnnoise",
        "RNNoise",
        env!("CARGO_PKG_VERSION"),
    )
    .vendor("Jackfield")
    .license("MIT OR Apache-2.0")
    .description("Suppresses noise with a recurrent neural network.")
    .audio(AudioCapabilities::rates(&[48_000], MAX_CHANNELS));
    const STATISTICS: &'static [Statistic] = &[
        Statistic::gauge(
            "voice_probability",
            "",
            "How likely it is that the last block held speech, 0 to 1.",
        ),
        Statistic::gauge("noise_level", "dBov", "The level of what the network takes away."),
        Statistic::gauge(
            "reduction",
            "dB",
            "By how much softer the network makes the signal.",
        ),
    ];
    type Parameters = RnnoiseParameters;

    fn create(_: &Environment) -> Result<Self, Fault> {
        Ok(Self {
            parameters: RnnoiseParameters::defaults(),
            active: None,
            taken_over: None,
        })
    }

    fn parameters(&mut self) -> &mut RnnoiseParameters {
        &mut self.parameters
    }

    fn latency(&mut self) -> Latency {
        Latency::samples(LATENCY as u32, SampleRate::HZ_48000)
    }

    fn statistics(&mut self, values: &mut [f64]) {
        values[..3].fill(f64::NAN);
        if let Some(active) = &self.active {
            values[0] = f64::from(active.voice_probability);
            values[1] = f64::from(active.noise_dbov());
            values[2] = f64::from(active.reduction_db());
        }
    }

    fn reset(&mut self, reason: ResetReason) {
        if let Some(active) = &mut self.active
            && reason != ResetReason::EchoPath
        {
            // The used ones stay as spares: to drop them here would free memory on the audio thread.
            std::mem::swap(&mut active.networks, &mut active.spares);
            (active.voice_probability, active.power, active.removed) = (0.0, 0.0, 0.0);
        }
    }
}

impl Active {
    fn note(&mut self, outcomes: &[Outcome]) {
        let samples = (outcomes.len() * FRAME) as f32;
        let mean = |sum: f32| sum / samples;
        let energy = mean(outcomes.iter().map(|outcome| outcome.energy).sum());
        let removed = mean(outcomes.iter().map(|outcome| outcome.removed).sum());
        self.voice_probability = outcomes
            .iter()
            .fold(0.0, |most, outcome| most.max(outcome.voice_probability));
        self.power += (energy - self.power) * SMOOTHING;
        self.removed += (removed - self.removed) * SMOOTHING * (1.0 - self.voice_probability);
    }

    fn noise_dbov(&self) -> f32 {
        to_db(self.removed.max(1e-13).sqrt()).max(-127.0)
    }

    fn reduction_db(&self) -> f32 {
        let left = (self.power - self.removed).max(self.power * 1e-6).max(1e-13);
        (to_db((self.power.max(1e-13) / left).sqrt())).clamp(0.0, 60.0)
    }
}

impl AudioProcessor for Rnnoise {
    fn activate(&mut self, format: &AudioFormat) -> Result<(), Fault> {
        if format.sample_rate != SampleRate::HZ_48000 || !(1..=MAX_CHANNELS).contains(&format.channels) {
            return Err(Fault::unsupported(
                "RNNoise takes 48 kHz, mono or stereo: put a converter before it",
            ));
        }
        let networks = || (0..format.channels).map(|_| Network::new()).collect();
        self.active = Some(Active {
            format: *format,
            networks: networks(),
            spares: networks(),
            strength: self.parameters.strength,
            voice_probability: 0.0,
            power: 0.0,
            removed: self.taken_over.take().map_or(0.0, power),
        });
        Ok(())
    }

    fn process(
        &mut self,
        _now: Timestamp,
        near: &mut [f32],
        _capture: &CaptureInfo,
        report: &mut ProcessorReport,
    ) -> Result<(), Fault> {
        check_block(self.active.as_ref().map(|active| active.format), near.len())?;
        let Some(active) = &mut self.active else {
            return Err(Fault::state("call `activate` first"));
        };
        sanitize(near, 1.0);
        let (from, to) = (active.strength, self.parameters.strength);
        let mut outcomes = [Outcome::default(); MAX_CHANNELS as usize];
        for ((network, frame), outcome) in active
            .networks
            .iter_mut()
            .zip(near.chunks_exact_mut(FRAME))
            .zip(&mut outcomes)
        {
            *outcome = network.process(frame, from, to);
        }
        active.strength = to;
        active.note(&outcomes[..active.format.channels as usize]);
        sanitize(near, 1.0);
        report.voice_probability = active.voice_probability;
        Ok(())
    }

    fn hand_over(&mut self, state: &mut ProcessorHandover) -> Result<(), Fault> {
        state.noise_floor_dbov = self.active.as_ref().map_or(f32::NAN, Active::noise_dbov);
        Ok(())
    }

    /// The noise that the predecessor heard is where the running mean starts. The network itself learns from the signal alone.
    fn take_over(&mut self, state: &ProcessorHandover) -> Result<(), Fault> {
        let noise = state.noise_floor_dbov;
        if noise.is_finite() {
            match &mut self.active {
                Some(active) => active.removed = power(noise),
                None => self.taken_over = Some(noise),
            }
        }
        Ok(())
    }
}

/// The mean square of a signal at this level.
fn power(dbov: f32) -> f32 {
    from_db(dbov.clamp(-127.0, 0.0)).powi(2)
}
