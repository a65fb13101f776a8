//! Decoding a whole file with FFmpeg into the format that is wanted.

use ffmpeg_next as ffmpeg;
use std::path::Path;

use ffmpeg::format::Sample;
use ffmpeg::format::sample::Type;
use ffmpeg::software::resampling;
use ffmpeg::util::frame::Audio;
use ffmpeg::{ChannelLayout, Dictionary, codec, media};
use jackfield_sdk::dsp::clip::{Clip, channel_of};
use jackfield_sdk::prelude::*;

/// The most samples, all channels together, that a sound may have once it is in the wanted format: 23 minutes of 48 kHz mono, 256 MiB.
pub const MAX_SAMPLES: usize = 64 << 20;

const PLANAR: Sample = Sample::F32(Type::Planar);
/// What a resampler may hold back from one frame to the next, generously.
const HELD_BACK: usize = 4_096;

/// Decodes the best audio stream of the file at `location`.
pub(crate) fn load(location: &str, format: &AudioFormat) -> Result<Clip, Fault> {
    if !Path::new(location).is_file() {
        return Err(Fault::failed(format!(
            "there is no file {location:?}: check the path; addresses on a network are not opened"
        )));
    }
    let failed = |what: &str, error: ffmpeg::Error| {
        Fault::failed(format!(
            "{location}: {what} ({error}): check that FFmpeg plays the file"
        ))
    };
    ffmpeg::init().map_err(|error| failed("FFmpeg does not start", error))?;
    ffmpeg::log::set_level(ffmpeg::log::Level::Fatal);
    // A playlist can name other files, but nothing on a network.
    let mut options = Dictionary::new();
    options.set("protocol_whitelist", "file");
    let mut input = ffmpeg::format::input_with_dictionary(&format!("file:{location}"), options)
        .map_err(|error| failed("no media file", error))?;
    let (index, parameters) = {
        let stream = input.streams().best(media::Type::Audio).ok_or_else(|| {
            Fault::unsupported(format!(
                "{location} holds no sound: give a file with an audio stream"
            ))
        })?;
        (stream.index(), stream.parameters())
    };
    let mut decoder = codec::Context::from_parameters(parameters)
        .and_then(|context| context.decoder().audio())
        .map_err(|error| failed("there is no decoder for its sound", error))?;
    let mut sound = Sound::new(*format);
    for (stream, packet) in input.packets() {
        if stream.index() == index && decoder.send_packet(&packet).is_ok() {
            sound.take(&mut decoder, location)?;
        }
    }
    // A packet that cannot be decoded is a gap in the sound, not its end; a file without one good packet is caught below.
    let _ = decoder.send_eof();
    sound.take(&mut decoder, location)?;
    sound.finish(location)
}

/// The sound decoded so far, at the wanted rate and in the wanted channels.
struct Sound {
    format: AudioFormat,
    planes: Vec<Vec<f32>>,
    resampler: Option<resampling::Context>,
}

impl Sound {
    fn new(format: AudioFormat) -> Self {
        Self {
            format,
            planes: vec![Vec::new(); format.channels as usize],
            resampler: None,
        }
    }

    /// Takes every frame that the decoder has.
    fn take(&mut self, decoder: &mut codec::decoder::Audio, location: &str) -> Result<(), Fault> {
        let mut frame = Audio::empty();
        while decoder.receive_frame(&mut frame).is_ok() {
            if frame.samples() == 0 || frame.rate() == 0 {
                continue;
            }
            // Raw formats have a number of channels and no layout, and the resampler wants one.
            if frame.channel_layout().is_empty() {
                frame.set_channel_layout(ChannelLayout::default(i32::from(frame.channels())));
            }
            self.resample(&frame).map_err(|error| {
                Fault::failed(format!(
                    "{location}: its sound cannot be resampled ({error}): convert it to 48 kHz mono or stereo"
                ))
            })?;
            if self.planes.iter().map(Vec::len).sum::<usize>() > MAX_SAMPLES {
                return Err(Fault::unsupported(format!(
                    "{location} is too long to be held in memory: cut it to 20 minutes"
                )));
            }
        }
        Ok(())
    }

    fn resample(&mut self, frame: &Audio) -> Result<(), ffmpeg::Error> {
        let fits = self.resampler.as_ref().is_some_and(|resampler| {
            let input = resampler.input();
            input.rate == frame.rate()
                && input.format == frame.format()
                && input.channel_layout == frame.channel_layout()
        });
        if !fits {
            self.drain();
            self.resampler = Some(resampling::Context::get(
                frame.format(),
                frame.channel_layout(),
                frame.rate(),
                PLANAR,
                frame.channel_layout(),
                self.format.sample_rate.as_hz(),
            )?);
        }
        let Some(resampler) = &mut self.resampler else {
            return Ok(());
        };
        let made =
            frame.samples() as u64 * u64::from(self.format.sample_rate.as_hz()) / u64::from(frame.rate());
        let mut output = Audio::new(PLANAR, made as usize + HELD_BACK, frame.channel_layout());
        resampler.run(frame, &mut output)?;
        append(&mut self.planes, &output);
        Ok(())
    }

    /// Gets out of the resampler what it held back.
    fn drain(&mut self) {
        let Some(mut resampler) = self.resampler.take() else {
            return;
        };
        let mut output = Audio::new(PLANAR, HELD_BACK, resampler.output().channel_layout);
        while resampler.flush(&mut output).is_ok() && output.samples() > 0 {
            append(&mut self.planes, &output);
            output = Audio::new(PLANAR, HELD_BACK, resampler.output().channel_layout);
        }
    }

    fn finish(mut self, location: &str) -> Result<Clip, Fault> {
        self.drain();
        if self.planes[0].is_empty() {
            return Err(Fault::failed(format!(
                "{location}: nothing could be decoded: the file is empty or damaged"
            )));
        }
        Ok(Clip::new(self.format, self.planes.concat()))
    }
}

/// Adds a planar frame to the channels that are wanted.
fn append(planes: &mut [Vec<f32>], frame: &Audio) {
    let channels: Vec<&[f32]> = (0..frame.planes())
        .map(|plane| &frame.plane::<f32>(plane)[..frame.samples()])
        .collect();
    let wanted = planes.len();
    let mut values = vec![0.0; channels.len()];
    for n in 0..frame.samples() {
        for (value, channel) in values.iter_mut().zip(&channels) {
            *value = if channel[n].is_finite() {
                channel[n].clamp(-1.0, 1.0)
            } else {
                0.0
            };
        }
        for (channel, plane) in planes.iter_mut().enumerate() {
            plane.push(channel_of(&values, channel, wanted));
        }
    }
}
