//! Cross traffic.

use crate::clock::VirtualTime;
use crate::link::NEVER;
use crate::packet::{Ecn, PacketKind, PacketRecord, Source};
use crate::tcp::TcpPacket;
use crate::topology::Transit;

use super::{CrossSource, Happening, Run};

impl Run<'_> {
    pub(super) fn cross(&mut self, now: VirtualTime, number: usize) {
        let ecn = if self.scenario.cross_traffic[number].l4s {
            Ecn::Ect1
        } else {
            Ecn::NotEct
        };
        let cross = &mut self.cross[number];
        let (count, size) = match &mut cross.source {
            CrossSource::Paced(source) => {
                if let Some(next) = source.after(now, &self.random) {
                    self.agenda.schedule(next, Happening::Cross(number as u32));
                }
                (1, source.packet)
            }
            CrossSource::Burst { packets, packet } => (*packets, *packet),
            CrossSource::Tcp(tcp) => {
                if tcp.at <= now {
                    tcp.traffic.handle_timeout(now);
                    self.pump(now, number);
                }
                return;
            }
        };
        for _ in 0..count {
            let packet = PacketRecord {
                source: Source::CrossTraffic(number),
                number: cross.sent,
                size,
                sent: now,
                kind: PacketKind::Other,
                ecn,
                stream: 0,
                cluster: 0,
                frame: 0,
            };
            cross.sent += 1;
            self.out.send(&mut self.topology, now, cross.path, packet, 0);
        }
    }

    /// Sends what a TCP connection has to send, and plans when it is asked again.
    pub(super) fn pump(&mut self, now: VirtualTime, number: usize) {
        let cross = &mut self.cross[number];
        let CrossSource::Tcp(tcp) = &mut cross.source else {
            return;
        };
        while let Some(sent) = tcp.traffic.poll_transmit(now) {
            let is_segment = matches!(sent, TcpPacket::Segment { .. });
            let (counter, kind, route) = if is_segment {
                (&mut cross.sent, PacketKind::Tcp, cross.path)
            } else {
                (&mut tcp.answers, PacketKind::Acknowledgement, tcp.return_path)
            };
            let packet = PacketRecord {
                source: Source::CrossTraffic(number),
                number: *counter,
                size: sent.size(),
                sent: now,
                kind,
                ecn: sent.ecn(),
                stream: 0,
                cluster: 0,
                frame: 0,
            };
            *counter += 1;
            let place = match self.free_segments.pop() {
                Some(place) => {
                    self.segments[place as usize] = sent;
                    place
                }
                None => {
                    self.segments.push(sent);
                    self.segments.len() as u32 - 1
                }
            };
            self.out
                .send(&mut self.topology, now, route, packet, u64::from(place));
        }
        let next = tcp.traffic.deadline().unwrap_or(NEVER);
        if next != tcp.at && next != NEVER || next <= now {
            tcp.at = next.max(now.later(1));
            self.agenda.schedule(tcp.at, Happening::Cross(number as u32));
        } else {
            tcp.at = next;
        }
    }

    /// A packet of cross traffic has come to the end of its route, or was lost.
    pub(super) fn land_cross(&mut self, now: VirtualTime, number: usize, transit: &Transit, came: bool) {
        let Some(cross) = self.cross.get_mut(number) else {
            return;
        };
        let CrossSource::Tcp(tcp) = &mut cross.source else {
            return;
        };
        let place = transit.token as u32;
        self.free_segments.push(place);
        if came {
            let packet = self.segments[place as usize];
            tcp.traffic.receive(now, &packet, transit.packet.ecn);
            self.pump(now, number);
        }
    }
}
