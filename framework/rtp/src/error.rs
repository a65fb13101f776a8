/// Why bytes are no RTP or RTCP packet, or why one cannot be built.
///
/// Bytes from outside that fail to parse are normal traffic: count them and drop them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RtpError {
    /// The bytes end before the packet does.
    #[error("the packet ends after {length} bytes but needs at least {needed}: drop it")]
    TooShort {
        /// Bytes that there are.
        length: usize,
        /// Bytes that there should be.
        needed: usize,
    },
    /// It is no RTP: version 2 is the only one (RFC 3550 section 5.1).
    #[error("the packet says version {0}, RTP and RTCP are version 2: drop it")]
    Version(u8),
    /// The padding count is zero or exceeds the packet.
    #[error("the padding count {0} does not fit the packet: drop it")]
    Padding(u8),
    /// A field contradicts another.
    #[error("{0}: drop the packet")]
    Malformed(&'static str),
    /// The buffer to build into is too small.
    #[error("the buffer has room for {available} bytes, {needed} are needed: pass a larger one")]
    BufferTooSmall {
        /// Room that there is.
        available: usize,
        /// Room that is needed.
        needed: usize,
    },
    /// More of something than the field that counts it can say.
    #[error("{count} {what} exceed the limit of {limit}: send them in several packets")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// How many were given.
        count: usize,
        /// How many one packet takes.
        limit: usize,
    },
    /// A header extension cannot be written.
    #[error(
        "header extension id {id} with {length} bytes cannot be written: use ids 1 to 14 (255) and at most 16 (255) bytes"
    )]
    Extension {
        /// Its id.
        id: u8,
        /// Its length in bytes.
        length: usize,
    },
}
