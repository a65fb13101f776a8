//! A converter between audio formats, which negotiation inserts where two ends do not agree: sample rate by the SDK's resampler, channels by the
//! usual matrices.

use jackfield_core::audio::AudioFormat;
use jackfield_sdk::dsp::resample::BlockResampler;

/// Turns 10 ms blocks of one format into 10 ms blocks of another. Allocates only when made.
pub struct Converter {
    from: AudioFormat,
    to: AudioFormat,
    resampler: Option<BlockResampler>,
    /// One block at the input's rate with the output's channels.
    mixed: Vec<f32>,
}

impl Converter {
    /// One from `from` to `to`.
    ///
    /// # Errors
    /// If a rate is none that has whole 10 ms blocks, or the resampler cannot be made; the text names both formats.
    pub fn new(from: AudioFormat, to: AudioFormat) -> Result<Self, ConvertError> {
        let refuse = |reason: String| ConvertError { from, to, reason };
        if !from.is_valid() || !to.is_valid() {
            return Err(refuse(
                "rates are 8 to 48 kHz in steps of 100 Hz, channels 1 to 8".to_owned(),
            ));
        }
        let resampler = if from.sample_rate == to.sample_rate {
            None
        } else {
            Some(BlockResampler::new(from, to).map_err(|error| refuse(error.to_string()))?)
        };
        let mixed = vec![0.0; from.block_samples() * to.channels as usize];
        Ok(Self {
            from,
            to,
            resampler,
            mixed,
        })
    }

    /// What comes in.
    pub fn from(&self) -> AudioFormat {
        self.from
    }

    /// What goes out.
    pub fn to(&self) -> AudioFormat {
        self.to
    }

    /// By how many samples, at the output's rate, the output lags.
    pub fn latency_samples(&self) -> usize {
        self.resampler.as_ref().map_or(0, BlockResampler::latency_samples)
    }

    /// Converts one block. `input` is `from.block_len()` long and `output` `to.block_len()`; anything else gives silence.
    pub fn convert(&mut self, input: &[f32], output: &mut [f32]) {
        if input.len() != self.from.block_len() || output.len() != self.to.block_len() {
            output.fill(0.0);
            return;
        }
        let Some(resampler) = &mut self.resampler else {
            convert_channels(
                input,
                self.from.channels as usize,
                output,
                self.to.channels as usize,
            );
            return;
        };
        let channels = self.to.channels as usize;
        convert_channels(input, self.from.channels as usize, &mut self.mixed, channels);
        resampler.convert(&self.mixed, output);
    }

    /// Forgets the past.
    pub fn reset(&mut self) {
        if let Some(resampler) = &mut self.resampler {
            resampler.reset();
        }
    }
}

/// Converts between numbers of channels: one to many copies, many to one averages, otherwise channels that both have are kept and the rest is
/// silent.
fn convert_channels(input: &[f32], from: usize, output: &mut [f32], to: usize) {
    let frames = input.len() / from;
    if from == to {
        output.copy_from_slice(input);
    } else if from == 1 {
        for plane in output.chunks_exact_mut(frames) {
            plane.copy_from_slice(input);
        }
    } else if to == 1 {
        let scale = 1.0 / from as f32;
        for (i, sample) in output.iter_mut().enumerate() {
            *sample = (0..from).map(|c| input[c * frames + i]).sum::<f32>() * scale;
        }
    } else {
        output.fill(0.0);
        let kept = from.min(to) * frames;
        output[..kept].copy_from_slice(&input[..kept]);
    }
}

/// Why two formats cannot be converted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot convert {from} to {to}: {reason}")]
pub struct ConvertError {
    /// What would come in.
    pub from: AudioFormat,
    /// What would go out.
    pub to: AudioFormat,
    /// What stands in the way.
    pub reason: String,
}
