//! One engine of sonora, set up for one task.

use jackfield_sdk::prelude::*;
use sonora::config::{
    AdaptiveDigital, EchoCanceller, GainController2, MaxProcessingRate, NoiseSuppression,
    NoiseSuppressionLevel, Pipeline,
};
use sonora::{AudioProcessing, AudioProcessingStats, Config, StreamConfig};

/// The most channels.
pub(crate) const MAX_CHANNELS: usize = 2;
/// The engine sets itself up in its first blocks, which costs memory: it is shown this much silence before it goes to work.
const WARM_UP_BLOCKS: usize = 3;

/// What an engine does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Task {
    /// Cancels echo.
    Cancel,
    /// Suppresses noise.
    Suppress(NoiseSuppressionLevel),
    /// Controls the gain, adaptively, with a limiter.
    ControlGain,
}

/// An engine. `process` and `render` are for the audio thread; all else is not.
pub(crate) struct Engine {
    processing: AudioProcessing,
    /// A copy of the input: the engine does not work in place.
    input: Vec<f32>,
    samples: usize,
}

impl Engine {
    pub(crate) fn new(task: Task, format: &AudioFormat) -> Self {
        let stream = StreamConfig::new(format.sample_rate.as_hz(), format.channels as u16);
        let processing = AudioProcessing::builder()
            .config(config(task))
            .capture_config(stream)
            .render_config(stream)
            .echo_detector(matches!(task, Task::Cancel))
            .build();
        let mut engine = Self {
            processing,
            input: vec![0.0; format.block_len()],
            samples: format.block_samples(),
        };
        let mut silence = vec![0.0; format.block_len()];
        for _ in 0..WARM_UP_BLOCKS {
            engine.render(&silence.clone());
            engine.process(&mut silence);
            silence.fill(0.0);
        }
        engine
    }

    /// Shows a far-end block.
    pub(crate) fn render(&mut self, far: &[f32]) {
        let samples = self.samples;
        let mut discarded = [0.0; MAX_BLOCK_SAMPLES * MAX_CHANNELS];
        let discarded = &mut discarded[..far.len()];
        // The only errors are formats that do not fit, and formats are checked when the plugin is activated.
        let _ = match channels(far, samples) {
            Channels::One(far) => self.processing.process_render_f32(&[far], &mut [discarded]),
            Channels::Two(left, right) => {
                let (first, second) = discarded.split_at_mut(samples);
                self.processing
                    .process_render_f32(&[left, right], &mut [first, second])
            }
        };
    }

    /// Processes a near-end block in place.
    pub(crate) fn process(&mut self, block: &mut [f32]) {
        let samples = self.samples;
        self.input.copy_from_slice(block);
        let _ = match channels(&self.input, samples) {
            Channels::One(input) => self.processing.process_capture_f32(&[input], &mut [block]),
            Channels::Two(left, right) => {
                let (first, second) = block.split_at_mut(samples);
                self.processing
                    .process_capture_f32(&[left, right], &mut [first, second])
            }
        };
    }

    /// Tells how far the echo lies behind the far end.
    pub(crate) fn set_delay(&mut self, delay: TimeDelta) {
        // It clamps to 0 to 500 ms by itself and then says so.
        let _ = self
            .processing
            .set_stream_delay_ms(delay.as_ms().clamp(0, 500) as i32);
    }

    pub(crate) fn statistics(&self) -> &AudioProcessingStats {
        self.processing.statistics()
    }
}

enum Channels<'a> {
    One(&'a [f32]),
    Two(&'a [f32], &'a [f32]),
}

fn channels(block: &[f32], samples: usize) -> Channels<'_> {
    if block.len() == samples {
        return Channels::One(block);
    }
    let (left, right) = block.split_at(samples);
    Channels::Two(left, right)
}

fn config(task: Task) -> Config {
    let pipeline = Pipeline {
        maximum_internal_processing_rate: MaxProcessingRate::Rate48kHz,
        ..Pipeline::default()
    };
    let mut config = Config {
        pipeline,
        ..Config::default()
    };
    match task {
        Task::Cancel => {
            config.echo_canceller = Some(EchoCanceller {
                enforce_high_pass_filtering: false,
                ..EchoCanceller::default()
            });
        }
        Task::Suppress(level) => {
            config.noise_suppression = Some(NoiseSuppression {
                level,
                ..NoiseSuppression::default()
            });
        }
        Task::ControlGain => {
            config.gain_controller2 = Some(GainController2 {
                adaptive_digital: Some(AdaptiveDigital::default()),
                ..GainController2::default()
            });
        }
    }
    config
}
