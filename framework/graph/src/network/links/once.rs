//! Packets that come over two transports at the same time are let in once.

use jackfield_core::Fault;
use jackfield_core::transport::{PacketKind, Route, TransportState};

use super::LinkSink;
use crate::swap::SwapMeasure;

/// Lets each packet of media in once: a remote end that swaps its transport too sends everything over both for a while.
pub(super) struct Once<'a> {
    pub(super) sink: &'a mut dyn LinkSink,
    pub(super) twins: &'a mut Twins,
}

impl LinkSink for Once<'_> {
    fn transmit(&mut self, route: &Route, datagram: &[u8]) {
        self.sink.transmit(route, datagram);
    }

    fn packet(&mut self, kind: PacketKind, packet: &[u8]) {
        if kind != PacketKind::Rtp || self.twins.is_first(packet) {
            self.sink.packet(kind, packet);
        }
    }

    fn state(&mut self, state: TransportState) {
        self.sink.state(state);
    }

    fn took_over(&mut self) {
        self.sink.took_over();
    }

    fn swapped(&mut self, measure: SwapMeasure) {
        self.sink.swapped(measure);
    }

    fn fault(&mut self, fault: Fault) {
        self.sink.fault(fault);
    }
}

/// The packets that came last, by SSRC and sequence number.
pub(super) struct Twins {
    seen: [Option<([u8; 4], [u8; 2])>; 128],
    next: usize,
}

impl Default for Twins {
    fn default() -> Self {
        Self {
            seen: [None; 128],
            next: 0,
        }
    }
}

impl Twins {
    /// Whether no packet with the same numbers is among those that came last (RFC 3550 section 5.1: where they stand).
    fn is_first(&mut self, packet: &[u8]) -> bool {
        let (Some(number), Some(ssrc)) = (
            packet.get(2..4).and_then(|number| number.try_into().ok()),
            packet.get(8..12).and_then(|ssrc| ssrc.try_into().ok()),
        ) else {
            // What is no RTP is for others to refuse.
            return true;
        };
        let numbers = Some((ssrc, number));
        if self.seen.contains(&numbers) {
            return false;
        }
        self.seen[self.next] = numbers;
        self.next = (self.next + 1) % self.seen.len();
        true
    }
}
