//! Who sends, and over which spans results are counted.

use std::sync::Arc;

use jackfield_core::units::{DataRate, DataSize, TimeDelta};

use crate::trace::FrameLadder;

/// A media flow: one sender with a congestion controller and a pacer, one receiver.
#[derive(Clone, Debug, PartialEq)]
pub struct FlowSpec {
    /// What results call it.
    pub name: String,
    /// The links that its packets cross, in order.
    pub path: Vec<String>,
    /// The links that its feedback crosses.
    pub return_path: Vec<String>,
    /// When it begins.
    pub start: TimeDelta,
    /// When it ends.
    pub stop: TimeDelta,
    /// When its media is paused.
    pub pauses: Vec<Pause>,
    /// Its streams.
    pub streams: Vec<StreamSpec>,
    /// The least total rate that the controller is told.
    pub minimum: DataRate,
    /// The rate that the controller starts from.
    pub start_rate: DataRate,
    /// The greatest total rate that the controller is told.
    pub maximum: DataRate,
    /// Its weight against other flows.
    pub priority: f64,
    /// How its receiver reports.
    pub feedback: FeedbackFormat,
    /// The flow that the end which receives this one sends the other way: together they are a call. Empty if there is none, or if that flow
    /// names this one.
    pub peer: String,
    /// Longest interval between two feedbacks; the shortest is 50 ms, and in between they take [`FlowSpec::feedback_share`].
    pub feedback_interval: TimeDelta,
    /// What feedback may take: with a peer of what the peer's controller aims at, as in libwebrtc; else of what is received.
    pub feedback_share: f64,
    /// The receiver's clock.
    pub clock: ClockSpec,
    /// When it moves to another network, and what its controller is told.
    pub route_changes: Vec<RouteChange>,
    /// The most padding that its streams can do with; 0 if none.
    pub padding: DataRate,
    /// Whether the streams ask for probes while they do not use what there is.
    pub probe_when_limited: bool,
    /// The pacing factor that the streams ask for; 0 for the controller's own.
    pub pacing_factor: f64,
}

/// A span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pause {
    /// From here.
    pub from: TimeDelta,
    /// Until here.
    pub to: TimeDelta,
}

/// The path of a flow changes.
#[derive(Clone, Debug, PartialEq)]
pub struct RouteChange {
    /// When.
    pub at: TimeDelta,
    /// The links from then on; the old ones if empty.
    pub path: Vec<String>,
    /// The links of the feedback from then on; the old ones if empty.
    pub return_path: Vec<String>,
    /// The rate that the controller is told to start from anew; 0 if it is told none.
    pub start_rate: DataRate,
    /// Whether the controller is told of it at all.
    pub announced: bool,
}

/// How a receiver reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeedbackFormat {
    /// Transport-wide feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01): arrival times in steps of 250 µs, no ECN.
    TransportCc,
    /// RFC 8888: arrival times in steps of 1/1024 s before the report, with ECN.
    Ccfb,
    /// None: only what receiver reports say of losses and round trips.
    None,
}

/// What a node's clock shows.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct ClockSpec {
    /// By how much it is ahead at the beginning.
    pub offset: TimeDelta,
    /// By how much it is too fast, in parts per million.
    pub drift_ppm: f64,
}

/// A stream of a flow.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamSpec {
    /// What it is called.
    pub name: String,
    /// What it sends.
    pub kind: StreamKind,
    /// The least rate that it can do with, headers included.
    pub minimum: DataRate,
    /// The most that it can make use of, headers included.
    pub maximum: DataRate,
    /// Its weight when the flow's rate is shared out.
    pub priority: f64,
    /// How what is lost of it is had again; nothing if it is not. Video only.
    pub repair: Option<RepairSpec>,
    /// Where its frames get their sizes from outside of transients; nothing for those of the statistical model. Video only.
    pub ladder: Option<Arc<FrameLadder>>,
}

/// How lost packets are had again: the receiver asks for them (generic NACK, RFC 4585) and the sender sends them again (RFC 4588) through its
/// pacer, at the cost of its encoder. Frames are then decoded in order, so that those behind a gap wait for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RepairSpec {
    /// How often the receiver asks for a packet, at most (10).
    pub attempts: u32,
    /// How long after it has known of a gap the receiver gives up (1 s).
    pub patience: TimeDelta,
}

impl RepairSpec {
    /// As many requests as libwebrtc's receiver makes, within a second.
    pub const DEFAULT: Self = Self {
        attempts: 10,
        patience: TimeDelta::seconds(1),
    };
}

/// What a stream sends.
#[derive(Clone, Debug, PartialEq)]
pub enum StreamKind {
    /// Voice: packets at equal intervals, whose size goes by the rate; it is constant if minimum and maximum are one.
    Audio(AudioSpec),
    /// Video.
    Video(VideoSpec),
}

/// Voice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AudioSpec {
    /// How long each packet is.
    pub frame: TimeDelta,
}

