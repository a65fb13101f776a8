//! The plugin.

use jackfield_sdk::dsp::{check_block, check_format, sanitize};
use jackfield_sdk::prelude::*;
use sonora::config::NoiseSuppressionLevel;

use crate::engine::{Engine, MAX_CHANNELS, Task};
use crate::high_pass::HighPass;
use crate::switch::Switch;

/// The engine works in bands of 8 kHz and takes these rates as they are.
const RATES: &[u32] = &[48_000, 32_000, 16_000];

/// By how much an engine delays the signal, in samples at 16, 32 and 48 kHz, measured by correlation: splitting into bands and joining them again costs
/// more than the canceller's own framing.
const CANCEL_LATENCY: [u32; 3] = [128, 260, 430];
const SUPPRESS_LATENCY: [u32; 3] = [96, 196, 334];

/// What can be set, all of it while sound flows.
#[derive(Params)]
pub struct Aec3Parameters {
    /// Takes away what lies below 100 Hz, before anything else: hum and wind, and a little of deep voices.
    #[param(title = "High-pass", default = false)]
    pub high_pass: bool,
    /// Suppresses steady noise after the echo canceller: by about 6, 12, 18 or 21 dB.
    #[param(title = "Noise suppression", choices = ["off", "low", "moderate", "high", "very-high"], default = 0)]
    pub noise_suppression: u32,
    /// Brings the voice to a steady level, last of all, with a limiter.
    #[param(title = "Gain control", default = false)]
    pub gain_control: bool,
}

/// The echo canceller.
pub struct Aec3 {
    parameters: Aec3Parameters,
    chain: Option<Chain>,
    /// The echo delay that a predecessor had found.
    delay_hint: Option<TimeDelta>,
}

impl Plugin for Aec3 {
    const DESCRIPTOR: Descriptor =
        Descriptor::new("jackfield.processing.aec3", "AEC3", env!("CARGO_PKG_VERSION"))
            .vendor("Jackfield")
            .license("MIT OR Apache-2.0")
            .description(
                "Cancels acoustic echo with WebRTC's AEC3; noise suppression and gain control can be added.",
            )
            .audio(AudioCapabilities::rates(RATES, MAX_CHANNELS as u32).with_render());
    const STATISTICS: &'static [Statistic] = &[
        Statistic::gauge(
            "echo_return_loss",
            "dB",
            "How much softer the echo is than the far end.",
        ),
        Statistic::gauge(
            "echo_return_loss_enhancement",
            "dB",
            "How much of the echo is taken away, as the engine estimates it.",
        ),
        Statistic::gauge(
            "echo_delay",
            "ms",
            "How far the echo lies behind the far end, as found.",
        ),
        Statistic::gauge(
            "residual_echo_likelihood",
            "",
            "How likely it is that echo is left, 0 to 1.",
        ),
    ];
    type Parameters = Aec3Parameters;

    fn create(_: &Environment) -> Result<Self, Fault> {
        Ok(Self {
            parameters: Aec3Parameters::defaults(),
            chain: None,
            delay_hint: None,
        })
    }

    fn parameters(&mut self) -> &mut Aec3Parameters {
        &mut self.parameters
    }

    fn latency(&mut self) -> Latency {
        self.chain.as_ref().map_or(
            Latency::samples(CANCEL_LATENCY[2], SampleRate::HZ_48000),
            Chain::latency,
        )
    }

    fn statistics(&mut self, values: &mut [f64]) {
        let statistics = self.chain.as_ref().map(|chain| chain.canceller.statistics());
        values[0] = statistics.and_then(|s| s.echo_return_loss).unwrap_or(f64::NAN);
        values[1] = statistics
            .and_then(|s| s.echo_return_loss_enhancement)
            .unwrap_or(f64::NAN);
        values[2] = statistics.and_then(|s| s.delay_ms).map_or(f64::NAN, f64::from);
        values[3] = statistics
            .and_then(|s| s.residual_echo_likelihood)
            .unwrap_or(f64::NAN);
    }

    /// A new stream or device gets an engine that knows nothing, if there still is one; a changed echo path the engine finds by itself.
    fn reset(&mut self, reason: ResetReason) {
        if let Some(chain) = &mut self.chain {
            chain.reset(reason);
        }
    }
}

impl AudioProcessor for Aec3 {
    fn activate(&mut self, format: &AudioFormat) -> Result<(), Fault> {
        check_format(format)?;
        if !RATES.contains(&format.sample_rate.as_hz()) || format.channels as usize > MAX_CHANNELS {
            return Err(Fault::unsupported(
                "AEC3 takes 48, 32 or 16 kHz, mono or stereo: put a converter before it",
            ));
        }
        self.chain = Some(Chain::new(*format, &self.parameters));
        Ok(())
    }

    fn render(&mut self, _now: Timestamp, far: &[f32]) -> Result<(), Fault> {
        check_block(self.chain.as_ref().map(|chain| chain.format), far.len())?;
        if let Some(chain) = &mut self.chain {
            chain.render(far);
        }
        Ok(())
    }

