//! Real plugins, made and activated as the runtime does, each behind its C table.

use jackfield_codec_g711::{G711Decoder, G711Encoder};
use jackfield_codec_opus::{OpusDecoder, OpusEncoder};
use jackfield_core::audio_codec::{AudioDecoderProxy, AudioEncoderProxy, DecoderConfig, EncoderConfig};
use jackfield_core::audio_processor::AudioProcessorProxy;
use jackfield_core::jitter_buffer::{JitterBufferProxy, JitterConfig};
use jackfield_core::mixer::{MixerConfig, MixerProxy};
use jackfield_graph::converter::Converter;
use jackfield_graph::plan::{Fitted, working_format};
use jackfield_graph::processor::PreparedProcessor;
use jackfield_graph::receive::{Decoder, MAX_WAITING, Receiver};
use jackfield_graph::send::Encoder;
use jackfield_sdk::prelude::*;

pub(crate) const ROOM: AudioFormat = AudioFormat::MONO_48K;

pub(crate) fn made<T: Plugin>() -> T {
    T::create(&Environment::seeded(1)).unwrap()
}

/// What negotiation would know of the plugin.
pub(crate) fn fitted<T: Plugin>() -> Fitted {
    let audio = T::DESCRIPTOR.audio;
    Fitted {
        plugin: T::DESCRIPTOR.id.to_owned(),
        sample_rates: audio.sample_rates.to_vec(),
        max_channels: audio.max_channels,
        render: audio.render,
        latency_samples: 0,
    }
}

pub(crate) fn processor<T: Plugin + AudioProcessor>() -> Box<PreparedProcessor> {
    prepare(made::<T>())
}

pub(crate) fn prepare<T: Plugin + AudioProcessor>(plugin: T) -> Box<PreparedProcessor> {
    prepare_for(ROOM, plugin)
}

/// For a room that mixes in `room`.
pub(crate) fn prepare_for<T: Plugin + AudioProcessor>(
    room: AudioFormat,
    plugin: T,
) -> Box<PreparedProcessor> {
    let fitted = fitted::<T>();
    let format = working_format(room, &fitted);
    let boxed = Box::new(AudioProcessorProxy::local(plugin));
    Box::new(PreparedProcessor::new(boxed, format, room, fitted.render).unwrap())
}

/// A processor that does to each block what the closure does, and says that it is late by so many samples.
pub(crate) fn by_hand<F>(latency: u32, process: F) -> Box<PreparedProcessor>
where
    F: FnMut(&mut [f32]) -> Result<(), Fault> + Send + 'static,
{
    prepare(ByHand {
        latency,
        process,
        nothing: (),
    })
}

struct ByHand<F> {
    latency: u32,
    process: F,
    nothing: (),
}

impl<F: Send + 'static> Plugin for ByHand<F> {
    const DESCRIPTOR: Descriptor = Descriptor::new("test.processing.by-hand", "By hand", "1.0.0");
    type Parameters = ();
    fn create(_: &Environment) -> Result<Self, Fault> {
        Err(Fault::unsupported("made by the test itself"))
    }
    fn parameters(&mut self) -> &mut () {
        &mut self.nothing
    }
    fn latency(&mut self) -> Latency {
        Latency {
            samples: self.latency,
            sample_rate: ROOM.sample_rate,
        }
    }
}

impl<F: FnMut(&mut [f32]) -> Result<(), Fault> + Send + 'static> AudioProcessor for ByHand<F> {
    fn activate(&mut self, _: &AudioFormat) -> Result<(), Fault> {
        Ok(())
    }
    fn process(
        &mut self,
        _: Timestamp,
        near: &mut [f32],
        _: &CaptureInfo,
        _: &mut ProcessorReport,
    ) -> Result<(), Fault> {
        (self.process)(near)
    }
}

pub(crate) fn gain(db: f32) -> Box<PreparedProcessor> {
    let mut plugin: jackfield_processing_gain::Gain = made();
    jackfield_core::module::Module::set_parameter(&mut plugin, 0, f64::from(db)).unwrap();
    prepare(plugin)
}

pub(crate) fn null() -> Box<PreparedProcessor> {
    processor::<jackfield_processing_null::Null>()
}

pub(crate) fn aec3() -> Box<PreparedProcessor> {
    processor::<jackfield_processing_aec3::Aec3>()
}

pub(crate) fn rnnoise() -> Box<PreparedProcessor> {
    processor::<jackfield_processing_ns_rnnoise::Rnnoise>()
}

pub(crate) fn jitter<T: Plugin + JitterBuffer>() -> Box<dyn JitterBuffer> {
    jitter_of(made::<T>())
}

