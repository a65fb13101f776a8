//! Tells RTP from RTCP (RFC 5761 section 4) and both from everything else.

use jackfield_core::transport::PacketKind;

/// What a datagram is, or `None` if it is neither.
pub fn packet_kind(datagram: &[u8]) -> Option<PacketKind> {
    let kind = if matches!(datagram.get(1)?, 192..=223) {
        PacketKind::Rtcp
    } else {
        PacketKind::Rtp
    };
    is_packet(kind, datagram).then_some(kind)
}

/// Whether `packet` has the shape of one of this kind: version 2, and a header that is all there.
pub fn is_packet(kind: PacketKind, packet: &[u8]) -> bool {
    if packet.len() < 8 || packet[0] >> 6 != 2 {
        return false;
    }
    if kind == PacketKind::Rtcp {
        return matches!(packet[1], 192..=223);
    }
    let mut header = 12 + 4 * usize::from(packet[0] & 0x0f);
    if packet[0] & 0x10 != 0 {
        let Some(words) = packet.get(header + 2..header + 4) else {
            return false;
        };
        header += 4 + 4 * usize::from(u16::from_be_bytes([words[0], words[1]]));
    }
    packet.len() >= header
}
