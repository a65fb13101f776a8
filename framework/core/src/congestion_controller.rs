//! Area: congestion controller. One event in, one update out; pure, so that a recorded stream of events replays to the same decisions.
//!
//! The events and the update are those of libwebrtc's `api/transport/network_control.h` (commit 3710345e71) with ECN per packet.

use jackfield_abi::Fault;
use jackfield_macros::{area, callback, ffi, ffi_enum};

use crate::module::Module;
use crate::swap::{Join, SwapRules};
use crate::time::Timestamp;
use crate::units::{DataRate, DataSize, TimeDelta};

/// How one is swapped. It starts from the estimate of its predecessor; whether it heeds a path that gets worse shows only after seconds.
pub const CONGESTION_CONTROLLER_SWAP: SwapRules = SwapRules {
    shadow: TimeDelta::ms(300),
    join: Join::HandOver,
    probation: TimeDelta::seconds(3),
};

/// Decides how fast to send.
///
/// Life: `activate`; in a swap `take_over`; then `on_event` for whatever happens on the path, in the order of its happening, and every
/// `process_interval` for time that passes.
///
/// # Example
/// ```
/// use jackfield_sdk::prelude::*;
/// use jackfield_sdk::congestion::{Path, RateController, RateRule};
///
/// /// Slower when anything is lost, else faster.
/// # struct Loss {
/// #     parameters: (),
/// # }
/// # impl Plugin for Loss {
/// #     const DESCRIPTOR: Descriptor = Descriptor::new("example.loss", "Loss", "0.1.0");
/// #     type Parameters = ();
/// #     fn create(_: &Environment) -> Result<Self, Fault> {
/// #         Ok(Self { parameters: () })
/// #     }
/// #     fn parameters(&mut self) -> &mut () {
/// #         &mut self.parameters
/// #     }
/// # }
///
/// impl RateRule for Loss {
///     fn target(&mut self, _now: Timestamp, event: &CongestionEvent, path: &Path) -> DataRate {
///         match event.kind {
///             CongestionEventKind::PacketFeedback if path.loss > 0.0 => path.target * 0.85,
///             CongestionEventKind::PacketFeedback => path.target * 1.02,
///             _ => path.target,
///         }
///     }
/// }
///
/// struct NoProbes;
/// impl ProbeSink for NoProbes {
///     fn probe(&mut self, _: &ProbeCluster) -> Result<(), Fault> {
///         Ok(())
///     }
/// }
///
/// let mut controller = RateController::<Loss>::create(&Environment::seeded(1))?;
/// let bounds = RateConstraints {
///     minimum: DataRate::kbps(16),
///     maximum: DataRate::kbps(510),
///     start: DataRate::kbps(64),
/// };
/// controller.activate(Timestamp::ZERO, &bounds)?;
/// let event = CongestionEvent::new(CongestionEventKind::ProcessInterval, Timestamp::ZERO);
/// let update = controller.on_event(Timestamp::ZERO, &event, &[], &mut NoProbes)?;
/// assert_eq!(update.target, DataRate::kbps(64));
/// # Ok::<(), Fault>(())
/// ```
#[area(id = "jackfield.congestion-controller/1")]
pub trait CongestionController: Module {
    /// Sets the bounds and the rate to start from. Before anything else. Fails with `Invalid` if the bounds are the wrong way round.
    /// [control]
    fn activate(&mut self, now: Timestamp, constraints: &RateConstraints) -> Result<(), Fault>;

    /// Takes one event; `packets` is empty unless its kind is `PacketFeedback`. Probes that are to be sent go to `probes`. The update must
    /// be used. An event of an unknown kind changes nothing. Fails with `State` before `activate`. Must not allocate, lock or block.
    /// [network]
    fn on_event(
        &mut self,
        now: Timestamp,
        event: &CongestionEvent,
        packets: &[PacketFeedback],
        probes: &mut dyn ProbeSink,
    ) -> Result<CongestionUpdate, Fault>;

    /// How often it wants a `ProcessInterval` event; zero if never. Asked once after `activate`. [network]
    fn process_interval(&mut self) -> Result<TimeDelta, Fault>;

    /// What it believes of the path, for a successor. After `activate`; it goes on working until the successor has proven itself. [network]
    fn hand_over(&mut self, now: Timestamp) -> Result<CongestionHandover, Fault>;

    /// Starts from what a predecessor believed; zero in a field means that nobody knows. After `activate`, before the first event.
    /// [network]
    fn take_over(&mut self, now: Timestamp, state: &CongestionHandover) -> Result<(), Fault>;

    /// What the last update means for the pacer and the encoders beyond its rates; asked for after each update. Must not allocate, lock or
    /// block. [network]
    #[since(2)]
    fn advice(&mut self, now: Timestamp) -> Result<CongestionAdvice, Fault> {
        let _ = now;
        Ok(CongestionAdvice::NONE)
    }

    /// 1 if it adapts to ECN marks (RFC 9331), so that it is worth sending with ECT(1); else 0. At any time, and the same each time.
    /// [network]
    #[since(2)]
    fn adapts_to_ecn(&mut self) -> Result<u32, Fault> {
        Ok(0)
    }
}

