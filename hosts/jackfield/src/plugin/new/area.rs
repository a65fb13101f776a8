//! The areas that there are templates for.

use clap::ValueEnum;

/// An area, by the name that people type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum NewArea {
    /// Where audio comes in: a device, a file, a generator.
    AudioSource,
    /// Where audio goes out: a device, a file, a meter.
    AudioSink,
    /// A stage of voice processing: echo, noise, gain.
    AudioProcessor,
    /// From blocks to packets and back.
    AudioCodec,
    /// How long packets wait, so that they can be played in order.
    JitterBuffer,
    /// Who is heard in a room, and how.
    Mixer,
    /// How fast to send.
    CongestionController,
    /// When each packet leaves.
    Pacer,
    /// The way to the peer.
    Transport,
}

/// What the templates of an area need to know of it.
pub(crate) struct About {
    /// The part of ids in the middle: `processing`.
    pub(crate) family: &'static str,
    /// In words, with its article.
    pub(crate) words: &'static str,
    /// The socket of a conference that it fits, and what stands by there.
    pub(crate) socket: Option<(&'static str, Option<&'static str>)>,
    /// The template in Rust.
    pub(crate) rust: &'static str,
    /// The template in C.
    pub(crate) c: &'static str,
    /// How the testkit's suite is called.
    pub(crate) suite: &'static str,
    /// The types that the suite is run on; `PluginName` stands for the plugin's.
    pub(crate) subjects: &'static str,
}

macro_rules! rust {
    ($file:literal) => {
        include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../plugin-sdk/templates/rust/",
            $file
        ))
    };
}

macro_rules! c {
    ($file:literal) => {
        include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../plugin-sdk/templates/c/",
            $file
        ))
    };
}

impl NewArea {
    /// What there is to know of it.
    pub(crate) const fn about(self) -> About {
        let base = About {
            family: "capture",
            words: "",
            socket: None,
            rust: "",
            c: "",
            suite: "",
            subjects: "plugin_name::PluginName",
        };
        match self {
            Self::AudioSource => About {
                words: "an audio source",
                rust: rust!("audio-source.rs"),
                c: c!("audio-source.c"),
                suite: "audio_source",
                subjects: "jackfield_sdk::source::SignalSource<plugin_name::PluginName>",
                ..base
            },
            Self::AudioSink => About {
                words: "an audio sink",
                rust: rust!("audio-sink.rs"),
                c: c!("audio-sink.c"),
                suite: "audio_sink",
                ..base
            },
            Self::AudioProcessor => About {
                family: "processing",
                words: "an audio processor",
                socket: Some(("noise", Some("jackfield.processing.null"))),
                rust: rust!("audio-processor.rs"),
                c: c!("audio-processor.c"),
                suite: "audio_processor",
                ..base
            },
            Self::AudioCodec => About {
                family: "codec",
                words: "an audio codec",
                socket: Some(("codec", Some("jackfield.codec.opus"))),
                rust: rust!("audio-codec.rs"),
                c: c!("audio-codec.c"),
                suite: "audio_codec",
                subjects: "jackfield_sdk::codec::Codec<plugin_name::PluginName>, jackfield_sdk::codec::Encoder<plugin_name::PluginName>, jackfield_sdk::codec::Decoder<plugin_name::PluginName>",
            },
            Self::JitterBuffer => About {
                family: "jitter",
                words: "a jitter buffer",
                socket: Some(("jitter", Some("jackfield.jitter.fixed"))),
                rust: rust!("jitter-buffer.rs"),
                c: c!("jitter-buffer.c"),
                suite: "jitter_buffer",
                subjects: "jackfield_sdk::jitter::DelayBuffer<plugin_name::PluginName>",
            },
            Self::Mixer => About {
                family: "mixer",
                words: "a mixer",
                socket: Some(("mixer", Some("jackfield.mixer.sum"))),
                rust: rust!("mixer.rs"),
                c: c!("mixer.c"),
                suite: "mixer",
                subjects: "jackfield_sdk::dsp::bus_mixer::BusMixer<plugin_name::PluginName>",
            },
            Self::CongestionController => About {
                family: "congestion",
                words: "a congestion controller",
                socket: Some(("congestion", Some("jackfield.congestion.fixed"))),
                rust: rust!("congestion-controller.rs"),
                c: c!("congestion-controller.c"),
                suite: "congestion_controller",
                subjects: "jackfield_sdk::congestion::RateController<plugin_name::PluginName>",
            },
            Self::Pacer => About {
                family: "pacing",
                words: "a pacer",
                socket: Some(("pacer", Some("jackfield.pacing.null"))),
                rust: rust!("pacer.rs"),
                c: c!("pacer.c"),
                suite: "pacer",
                subjects: "jackfield_sdk::pacing::QueuedPacer<plugin_name::PluginName>",
            },
            Self::Transport => About {
                family: "transport",
                words: "a transport",
                socket: Some(("transport", None)),
                rust: rust!("transport.rs"),
                c: c!("transport.c"),
                suite: "transport",
                subjects: "jackfield_sdk::transport::Direct<plugin_name::PluginName>",
            },
        }
    }
}