    fn process(
        &mut self,
        _now: Timestamp,
        near: &mut [f32],
        capture: &CaptureInfo,
        report: &mut ProcessorReport,
    ) -> Result<(), Fault> {
        check_block(self.chain.as_ref().map(|chain| chain.format), near.len())?;
        let Some(chain) = &mut self.chain else {
            return Err(Fault::state("call `activate` first"));
        };
        let measured = (capture.render_delay >= TimeDelta::ZERO).then_some(capture.render_delay);
        if let Some(delay) = measured.or(self.delay_hint) {
            chain.canceller.set_delay(delay);
        }
        chain.process(near, &self.parameters);
        let statistics = chain.canceller.statistics();
        report.echo_return_loss_enhancement = statistics
            .echo_return_loss_enhancement
            .map_or(f32::NAN, |erle| erle as f32);
        report.echo_delay_ms = statistics.delay_ms.map_or(f32::NAN, |delay| delay as f32);
        report.echo_return_loss = statistics.echo_return_loss.map_or(f32::NAN, |erl| erl as f32);
        report.residual_echo_likelihood = statistics
            .residual_echo_likelihood
            .map_or(f32::NAN, |likelihood| likelihood as f32);
        Ok(())
    }

    fn hand_over(&mut self, state: &mut ProcessorHandover) -> Result<(), Fault> {
        let delay = self
            .chain
            .as_ref()
            .and_then(|chain| chain.canceller.statistics().delay_ms);
        state.echo_delay_ms = delay.map_or(f32::NAN, |delay| delay as f32);
        Ok(())
    }

    /// Begins its search for the echo at the delay that the predecessor had found.
    fn take_over(&mut self, state: &ProcessorHandover) -> Result<(), Fault> {
        if (0.0..=500.0).contains(&state.echo_delay_ms) {
            self.delay_hint = Some(TimeDelta::ms(state.echo_delay_ms as i64));
        }
        Ok(())
    }
}

/// High-pass, canceller, noise suppressors, gain control: everything is made before the first block, so that switching makes nothing.
struct Chain {
    format: AudioFormat,
    canceller: Engine,
    /// Takes the canceller's place at a reset.
    spare: Option<Engine>,
    high_pass: HighPass,
    high_pass_switch: Switch,
    /// One for each level.
    suppressors: Vec<Engine>,
    suppressor_switch: Switch,
    gain_control: Engine,
    gain_switch: Switch,
    far: Vec<f32>,
}

impl Chain {
    fn new(format: AudioFormat, parameters: &Aec3Parameters) -> Self {
        let levels = [
            NoiseSuppressionLevel::Low,
            NoiseSuppressionLevel::Moderate,
            NoiseSuppressionLevel::High,
            NoiseSuppressionLevel::VeryHigh,
        ];
        let switch = |way| Switch::new(way, format.block_len(), format.block_samples());
        Self {
            format,
            canceller: Engine::new(Task::Cancel, &format),
            spare: Some(Engine::new(Task::Cancel, &format)),
            high_pass: HighPass::new(format.sample_rate),
            high_pass_switch: switch(usize::from(parameters.high_pass)),
            suppressors: levels
                .map(|level| Engine::new(Task::Suppress(level), &format))
                .into(),
            suppressor_switch: switch(parameters.noise_suppression as usize),
            gain_control: Engine::new(Task::ControlGain, &format),
            gain_switch: switch(usize::from(parameters.gain_control)),
            far: vec![0.0; format.block_len()],
        }
    }

    fn render(&mut self, far: &[f32]) {
        self.far.copy_from_slice(far);
        sanitize(&mut self.far, 1.0);
        self.canceller.render(&self.far);
    }

    fn process(&mut self, block: &mut [f32], parameters: &Aec3Parameters) {
        sanitize(block, 1.0);
        let samples = self.format.block_samples();
        let high_pass = &mut self.high_pass;
        self.high_pass_switch
            .process(usize::from(parameters.high_pass), block, |way, block| {
                if way == 1 {
                    high_pass.process(block, samples);
                }
            });
        self.canceller.process(block);
        let suppressors = &mut self.suppressors;
        self.suppressor_switch
            .process(parameters.noise_suppression as usize, block, |way, block| {
                if let Some(suppressor) = way.checked_sub(1).and_then(|level| suppressors.get_mut(level)) {
                    suppressor.process(block);
                }
            });
        let gain_control = &mut self.gain_control;
        self.gain_switch
            .process(usize::from(parameters.gain_control), block, |way, block| {
                if way == 1 {
                    gain_control.process(block);
                }
            });
        sanitize(block, 1.0);
    }

    fn latency(&self) -> Latency {
        let rate = self.format.sample_rate;
        let at = match rate.as_hz() {
            16_000 => 0,
            32_000 => 1,
            _ => 2,
        };
        let suppress = if self.suppressor_switch.current() > 0 {
            SUPPRESS_LATENCY[at]
        } else {
            0
        };
        Latency::samples(CANCEL_LATENCY[at] + suppress, rate)
    }

    fn reset(&mut self, reason: ResetReason) {
        self.high_pass.reset();
        if reason != ResetReason::EchoPath
            && let Some(fresh) = &mut self.spare
        {
            // The used one stays, as a spare that knows something: better than none, and dropping it here would free memory.
            std::mem::swap(&mut self.canceller, fresh);
        }
    }
}
