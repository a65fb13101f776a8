//! A delay in a socket: it brings the two processors of a swap to the same instant, and goes away in the next silence.

use jackfield_core::audio::{AudioFormat, MAX_BLOCK_SAMPLES, level_dbov};

use crate::swap::crossfade;

/// The most that a swap is smoothed over: 60 ms at 48 kHz.
const MAX_SAMPLES: usize = 2_880;
/// Input, output and what is held are silence below this.
const SILENCE_DBOV: f32 = -60.0;
/// Every so many-th sample and lag is looked at first, to find where a voice repeats itself.
const COARSE: usize = 4;

/// Delays blocks by a number of samples that may change with every block. Allocates only when made.
pub(crate) struct Delay {
    block_samples: usize,
    samples: usize,
    /// Whether the past is kept although nothing is delayed, because it may be soon.
    recording: bool,
    /// Per channel the last samples that came in, the present block included.
    past: Vec<f32>,
    scratch: Vec<f32>,
}

impl Delay {
    pub(crate) fn new(format: AudioFormat) -> Self {
        let block_samples = format.block_samples();
        Self {
            block_samples,
            samples: 0,
            recording: false,
            past: vec![0.0; (MAX_SAMPLES + block_samples) * format.channels as usize],
            scratch: vec![0.0; MAX_BLOCK_SAMPLES * format.channels as usize],
        }
    }

    /// By how much it delays.
    pub(crate) fn samples(&self) -> usize {
        self.samples
    }

    /// Whether the past is kept from now on, so that a delay can be set in the middle of the signal.
    pub(crate) fn record(&mut self, recording: bool) {
        if recording && !self.recording && self.samples == 0 {
            self.past.fill(0.0);
        }
        self.recording = recording;
    }

    /// No delay any more, and nothing of the past.
    pub(crate) fn forget(&mut self) {
        self.samples = 0;
        self.past.fill(0.0);
    }

    /// Delays one block in place. If it `may_end`, it does so in a silence of both the input of the socket (`dry`) and its output.
    pub(crate) fn run(&mut self, block: &mut [f32], dry: &[f32], may_end: bool) {
        if self.samples == 0 && !self.recording {
            return;
        }
        self.push(block);
        if self.samples == 0 {
            return;
        }
        if may_end && self.is_silent() && level_dbov(dry) < SILENCE_DBOV && level_dbov(block) < SILENCE_DBOV {
            // Even the noise of a silence makes no step.
            self.turn(0, block);
        } else {
            self.render(self.samples, block);
        }
    }

    /// Delays the block that was run last, and all that follow, by `samples`. Gives the number of samples that are beyond what it can hold.
    pub(crate) fn set(&mut self, samples: usize, block: &mut [f32]) -> usize {
        self.samples = samples.min(MAX_SAMPLES);
        self.render(self.samples, block);
        samples - self.samples
    }

    /// Delays by `samples` more, and by as much beyond that (`slack` at most) as it takes for the voice to repeat itself: fades within the
    /// block that was run last. Gives by how much it is delayed more.
    pub(crate) fn grow(&mut self, samples: usize, slack: usize, block: &mut [f32]) -> usize {
        let before = self.samples;
        let least = (before + samples).min(MAX_SAMPLES);
        let most = (least + slack).min(MAX_SAMPLES);
        let after = self.most_alike(least, most);
        self.turn(after, block);
        after - before
    }

    /// Fades from the present delay to another one.
    fn turn(&mut self, samples: usize, block: &mut [f32]) {
        let mut from = std::mem::take(&mut self.scratch);
        let len = block.len();
        self.render(self.samples, &mut from[..len]);
        self.render(samples, block);
        crossfade(&from[..len], block, self.block_samples);
        self.scratch = from;
        self.samples = samples;
    }

    fn push(&mut self, block: &[f32]) {
        let n = self.block_samples;
        for (plane, past) in block
            .chunks_exact(n)
            .zip(self.past.chunks_exact_mut(MAX_SAMPLES + n))
        {
            past.copy_within(n.., 0);
            past[MAX_SAMPLES..].copy_from_slice(plane);
        }
    }

    /// The last block as it is with this delay.
    fn render(&self, samples: usize, block: &mut [f32]) {
        let n = self.block_samples;
        let from = MAX_SAMPLES - samples;
        for (plane, past) in block
            .chunks_exact_mut(n)
            .zip(self.past.chunks_exact(MAX_SAMPLES + n))
        {
            plane.copy_from_slice(&past[from..from + n]);
        }
    }

