//! The messages between a page, or a native endpoint, and a call host: JSON texts over a WebSocket, each with `"v":1` and `"type"`.
//!
//! One definition for both ends. A message that is too large, of another version, of an unknown type or malformed is refused with an error
//! that the host can send back as it is. Unknown fields are let pass, so that a newer end may say more.
//!
//! ```
//! use jackfield_session::signalling::{ClientMessage, HostMessage};
//!
//! let message = ClientMessage::parse(r#"{"v":1,"type":"ping","id":7}"#)?;
//! assert_eq!(message, ClientMessage::Ping { id: 7 });
//! assert_eq!(HostMessage::Pong { id: 7 }.to_json(), r#"{"v":1,"type":"pong","id":7}"#);
//! assert_eq!(ClientMessage::parse(r#"{"v":2,"type":"ping","id":7}"#).unwrap_err().code(), "unknown-version");
//! # Ok::<(), jackfield_session::signalling::SignallingError>(())
//! ```

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The version spoken here.
pub const VERSION: u64 = 1;
/// The longest message that is read, in bytes: a description and its wrapping.
pub const MAX_BYTES: usize = 512 * 1024;
/// The longest name of a room or a participant, in characters.
pub const MAX_NAME: usize = 64;

/// What a client says to a host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ClientMessage {
    /// Wants to take part.
    Join {
        /// In which room.
        room: String,
        /// Under which name.
        name: String,
        /// What proves that it may.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        token: Option<String>,
        /// From an earlier `joined`: to go on as the same participant.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        resume: Option<String>,
        /// What it knows of its link; so much of that is used as is right for such a link.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        link: Option<Link>,
    },
    /// Its link has become another, or costs something now, or nothing any more.
    Link {
        /// How it is now.
        link: Link,
    },
    /// Can bear no more than this of what is sent to it, until it says something else.
    Limits {
        /// So much.
        limits: Limits,
    },
    /// Offers.
    Offer {
        /// The description.
        sdp: String,
        /// Over which of its connections: 0 is the first, else the number of [`HostMessage::Reconnect`].
        #[serde(default, skip_serializing_if = "is_first")]
        connection: u64,
    },
    /// Tells one more candidate; `null` ends them.
    Candidate {
        /// The candidate.
        candidate: Option<CandidateInit>,
        /// Of which connection.
        #[serde(default, skip_serializing_if = "is_first")]
        connection: u64,
    },
    /// Wants to be heard, or not.
    Mute {
        /// Not.
        muted: bool,
    },
    /// Goes.
    Leave {},
    /// Asks whether the host is there.
    Ping {
        /// To tell answers apart.
        id: u64,
    },
}

/// What a host says to a client.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum HostMessage {
    /// The client takes part now.
    Joined {
        /// In which room.
        room: String,
        /// As whom.
        participant: String,
        /// With which it can resume.
        resume: String,
        /// Whether it did.
        resumed: bool,
        /// All who take part, itself included.
        participants: Vec<Participant>,
    },
    /// Answers an offer.
    Answer {
        /// The description.
        sdp: String,
        /// Of which connection the offer was.
        #[serde(default, skip_serializing_if = "is_first")]
        connection: u64,
    },
    /// Tells one more candidate; `null` ends them.
    Candidate {
        /// The candidate.
        candidate: Option<CandidateInit>,
        /// Of which connection.
        #[serde(default, skip_serializing_if = "is_first")]
        connection: u64,
    },
    /// The host swaps its transport: the client shall connect a second time beside the connection that it has, with an offer of this number,
    /// and go over to that when it carries sound. Media flow over both until then.
    Reconnect {
        /// The number.
        connection: u64,
    },
    /// The client shall send no more than this, until it is told something else.
    Limits {
        /// So much.
        limits: Limits,
    },
    /// Somebody came.
    ParticipantJoined {
        /// Who.
        participant: Participant,
    },
    /// Somebody went.
    ParticipantLeft {
        /// Who.
        id: String,
    },
    /// Somebody changed.
    ParticipantChanged {
        /// How it is now.
        participant: Participant,
    },
    /// How loud everybody is, every 100 ms.
    Levels {
        /// In dBov by participant; -127 is silence, as is what is no number.
        #[serde(serialize_with = "finite_levels")]
        levels: BTreeMap<String, f32>,
        /// Who speaks.
        active: Vec<String>,
    },
    /// The graph or a parameter changed: fetch it again.
    Graph {
        /// Counts the changes.
        revision: u64,
    },
    /// A swap in this room ended.
    Swap {
        /// What came of it, as the call that ordered it got it.
        report: serde_json::Value,
    },
    /// A swap in this room has begun, or come to another step.
    SwapProgress {
        /// Which, and where it stands.
        swap: serde_json::Value,
    },
    /// A plugin file that appeared or changed on the host cannot be used.
    PluginProblem {
        /// The file.
        path: String,
        /// What is wrong with it and what to do, for people.
        message: String,
    },
    /// Something went wrong.
    Error {
        /// What, for programs.
        code: String,
        /// What was wrong and what to do, for people.
        message: String,
        /// Whether the host hangs up.
        fatal: bool,
    },
    /// The host is there.
    Pong {
        /// Of the ping.
        id: u64,
    },
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_first(connection: &u64) -> bool {
    *connection == 0
}

