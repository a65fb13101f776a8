//! Reading a whole WAV file into the format that is wanted.

use std::fs::File;
use std::io::{BufReader, ErrorKind, Read};
use std::path::Path;

use hound::{SampleFormat, WavReader, WavSpec};
use jackfield_sdk::dsp::clip::Clip;
use jackfield_sdk::dsp::clip::channel_of;
use jackfield_sdk::dsp::resample::resample_recording;
use jackfield_sdk::prelude::*;

/// The most samples, all channels together, that a file may hold, before and after it is resampled: 23 minutes of 48 kHz mono, 256 MiB.
pub const MAX_SAMPLES: usize = 64 << 20;

/// The rates that a file may have, in hertz.
const RATES: std::ops::RangeInclusive<u32> = 4_000..=384_000;
/// Floating-point files may go beyond full scale, and some hold garbage: what is louder than this, no graph plays, and a resampler would
/// make infinities of it.
const LOUDEST: f32 = 8.0;

/// Reads the file at `path` and converts it to `format`.
pub(crate) fn load(path: &Path, format: &AudioFormat) -> Result<Clip, Fault> {
    let file = File::open(path).map_err(|error| {
        Fault::failed(format!(
            "cannot open {}: {error}: check the path and that the host may read it",
            path.display()
        ))
    })?;
    decode(BufReader::new(file), format)
        .map_err(|fault| Fault::new(fault.code(), format!("{}: {}", path.display(), fault.text())))
}

/// Reads a WAV file from its bytes and converts it to `format`.
///
/// # Errors
/// If it is no WAV file, is cut off, is empty, is longer than [`MAX_SAMPLES`] or has a rate out of 4 to 384 kHz.
pub fn decode(bytes: impl Read, format: &AudioFormat) -> Result<Clip, Fault> {
    let mut reader = WavReader::new(bytes).map_err(malformed)?;
    let spec = reader.spec();
    check(spec, reader.len() as usize, format)?;
    let interleaved = samples(&mut reader)?;
    if interleaved.is_empty() {
        return Err(Fault::failed(
            "the file holds no samples: give a recording that is not empty",
        ));
    }
    let planes = spread(&interleaved, spec.channels as usize, format.channels as usize);
    drop(interleaved);
    Ok(Clip::new(*format, resample(planes, spec.sample_rate, format)?))
}

fn malformed(error: hound::Error) -> Fault {
    match error {
        // Hound makes up an error of kind `Other` where fewer bytes come than it asked for.
        hound::Error::IoError(error)
            if matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::Other) =>
        {
            Fault::failed(
                "the file ends before its header says that it does: it was cut off, copy or record it anew",
            )
        }
        hound::Error::IoError(error) => Fault::failed(format!("reading failed: {error}")),
        hound::Error::Unsupported => Fault::unsupported(
            "the WAV file is neither PCM of 8 to 32 bits nor 32-bit float: convert it to one of these",
        ),
        other => Fault::failed(format!(
            "no valid WAV file ({other}): convert it to WAV, or use the media-file source"
        )),
    }
}

fn check(spec: WavSpec, samples: usize, format: &AudioFormat) -> Result<(), Fault> {
    if !RATES.contains(&spec.sample_rate) {
        return Err(Fault::unsupported(format!(
            "the file says {} Hz; {} to {} Hz are possible: convert it",
            spec.sample_rate,
            RATES.start(),
            RATES.end()
        )));
    }
    if spec.channels == 0 {
        return Err(Fault::failed("the file says that it has no channels: convert it"));
    }
    let per_channel = samples as u64 / u64::from(spec.channels);
    let resampled = per_channel * u64::from(format.sample_rate.as_hz()) / u64::from(spec.sample_rate);
    if samples.max(resampled as usize * format.channels as usize) > MAX_SAMPLES {
        return Err(Fault::unsupported(
            "the file is too long to be held in memory: cut it to 20 minutes",
        ));
    }
    Ok(())
}

/// All samples, interleaved, at full scale ±1.
fn samples(reader: &mut WavReader<impl Read>) -> Result<Vec<f32>, Fault> {
    let spec = reader.spec();
    match spec.sample_format {
        SampleFormat::Float => reader
            .samples::<f32>()
            .map(|sample| {
                sample
                    .map(|sample| {
                        if sample.is_nan() {
                            0.0
                        } else {
                            sample.clamp(-LOUDEST, LOUDEST)
                        }
                    })
                    .map_err(malformed)
            })
            .collect(),
        SampleFormat::Int => {
            let full_scale = (1_u64 << (spec.bits_per_sample.clamp(1, 32) - 1)) as f32;
            reader
                .samples::<i32>()
                .map(|sample| sample.map(|s| s as f32 / full_scale).map_err(malformed))
                .collect()
        }
    }
}

/// One plane for each channel that is wanted, one after another.
fn spread(interleaved: &[f32], has: usize, wants: usize) -> Vec<f32> {
    let frames = interleaved.chunks_exact(has);
    (0..wants)
        .flat_map(|channel| frames.clone().map(move |frame| channel_of(frame, channel, wants)))
        .collect()
}

/// Planes, one after another, at the rate of `format`.
fn resample(planes: Vec<f32>, from: u32, format: &AudioFormat) -> Result<Vec<f32>, Fault> {
    let to = format.sample_rate;
    resample_recording(planes, format.channels as usize, SampleRate::hz(from), to).map_err(|error| {
        Fault::failed(format!(
            "cannot resample from {from} Hz to {to} ({error}): convert the file to {to}"
        ))
    })
}
