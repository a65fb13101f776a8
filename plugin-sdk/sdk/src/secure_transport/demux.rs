//! Tells by its first bytes what a datagram is: one socket carries STUN, DTLS, RTP and RTCP at once.

/// What a datagram looks like. Looking like it is no proof: whoever takes it on checks it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Class {
    /// STUN (first byte 0 to 3).
    Stun,
    /// DTLS (first byte 20 to 63).
    Dtls,
    /// TURN channel data (first byte 64 to 79); belongs to whoever holds the TURN allocation, never to this plugin.
    TurnChannel,
    /// RTP or SRTP (first byte 128 to 191, second byte not as RTCP).
    Rtp,
    /// RTCP or SRTCP (first byte 128 to 191, second byte 192 to 223).
    Rtcp,
    /// None of these.
    Unknown,
}

/// The shortest DTLS datagram: a DTLS 1.3 record with the one-byte header, no length, one byte of sequence number and an AEAD tag.
const DTLS_MIN: usize = 13;
/// STUN's fixed header (RFC 8489 section 5).
const STUN_HEADER: usize = 20;
/// RTP's fixed header (RFC 3550 section 5.1).
const RTP_HEADER: usize = 12;
/// RTCP's header and the sender's SSRC (RFC 3550 section 6.4).
const RTCP_HEADER: usize = 8;

/// Sorts a datagram by its first byte (RFC 7983 section 7, RFC 9443) and RTCP from RTP by the second (RFC 5761 section 4).
///
/// Takes any bytes at all; what is too short for its kind is [`Class::Unknown`].
pub fn classify(datagram: &[u8]) -> Class {
    let length = datagram.len();
    match (datagram.first(), datagram.get(1)) {
        (Some(0..=3), _) if length >= STUN_HEADER => Class::Stun,
        (Some(20..=63), _) if length >= DTLS_MIN => Class::Dtls,
        (Some(64..=79), _) if length >= 4 => Class::TurnChannel,
        (Some(128..=191), Some(192..=223)) if length >= RTCP_HEADER => Class::Rtcp,
        (Some(128..=191), Some(192..=223)) => Class::Unknown,
        (Some(128..=191), _) if length >= RTP_HEADER => Class::Rtp,
        _ => Class::Unknown,
    }
}
