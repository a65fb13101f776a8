//! A high-pass of second order (Butterworth), -3 dB at 100 Hz.

use jackfield_sdk::prelude::*;

use crate::engine::MAX_CHANNELS;

const CUTOFF_HZ: f64 = 100.0;

/// The filter, one memory for each channel.
pub(crate) struct HighPass {
    b: [f64; 3],
    a: [f64; 2],
    memory: [[f64; 2]; MAX_CHANNELS],
}

impl HighPass {
    /// By the bilinear transform (the "Audio EQ Cookbook", W3C Note).
    pub(crate) fn new(sample_rate: SampleRate) -> Self {
        let omega = std::f64::consts::TAU * CUTOFF_HZ / f64::from(sample_rate.as_hz());
        let alpha = omega.sin() * std::f64::consts::FRAC_1_SQRT_2;
        let (cos, scale) = (omega.cos(), 1.0 / (1.0 + alpha));
        let side = (1.0 + cos) / 2.0 * scale;
        Self {
            b: [side, -2.0 * side, side],
            a: [-2.0 * cos * scale, (1.0 - alpha) * scale],
            memory: [[0.0; 2]; MAX_CHANNELS],
        }
    }

    pub(crate) fn process(&mut self, block: &mut [f32], samples: usize) {
        for (channel, memory) in block.chunks_exact_mut(samples).zip(&mut self.memory) {
            for sample in channel {
                let input = f64::from(*sample);
                let output = self.b[0] * input + memory[0];
                memory[0] = self.b[1] * input - self.a[0] * output + memory[1];
                memory[1] = self.b[2] * input - self.a[1] * output;
                *sample = output as f32;
            }
        }
    }

    pub(crate) fn reset(&mut self) {
        self.memory = [[0.0; 2]; MAX_CHANNELS];
    }
}
