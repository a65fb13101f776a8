//! Conversion of sample rates, by the library `rubato`: block by block for a signal that runs, at once for a recording.
//!
//! It stands here, and once, because the library is made of generic code that every crate which names it compiles anew.

use rubato::audioadapter_buffers::direct::SequentialSlice;
use rubato::audioadapter_buffers::owned::SequentialOwned;
use rubato::{Fft, FixedSync, Resampler, WindowFunction};

use jackfield_core::audio::AudioFormat;
use jackfield_core::units::SampleRate;

/// Length of a piece, in samples, that a recording is worked on in.
const PIECE: usize = 1_024;

/// Turns 10 ms blocks at one rate into 10 ms blocks at another, planar, with as many channels. Allocates only when made.
pub struct BlockResampler {
    fft: Fft<f32>,
    channels: usize,
    samples: (usize, usize),
}

impl BlockResampler {
    /// One from the rate of `from` to that of `to`, for the channels of `to`.
    ///
    /// # Errors
    /// If the rates share no 10 ms block.
    pub fn new(from: AudioFormat, to: AudioFormat) -> Result<Self, ResampleError> {
        let (channels, samples) = (to.channels as usize, (from.block_samples(), to.block_samples()));
        let fft = Fft::new_custom(
            from.sample_rate.as_hz() as usize,
            to.sample_rate.as_hz() as usize,
            samples.0,
            1,
            channels,
            WindowFunction::BlackmanHarris,
            FixedSync::Both,
        )
        .map_err(|error| ResampleError(error.to_string()))?;
        if (fft.input_frames_next(), fft.output_frames_next()) != samples {
            return Err(ResampleError("these rates share no 10 ms block".to_owned()));
        }
        Ok(Self {
            fft,
            channels,
            samples,
        })
    }

    /// By how many samples, at the output's rate, the output lags.
    pub fn latency_samples(&self) -> usize {
        self.fft.output_delay()
    }

    /// Converts one block. If a length is another than 10 ms of all channels, the output is silence.
    pub fn convert(&mut self, input: &[f32], output: &mut [f32]) {
        let done = SequentialSlice::new(input, self.channels, self.samples.0)
            .ok()
            .and_then(|input| {
                let mut room = SequentialSlice::new_mut(&mut *output, self.channels, self.samples.1).ok()?;
                self.fft.process_into_buffer(&input, &mut room, None).ok()
            });
        if done.is_none() {
            output.fill(0.0);
        }
    }

    /// Forgets the past.
    pub fn reset(&mut self) {
        self.fft.reset();
    }
}

/// Converts a whole recording of `channels` planes, one after another, and cuts off the delay of the conversion. \[control\]
///
/// # Errors
/// If the planes are not of one length, or the library refuses the rates.
pub fn resample_recording(
    planes: Vec<f32>,
    channels: usize,
    from: SampleRate,
    to: SampleRate,
) -> Result<Vec<f32>, ResampleError> {
    if from == to || planes.is_empty() {
        return Ok(planes);
    }
    fn refused(error: impl std::fmt::Display) -> ResampleError {
        ResampleError(error.to_string())
    }
    let length = planes.len() / channels.max(1);
    let mut fft = Fft::<f32>::new(
        from.as_hz() as usize,
        to.as_hz() as usize,
        PIECE,
        channels,
        FixedSync::Both,
    )
    .map_err(refused)?;
    let input = SequentialOwned::new_from(planes, channels, length).map_err(refused)?;
    let room = fft.process_all_needed_output_len(length);
    let mut output = SequentialOwned::new(0.0, channels, room);
    let (_, made) = fft
        .process_all_into_buffer(&input, &mut output, length, None)
        .map_err(refused)?;
    let planes = output.take_data();
    Ok(planes
        .chunks_exact(room)
        .flat_map(|plane| &plane[..made])
        .copied()
        .collect())
}

/// Why rates cannot be converted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResampleError(String);

impl std::fmt::Display for ResampleError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ResampleError {}
