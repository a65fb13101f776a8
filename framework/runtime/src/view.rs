//! What a room looks like from outside: graph, statistics and swap reports, in the very shapes that travel as JSON.
//!
//! Whoever shows a room (the call host's HTTP interface, a command line, a test) reads these; nothing here is used to run it.
//! All durations are milliseconds (`_ms`) or microseconds (`_us`), levels are dBov, where -127 is silence.

use std::collections::BTreeMap;

use jackfield_graph::transaction::Step;
use jackfield_session::signalling::Limits;
use serde::{Deserialize, Serialize};

mod parameter;

pub use parameter::{ParameterKindView, ParameterProblem, ParameterValue, ParameterView};

/// Something that happened in a room, for everyone who watches it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum RoomEvent {
    /// Someone came in.
    ParticipantJoined(ParticipantView),
    /// Someone went; this was their id.
    ParticipantLeft(String),
    /// Someone was muted or unmuted.
    ParticipantChanged(ParticipantView),
    /// How loud everyone is, ten times a second.
    Levels {
        /// dBov by participant id; -127 is silence.
        levels: BTreeMap<String, f32>,
        /// Whom the mixer lets be heard, loudest first.
        active: Vec<String>,
    },
    /// The graph or a parameter changed.
    Graph {
        /// The graph's new revision.
        revision: u64,
    },
    /// The transport is being swapped: each of these is asked for a second connection with this number, over the newcomer, beside the one that
    /// it has, and to go over to it.
    Reconnect {
        /// The number, to be given with the offer.
        connection: u64,
        /// The participants, by id.
        participants: Vec<String>,
    },
    /// Somebody may be to send more or less than before: see `Participant::limits`.
    Limits,
    /// A swap has begun, or come to another step.
    SwapProgress(SwapUnderWay),
    /// A swap ended, whichever way.
    Swap(SwapReport),
    /// A plugin file that appeared or changed cannot be used.
    PluginProblem {
        /// The file.
        path: String,
        /// What is wrong with it and what to do.
        message: String,
    },
    /// The host can be reached at more addresses than it could before.
    Candidates(
        /// The new ones, as values of `a=candidate` without the prefix.
        Vec<String>,
    ),
}

/// What resources let be encoded in a room: those of the machine and of whoever runs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomLimits {
    /// Its name.
    pub room: String,
    /// The most limiting of all votes, in each dimension.
    pub limits: Limits,
    /// The votes, by who has voted.
    pub votes: BTreeMap<String, Limits>,
}

/// A room and who is in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RoomView {
    /// The room's name.
    pub name: String,
    /// Who is in it, in the order in which they came.
    pub participants: Vec<ParticipantView>,
}

/// Someone in a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParticipantView {
    /// Unique in the room, such as `p3`.
    pub id: String,
    /// The name that people read.
    pub name: String,
    /// What sits behind it.
    pub kind: ParticipantKind,
    /// Whether what they say is left out of the mix.
    pub muted: bool,
}

/// What sits behind a participant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ParticipantKind {
    /// A WebRTC peer: a browser, or what speaks like one.
    Browser,
    /// A recorded voice of the host itself.
    Robot,
}

/// What runs in a room: its sockets in signal order, and the negotiated plan node by node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GraphView {
    /// The room's name.
    pub room: String,
    /// Grows with every change of the graph or of a parameter.
    pub revision: u64,
    /// The algorithmic delay from a participant's packet to a listener's packet.
    pub latency_ms: f64,
    /// In signal order.
    pub sockets: Vec<SocketView>,
    /// Every node of the plan, inserted converters included.
    pub nodes: Vec<NodeView>,
    /// What flows between the nodes.
    pub edges: Vec<EdgeView>,
}

/// A socket and the plugin in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SocketView {
    /// Its lasting name, such as `echo`.
    pub socket: String,
    /// The name that people read.
    pub title: String,
    /// The area of plugins that fit, such as `audio-processor`.
    pub area: String,
    /// Whether every participant has an instance or the room shares one.
    pub scope: Scope,
    /// What is plugged in.
    pub plugin: PluginSummary,
    /// Where it runs: `static` for what is linked into the host, `in-process` for what was loaded from a file, `process` for one in a process of its own.
    pub isolation: String,
    /// The plugin that takes its place when it breaks, and stands in for a codec whose process does not answer; `None` if the manifest names none.
    pub fallback: Option<String>,
    /// By how much its output lags behind its input.
    pub latency_ms: f64,
    /// How many instances run.
    pub instances: u32,
    /// Whether its output is used.
    pub state: SocketState,
    /// What can be set on it, with the present values.
    pub parameters: Vec<ParameterView>,
    /// What else could be plugged in.
    pub alternatives: Vec<Alternative>,
    /// What its instances report; those of several are added up or averaged, as their kind asks.
    pub stats: Vec<StatisticView>,
}

