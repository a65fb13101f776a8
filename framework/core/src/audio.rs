//! Audio as modules see it: blocks of 10 ms, planar `f32`, full scale ±1.0.
//!
//! In memory a block is one slice: all samples of channel 0, then all of channel 1, and so on.

use jackfield_macros::ffi;

use crate::units::{SampleRate, TimeDelta};

/// The length of every block in the audio domain.
pub const BLOCK_DURATION: TimeDelta = TimeDelta::ms(10);
/// The most channels that a block can have.
pub const MAX_CHANNELS: usize = 8;
/// The most samples that one channel of a block can have: 10 ms at 48 kHz.
pub const MAX_BLOCK_SAMPLES: usize = 480;

/// What a block looks like: its rate and its channels. 8 to 48 kHz, 1 to 8 channels.
#[ffi]
#[derive(Eq, Hash)]
pub struct AudioFormat {
    /// Samples per second and channel.
    pub sample_rate: SampleRate,
    /// Channels, 1 to 8.
    pub channels: u32,
}

impl AudioFormat {
    /// 48 kHz mono, the format in which the host mixes speech.
    pub const MONO_48K: Self = Self::new(SampleRate::HZ_48000, 1);

    /// A format of `channels` channels at `sample_rate`.
    pub const fn new(sample_rate: SampleRate, channels: u32) -> Self {
        Self {
            sample_rate,
            channels,
        }
    }

    /// Samples per channel in one 10 ms block.
    pub const fn block_samples(&self) -> usize {
        self.sample_rate.samples(BLOCK_DURATION) as usize
    }

    /// Samples in one block, all channels together: the length of its slice.
    pub const fn block_len(&self) -> usize {
        self.block_samples() * self.channels as usize
    }

    /// Whether the rate is 8 to 48 kHz with whole 10 ms blocks and the channels are 1 to 8.
    pub const fn is_valid(&self) -> bool {
        let hz = self.sample_rate.as_hz();
        hz >= 8_000
            && hz <= 48_000
            && hz.is_multiple_of(100)
            && self.channels >= 1
            && self.channels as usize <= MAX_CHANNELS
    }
}

impl std::fmt::Display for AudioFormat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} x{}", self.sample_rate, self.channels)
    }
}

/// One block with storage of its own, sized once for the largest format so that changing format never allocates.
#[derive(Clone)]
pub struct AudioBlock {
    format: AudioFormat,
    samples: Box<[f32]>,
}

impl AudioBlock {
    /// A silent block of `format`. Allocates: make blocks on the control thread.
    pub fn silent(format: AudioFormat) -> Self {
        let room = format.block_len().max(MAX_BLOCK_SAMPLES);
        Self {
            format,
            samples: vec![0.0; room].into_boxed_slice(),
        }
    }

    /// The format.
    pub fn format(&self) -> AudioFormat {
        self.format
    }

    /// All samples, planar.
    pub fn samples(&self) -> &[f32] {
        &self.samples[..self.format.block_len()]
    }

    /// All samples, planar, to be changed.
    pub fn samples_mut(&mut self) -> &mut [f32] {
        let len = self.format.block_len();
        &mut self.samples[..len]
    }

    /// The samples of one channel.
    pub fn channel(&self, channel: usize) -> &[f32] {
        let n = self.format.block_samples();
        &self.samples[channel * n..(channel + 1) * n]
    }

    /// Makes every sample zero.
    pub fn silence(&mut self) {
        self.samples_mut().fill(0.0);
    }
}

/// The level of a block in dBov as RFC 6464 counts it: 0 is the loudest sine-free square, −127 is silence.
///
/// `samples` is any run of samples at full scale ±1.0. The result is `20·log10(rms)` cut to −127..=0.
pub fn level_dbov(samples: &[f32]) -> f32 {
    if samples.is_empty() {
        return -127.0;
    }
    let power = samples.iter().map(|s| s * s).sum::<f32>() / samples.len() as f32;
    if power <= 0.0 || !power.is_finite() {
        return if power.is_finite() { -127.0 } else { 0.0 };
    }
    (10.0 * power.log10()).clamp(-127.0, 0.0)
}
