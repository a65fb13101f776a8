//! Streams whose lost packets are asked for and sent again.

use jackfield_core::units::DataSize;

use crate::clock::VirtualTime;
use crate::link::NEVER;
use crate::packet::{PacketKind, PacketRecord};
use crate::topology::Transit;

use super::super::receiver::AROUND;
use super::super::repair::request_size;
use super::{Happening, Run};

impl Run<'_> {
    /// Whether a packet belongs to a stream that is repaired.
    pub(super) fn is_repaired(&self, number: usize, packet: &PacketRecord) -> bool {
        matches!(packet.kind, PacketKind::Video | PacketKind::Retransmission)
            && matches!(
                self.flows[number].repairs.get(usize::from(packet.stream)),
                Some(Some(_))
            )
    }

    /// A packet of such a stream, or its repetition, came to its end, or was lost.
    pub(super) fn note_repaired(&mut self, now: VirtualTime, number: usize, transit: &Transit, came: bool) {
        let (packet, sequence) = (&transit.packet, transit.token);
        let index = usize::from(packet.stream);
        let flow = &mut self.flows[number];
        let stream = &mut flow.sender.streams[index];
        if !came {
            if packet.kind == PacketKind::Video {
                stream.lost(now, sequence);
            }
            return;
        }
        let Some(repair) = &mut flow.repairs[index] else {
            return;
        };
        if repair.arrived(now, sequence) {
            if let Some(lost) = stream.found(sequence) {
                self.out.observer.repaired(now, number, lost);
            }
            stream.arrived(now, packet.frame, number, self.out.observer);
        }
        if repair.due() <= now {
            self.ask(now, number);
        }
    }

    /// The receiver asks for what is missing, and gives up what it has missed for too long.
    pub(super) fn ask(&mut self, now: VirtualTime, number: usize) {
        let place = self.message();
        let message = &mut self.messages[place as usize];
        message.said.clear();
        message.report = None;
        let flow = &mut self.flows[number];
        let round_trip = flow.sender.round_trip;
        let (mut next, mut size) = (NEVER, 0);
        if flow.sender.running {
            let (mut asked, mut given_up) = (Vec::new(), Vec::new());
            for (index, repair) in flow.repairs.iter_mut().enumerate() {
                let Some(repair) = repair else { continue };
                repair.ask(now, round_trip, &mut asked, &mut given_up);
                next = next.min(repair.due());
                let stream = &mut flow.sender.streams[index];
                for sequence in given_up.drain(..) {
                    stream.found(sequence);
                    if let Some(frame) = stream.frame_of(sequence) {
                        stream.dropped(now, frame, number, self.out.observer);
                    }
                }
                size += request_size(&asked);
                message
                    .asked
                    .extend(asked.drain(..).map(|sequence| (index as u16, sequence)));
            }
        }
        flow.repair_at = next;
        if next != NEVER {
            self.agenda.schedule(next, Happening::Repair(number as u32));
        }
        if size > 0 {
            self.answer(now, number, DataSize::bytes(AROUND + size), place);
        } else {
            self.free.push(place);
        }
    }
}
