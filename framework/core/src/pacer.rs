//! Area: pacer. Decides when each packet leaves. The host keeps the packets; the pacer orders their handles.

use jackfield_abi::Fault;
use jackfield_macros::{area, callback, ffi, ffi_enum};

use crate::congestion_controller::ProbeCluster;
use crate::module::Module;
use crate::swap::{Join, SwapRules};
use crate::time::Timestamp;
use crate::units::{DataRate, DataSize, TimeDelta};

/// How one is swapped. The queue is handed over, between two packets. What waits in it can wait in one pacer only, so there is no shadow and
/// no probation: packets go around a pacer that breaks.
pub const PACER_SWAP: SwapRules = SwapRules {
    shadow: TimeDelta::ZERO,
    join: Join::HandOver,
    probation: TimeDelta::ZERO,
};

/// Spreads packets over time.
///
/// Life: `set_rates` and `configure` at any time; `enqueue` for each packet; `poll` at each `deadline`. It holds handles, never packets,
/// and each goes to a `DepartureSink` exactly once.
///
/// # Example
/// ```
/// use jackfield_sdk::prelude::*;
/// use jackfield_sdk::pacing::{Departure, QueuedPacer};
///
/// /// A packet every 5 ms.
/// # struct Steady {
/// #     parameters: (), free: Timestamp,
/// # }
/// # impl Plugin for Steady {
/// #     const DESCRIPTOR: Descriptor = Descriptor::new("example.steady", "Steady", "0.1.0");
/// #     type Parameters = ();
/// #     fn create(_: &Environment) -> Result<Self, Fault> {
/// #         Ok(Self { parameters: (), free: Timestamp::ZERO })
/// #     }
/// #     fn parameters(&mut self) -> &mut () {
/// #         &mut self.parameters
/// #     }
/// # }
///
/// impl Departure for Steady {
///     fn rates(&mut self, _now: Timestamp, _pacing: DataRate, _padding: DataRate) {}
///     fn due(&self, came: Timestamp, _packet: &PacedPacket) -> Timestamp {
///         came.max(self.free)
///     }
///     fn departed(&mut self, due: Timestamp, _packet: &PacedPacket) {
///         self.free = due + TimeDelta::ms(5);
///     }
/// }
///
/// struct Left(Vec<u64>);
/// impl DepartureSink for Left {
///     fn depart(&mut self, handle: u64) -> Result<(), Fault> {
///         self.0.push(handle);
///         Ok(())
///     }
/// }
///
/// let mut pacer = QueuedPacer::<Steady>::create(&Environment::seeded(1))?;
/// for handle in 1..=2 {
///     let packet = PacedPacket { handle, size: DataSize::bytes(120), priority: PacketPriority::Audio, ssrc: 1 };
///     pacer.enqueue(Timestamp::ZERO, &packet)?;
/// }
/// let mut left = Left(Vec::new());
/// pacer.poll(Timestamp::ZERO, &mut left)?;
/// assert_eq!((left.0.as_slice(), pacer.deadline()?), (&[1][..], Timestamp::from_ms(5)));
/// # Ok::<(), Fault>(())
/// ```
#[area(id = "jackfield.pacer/1")]
pub trait Pacer: Module {
    /// The rates at which media and padding may leave, from now on. Before the first packet, and whenever they change. Must not allocate,
    /// lock or block. [network]
    fn set_rates(&mut self, now: Timestamp, pacing: DataRate, padding: DataRate) -> Result<(), Fault>;

    /// A packet wants to leave. Packets of one stream and one priority leave in the order of their coming; streams of one priority may take
    /// turns. When it fails the handle stays with the caller.
    /// Must not allocate, lock or block. [network]
    fn enqueue(&mut self, now: Timestamp, packet: &PacedPacket) -> Result<(), Fault>;

    /// Gives every packet that may leave by `now` to `departures`, in order. By the `deadline` at the latest; earlier does no harm. What
    /// `departures` refuses stays. Must not allocate, lock or block. [network]
    fn poll(&mut self, now: Timestamp, departures: &mut dyn DepartureSink) -> Result<(), Fault>;

    /// When `poll` is worth calling next; [`Timestamp::NEVER`] if nothing waits and nothing is due without (padding, the step of a probe).
    /// Asked after each call that may change it. [network]
    fn deadline(&mut self) -> Result<Timestamp, Fault>;

    /// What waits. At any time. [network]
    fn queue(&mut self) -> Result<PacerQueue, Fault>;

    /// Gives every packet that waits to `departures` at once, in the order in which they came or shall leave, without sending it: the
    /// host enqueues them with the successor. Afterwards nothing waits. [network]
    fn hand_over(&mut self, departures: &mut dyn DepartureSink) -> Result<(), Fault>;

    /// How it is set up; may be called at any time. Must not allocate, lock or block. [network]
    #[since(2)]
    fn configure(&mut self, now: Timestamp, config: &PacerConfig) -> Result<(), Fault> {
        let _ = (now, config);
        Ok(())
    }