pub(crate) fn jitter_of<T: Plugin + JitterBuffer>(plugin: T) -> Box<dyn JitterBuffer> {
    let mut proxy = JitterBufferProxy::local(plugin);
    proxy
        .activate(&JitterConfig::new(Receiver::JITTER_CLOCK, MAX_WAITING as u32))
        .unwrap();
    Box::new(proxy)
}

pub(crate) fn fixed() -> Box<dyn JitterBuffer> {
    jitter::<jackfield_jitter_fixed::FixedDelay>()
}

pub(crate) fn adaptive() -> Box<dyn JitterBuffer> {
    jitter::<jackfield_jitter_adaptive::AdaptiveDelay>()
}

pub(crate) fn mixer<T: Plugin + Mixer>(people: usize) -> Box<dyn Mixer> {
    mixer_for::<T>(ROOM, people)
}

/// For a room that mixes in `room`.
pub(crate) fn mixer_for<T: Plugin + Mixer>(room: AudioFormat, people: usize) -> Box<dyn Mixer> {
    let mut proxy = MixerProxy::local(made::<T>());
    let people = people as u32;
    proxy
        .activate(&MixerConfig::new(room, people, people + 1))
        .unwrap();
    Box::new(proxy)
}

pub(crate) fn sum(people: usize) -> Box<dyn Mixer> {
    mixer::<jackfield_mixer_sum::Sum>(people)
}

pub(crate) fn active_speaker(people: usize) -> Box<dyn Mixer> {
    mixer::<jackfield_mixer_active_speaker::ActiveSpeaker>(people)
}

/// The codecs of these tests; the number is the room's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Codec {
    Opus = 0,
    Pcmu = 1,
    /// For an end that says `stereo=1`.
    OpusStereo = 2,
    /// For an end that says `usedtx=1`.
    OpusDtx = 3,
}

impl Codec {
    pub(crate) const ALL: [Self; 4] = [Self::Opus, Self::Pcmu, Self::OpusStereo, Self::OpusDtx];

    pub(crate) fn key(self) -> u32 {
        self as u32
    }

    pub(crate) fn payload_type(self) -> u8 {
        match self {
            Self::Opus => 111,
            Self::Pcmu => 0,
            Self::OpusStereo => 112,
            Self::OpusDtx => 113,
        }
    }

    pub(crate) fn format(self) -> AudioFormat {
        self.format_for(ROOM)
    }

    /// What it works in for an end in `format`.
    fn format_for(self, format: AudioFormat) -> AudioFormat {
        match self {
            Self::Opus | Self::OpusStereo | Self::OpusDtx => format,
            Self::Pcmu => AudioFormat::new(SampleRate::HZ_8000, 1),
        }
    }

    /// An encoder for packets of `packet_ms`, behind its converter.
    pub(crate) fn encoder(self, packet_ms: u32) -> Encoder {
        self.encoder_for(ROOM, packet_ms)
    }

    /// For an end in `end`.
    pub(crate) fn encoder_for(self, end: AudioFormat, packet_ms: u32) -> Encoder {
        let format = self.format_for(end);
        let config = EncoderConfig::new(0, format.sample_rate, format.channels, packet_ms);
        let (mut encoder, fmtp) = match self {
            Self::Opus => (AudioEncoderProxy::local(made::<OpusEncoder>()), ""),
            Self::OpusStereo => (AudioEncoderProxy::local(made::<OpusEncoder>()), "stereo=1"),
            Self::OpusDtx => (AudioEncoderProxy::local(made::<OpusEncoder>()), "usedtx=1"),
            Self::Pcmu => (AudioEncoderProxy::local(made::<G711Encoder>()), ""),
        };
        encoder.activate(&config, fmtp).unwrap();
        Encoder::new(Box::new(encoder), end, format).unwrap()
    }

    pub(crate) fn decoder(self) -> Decoder {
        self.decoder_for(ROOM)
    }

    /// For an end in `end`.
    pub(crate) fn decoder_for(self, end: AudioFormat) -> Decoder {
        let format = self.format_for(end);
        let config = DecoderConfig::new(0, format.sample_rate, format.channels);
        let mut decoder = match self {
            Self::Opus | Self::OpusStereo | Self::OpusDtx => AudioDecoderProxy::local(made::<OpusDecoder>()),
            Self::Pcmu => AudioDecoderProxy::local(made::<G711Decoder>()),
        };
        decoder.activate(&config, "").unwrap();
        Decoder {
            payload_type: self.payload_type(),
            decoder: Box::new(decoder),
            clock_rate: format.sample_rate,
            format,
            converter: (format != end).then(|| Converter::new(format, end).unwrap()),
        }
    }

    pub(crate) fn decoders() -> Vec<Decoder> {
        Self::decoders_for(ROOM)
    }

    pub(crate) fn decoders_for(end: AudioFormat) -> Vec<Decoder> {
        Self::ALL
            .into_iter()
            .map(|codec| codec.decoder_for(end))
            .collect()
    }
}