/// What a client knows of its link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Link {
    /// On what it runs.
    #[serde(default)]
    pub device: LinkDevice,
    /// Over what it is connected.
    #[serde(default)]
    pub adapter: LinkAdapter,
    /// Whether every byte costs, or its user asks to save them.
    #[serde(default)]
    pub metered: bool,
}

/// How much may be encoded at most. What is left out is not limited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Limits {
    /// Of sound, in kbit/s of payload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio_kbps: Option<NonZeroU32>,
    /// Pictures a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame_rate: Option<NonZeroU32>,
    /// Pixels of a picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pixels: Option<NonZeroU32>,
}

/// On what a client runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum LinkDevice {
    /// A telephone or a tablet.
    Mobile,
    /// A computer; and what is not known here.
    #[default]
    #[serde(other)]
    Desktop,
}

/// Over what a client is connected (the names of `NetworkInformation.type`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum LinkAdapter {
    /// The network of an operator.
    Cellular,
    /// A radio network of its own.
    Wifi,
    /// A cable.
    Ethernet,
    /// It does not say, or what it says is not known here.
    #[default]
    #[serde(other)]
    Unknown,
}

/// Who takes part in a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Participant {
    /// Unique in the room.
    pub id: String,
    /// For people.
    pub name: String,
    /// What it is.
    pub kind: ParticipantKind,
    /// Whether it is muted.
    pub muted: bool,
}

/// What a participant is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ParticipantKind {
    /// A web page.
    Browser,
    /// A recorded speaker that the host plays.
    Robot,
    /// A program of its own.
    Endpoint,
}

/// `RTCIceCandidateInit`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CandidateInit {
    /// With its prefix `candidate:`; empty for the end of candidates.
    #[serde(default)]
    pub candidate: String,
    /// Of which m-line, by MID.
    #[serde(default)]
    pub sdp_mid: Option<String>,
    /// Of which m-line, by place.
    #[serde(default, rename = "sdpMLineIndex")]
    pub sdp_m_line_index: Option<u16>,
    /// With which credentials.
    #[serde(default)]
    pub username_fragment: Option<String>,
}

/// Why a message was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignallingError {
    /// Longer than [`MAX_BYTES`].
    #[error("the message has {length} bytes, at most {MAX_BYTES} are read: send less")]
    TooLarge {
        /// Its length.
        length: usize,
    },
    /// Not JSON, or no object with a version and a type, or fields that do not fit.
    #[error("malformed message: {0}; see the reference of the signalling messages")]
    Malformed(String),
    /// Another version.
    #[error(
        "message of version {0}, this host speaks version {VERSION}: reload the page or update the endpoint"
    )]
    UnknownVersion(String),
    /// A type that is not known here.
    #[error("unknown message type `{0}`: is the other end newer?")]
    UnknownType(String),
}

impl SignallingError {
    /// The code that an error message carries.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "message-too-large",
            Self::Malformed(_) => "malformed-message",
            Self::UnknownVersion(_) => "unknown-version",
            Self::UnknownType(_) => "unknown-type",
        }
    }
}

