//! A delay that keeps the latency of a socket constant across a swap, and goes away in the next silence.

use jackfield_core::audio::{AudioFormat, level_dbov};

/// The most that a swap is smoothed over: 60 ms at 48 kHz.
const MAX_SAMPLES: usize = 2_880;
/// Input and output quieter than this are silence.
const SILENCE_DBOV: f32 = -60.0;

/// Delays blocks by a number of samples that is set at a swap. Allocates only when made.
pub(crate) struct Delay {
    format: AudioFormat,
    samples: usize,
    /// Per channel the last samples that have not left yet.
    held: Vec<f32>,
    scratch: Vec<f32>,
}

impl Delay {
    pub(crate) fn new(format: AudioFormat) -> Self {
        let channels = format.channels as usize;
        Self {
            format,
            samples: 0,
            held: vec![0.0; MAX_SAMPLES * channels],
            scratch: vec![0.0; MAX_SAMPLES + 480],
        }
    }

    /// By how much it delays.
    pub(crate) fn samples(&self) -> usize {
        self.samples
    }

    /// Sets the delay, and forgets what was held.
    pub(crate) fn set(&mut self, samples: usize) {
        self.samples = samples.min(MAX_SAMPLES);
        self.held.fill(0.0);
    }

    /// No delay.
    pub(crate) fn clear(&mut self) {
        self.samples = 0;
        self.held.fill(0.0);
    }

    /// Delays one block in place; in a silence of both the input of the socket (`dry`) and its output the delay ends.
    pub(crate) fn run(&mut self, block: &mut [f32], dry: &[f32]) {
        if self.samples == 0 {
            return;
        }
        if level_dbov(dry) < SILENCE_DBOV
            && level_dbov(block) < SILENCE_DBOV
            && level_dbov(&self.held) < SILENCE_DBOV
        {
            self.clear();
            return;
        }
        self.shift(block);
    }

    fn shift(&mut self, block: &mut [f32]) {
        let d = self.samples;
        let n = self.format.block_samples();
        for (c, plane) in block.chunks_exact_mut(n).enumerate() {
            let held = &mut self.held[c * MAX_SAMPLES..c * MAX_SAMPLES + d];
            let line = &mut self.scratch[..d + n];
            line[..d].copy_from_slice(held);
            line[d..].copy_from_slice(plane);
            plane.copy_from_slice(&line[..n]);
            held.copy_from_slice(&line[n..]);
        }
    }
}
