//! Plugins as a host has them: behind their C tables, activated for a room at 48 kHz mono.

use jackfield_codec_opus::{OpusDecoder, OpusEncoder};
use jackfield_codec_pcm::{PcmDecoder, PcmEncoder};
use jackfield_core::audio::AudioFormat;
use jackfield_core::audio_codec::{
    AudioDecoder, AudioDecoderProxy, AudioEncoder, AudioEncoderProxy, DecoderConfig, EncoderConfig,
};
use jackfield_core::audio_processor::{AudioProcessor, AudioProcessorProxy};
use jackfield_core::audio_source::{AudioSource, AudioSourceProxy};
use jackfield_core::environment::Environment;
use jackfield_core::jitter_buffer::{JitterBuffer, JitterBufferProxy, JitterConfig};
use jackfield_core::mixer::{Mixer, MixerConfig, MixerProxy};
use jackfield_core::module::Plugin;
use jackfield_core::time::Timestamp;
use jackfield_graph::processor::PreparedProcessor;
use jackfield_graph::receive::{Decoder, MAX_WAITING, Receiver};
use jackfield_graph::send::Encoder;

/// The format of the rooms.
pub const ROOM: AudioFormat = AudioFormat::MONO_48K;
/// The payload type of whichever codec a conference uses.
pub const PAYLOAD_TYPE: u8 = 111;

/// A new instance.
///
/// # Panics
/// If the plugin cannot make one.
pub fn made<T: Plugin>() -> T {
    T::create(&Environment::seeded(1)).expect("the built-in plugins can be made")
}

/// A processor, ready for a slot.
///
/// # Panics
/// If it does not take the room's format.
pub fn processor<T: Plugin + AudioProcessor>() -> Box<PreparedProcessor> {
    let proxy = Box::new(AudioProcessorProxy::local(made::<T>()));
    let renders = T::DESCRIPTOR.audio.render;
    Box::new(PreparedProcessor::new(proxy, ROOM, ROOM, renders).expect("it takes 48 kHz mono"))
}

/// The chain of the profile `conference`: echo, noise, gain.
pub fn default_chain() -> Vec<Box<PreparedProcessor>> {
    vec![
        processor::<jackfield_processing_aec3::Aec3>(),
        processor::<jackfield_processing_ns_rnnoise::Rnnoise>(),
        processor::<jackfield_processing_gain::Gain>(),
    ]
}

fn mixer<T: Plugin + Mixer>(people: usize) -> Box<dyn Mixer> {
    let mut proxy = MixerProxy::local(made::<T>());
    let people = people as u32;
    let config = MixerConfig::new(ROOM, people, people + 1);
    proxy.activate(&config).expect("it takes the room's size");
    Box::new(proxy)
}

/// The mixer that adds everyone up.
pub fn sum(people: usize) -> Box<dyn Mixer> {
    mixer::<jackfield_mixer_sum::Sum>(people)
}

/// The mixer of the profile `conference`.
pub fn active_speaker(people: usize) -> Box<dyn Mixer> {
    mixer::<jackfield_mixer_active_speaker::ActiveSpeaker>(people)
}

/// The jitter buffer of the profile `conference`.
///
/// # Panics
/// If it cannot be activated.
pub fn jitter() -> Box<dyn JitterBuffer> {
    let mut proxy = JitterBufferProxy::local(made::<jackfield_jitter_adaptive::AdaptiveDelay>());
    let config = JitterConfig::new(Receiver::JITTER_CLOCK, MAX_WAITING as u32);
    proxy.activate(&config).expect("it takes any clock");
    Box::new(proxy)
}

/// A codec of a conference, at 48 kHz mono.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// Opus with its default complexity, packets of 20 ms.
    Opus,
    /// Samples as they are, packets of 10 ms: what is left is the work of Jackfield itself.
    L16,
}

impl Codec {
    /// How many blocks of 10 ms a packet holds.
    pub const fn blocks_per_packet(self) -> usize {
        match self {
            Self::Opus => 2,
            Self::L16 => 1,
        }
    }

    /// An encoder.
    ///
    /// # Panics
    /// If it cannot be activated.
    pub fn encoder(self) -> Encoder {
        let mut proxy = match self {
            Self::Opus => AudioEncoderProxy::local(made::<OpusEncoder>()),
            Self::L16 => AudioEncoderProxy::local(made::<PcmEncoder>()),
        };
        let packet_ms = 10 * self.blocks_per_packet() as u32;
        let config = EncoderConfig::new(0, ROOM.sample_rate, 1, packet_ms);
        proxy.activate(&config, "").expect("it takes 48 kHz mono");
        Encoder::new(Box::new(proxy), ROOM, ROOM).expect("no converter is needed")
    }

    /// A decoder.
    ///
    /// # Panics
    /// If it cannot be activated.
    pub fn decoder(self) -> Decoder {
        let mut proxy = match self {
            Self::Opus => AudioDecoderProxy::local(made::<OpusDecoder>()),
            Self::L16 => AudioDecoderProxy::local(made::<PcmDecoder>()),
        };
        let config = DecoderConfig::new(0, ROOM.sample_rate, 1);
        proxy.activate(&config, "").expect("it gives 48 kHz mono");
        Decoder {
            payload_type: PAYLOAD_TYPE,
            decoder: Box::new(proxy),
            clock_rate: ROOM.sample_rate,
            format: ROOM,
            converter: None,
        }
    }
}

/// Somebody who says the recording called `name` over and over.
///
/// # Panics
/// If the recording is not where it stands in the repository.
pub fn source(name: &str) -> Box<dyn AudioSource> {
    let path = format!(
        "{}/../hosts/call-host/speech/{name}.wav",
        env!("CARGO_MANIFEST_DIR")
    );
    let mut source = AudioSourceProxy::local(made::<jackfield_capture_file::FileSource>());
    source.open(&path, &ROOM).expect("the recording is there");
    Box::new(source)
}

/// Recorded speech: the first `seconds` of the recording called `name`, looped.
///
/// # Panics
/// If the recording is not where it stands in the repository.
pub fn speech(name: &str, seconds: usize) -> Vec<f32> {
    let mut source = source(name);
    let mut pcm = vec![0.0; seconds * 48_000];
    for block in pcm.chunks_exact_mut(480) {
        source.read(Timestamp::ZERO, block).expect("it is open");
    }
    pcm
}