    /// From now on nothing leaves (`paused` 1), or everything goes on (0). What has waited too long meanwhile leaves all the same. Must not
    /// allocate, lock or block. [network]
    #[since(2)]
    fn set_paused(&mut self, now: Timestamp, paused: u32) -> Result<(), Fault> {
        let _ = (now, paused);
        Err(Fault::unsupported(
            "this pacer cannot pause: keep its packets back yourself",
        ))
    }

    /// Whether more data is on its way than the congestion controller's window allows (`congested` 1): audio may leave all the same,
    /// everything else had better wait. Must not allocate, lock or block. [network]
    #[since(2)]
    fn set_congested(&mut self, now: Timestamp, congested: u32) -> Result<(), Fault> {
        let _ = (now, congested);
        Ok(())
    }

    /// Send a cluster of packets at the cluster's rate, to see whether the path bears it. Which packets belong to it, and how much padding
    /// it lacks, stands in `status`. Must not allocate, lock or block. [network]
    #[since(2)]
    fn probe(&mut self, now: Timestamp, cluster: &ProbeCluster) -> Result<(), Fault> {
        let _ = (now, cluster);
        Err(Fault::unsupported("this pacer does not probe"))
    }

    /// How things stand. Must not allocate, lock or block. [network]
    #[since(2)]
    fn status(&mut self, now: Timestamp) -> Result<PacerStatus, Fault> {
        let _ = now;
        let queue = self.queue()?;
        Ok(PacerStatus {
            packets: queue.packets,
            waiting: queue.size,
            ..PacerStatus::UNKNOWN
        })
    }
}

/// Takes the packets that may leave.
#[callback]
pub trait DepartureSink {
    /// The packet with this handle may leave now.
    fn depart(&mut self, handle: u64) -> Result<(), Fault>;
}

/// A packet as the pacer sees it.
#[ffi]
#[derive(Eq)]
pub struct PacedPacket {
    /// The host's name for it.
    pub handle: u64,
    /// Its size, headers included.
    pub size: DataSize,
    /// How urgent it is.
    pub priority: PacketPriority,
    /// The stream that it belongs to.
    pub ssrc: u32,
}

/// How urgent a packet is; smaller goes first (the order of libwebrtc's `modules/pacing`).
#[ffi_enum]
pub enum PacketPriority {
    /// Audio.
    Audio = 0,
    /// Audio sent again.
    AudioRetransmission = 1,
    /// Video sent again.
    VideoRetransmission = 2,
    /// Video, and repair packets.
    Video = 3,
    /// Padding.
    Padding = 4,
}

/// What waits in a pacer.
#[ffi]
#[derive(Eq, Default)]
pub struct PacerQueue {
    /// Packets.
    pub packets: u64,
    /// Bytes.
    pub size: DataSize,
}

/// How a pacer is set up. Zero in a field means: the pacer's own choice.
#[ffi(grows)]
#[derive(Eq)]
pub struct PacerConfig {
    /// The size of this struct in bytes.
    pub size: u32,
    /// 1 if audio counts against the rate, 0 if it leaves beside it.
    pub count_audio: u32,
    /// What the rate allows in so long may leave at once.
    pub window: TimeDelta,
    /// Longer than this nothing shall wait: the rate is raised for it.
    pub longest_wait: TimeDelta,
    /// What each packet adds to its size on the wire and counts against the rate.
    pub overhead: DataSize,
    /// The steps in which the packets of a probe leave are at least so far apart; of the probes that are asked for from now on.
    pub probe_distance: TimeDelta,
}

impl PacerConfig {
    /// Everything as the pacer chooses.
    pub const DEFAULT: Self = Self {
        size: size_of::<Self>() as u32,
        count_audio: 0,
        window: TimeDelta::ZERO,
        longest_wait: TimeDelta::ZERO,
        overhead: DataSize::ZERO,
        probe_distance: TimeDelta::ZERO,
    };
}

/// How things stand in a pacer.
#[ffi(grows)]
#[derive(Eq)]
pub struct PacerStatus {
    /// The size of this struct in bytes.
    pub size: u32,
    /// The probe cluster that the packets of the last poll belong to; 0 if none.
    pub cluster: u32,
    /// Packets that wait.
    pub packets: u64,
    /// What waits.
    pub waiting: DataSize,
    /// How long the packet that came first has waited; negative if unknown.
    pub oldest_wait: TimeDelta,
    /// How long it takes until everything that waits has left; negative if unknown.
    pub expected_wait: TimeDelta,
    /// How much padding is wanted now, because a probe lacks it or the padding rate has room for it: enqueue about so much, and poll again
    /// at the same time. Worth asking for after each poll.
    pub padding: DataSize,
}

impl PacerStatus {
    /// Nothing waits, and no time is known.
    pub const UNKNOWN: Self = Self {
        size: size_of::<Self>() as u32,
        cluster: 0,
        packets: 0,
        waiting: DataSize::ZERO,
        oldest_wait: TimeDelta::us(-1),
        expected_wait: TimeDelta::us(-1),
        padding: DataSize::ZERO,
    };
}