    /// Whether what is held back is silent.
    fn is_silent(&self) -> bool {
        let n = self.block_samples;
        self.past
            .chunks_exact(MAX_SAMPLES + n)
            .all(|past| level_dbov(&past[MAX_SAMPLES - self.samples..MAX_SAMPLES]) < SILENCE_DBOV)
    }

    /// The delay from `least` to `most` at which the block is most like it is now: of equals the shortest.
    fn most_alike(&self, least: usize, most: usize) -> usize {
        let best = |delays: &mut dyn Iterator<Item = usize>, step: usize| {
            let mut best = (least, -1.0);
            for delay in delays {
                let alike = self.likeness(delay, step);
                if alike > best.1 + 1e-4 {
                    best = (delay, alike);
                }
            }
            best.0
        };
        let coarse = best(&mut (least..=most).step_by(COARSE), COARSE);
        let (low, high) = (
            coarse.saturating_sub(COARSE - 1).max(least),
            (coarse + COARSE - 1).min(most),
        );
        best(&mut (low..=high), 1)
    }

    /// The normalised correlation of the first channel's block now and with another delay.
    fn likeness(&self, delay: usize, step: usize) -> f32 {
        let n = self.block_samples;
        let block = |delay: usize| &self.past[MAX_SAMPLES - delay..MAX_SAMPLES - delay + n];
        let (mut cross, mut a2, mut b2) = (0.0, 1e-9, 1e-9);
        for (a, b) in block(self.samples).iter().zip(block(delay)).step_by(step) {
            cross += a * b;
            a2 += a * a;
            b2 += b * b;
        }
        cross / f32::sqrt(a2 * b2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORMAT: AudioFormat = AudioFormat::MONO_48K;

    fn ramp(from: usize) -> Vec<f32> {
        (from..from + 480).map(|i| 0.1 + i as f32 / 10_000.0).collect()
    }

    fn tone(from: usize) -> Vec<f32> {
        let radians = std::f32::consts::TAU * 200.0 / 48_000.0;
        (from..from + 480)
            .map(|i| 0.5 * (i as f32 * radians).sin())
            .collect()
    }

    #[test]
    fn a_signal_comes_out_late_and_whole() {
        for samples in [1, 100, 480, 481, 2_880] {
            let mut delay = Delay::new(FORMAT);
            delay.record(true);
            let mut out = Vec::new();
            for block in 0..20 {
                let mut pcm = ramp(block * 480);
                let dry = pcm.clone();
                delay.run(&mut pcm, &dry, true);
                if block == 10 {
                    assert_eq!(delay.set(samples, &mut pcm), 0);
                }
                out.extend(pcm);
            }
            for (i, sample) in out.iter().enumerate().skip(4_800) {
                assert_eq!(*sample, 0.1 + (i - samples) as f32 / 10_000.0, "{samples}: {i}");
            }
        }
    }

    #[test]
    fn it_ends_in_a_silence_and_not_before_it_may() {
        let mut delay = Delay::new(FORMAT);
        delay.record(true);
        let mut pcm = ramp(0);
        delay.run(&mut pcm, &ramp(0), true);
        delay.set(384, &mut pcm);
        delay.record(false);
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
    fn it_grows_by_whole_periods_of_a_voice() {
        let mut delay = Delay::new(FORMAT);
        delay.record(true);
        let mut before = 0.0;
        for block in 0..30 {
            let mut pcm = tone(block * 480);
            delay.run(&mut pcm, &tone(block * 480), false);
            if block == 20 {
                assert_eq!(delay.grow(300, 720, &mut pcm), 480, "two periods of 240 samples");
            }
            for sample in pcm {
                let step: f32 = sample - before;
                assert!(step.abs() < 0.0135, "block {block}: a step of {step}");
                before = sample;
            }
        }
    }

    #[test]
    fn in_silence_it_grows_by_no_more_than_is_asked() {
        let mut delay = Delay::new(FORMAT);
        delay.record(true);
        let mut pcm = vec![0.0; 480];
        assert_eq!(delay.grow(300, 720, &mut pcm), 300);
    }

    #[test]
    fn what_it_cannot_hold_is_told() {
        assert_eq!(Delay::new(FORMAT).set(3_000, &mut [0.0; 480]), 120);
    }
}
