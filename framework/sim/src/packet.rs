//! Packets as the simulated network sees them: whose they are, how big, and what became of them. No bytes.

use jackfield_core::units::DataSize;

use crate::clock::VirtualTime;

/// Whose packet it is. Numbers count from 0 in the order of the scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// Media, padding and probes of a flow.
    Flow(usize),
    /// Feedback and reports of a flow's receiver, on the flow's return path.
    Feedback(usize),
    /// Cross traffic; what a TCP receiver acknowledges goes by the same name, with [`PacketKind::Acknowledgement`].
    CrossTraffic(usize),
}

/// What a packet carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum PacketKind {
    /// Voice.
    Audio = 0,
    /// A part of a video frame, whether or not it serves as part of a probe.
    Video = 1,
    /// Nothing, because the congestion controller wants more sent than there is.
    Padding = 2,
    /// Nothing, because a probe lacks packets.
    Probe = 3,
    /// A segment of a TCP connection.
    Tcp = 4,
    /// What a TCP receiver says.
    Acknowledgement = 5,
    /// Feedback on packets, or a report.
    Feedback = 6,
    /// Other traffic.
    Other = 7,
    /// A part of a video frame once more, because it was asked for.
    Retransmission = 8,
}

/// The ECN codepoint of a packet (RFC 3168 section 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
#[repr(u8)]
pub enum Ecn {
    /// Not capable of ECN.
    #[default]
    NotEct = 0,
    /// ECT(1): the sender reacts to marks as RFC 9331 demands (L4S).
    Ect1 = 1,
    /// ECT(0): the sender reacts to a mark as to a loss.
    Ect0 = 2,
    /// Congestion was experienced.
    Ce = 3,
}

impl Ecn {
    /// Whether a queue may mark it instead of dropping it.
    pub const fn is_capable(self) -> bool {
        !matches!(self, Self::NotEct)
    }

    /// The codepoint with these two bits.
    pub const fn from_bits(bits: u32) -> Self {
        match bits & 3 {
            0 => Self::NotEct,
            1 => Self::Ect1,
            2 => Self::Ect0,
            _ => Self::Ce,
        }
    }
}

/// Why a packet did not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum DropReason {
    /// The queue was full.
    Overflow = 0,
    /// Active queue management dropped it although there was room.
    Managed = 1,
    /// A policer let nothing more through.
    Policed = 2,
    /// It was lost on the way.
    Lost = 3,
    /// The link was down.
    Outage = 4,
}

/// A packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PacketRecord {
    /// Whose it is.
    pub source: Source,
    /// Its number among those of its source and direction, from 0: for flows the transport-wide sequence number.
    pub number: u64,
    /// Its size at the IP layer, headers included.
    pub size: DataSize,
    /// When it left the sender.
    pub sent: VirtualTime,
    /// What it carries.
    pub kind: PacketKind,
    /// Its ECN codepoint now.
    pub ecn: Ecn,
    /// The stream of the flow that it belongs to, from 0 in the order of the scenario.
    pub stream: u16,
    /// The probe cluster that it belongs to; 0 if none.
    pub cluster: u32,
    /// The frame that it is a part of; counted from 0 for each stream.
    pub frame: u32,
}