/// At which end of a path a congestion controller decides. Its descriptor says so ([`crate::module::Descriptor::congestion_role`]), and a
/// socket takes none that decides elsewhere: it would never hear of what it goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CongestionRole {
    /// At the sender, from what the remote end reports.
    Sender,
    /// At the receiver, from the packets that come; its target is told to the sender (REMB).
    Receiver,
    /// At either.
    Either,
}

impl CongestionRole {
    /// The name that metadata and JSON use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sender => "sender",
            Self::Receiver => "receiver",
            Self::Either => "either",
        }
    }

    /// The role of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Sender, Self::Receiver, Self::Either]
            .into_iter()
            .find(|role| role.name() == name)
    }

    /// Whether one with this role can stand where `wanted` is decided.
    pub fn serves(self, wanted: Self) -> bool {
        self == Self::Either || self == wanted
    }
}

/// Takes probe clusters.
#[callback]
pub trait ProbeSink {
    /// Send a cluster of packets faster than the media needs, to see whether the path bears it.
    fn probe(&mut self, cluster: &ProbeCluster) -> Result<(), Fault>;
}

/// Bounds of the total rate.
#[ffi]
#[derive(Eq)]
pub struct RateConstraints {
    /// Never below.
    pub minimum: DataRate,
    /// Never above.
    pub maximum: DataRate,
    /// To start from.
    pub start: DataRate,
}

/// What an event is about; says which fields of [`CongestionEvent`] hold something.
#[ffi_enum]
pub enum CongestionEventKind {
    /// The network went up (`flag` 1) or down (`flag` 0).
    NetworkAvailability = 0,
    /// The path changed; `constraints` holds new bounds.
    RouteChange = 1,
    /// Time passed; `size` holds the pacer's queue.
    ProcessInterval = 2,
    /// The remote end reported a bandwidth (REMB): `rate`.
    RemoteBitrate = 3,
    /// A round-trip time was measured: `time`; `flag` 1 if smoothed.
    RoundTripTime = 4,
    /// A packet left: `at`, `size`, `sequence_number`, `in_flight`, `cluster`, `flag` 1 if audio; `ssrc`, `untracked`, `ecn`.
    SentPacket = 5,
    /// A packet came (receive side): `at` sent, `time` arrival offset, `size`.
    ReceivedPacket = 6,
    /// The streams changed: `rate` the sum of their minimum rates, `flag` 1 to ask for ALR probing; `padding`, `constraints.maximum` the sum
    /// of their greatest rates, `pacing_factor`, `probe_repeatedly`.
    StreamsConfig = 7,
    /// New bounds: `constraints`.
    TargetRateConstraints = 8,
    /// Losses reported by RTCP: `lost`, `received`, between `at` and now.
    TransportLoss = 9,
    /// Feedback on packets: `packets`; `in_flight`; `flag` 1 if the path carries ECN.
    PacketFeedback = 10,
    /// An estimate of the link from elsewhere: `rate`, `time` its propagation delay; `lower`, `upper`, `deviation`, `before_link`,
    /// `behind_link`, `confidence`.
    NetworkStateEstimate = 11,
}

/// One event. Fields that its kind does not name are zero.
#[ffi(grows)]
pub struct CongestionEvent {
    /// The size of this struct in bytes.
    pub size_of_struct: u32,
    /// What it is about.
    pub kind: CongestionEventKind,
    /// When the thing reported happened.
    pub at: Timestamp,
    /// A span of time.
    pub time: TimeDelta,
    /// A rate.
    pub rate: DataRate,
    /// A size.
    pub size: DataSize,
    /// Data that left and is neither acknowledged nor lost.
    pub in_flight: DataSize,
    /// Transport-wide sequence number, extended.
    pub sequence_number: i64,
    /// Bounds.
    pub constraints: RateConstraints,
    /// Packets lost.
    pub lost: u32,
    /// Packets received.
    pub received: u32,
    /// Probe cluster that the packet belongs to; 0 if none.
    pub cluster: u32,
    /// See the kind.
    pub flag: u32,
    /// The stream that a packet belongs to.
    pub ssrc: u32,
    /// The ECN codepoint that a packet was sent with, as in [`PacketFeedback::ecn`].
    pub ecn: u32,
    /// What left since the packet before without a transport-wide sequence number.
    pub untracked: DataSize,
    /// The most padding that the streams can do with.
    pub padding: DataRate,
    /// At least so much the link bears; zero if unknown.
    pub lower: DataRate,
    /// At most so much; zero if unknown.
    pub upper: DataRate,
    /// By how much what it bears strays.
    pub deviation: DataRate,
    /// Delay before the link.
    pub before_link: TimeDelta,
    /// Delay behind the link.
    pub behind_link: TimeDelta,
    /// How sure the estimate is, 0 to 1.
    pub confidence: f32,
    /// Pacing as a multiple of the target that the streams ask for; 0 for the controller's own.
    pub pacing_factor: f32,
    /// 1 to go on with the probes of the beginning until media flows, else 0.
    pub probe_repeatedly: u32,
    /// Zero.
    pub reserved: u32,
}