impl ClientMessage {
    const TYPES: &[&str] = &[
        "join",
        "link",
        "limits",
        "offer",
        "candidate",
        "mute",
        "leave",
        "ping",
    ];

    /// Reads a message from a client.
    ///
    /// # Errors
    /// If it is none; see [`SignallingError`].
    pub fn parse(text: &str) -> Result<Self, SignallingError> {
        let message = read(text, Self::TYPES)?;
        if let Self::Join { room, name, .. } = &message {
            for (what, text) in [("room", room), ("name", name)] {
                if text.trim().is_empty()
                    || text.chars().count() > MAX_NAME
                    || text.chars().any(char::is_control)
                {
                    let problem = format!("`{what}` must have 1 to {MAX_NAME} printable characters");
                    return Err(SignallingError::Malformed(problem));
                }
            }
        }
        Ok(message)
    }

    /// As text.
    pub fn to_json(&self) -> String {
        write(self)
    }
}

impl HostMessage {
    const TYPES: &[&str] = &[
        "joined",
        "reconnect",
        "limits",
        "answer",
        "candidate",
        "participant-joined",
        "participant-left",
        "participant-changed",
        "levels",
        "graph",
        "swap",
        "swap-progress",
        "plugin-problem",
        "error",
        "pong",
    ];

    /// Reads a message from a host.
    ///
    /// # Errors
    /// If it is none; see [`SignallingError`].
    pub fn parse(text: &str) -> Result<Self, SignallingError> {
        read(text, Self::TYPES)
    }

    /// As text.
    pub fn to_json(&self) -> String {
        write(self)
    }

    /// An error that does not end the connection.
    pub fn error(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Error {
            code: code.into(),
            message: message.into(),
            fatal: false,
        }
    }
}

impl From<&SignallingError> for HostMessage {
    /// What to tell the sender. With another version there is no talking.
    fn from(error: &SignallingError) -> Self {
        let fatal = matches!(
            error,
            SignallingError::UnknownVersion(_) | SignallingError::TooLarge { .. }
        );
        Self::Error {
            code: error.code().into(),
            message: error.to_string(),
            fatal,
        }
    }
}

fn read<T: DeserializeOwned>(text: &str, types: &[&str]) -> Result<T, SignallingError> {
    #[derive(Deserialize)]
    struct Envelope {
        #[serde(default)]
        v: serde_json::Value,
        #[serde(default)]
        r#type: serde_json::Value,
    }
    if text.len() > MAX_BYTES {
        return Err(SignallingError::TooLarge { length: text.len() });
    }
    let malformed = |error: serde_json::Error| SignallingError::Malformed(error.to_string());
    let envelope: Envelope = serde_json::from_str(text).map_err(malformed)?;
    match envelope.v {
        serde_json::Value::Null => {
            return Err(SignallingError::Malformed("the version `v` is missing".into()));
        }
        version if version.as_u64() != Some(VERSION) => {
            return Err(SignallingError::UnknownVersion(shortened(&version.to_string())));
        }
        _ => {}
    }
    match envelope.r#type.as_str() {
        None => return Err(SignallingError::Malformed("the `type` is missing".into())),
        Some(kind) if !types.contains(&kind) => return Err(SignallingError::UnknownType(shortened(kind))),
        Some(_) => {}
    }
    serde_json::from_str(text).map_err(malformed)
}

fn write<T: Serialize>(message: &T) -> String {
    #[derive(Serialize)]
    struct Envelope<'a, T> {
        v: u64,
        #[serde(flatten)]
        message: &'a T,
    }
    // Strings, numbers and maps with string keys: nothing that JSON cannot say.
    serde_json::to_string(&Envelope { v: VERSION, message }).unwrap_or_default()
}

/// JSON has no infinities.
fn finite_levels<S: serde::Serializer>(
    levels: &BTreeMap<String, f32>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(levels.iter().map(|(id, level)| {
        (
            id,
            if level.is_finite() {
                level.max(-127.0)
            } else {
                -127.0
            },
        )
    }))
}

fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}