/// Whether every participant has an instance of a socket's plugin or the room shares one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// One instance for each participant.
    Participant,
    /// One instance for the room.
    Room,
}

/// Whether a socket's output is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SocketState {
    /// It is.
    Running,
    /// The watchdog took it out of the signal path.
    Bypassed,
}

/// Who a plugin is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PluginSummary {
    /// Unique and lasting, such as `jackfield.processing.gain`.
    pub id: String,
    /// The name that people read.
    pub name: String,
    /// Semver.
    pub version: String,
    /// Who made it.
    pub vendor: String,
    /// An SPDX expression.
    pub license: String,
    /// What it does, in a sentence.
    pub description: String,
}

/// A plugin that could be plugged in instead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alternative {
    /// Its id.
    pub id: String,
    /// The name that people read.
    pub name: String,
    /// Semver.
    pub version: String,
    /// What it does, in a sentence.
    pub description: String,
}

/// One number that a plugin reports.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StatisticView {
    /// Its name, `snake_case`.
    pub name: String,
    /// Its present value; nothing if it is not a number.
    pub value: Option<f64>,
    /// Its unit; empty for a bare count or ratio.
    pub unit: String,
}

/// A node of the negotiated plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NodeView {
    /// Unique in the graph.
    pub id: String,
    /// The socket that it stands in; nothing for what the host put in by itself.
    pub socket: Option<String>,
    /// `source`, `receive`, `processor`, `converter`, `mixer`, `encoder`, `sink`, `transport` and so on.
    pub kind: String,
    /// The name that people read.
    pub label: String,
    /// What it gives, such as `48000 Hz x1`.
    pub format: String,
    /// By how much its output lags behind its input.
    pub latency_ms: f64,
    /// Why it is there, if the host put it in.
    pub reason: String,
}

/// What flows from one node to the next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EdgeView {
    /// The giving node's id.
    pub from: String,
    /// The taking node's id.
    pub to: String,
    /// What flows, such as `48000 Hz x1`.
    pub format: String,
}

/// How a swap went, measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SwapReport {
    /// Its number, unique on the host.
    pub swap: u64,
    /// The socket.
    pub socket: String,
    /// The plugin that was in it.
    pub from: String,
    /// The plugin that was to come in.
    pub to: String,
    /// Which way it ended.
    pub outcome: SwapOutcome,
    /// Samples that listeners did not get because of it, over all instances.
    pub samples_lost: u64,
    /// The largest step at the seam, in dB relative to full scale; -120 where there was none.
    pub discontinuity_db: f64,
    /// How long the audio tick was held up at most.
    pub stall_us: f64,
    /// Latency after minus latency before.
    pub added_latency_ms: f64,
    /// How many instances were swapped.
    pub instances: u32,
    /// How long each step took that it came to, in order.
    #[serde(default)]
    pub steps: Vec<StepTime>,
    /// Why it was rolled back or refused, or whom a swap does not concern; else empty.
    pub message: String,
}

/// How long a step of a swap took.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepTime {
    /// `verify`, `instantiate`, `shadow`, `ready`, `align`, `probation`.
    pub step: String,
    /// For how long: the longest of all instances.
    pub ms: f64,
}

/// A swap that has not ended.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SwapUnderWay {
    /// Its number, unique on the host.
    pub swap: u64,
    /// The socket.
    pub socket: String,
    /// The plugin that was in it.
    pub from: String,
    /// The plugin that is to come in.
    pub to: String,
    /// Where it stands.
    pub step: Step,
    /// Whether it goes on only when it is promoted.
    pub hold: bool,
}

/// The swaps of a room.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RoomSwaps {
    /// The room's name.
    pub room: String,
    /// Those that have not ended.
    pub under_way: Vec<SwapUnderWay>,
    /// The last that have, oldest first.
    pub ended: Vec<SwapReport>,
}

/// Which way a swap ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SwapOutcome {
    /// The new plugin is in.
    Committed,
    /// The new plugin misbehaved and the old one is back.
    RolledBack,
    /// It was not begun.
    Refused,
    /// The plugin stayed; its parameters were set.
    ParametersSet,
}

/// How a room is doing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RoomStats {
    /// The room's name.
    pub room: String,
    /// Engine time of this reading, since the engine started.
    pub time_ms: f64,
    /// The audio tick.
    pub tick: TickStats,
    /// Everyone in the room.
    pub participants: Vec<ParticipantStats>,
    /// The last swaps, oldest first.
    pub swaps: Vec<SwapReport>,
    /// How long swaps held up the audio tick, one count for each place that was swapped since the room was opened.
    pub swap_stalls: HistogramView,
}

