//! How a sender is set up, and what it has done.

use jackfield_core::units::{DataSize, TimeDelta};

use super::Algorithm;

/// How a sender is set up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TcpConfig {
    /// Its congestion controller.
    pub algorithm: Algorithm,
    /// Whether its packets are ECN-capable and it reacts to marks as RFC 3168 demands. Prague always is, BBR never.
    pub ecn: bool,
    /// The largest segment, without headers.
    pub segment: DataSize,
    /// The first window, in segments (RFC 6928: 10).
    pub initial_window: u32,
    /// The least retransmission timeout.
    pub least_timeout: TimeDelta,
    /// What may lie between the first byte not acknowledged and the next to be sent.
    pub receive_window: DataSize,
    /// Whether a connection is opened first, which costs a round trip.
    pub opens: bool,
    /// Makes senders differ that otherwise would march in step (where BBR begins its cycle).
    pub seed: u64,
}

impl Default for TcpConfig {
    /// CUBIC without ECN, segments of 1448 bytes, a first window of 10 of them, at least 200 ms of timeout, a receive window of 6 MiB.
    fn default() -> Self {
        Self {
            algorithm: Algorithm::Cubic,
            ecn: false,
            segment: DataSize::bytes(1_448),
            initial_window: 10,
            least_timeout: TimeDelta::ms(200),
            receive_window: DataSize::bytes(6 << 20),
            opens: true,
            seed: 0,
        }
    }
}

/// What a sender has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TcpStats {
    /// Segments that left, for the first time or again.
    pub segments: u64,
    /// Segments that were sent again.
    pub again: u64,
    /// Times that a loss was seen from acknowledgements.
    pub recoveries: u64,
    /// Times that the retransmission timer ran out.
    pub timeouts: u64,
    /// Probes for tail loss.
    pub probes: u64,
    /// Times that the window was reduced for a mark.
    pub marks: u64,
}

impl TcpStats {
    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            segments: self.segments + other.segments,
            again: self.again + other.again,
            recoveries: self.recoveries + other.recoveries,
            timeouts: self.timeouts + other.timeouts,
            probes: self.probes + other.probes,
            marks: self.marks + other.marks,
        }
    }
}
