//! A peak limiter without delay: no sample leaves it above full scale, whatever comes in.
//!
//! The block is cut into 20 pieces (0.5 ms each in a block of 10 ms). Each piece has a gain that its peak can bear; between the
//! pieces the gain moves in a straight line and is low enough *before* a loud piece begins, as far back as the block reaches. Only the
//! first piece of a block can be caught unprepared, and there what still sticks out is cut off. Gain comes back at a steady rate in dB.
//! The scheme is that of the limiter in libwebrtc's `modules/audio_processing/agc2`.

/// Full scale: the largest magnitude that leaves the limiter.
pub const CEILING: f32 = 1.0;
/// How fast gain comes back.
pub const RELEASE_DB_PER_SECOND: f32 = 40.0;

const PIECES: usize = 20;
/// Anything louder than this, +80 dB, is taken for this: so that infinity has a gain too.
const LOUDEST: f32 = 1e4;

/// A limiter for the blocks of one signal.
///
/// ```
/// use jackfield_sdk::dsp::limiter::Limiter;
/// let mut limiter = Limiter::new(48_000);
/// let mut block = [3.0; 480];
/// limiter.process(&mut block, 1);
/// assert!(block.iter().all(|sample| sample.abs() <= 1.0));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Limiter {
    gain: f32,
    sample_rate: f32,
}

impl Limiter {
    /// A limiter at rest, for a signal at `sample_rate` hertz.
    pub const fn new(sample_rate: u32) -> Self {
        Self {
            gain: 1.0,
            sample_rate: sample_rate as f32,
        }
    }

    /// The gain at the end of the last block, linear; 1 when nothing is being held down.
    pub const fn gain(&self) -> f32 {
        self.gain
    }

    /// Limits a planar block of `channels` channels in place; all channels get the same gain. What is not a number becomes silence.
    /// A block that needs nothing is left bit for bit as it is.
    pub fn process(&mut self, block: &mut [f32], channels: usize) {
        // Written as a comparison that NaN fails, and without an early exit, so that it is one pass of vector code.
        #[allow(clippy::neg_cmp_op_on_partial_ord, reason = "NaN has to count as too loud")]
        let too_loud = block
            .iter()
            .fold(false, |any, sample| any | !(sample.abs() <= CEILING));
        let samples = block.len() / channels.max(1);
        if samples == 0 || (!too_loud && self.gain >= 1.0) {
            return;
        }
        if too_loud {
            block.iter_mut().for_each(|sample| *sample = finite(*sample));
        }
        let knots = self.knots(block, samples);
        for channel in block.chunks_exact_mut(samples) {
            for (piece, samples) in pieces(channel).enumerate() {
                let step = (knots[piece + 1] - knots[piece]) / samples.len() as f32;
                for (i, sample) in samples.iter_mut().enumerate() {
                    let gain = knots[piece] + step * (i + 1) as f32;
                    *sample = (*sample * gain).clamp(-CEILING, CEILING);
                }
            }
        }
        self.gain = knots[samples.div_ceil(piece_length(samples))];
    }

    /// The gain at the borders of the pieces, from the one before the first to the one after the last.
    fn knots(&self, block: &[f32], samples: usize) -> [f32; PIECES + 1] {
        let length = piece_length(samples);
        let mut bearable = [1.0_f32; PIECES + 1];
        for channel in block.chunks_exact(samples) {
            for (piece, samples) in channel.chunks(length).enumerate() {
                let peak = samples
                    .iter()
                    .fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
                if peak > CEILING {
                    bearable[piece] = bearable[piece].min(CEILING / peak);
                }
            }
        }
        let mut knots = [self.gain; PIECES + 1];
        let release = 10_f32.powf(RELEASE_DB_PER_SECOND * length as f32 / self.sample_rate / 20.0);
        for piece in 0..PIECES {
            let risen = (knots[piece] * release).min(1.0);
            knots[piece + 1] = risen.min(bearable[piece]).min(bearable[piece + 1]);
        }
        knots
    }
}

fn piece_length(samples: usize) -> usize {
    samples.div_ceil(PIECES)
}

fn pieces(channel: &mut [f32]) -> std::slice::ChunksMut<'_, f32> {
    let length = piece_length(channel.len());
    channel.chunks_mut(length)
}

fn finite(sample: f32) -> f32 {
    if sample.is_nan() {
        0.0
    } else {
        sample.clamp(-LOUDEST, LOUDEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(amplitude: f32, block: usize) -> [f32; 480] {
        std::array::from_fn(|i| {
            let t = (block * 480 + i) as f32;
            amplitude * (std::f32::consts::TAU * t * 1_000.0 / 48_000.0).sin()
        })
    }

    #[test]
    fn what_fits_is_left_bit_for_bit() {
        let mut limiter = Limiter::new(48_000);
        let mut block = sine(1.0, 0);
        limiter.process(&mut block, 1);
        assert_eq!(block, sine(1.0, 0));
    }

    #[test]
    fn e10_4_no_sample_above_full_scale_for_any_input() {
        let hostile = [
            f32::NAN,
            f32::INFINITY,
            f32::NEG_INFINITY,
            f32::MAX,
            f32::MIN,
            1e-40,
            -2.0,
            1.0001,
            0.0,
        ];
        for samples in [1, 7, 80, 160, 441, 480] {
            let mut limiter = Limiter::new(48_000);
            for round in 0..200 {
                let mut block: Vec<f32> = (0..samples * 2)
                    .map(|i| hostile[(i * 7 + round * 3) % hostile.len()])
                    .collect();
                limiter.process(&mut block, 2);
                assert!(
                    block.iter().all(|sample| sample.abs() <= CEILING),
                    "{samples} samples, round {round}"
                );
            }
        }
    }

    #[test]
    fn a_steady_overload_is_turned_down_and_not_cut_off() {
        let mut limiter = Limiter::new(48_000);
        let mut block = [0.0; 480];
        for n in 0..20 {
            block = sine(4.0, n);
            limiter.process(&mut block, 1);
        }
        let power = block.iter().map(|s| s * s).sum::<f32>() / 480.0;
        // A sine at full scale has a power of 0.5; one that is cut off at a quarter of its height has 0.85.
        assert!(power < 0.52, "power {power}");
        assert!(power > 0.40, "power {power}");
    }

    #[test]
    fn gain_comes_back_and_the_signal_is_exact_again() {
        let mut limiter = Limiter::new(48_000);
        limiter.process(&mut sine(10.0, 0), 1);
        assert!(limiter.gain() < 0.2);
        // 20 dB at 40 dB per second are half a second.
        for n in 1..60 {
            limiter.process(&mut sine(0.5, n), 1);
        }
        assert_eq!(limiter.gain(), 1.0);
        let mut block = sine(0.5, 60);
        limiter.process(&mut block, 1);
        assert_eq!(block, sine(0.5, 60));
    }

    #[test]
    fn the_gain_makes_no_step_between_blocks() {
        let mut limiter = Limiter::new(48_000);
        let (mut last, mut largest) = (None, 0.0_f32);
        for n in 0..40 {
            let mut block = [if n < 20 { 0.9 } else { 1.8 }; 480];
            limiter.process(&mut block, 1);
            for sample in block {
                if let Some(last) = last {
                    largest = largest.max(f32::abs(sample - last));
                }
                last = Some(sample);
            }
        }
        // The step of the input is 0.9; cut off at full scale 0.1 of it may remain, and the gain moves by far less from sample to sample.
        assert!(largest <= 0.1001, "largest step {largest}");
    }
}
