//! A graph as its author writes it: nodes with ports, in TOML, or a profile by name.
//!
//! ```toml
//! [[node]]
//! name = "echo"
//! kind = "processor"
//! socket = "echo"            # the manifest says which plugin is in it
//! scope = "participant"      # one per participant, or one per "room"
//! from = "decode"            # whose output it takes
//! render = "mixer"           # what is played at the far end of the echo path
//!
//! [[node]]
//! name = "pacer"
//! kind = "pacer"
//! socket = "pacer"
//! scope = "participant"
//! from = "encode"
//! rates = "congestion"       # whose rates it keeps to, as encoders do
//! ```

use serde::Deserialize;

/// A graph, not negotiated yet.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    /// The nodes; order does not matter.
    #[serde(rename = "node")]
    pub nodes: Vec<Node>,
}

/// A node.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// Its name, unique in the graph.
    pub name: String,
    /// What it does.
    pub kind: Kind,
    /// The socket that the manifest fills.
    pub socket: String,
    /// How many there are.
    pub scope: Scope,
    /// Whose output it takes.
    #[serde(default)]
    pub from: Option<String>,
    /// Whose output it takes as its render signal.
    #[serde(default)]
    pub render: Option<String>,
    /// Whose rates it keeps to: the congestion controller of an encoder and of a pacer.
    #[serde(default)]
    pub rates: Option<String>,
}

/// What a node does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Datagrams ↔ RTP.
    Transport,
    /// RTP → RTP in order and in time.
    Jitter,
    /// RTP → audio.
    Decoder,
    /// Audio → audio.
    Processor,
    /// Audio of all → audio for each.
    Mixer,
    /// Audio → RTP.
    Encoder,
    /// RTP → RTP when it may leave.
    Pacer,
    /// Feedback → rates.
    Congestion,
    /// RTP that comes → the rate that the remote end is told.
    Estimator,
}

/// What flows over a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Port {
    /// Blocks of 10 ms.
    Audio,
    /// RTP packets.
    Rtp,
    /// Events and rates.
    Feedback,
}

/// How many of a node there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// One per participant.
    Participant,
    /// One per room.
    Room,
}

impl Kind {
    /// The area whose plugins fit.
    pub const fn area(self) -> &'static str {
        match self {
            Self::Transport => "jackfield.transport/1",
            Self::Jitter => "jackfield.jitter-buffer/1",
            Self::Decoder => "jackfield.audio-decoder/1",
            Self::Processor => "jackfield.audio-processor/1",
            Self::Mixer => "jackfield.mixer/1",
            Self::Encoder => "jackfield.audio-encoder/1",
            Self::Pacer => "jackfield.pacer/1",
            Self::Congestion | Self::Estimator => "jackfield.congestion-controller/1",
        }
    }

    /// What it takes.
    pub const fn takes(self) -> Port {
        match self {
            Self::Transport | Self::Jitter | Self::Decoder | Self::Pacer | Self::Estimator => Port::Rtp,
            Self::Processor | Self::Mixer | Self::Encoder => Port::Audio,
            Self::Congestion => Port::Feedback,
        }
    }

    /// Whether it gives this to other nodes: its output, or what a transport hears of its packets' fate beside it. What an estimator gives is for
    /// the remote end.
    pub fn offers(self, port: Port) -> bool {
        match self {
            Self::Transport => port == Port::Rtp || port == Port::Feedback,
            Self::Estimator => false,
            _ => self.gives() == port,
        }
    }

    /// Whether it keeps to the rates of a congestion controller.
    pub const fn follows_rates(self) -> bool {
        matches!(self, Self::Encoder | Self::Pacer)
    }

    /// What it gives.
    pub const fn gives(self) -> Port {
        match self {
            Self::Transport | Self::Jitter | Self::Encoder | Self::Pacer => Port::Rtp,
            Self::Decoder | Self::Processor | Self::Mixer => Port::Audio,
            Self::Congestion | Self::Estimator => Port::Feedback,
        }
    }

    /// Its name in a description.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Transport => "transport",
            Self::Jitter => "jitter",
            Self::Decoder => "decoder",
            Self::Processor => "processor",
            Self::Mixer => "mixer",
            Self::Encoder => "encoder",
            Self::Pacer => "pacer",
            Self::Congestion => "congestion",
            Self::Estimator => "estimator",
        }
    }
}

impl Port {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Audio => "audio",
            Self::Rtp => "rtp",
            Self::Feedback => "feedback",
        }
    }
}

impl Description {
    /// The profiles that there are.
    pub const PROFILES: &'static [&'static str] = &["conference", "plain-conference"];

    /// A profile by its name: `conference` (echo, noise and gain on every voice, one mix for each) or `plain-conference` (no processing).
    pub fn profile(name: &str) -> Option<Self> {
        let text = match name {
            "conference" => include_str!("profiles/conference.toml"),
            "plain-conference" => include_str!("profiles/plain-conference.toml"),
            _ => return None,
        };
        toml::from_str(text).ok()
    }

    /// Reads a description.
    ///
    /// # Errors
    /// Where the text is malformed, with line and column.
    pub fn parse(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }
}
