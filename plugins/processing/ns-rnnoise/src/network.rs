//! The network for one channel, at the scale and with the delay that it has.

use nnnoiseless::DenoiseState;

/// Samples of a frame: 10 ms at 48 kHz, one block.
pub(crate) const FRAME: usize = DenoiseState::FRAME_SIZE;
/// By how much the output lags behind the input: frames overlap by half. Measured by correlation.
pub(crate) const LATENCY: usize = FRAME;
/// The network takes samples as 16-bit integers have them.
const SCALE: f32 = 32_768.0;
/// Less than this is nothing: −300 dB.
const NOTHING: f32 = 1e-15;
/// The first frame comes in from nothing; it is spent on silence.
const WARM_UP_FRAMES: usize = 2;

/// One channel.
pub(crate) struct Network {
    state: Box<DenoiseState<'static>>,
    input: [f32; FRAME],
    cleaned: [f32; FRAME],
    /// The untouched frame before this one: what the cleaned frame belongs to.
    untouched: [f32; FRAME],
}

/// What became of a frame.
#[derive(Clone, Copy, Default)]
pub(crate) struct Outcome {
    /// 0 to 1.
    pub(crate) voice_probability: f32,
    /// Sum of squares before and of what was taken away.
    pub(crate) energy: f32,
    pub(crate) removed: f32,
}

impl Network {
    pub(crate) fn new() -> Self {
        let mut network = Self {
            state: DenoiseState::new(),
            input: [0.0; FRAME],
            cleaned: [0.0; FRAME],
            untouched: [0.0; FRAME],
        };
        for _ in 0..WARM_UP_FRAMES {
            network.process(&mut [0.0; FRAME], 1.0, 1.0);
        }
        network
    }

    /// Cleans a frame in place; the share of the cleaned signal goes from `from` to `to` within the frame.
    pub(crate) fn process(&mut self, frame: &mut [f32], from: f32, to: f32) -> Outcome {
        for (scaled, sample) in self.input.iter_mut().zip(&*frame) {
            *scaled = sample * SCALE;
        }
        let mut outcome = Outcome {
            voice_probability: self
                .state
                .process_frame(&mut self.cleaned, &self.input)
                .clamp(0.0, 1.0),
            ..Outcome::default()
        };
        let step = (to - from) / FRAME as f32;
        for (i, ((sample, cleaned), untouched)) in frame
            .iter_mut()
            .zip(&self.cleaned)
            .zip(&mut self.untouched)
            .enumerate()
        {
            let removed = *untouched - cleaned / SCALE;
            outcome.energy += *untouched * *untouched;
            outcome.removed += removed * removed;
            let mixed = *untouched - removed * (from + step * (i + 1) as f32);
            // What fades away ends: numbers too small to be normal make whatever comes after this slow.
            let mixed = if mixed.abs() < NOTHING { 0.0 } else { mixed };
            *untouched = std::mem::replace(sample, mixed);
        }
        outcome
    }
}
