//! A delay that keeps the latency of a socket constant across a swap, and goes away in the next silence.

use jackfield_core::audio::{AudioFormat, MAX_BLOCK_SAMPLES, level_dbov};

use crate::swap::crossfade;

/// The most that a swap is smoothed over: 60 ms at 48 kHz.
const MAX_SAMPLES: usize = 2_880;
/// Input, output and what is held are silence below this.
const SILENCE_DBOV: f32 = -60.0;

/// Delays blocks by a number of samples that is set at a swap. Allocates only when made.
pub(crate) struct Delay {
    block_samples: usize,
    samples: usize,
    /// Per channel the last samples that have not left yet.
    held: Vec<f32>,
    scratch: Vec<f32>,
}

impl Delay {
    pub(crate) fn new(format: AudioFormat) -> Self {
        Self {
            block_samples: format.block_samples(),
            samples: 0,
            held: vec![0.0; MAX_SAMPLES * format.channels as usize],
            scratch: vec![0.0; MAX_SAMPLES + MAX_BLOCK_SAMPLES],
        }
    }

    /// By how much it delays.
    pub(crate) fn samples(&self) -> usize {
        self.samples
    }

    /// Sets the delay, and forgets what was held. Gives the number of samples that are beyond what it can hold.
    pub(crate) fn set(&mut self, samples: usize) -> usize {
        self.samples = samples.min(MAX_SAMPLES);
        self.held.fill(0.0);
        samples - self.samples
    }

    /// Delays one block in place. If it `may_end`, it does so in a silence of both the input of the socket (`dry`) and its output.
    pub(crate) fn run(&mut self, block: &mut [f32], dry: &[f32], may_end: bool) {
        if self.samples == 0 {
            return;
        }
        if may_end && self.is_silent() && level_dbov(dry) < SILENCE_DBOV && level_dbov(block) < SILENCE_DBOV {
            self.end(block);
        } else {
            self.shift(block);
        }
    }

    fn is_silent(&self) -> bool {
        self.held
            .chunks_exact(MAX_SAMPLES)
            .all(|plane| level_dbov(&plane[..self.samples]) < SILENCE_DBOV)
    }

    fn shift(&mut self, block: &mut [f32]) {
        let (d, n) = (self.samples, self.block_samples);
        for (plane, held) in block
            .chunks_exact_mut(n)
            .zip(self.held.chunks_exact_mut(MAX_SAMPLES))
        {
            let line = &mut self.scratch[..d + n];
            line[..d].copy_from_slice(&held[..d]);
            line[d..].copy_from_slice(plane);
            plane.copy_from_slice(&line[..n]);
            held[..d].copy_from_slice(&line[n..]);
        }
    }

    /// Fades from the delayed to the direct signal: even the noise of a silence makes no step.
    fn end(&mut self, block: &mut [f32]) {
        let (d, n) = (self.samples, self.block_samples);
        for (plane, held) in block.chunks_exact_mut(n).zip(self.held.chunks_exact(MAX_SAMPLES)) {
            let line = &mut self.scratch[..d + n];
            line[..d].copy_from_slice(&held[..d]);
            line[d..].copy_from_slice(plane);
            crossfade(&self.scratch[..n], plane, n);
        }
        self.set(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORMAT: AudioFormat = AudioFormat::MONO_48K;

    fn ramp(from: usize) -> Vec<f32> {
        (from..from + 480).map(|i| 0.1 + i as f32 / 10_000.0).collect()
    }

    #[test]
    fn a_signal_comes_out_late_and_whole() {
        for samples in [1, 100, 480, 481, 2_880] {
            let mut delay = Delay::new(FORMAT);
            assert_eq!(delay.set(samples), 0);
            let mut out = Vec::new();
            for block in 0..10 {
                let mut pcm = ramp(block * 480);
                let dry = pcm.clone();
                delay.run(&mut pcm, &dry, true);
                out.extend(pcm);
            }
            assert!(out[..samples].iter().all(|s| *s == 0.0));
            for (i, sample) in out[samples..].iter().enumerate() {
                assert_eq!(*sample, 0.1 + i as f32 / 10_000.0);
            }
        }
    }

    #[test]
    fn it_ends_in_a_silence_and_not_before_it_may() {
        let mut delay = Delay::new(FORMAT);
        delay.set(384);
        let mut pcm = ramp(0);
        delay.run(&mut pcm.clone(), &ramp(0), true);
        let quiet = vec![0.0; 480];
        pcm.fill(0.0);
        delay.run(&mut pcm, &quiet, true);
        assert_eq!(delay.samples(), 384, "what it holds is still to be heard");
        assert!(pcm[383] > 0.1);
        pcm.fill(0.0);
        delay.run(&mut pcm, &quiet, false);
        assert_eq!(delay.samples(), 384, "it may not end");
        delay.run(&mut pcm, &quiet, true);
        assert_eq!(delay.samples(), 0);
    }

    #[test]
    fn what_it_cannot_hold_is_told() {
        assert_eq!(Delay::new(FORMAT).set(3_000), 120);
    }
}
