//! What receivers say, and what becomes of packets at the end of their way.

use jackfield_core::units::{DataSize, TimeDelta};

use crate::clock::VirtualTime;
use crate::packet::{Ecn, PacketKind, PacketRecord, Source};
use crate::source::traffic::Entrance;
use crate::steps::ns;
use crate::topology::Transit;

use super::super::receiver::{Message, REPORT, ShareOf};
use super::{Happening, REPORTS, Run};

impl Run<'_> {
    pub(super) fn feedback(&mut self, now: VirtualTime, number: usize) {
        let place = self.message();
        let flow = &mut self.flows[number];
        if let Some(size) = flow.receiver.feedback(now, &mut self.messages[place as usize]) {
            self.answer(now, number, size, place);
        } else {
            self.free.push(place);
        }
        let flow = &self.flows[number];
        if flow.sender.running {
            let interval = flow.receiver.interval(self.wanted(number), self.share_of(number));
            self.agenda
                .schedule(now.later(ns(interval)), Happening::Feedback(number as u32));
        }
    }

    /// How often feedback on a flow is wanted. An end knows the wish of its own controller alone, and takes it for that of the other.
    fn wanted(&self, number: usize) -> TimeDelta {
        let asked = self.flows[number].peer.unwrap_or(number);
        self.flows[asked].sender.decided.feedback_interval
    }

    /// What the feedback on a flow may take a share of.
    pub(super) fn share_of(&self, number: usize) -> ShareOf {
        match self.flows[number].peer {
            None => ShareOf::Received,
            Some(peer) => {
                let sender = &self.flows[peer].sender;
                ShareOf::Sent(sender.running.then_some(sender.decided.target))
            }
        }
    }

    pub(super) fn report(&mut self, now: VirtualTime, number: usize) {
        if let Some(report) = self.flows[number].receiver.report(now) {
            let place = self.message();
            let message = &mut self.messages[place as usize];
            message.said.clear();
            message.report = Some(report);
            self.answer(now, number, REPORT, place);
        }
        if self.flows[number].sender.running {
            self.agenda
                .schedule(now.later(ns(REPORTS)), Happening::Report(number as u32));
        }
    }

    pub(super) fn message(&mut self) -> u32 {
        if let Some(place) = self.free.pop() {
            self.messages[place as usize].asked.clear();
            return place;
        }
        self.messages.push(Message::default());
        self.messages.len() as u32 - 1
    }

    pub(super) fn answer(&mut self, now: VirtualTime, number: usize, size: DataSize, place: u32) {
        let flow = &mut self.flows[number];
        let packet = PacketRecord {
            source: Source::Feedback(number),
            number: flow.feedbacks,
            size,
            sent: now,
            kind: PacketKind::Feedback,
            ecn: Ecn::NotEct,
            stream: 0,
            cluster: 0,
            frame: 0,
        };
        flow.feedbacks += 1;
        self.out.observer.feedback(now, number, size);
        let route = flow.return_path;
        self.out
            .send(&mut self.topology, now, route, packet, u64::from(place));
    }

    /// Packets that came to the end of their routes, or were lost on them.
    pub(super) fn land(&mut self, now: VirtualTime) {
        let mut index = 0;
        while let Some(transit) = self.out.landed.get(index).copied() {
            index += 1;
            match transit.packet.source {
                Source::Flow(number) => {
                    let flow = &mut self.flows[number];
                    flow.receiver.arrived(now, &transit.packet);
                    flow.sender.summary.arrived += 1;
                    self.note_frame(now, number, &transit, true);
                }
                Source::Feedback(number) => {
                    let place = transit.token as usize;
                    let message = std::mem::take(&mut self.messages[place]);
                    if self.flows[number].sender.running {
                        self.flows[number].sender.hear(now, &message, REPORTS);
                    }
                    self.messages[place] = message;
                    self.free.push(place as u32);
                    self.settle(now, number);
                }
                Source::CrossTraffic(_) => self.land_cross(now, &transit, true),
            }
        }
        self.out.landed.clear();
        while let Some(transit) = self.out.lost.pop() {
            match transit.packet.source {
                Source::Flow(number) => self.note_frame(now, number, &transit, false),
                Source::Feedback(_) => self.free.push(transit.token as u32),
                Source::CrossTraffic(_) => self.land_cross(now, &transit, false),
            }
        }
    }

    pub(super) fn note_frame(&mut self, now: VirtualTime, number: usize, transit: &Transit, came: bool) {
        let packet = &transit.packet;
        if self.is_repaired(number, packet) {
            return self.note_repaired(now, number, transit, came);
        }
        if !matches!(packet.kind, PacketKind::Audio | PacketKind::Video) {
            return;
        }
        let streams = &mut self.flows[number].sender.streams;
        if let Some(stream) = streams.get_mut(usize::from(packet.stream)) {
            if came {
                stream.arrived(now, packet.frame, number, self.out.observer);
            } else {
                stream.dropped(now, packet.frame, number, self.out.observer);
            }
        }
    }

    fn land_cross(&mut self, now: VirtualTime, transit: &Transit, came: bool) {
        let (topology, out) = (&mut self.topology, &mut self.out);
        if let Some((number, next)) = self.traffic.landed(now, transit, came, topology, out) {
            self.agenda.schedule(next, Happening::Cross(number as u32));
        }
    }
}
