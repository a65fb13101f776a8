//! Area: pacer. Decides when each packet leaves. The host keeps the packets; the pacer orders their handles.

use jackfield_abi::Fault;
use jackfield_macros::{area, callback, ffi, ffi_enum};

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
#[area(id = "jackfield.pacer/1")]
pub trait Pacer: Module {
    /// The rates at which media and padding may leave. Must not allocate, lock or block. [network]
    fn set_rates(&mut self, now: Timestamp, pacing: DataRate, padding: DataRate) -> Result<(), Fault>;

    /// A packet wants to leave. Must not allocate, lock or block. [network]
    fn enqueue(&mut self, now: Timestamp, packet: &PacedPacket) -> Result<(), Fault>;

    /// Gives every packet that may leave by `now` to `departures`, in order. Must not allocate, lock or block. [network]
    fn poll(&mut self, now: Timestamp, departures: &mut dyn DepartureSink) -> Result<(), Fault>;

    /// When `poll` is worth calling next; [`Timestamp::NEVER`] if nothing waits. [network]
    fn deadline(&mut self) -> Result<Timestamp, Fault>;

    /// What waits. [network]
    fn queue(&mut self) -> Result<PacerQueue, Fault>;

    /// Gives every packet that waits to `departures` at once, in order, without sending it: the host enqueues them with the successor. [network]
    fn hand_over(&mut self, departures: &mut dyn DepartureSink) -> Result<(), Fault>;
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