impl CongestionEvent {
    /// An event of `kind` that happened `at`, with all else zero.
    pub const fn new(kind: CongestionEventKind, at: Timestamp) -> Self {
        Self {
            size_of_struct: size_of::<Self>() as u32,
            kind,
            at,
            time: TimeDelta::ZERO,
            rate: DataRate::ZERO,
            size: DataSize::ZERO,
            in_flight: DataSize::ZERO,
            sequence_number: 0,
            constraints: RateConstraints {
                minimum: DataRate::ZERO,
                maximum: DataRate::ZERO,
                start: DataRate::ZERO,
            },
            lost: 0,
            received: 0,
            cluster: 0,
            flag: 0,
            ssrc: 0,
            ecn: 0,
            untracked: DataSize::ZERO,
            padding: DataRate::ZERO,
            lower: DataRate::ZERO,
            upper: DataRate::ZERO,
            deviation: DataRate::ZERO,
            before_link: TimeDelta::ZERO,
            behind_link: TimeDelta::ZERO,
            confidence: 0.0,
            pacing_factor: 0.0,
            probe_repeatedly: 0,
            reserved: 0,
        }
    }
}

/// What the remote end said of one packet.
#[ffi]
#[derive(Eq)]
pub struct PacketFeedback {
    /// Transport-wide sequence number, extended.
    pub sequence_number: i64,
    /// When it left.
    pub sent: Timestamp,
    /// When it came, on the remote clock; [`Timestamp::NEVER`] if it did not.
    pub received: Timestamp,
    /// From its arrival to the sending of the feedback, if the feedback tells (RFC 8888); else negative.
    pub arrival_offset: TimeDelta,
    /// Its size, headers included.
    pub size: DataSize,
    /// The ECN codepoint that it came with (0 Not-ECT, 1 ECT(1), 2 ECT(0), 3 CE).
    pub ecn: u32,
    /// Probe cluster that it belongs to; 0 if none.
    pub cluster: u32,
    /// 1 if it is audio, else 0.
    pub audio: u32,
    /// 1 if it had been reported lost before, else 0.
    pub recovered: u32,
}

/// What the controller decides. Zero in a field means: as before.
#[ffi]
#[derive(Eq, Default)]
pub struct CongestionUpdate {
    /// The rate for all media together.
    pub target: DataRate,
    /// The rate at which packets may leave.
    pub pacing: DataRate,
    /// The rate at which padding may fill up.
    pub padding: DataRate,
    /// The most data in flight.
    pub window: DataSize,
    /// The estimate of what the path bears.
    pub estimate: DataRate,
    /// How often feedback is wanted.
    pub feedback_interval: TimeDelta,
    /// 1 to send packets as ECT(1) (RFC 9331), else 0.
    pub ecn: u32,
    /// Zero.
    pub reserved: u32,
}

/// What a controller's last update means beyond its rates. Zero in a field means: nothing special.
#[ffi(grows)]
pub struct CongestionAdvice {
    /// The size of this struct in bytes.
    pub size: u32,
    /// 1 if the path is the bound of the target, 0 if the media is, or nobody knows.
    pub limited_by_path: u32,
    /// What the pacing rate allows in so long may leave at once.
    pub pacing_window: TimeDelta,
    /// What the padding rate allows in so long may leave at once.
    pub padding_window: TimeDelta,
    /// Packets of a probe shall be at least so far apart.
    pub probe_distance: TimeDelta,
    /// The round-trip time that the estimate is based on.
    pub round_trip: TimeDelta,
    /// The share of packets lost that it is based on, 0 to 1.
    pub loss: f32,
    /// By so much of the target the encoders shall go below it for now, because the window is full; 0 to 1.
    pub reduction: f32,
}

impl CongestionAdvice {
    /// Nothing special.
    pub const NONE: Self = Self {
        size: size_of::<Self>() as u32,
        limited_by_path: 0,
        pacing_window: TimeDelta::ZERO,
        padding_window: TimeDelta::ZERO,
        probe_distance: TimeDelta::ZERO,
        round_trip: TimeDelta::ZERO,
        loss: 0.0,
        reduction: 0.0,
    };
}

/// A burst of packets that tests the path.
#[ffi]
#[derive(Eq)]
pub struct ProbeCluster {
    /// Its number, from 1.
    pub id: u32,
    /// At least so many packets.
    pub minimum_packets: u32,
    /// At this rate.
    pub rate: DataRate,
    /// For at least so long.
    pub duration: TimeDelta,
}

/// What one controller tells its successor.
#[ffi]
#[derive(Eq, Default)]
pub struct CongestionHandover {
    /// The estimate of what the path bears; zero if unknown.
    pub estimate: DataRate,
    /// The target last given.
    pub target: DataRate,
    /// The round-trip time; zero if unknown.
    pub round_trip: TimeDelta,
    /// The shortest round-trip time seen; zero if unknown.
    pub minimum_round_trip: TimeDelta,
    /// Data in flight.
    pub in_flight: DataSize,
    /// Share of packets lost in parts per million.
    pub loss_ppm: u32,
    /// Zero.
    pub reserved: u32,
}
