//! A recording in memory, and the place at which it is being played.

use jackfield_core::audio::AudioFormat;

/// A recording: planar samples in one format.
#[derive(Clone, Debug)]
pub struct Clip {
    format: AudioFormat,
    /// Samples per channel.
    length: usize,
    /// All of channel 0, then all of channel 1, and so on.
    samples: Vec<f32>,
}

impl Clip {
    /// A recording of `format` whose channels stand one after another in `samples`. What is left over when the channels share them out
    /// evenly is dropped.
    pub fn new(format: AudioFormat, mut samples: Vec<f32>) -> Self {
        let length = samples.len() / format.channels.max(1) as usize;
        samples.truncate(length * format.channels as usize);
        Self {
            format,
            length,
            samples,
        }
    }

    /// The format.
    pub fn format(&self) -> AudioFormat {
        self.format
    }

    /// Samples per channel.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The samples of one channel.
    pub fn channel(&self, channel: usize) -> &[f32] {
        &self.samples[channel * self.length..][..self.length]
    }

    /// Fills a planar block with what stands at `position` (samples per channel from the beginning, also far beyond the end when `looped`) and
    /// returns whether the recording goes on after it. What lies beyond the end is silence. Allocates nothing.
    pub fn play(&self, position: u64, looped: bool, block: &mut [f32]) -> bool {
        let wanted = block.len() / self.format.channels.max(1) as usize;
        if self.length == 0 || wanted == 0 {
            block.fill(0.0);
            return false;
        }
        let length = self.length as u64;
        let start = if looped {
            position % length
        } else {
            position.min(length)
        } as usize;
        for (channel, out) in block.chunks_exact_mut(wanted).enumerate() {
            let source = self.channel(channel);
            let (mut at, mut done) = (start, 0);
            while done < wanted {
                if at == self.length {
                    if !looped {
                        out[done..].fill(0.0);
                        break;
                    }
                    at = 0;
                }
                let run = (wanted - done).min(self.length - at);
                out[done..done + run].copy_from_slice(&source[at..at + run]);
                (at, done) = (at + run, done + run);
            }
        }
        looped || position.saturating_add(wanted as u64) < length
    }
}

/// What channel `channel` of `channels` gets of one interleaved frame: mono gets the mean of all, and of mono everyone gets the same; else
/// each channel gets its own, and channels that the frame does not have get silence.
pub fn channel_of(frame: &[f32], channel: usize, channels: usize) -> f32 {
    match (frame.len(), channels) {
        (1, _) => frame[0],
        (many, 1) => frame.iter().sum::<f32>() / many as f32,
        _ => frame.get(channel).copied().unwrap_or(0.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jackfield_core::units::SampleRate;

    fn clip() -> Clip {
        Clip::new(
            AudioFormat::new(SampleRate::HZ_8000, 2),
            vec![1.0, 2.0, 3.0, 10.0, 20.0, 30.0],
        )
    }

    #[test]
    fn the_end_is_followed_by_silence() {
        let mut block = [9.0; 4];
        assert!(clip().play(0, false, &mut block));
        assert_eq!(block, [1.0, 2.0, 10.0, 20.0]);
        assert!(!clip().play(2, false, &mut block));
        assert_eq!(block, [3.0, 0.0, 30.0, 0.0]);
        assert!(!clip().play(u64::MAX, false, &mut block));
        assert_eq!(block, [0.0; 4]);
    }

    #[test]
    fn a_loop_joins_the_end_to_the_beginning() {
        let mut block = [9.0; 16];
        assert!(clip().play(300_002, true, &mut block));
        assert_eq!(block[..8], [3.0, 1.0, 2.0, 3.0, 1.0, 2.0, 3.0, 1.0]);
        assert_eq!(block[8..], [30.0, 10.0, 20.0, 30.0, 10.0, 20.0, 30.0, 10.0]);
    }

    #[test]
    fn channels_are_mixed_down_and_spread() {
        assert_eq!(channel_of(&[1.0, 3.0], 0, 1), 2.0);
        assert_eq!(channel_of(&[3.0], 5, 6), 3.0);
        assert_eq!(
            [0, 1, 2].map(|channel| channel_of(&[1.0, 3.0], channel, 3)),
            [1.0, 3.0, 0.0]
        );
    }
}
