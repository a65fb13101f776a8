//! A capture in pcapng (draft-ietf-opsawg-pcapng), as Wireshark and tshark read it.

use jackfield_core::units::TimeDelta;

use crate::clock::VirtualTime;
use crate::light::Observer;
use crate::packet::{DropReason, Ecn, PacketKind, PacketRecord, Source};

const SECTION: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
const PACKET: u32 = 6;
const BYTE_ORDER: u32 = 0x1a2b_3c4d;
/// LINKTYPE_RAW: the packet begins with its IP header.
const RAW: u16 = 101;
const COMMENT: u16 = 1;
const NAME: u16 = 2;
const RESOLUTION: u16 = 9;
/// IPv4, UDP and the fixed header of RTP.
const HEADERS: usize = 20 + 8 + 12;

/// Captures a run. There are three interfaces: `sender` has packets as they leave, `receiver` as they arrive, `dropped` those that do not, with
/// the reason as a comment. Times are those of the run in ns, as if it had begun in 1970.
///
/// Packets have made-up headers of IPv4 and UDP and, if they are media, of RTP; what would follow is not there (the capture is cut). Flow n is
/// 10.0.n.1 to 10.0.n.2, its feedback the other way; cross traffic n is 10.1.n.1 to 10.1.n.2, always as UDP. The port of the sender is 5000 and
/// the number of the stream; the SSRC is the flow's number and, in the lowest 8 bits, the stream's.
#[derive(Debug)]
pub struct Pcapng {
    bytes: Vec<u8>,
}

impl Default for Pcapng {
    fn default() -> Self {
        Self::new()
    }
}

impl Pcapng {
    /// Without a packet yet.
    pub fn new() -> Self {
        let mut capture = Self { bytes: Vec::new() };
        let mut section = Vec::new();
        section.extend(BYTE_ORDER.to_le_bytes());
        section.extend(1_u16.to_le_bytes());
        section.extend(0_u16.to_le_bytes());
        section.extend(u64::MAX.to_le_bytes());
        capture.block(SECTION, &section);
        for name in ["sender", "receiver", "dropped"] {
            let mut interface = Vec::new();
            interface.extend(RAW.to_le_bytes());
            interface.extend([0; 2]);
            interface.extend(0_u32.to_le_bytes());
            option(&mut interface, NAME, name.as_bytes());
            option(&mut interface, RESOLUTION, &[9]);
            option(&mut interface, 0, &[]);
            capture.block(INTERFACE, &interface);
        }
        capture
    }

    /// The file.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    fn block(&mut self, kind: u32, body: &[u8]) {
        let length = (12 + body.len()) as u32;
        self.bytes.extend(kind.to_le_bytes());
        self.bytes.extend(length.to_le_bytes());
        self.bytes.extend(body);
        self.bytes.extend(length.to_le_bytes());
    }

    fn packet(&mut self, interface: u32, at: VirtualTime, packet: &PacketRecord, comment: &str) {
        let headers = headers(packet);
        let mut body = Vec::with_capacity(96);
        body.extend(interface.to_le_bytes());
        body.extend(((at.ns() >> 32) as u32).to_le_bytes());
        body.extend((at.ns() as u32).to_le_bytes());
        body.extend((headers.len() as u32).to_le_bytes());
        body.extend((size(packet) as u32).to_le_bytes());
        body.extend(&headers);
        pad(&mut body);
        if !comment.is_empty() {
            option(&mut body, COMMENT, comment.as_bytes());
            option(&mut body, 0, &[]);
        }
        self.block(PACKET, &body);
    }
}

impl Observer for Pcapng {
    fn sent(&mut self, at: VirtualTime, packet: &PacketRecord) {
        self.packet(0, at, packet, "");
    }

    fn arrived(&mut self, at: VirtualTime, packet: &PacketRecord, _: TimeDelta) {
        self.packet(1, at, packet, "");
    }

    fn dropped(&mut self, at: VirtualTime, packet: &PacketRecord, why: DropReason) {
        let why = match why {
            DropReason::Overflow => "the queue was full",
            DropReason::Managed => "active queue management dropped it",
            DropReason::Policed => "a policer dropped it",
            DropReason::Lost => "it was lost on the way",
            DropReason::Outage => "the link was down",
        };
        self.packet(2, at, packet, why);
    }
}

fn option(body: &mut Vec<u8>, code: u16, value: &[u8]) {
    body.extend(code.to_le_bytes());
    body.extend((value.len() as u16).to_le_bytes());
    body.extend(value);
    pad(body);
}

/// To a multiple of 4: all that stands before is.
fn pad(body: &mut Vec<u8>) {
    body.resize(body.len().next_multiple_of(4), 0);
}

/// At least the headers of IPv4 and UDP, at most what IPv4 can say.
fn size(packet: &PacketRecord) -> usize {
    packet.size.as_bytes().clamp(28, 65_535) as usize
}

fn headers(packet: &PacketRecord) -> Vec<u8> {
    let (net, index, turned) = match packet.source {
        Source::Flow(index) => (0, index, false),
        Source::Feedback(index) => (0, index, true),
        Source::CrossTraffic(index) => (1, index, packet.kind == PacketKind::Acknowledgement),
    };
    let mut ends = [[10, net, index as u8, 1], [10, net, index as u8, 2]];
    let mut ports = [5_000 + (packet.stream & 0xfff), 6_000];
    if turned {
        ends.reverse();
        ports.reverse();
    }
    let size = size(packet);
    let ecn = match packet.ecn {
        Ecn::NotEct => 0,
        Ecn::Ect1 => 1,
        Ecn::Ect0 => 2,
        Ecn::Ce => 3,
    };
    let mut bytes = Vec::with_capacity(HEADERS);
    bytes.extend([0x45, ecn]);
    bytes.extend((size as u16).to_be_bytes());
    bytes.extend((packet.number as u16).to_be_bytes());
    // Not to be fragmented; 64 hops; UDP; the checksum comes below.
    bytes.extend([0x40, 0, 64, 17, 0, 0]);
    bytes.extend(ends[0]);
    bytes.extend(ends[1]);
    let sum = checksum(&bytes);
    bytes[10..12].copy_from_slice(&sum.to_be_bytes());
    bytes.extend(ports[0].to_be_bytes());
    bytes.extend(ports[1].to_be_bytes());
    bytes.extend((size as u16 - 20).to_be_bytes());
    // No checksum of UDP: there is no payload to sum.
    bytes.extend([0, 0]);
    let payload_type = match packet.kind {
        PacketKind::Audio => 111,
        PacketKind::Video => 96,
        PacketKind::Padding | PacketKind::Probe | PacketKind::Retransmission => 97,
        PacketKind::Tcp | PacketKind::Acknowledgement | PacketKind::Feedback | PacketKind::Other => {
            return bytes;
        }
    };
    bytes.extend([0x80, payload_type]);
    bytes.extend((packet.number as u16).to_be_bytes());
    let ticks = packet.sent.ns() / 1_000 * 9 / 100;
    bytes.extend((ticks as u32).to_be_bytes());
    bytes.extend(((index as u32) << 8 | u32::from(packet.stream & 0xff)).to_be_bytes());
    bytes.truncate(size);
    bytes
}

/// RFC 1071.
fn checksum(bytes: &[u8]) -> u16 {
    let mut sum: u32 = bytes
        .chunks(2)
        .map(|pair| u32::from(pair[0]) << 8 | u32::from(pair.get(1).copied().unwrap_or(0)))
        .sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}