/// The statistical model of RFC 8593 section 5.1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VideoSpec {
    /// Frames per second.
    pub frame_rate: f64,
    /// The encoder takes up no new rate for so long after it has taken up one (`tau_v`, 0.2 s).
    pub lag: TimeDelta,
    /// How long after its first frame the rate control needs until it makes all that it is asked for; it begins with half. 0 if it makes that
    /// at once, as in the RFC.
    pub warm_up: TimeDelta,
    /// How many frames a transient lasts (`K_d`, 8); 0 if changes of rate make none.
    pub transient_frames: u32,
    /// The size of the first frame of a transient (`K_B`, 13.5 kB).
    pub transient_size: DataSize,
    /// Scale of the Laplace noise of the intervals between frames (`SCALE_t`, 0.15).
    pub interval_scale: f64,
    /// Scale of the Laplace noise of the sizes of frames (`SCALE_B`, 0.15).
    pub size_scale: f64,
    /// A key frame each so many frames; 0 if only at the beginning.
    pub key_interval: u32,
    /// The largest packet that a frame is cut into, headers included.
    pub packet: DataSize,
}

impl VideoSpec {
    /// The model with the values of RFC 8593 table 2.
    pub const RFC8593: Self = Self {
        frame_rate: 30.0,
        lag: TimeDelta::ms(200),
        warm_up: TimeDelta::ZERO,
        transient_frames: 8,
        transient_size: DataSize::bytes(13_500),
        interval_scale: 0.15,
        size_scale: 0.15,
        key_interval: 0,
        packet: DataSize::bytes(1_200),
    };

    /// What stands around the frames of a trace (RFC 8593 section 5.2): no transients and no noise, as it has its own.
    pub const TRACED: Self = Self {
        transient_frames: 0,
        interval_scale: 0.0,
        size_scale: 0.0,
        ..Self::RFC8593
    };

    /// Both together (RFC 8593 section 5.3): transients of the statistical model where the rate changes by more than a tenth, a trace else.
    pub const HYBRID: Self = Self {
        interval_scale: 0.0,
        ..Self::RFC8593
    };

    /// Frames of equal size, which follow the target at once.
    pub const STEADY: Self = Self {
        lag: TimeDelta::ZERO,
        transient_frames: 0,
        interval_scale: 0.0,
        size_scale: 0.0,
        ..Self::RFC8593
    };
}

/// Traffic without a congestion controller of ours.
#[derive(Clone, Debug, PartialEq)]
pub struct CrossTrafficSpec {
    /// What results call it.
    pub name: String,
    /// The links that its packets cross, in order.
    pub path: Vec<String>,
    /// The links that acknowledgements cross; TCP only.
    pub return_path: Vec<String>,
    /// When it begins.
    pub start: TimeDelta,
    /// When it ends.
    pub stop: TimeDelta,
    /// What it sends.
    pub kind: CrossKind,
    /// Whether its packets carry ECT(1), though it does not heed marks. Not TCP's, which has `ecn` for that.
    pub l4s: bool,
    /// When it is silent.
    pub on_off: Option<OnOff>,
}

/// What cross traffic sends.
#[derive(Clone, Debug, PartialEq)]
pub enum CrossKind {
    /// Packets of one size at equal intervals.
    Constant {
        /// The rate, each from its instant on; the first stands at 0. Counted from the beginning of the scenario.
        rate: Vec<(TimeDelta, DataRate)>,
        /// The size of a packet.
        packet: DataSize,
    },
    /// Packets of one size at exponential intervals.
    Poisson {
        /// The average rate, as above.
        rate: Vec<(TimeDelta, DataRate)>,
        /// The size of a packet.
        packet: DataSize,
    },
    /// Packets that all leave at once.
    Burst(Burst),
    /// A TCP connection, or one after another.
    Tcp(TcpSpec),
}

/// Packets that all leave at once, when the traffic begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Burst {
    /// How many.
    pub packets: u32,
    /// How big each is.
    pub packet: DataSize,
}

/// A TCP connection.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TcpSpec {
    /// Its congestion controller.
    pub algorithm: TcpAlgorithm,
    /// Short connections one after another instead of one that lasts.
    pub short: Option<ShortTcp>,
    /// Whether it negotiates ECN.
    pub ecn: bool,
}

/// Short connections: each transfers a size drawn uniformly, then nothing happens for a time that is drawn from an exponential distribution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ShortTcp {
    /// The smallest size.
    pub smallest: DataSize,
    /// The largest size.
    pub largest: DataSize,
    /// The mean of the silence between two.
    pub idle: TimeDelta,
    /// Whether the first begins at once, or after a silence.
    pub starts_on: bool,
}

/// A TCP congestion controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TcpAlgorithm {
    /// RFC 5681.
    Reno,
    /// RFC 9438.
    Cubic,
    /// draft-ietf-ccwg-bbr.
    Bbr,
    /// Prague: scalable, L4S.
    Prague,
}

/// Traffic that comes and goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OnOff {
    /// How long it sends.
    pub on: TimeDelta,
    /// How long it is silent.
    pub off: TimeDelta,
    /// Whether it begins by sending.
    pub starts_on: bool,
}

/// A span over which results are counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// What results call it.
    pub name: String,
    /// From here.
    pub from: TimeDelta,
    /// Until here.
    pub to: TimeDelta,
}