/// How long the 10 ms audio tick takes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TickStats {
    /// Median of the recent ticks.
    pub p50_us: f64,
    /// 99th percentile of the recent ticks.
    pub p99_us: f64,
    /// Ticks that missed their deadline since the room was opened.
    pub late: u64,
    /// How long the ticks took since the room was opened.
    pub durations: HistogramView,
}

/// How often something took how long, in the cumulative form that Prometheus takes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HistogramView {
    /// The upper bounds of the buckets in µs, growing.
    pub bounds_us: Vec<u64>,
    /// For each bound, how many took no longer.
    pub up_to: Vec<u64>,
    /// How many there were, also of those above the last bound.
    pub count: u64,
    /// What they took together.
    pub sum_us: f64,
}

/// How a participant is doing, as the host sees it. Counters only grow, swaps included.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ParticipantStats {
    /// Unique in the room.
    pub id: String,
    /// The name that people read.
    pub name: String,
    /// What sits behind it.
    pub kind: ParticipantKind,
    /// Whether what they say is left out of the mix.
    pub muted: bool,
    /// How loud they are after processing; -127 is silence.
    pub level_dbov: f32,
    /// RTP packets that came from them.
    pub packets_received: u64,
    /// RTP packets that did not (RFC 3550 section 6.4.1: signed, since duplicates count against it).
    pub packets_lost: i64,
    /// RTP packets of video that came from them and were thrown away.
    pub video_packets_received: u64,
    /// Their payload bytes.
    pub video_bytes_received: u64,
    /// How much later than their voice their video comes, negative if it comes earlier; nothing while they send none, or it is not known yet. The voice
    /// is not held back for it, because nobody is shown the video.
    #[serde(default)]
    pub video_behind_voice_ms: Option<f64>,
    /// RTP packets that went to them.
    pub packets_sent: u64,
    /// Bytes that went to them and held nothing: probes, and padding.
    #[serde(default)]
    pub padding_bytes_sent: u64,
    /// Payload bytes that came from them.
    pub bytes_received: u64,
    /// Payload bytes that went to them.
    pub bytes_sent: u64,
    /// Interarrival jitter (RFC 3550 section 6.4.1).
    pub jitter_ms: f64,
    /// Round-trip time; nothing before the first report, and for robots.
    pub round_trip_ms: Option<f64>,
    /// Samples that the jitter buffer made up.
    pub concealed_samples: u64,
    /// Samples that the jitter buffer gave.
    pub total_samples: u64,
    /// How much the jitter buffer holds.
    pub jitter_buffer_ms: f64,
    /// Whether the mixer lets them be heard at this moment.
    pub heard: bool,
    /// What the congestion controller of what goes to them has decided; nothing for robots.
    pub congestion: Option<Rates>,
    /// What another would have decided that is told everything and heeded by nobody, while a swap of the controller is under way: the
    /// newcomer in the shadow, or its predecessor during the probation.
    pub congestion_shadow: Option<Rates>,
    /// How much they were told last that they may send, in kbit/s (REMB); nothing where they are told when their packets come, and for robots.
    #[serde(default)]
    pub told_kbps: Option<f64>,
    /// Whose profile of the manifest holds for their link: `desktop`, `mobile-wifi`, `mobile-cellular`.
    #[serde(default)]
    pub link: String,
    /// Whether every byte of it costs.
    #[serde(default)]
    pub metered: bool,
    /// `new`, `checking`, `connected`, `completed`, `disconnected`, `failed`, `closed`; empty for robots.
    pub ice_state: String,
    /// Such as `1.3`; empty before the handshake, and for robots.
    pub dtls_version: String,
    /// Such as `SRTP_AEAD_AES_256_GCM`; empty before the handshake, and for robots.
    pub srtp_profile: String,
}

/// What a congestion controller has decided.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rates {
    /// How much may be sent, headers included.
    pub target_kbps: f64,
    /// What it believes the path bears; 0 if it does not say.
    pub estimate_kbps: f64,
}

/// A plugin that the host found, as the catalogue lists it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PluginView {
    /// Unique and lasting.
    pub id: String,
    /// The name that people read.
    pub name: String,
    /// Semver.
    pub version: String,
    /// Who made it.
    pub vendor: String,
    /// An SPDX expression.
    pub license: String,
    /// The sockets that it fits, such as `audio-processor`.
    pub area: String,
    /// The file that holds it; `static` if it is linked in.
    pub path: String,
    /// Whether the manifest pins it by its hash.
    pub pinned: bool,
    /// What it does, in a sentence.
    pub description: String,
    /// What can be set on it; their `value` is left out.
    pub parameters: Vec<ParameterView>,
}
