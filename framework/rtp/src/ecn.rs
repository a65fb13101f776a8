//! The two bits of the IP header in which routers tell that they are congested.

/// Explicit congestion notification: the codepoint of one datagram (RFC 3168 section 5).
///
/// ```
/// use jackfield_rtp::ecn::EcnMark;
/// assert_eq!(EcnMark::from_bits(0b1011_1001), EcnMark::Capable1);
/// assert!(EcnMark::Congested.is_capable() && !EcnMark::NotCapable.is_capable());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum EcnMark {
    /// Not-ECT: a router that is congested drops it.
    #[default]
    NotCapable = 0,
    /// ECT(1): a router that is congested may mark it, and early, because its sender answers at once (L4S, RFC 9331).
    Capable1 = 1,
    /// ECT(0): a router that is congested may mark it instead of dropping it.
    Capable0 = 2,
    /// CE: a router was congested.
    Congested = 3,
}

impl EcnMark {
    /// From the low two bits, as they stand in the traffic class and in feedback (RFC 8888 section 3.1).
    pub const fn from_bits(bits: u8) -> Self {
        match bits & 3 {
            0 => Self::NotCapable,
            1 => Self::Capable1,
            2 => Self::Capable0,
            _ => Self::Congested,
        }
    }

    /// The two bits.
    pub const fn bits(self) -> u8 {
        self as u8
    }

    /// Whether routers may mark it, or have.
    pub const fn is_capable(self) -> bool {
        !matches!(self, Self::NotCapable)
    }
}
