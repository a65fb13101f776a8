//! The loop over what happens in a run.

mod available;
mod feedback;
mod repair;
mod setup;

use jackfield_core::units::{DataRate, DataSize, TimeDelta};

use crate::agenda::Agenda;
use crate::clock::VirtualTime;
use crate::link::NEVER;
use crate::packet::{DropReason, PacketKind, PacketRecord, Source};
use crate::random::CounterRandom;
use crate::scenario::Scenario;
use crate::source::cross::Cross;
use crate::source::traffic::{Entrance, Traffic};
use crate::steps::ns;
use crate::topology::{RouteId, Topology, Transit, Witness};

use super::observer::Observer;
use super::receiver::{Message, Receiver};
use super::repair::Repair;
use super::sender::{Departing, Queued, Sender};
use super::trace::{Trace, TraceHasher};
use super::truth::Truth;
use super::{FlowSummary, RunError, Summary};

/// How often receiver reports are sent.
const REPORTS: TimeDelta = TimeDelta::seconds(1);
/// How often padding is made.
const PADDING_NS: u64 = 5_000_000;

#[derive(Clone, Copy, Debug)]
enum Happening {
    Begin(u32),
    End(u32),
    Media(u32, bool),
    Route(u32, u32),
    Capture(u32, u16),
    Pacer(u32),
    Process(u32),
    Feedback(u32),
    Report(u32),
    Repair(u32),
    Padding(u32),
    Cross(u32),
    Capacity(u32),
    Truth,
}

struct Flow {
    sender: Sender,
    receiver: Receiver,
    path: RouteId,
    return_path: RouteId,
    /// The flow that its receiver's end sends the other way.
    peer: Option<usize>,
    links: Vec<usize>,
    weight: f64,
    propagation: Vec<usize>,
    pads: bool,
    paused: bool,
    available: DataRate,
    feedbacks: u64,
    /// For each stream that is repaired.
    repairs: Vec<Option<Repair>>,
    /// When the receiver is next to ask for what is missing.
    repair_at: VirtualTime,
}

/// One run.
pub(super) struct Run<'a> {
    scenario: &'a Scenario,
    random: CounterRandom,
    topology: Topology,
    agenda: Agenda<Happening>,
    flows: Vec<Flow>,
    traffic: Traffic,
    constant: Vec<(Vec<usize>, Cross)>,
    truth: Truth,
    changes: Vec<(VirtualTime, usize, DataRate)>,
    messages: Vec<Message>,
    free: Vec<u32>,
    out: Landing<'a>,
    end: VirtualTime,
}

/// Where packets land, and where everybody is told.
struct Landing<'a> {
    observer: &'a mut dyn Observer,
    trace: TraceHasher,
    landed: Vec<Transit>,
    lost: Vec<Transit>,
}

impl Witness for Landing<'_> {
    fn arrived(&mut self, now: VirtualTime, transit: &Transit) {
        self.trace.note(Trace::Arrived, now, &transit.packet, None);
        let queueing = TimeDelta::us((transit.queueing / 1_000) as i64);
        self.observer.arrived(now, &transit.packet, queueing);
        self.landed.push(*transit);
    }

    fn dropped(&mut self, now: VirtualTime, transit: &Transit, why: DropReason) {
        self.trace.note(Trace::Dropped, now, &transit.packet, Some(why));
        self.observer.dropped(now, &transit.packet, why);
        self.lost.push(*transit);
    }

    fn marked(&mut self, now: VirtualTime, transit: &Transit) {
        self.trace.note(Trace::Marked, now, &transit.packet, None);
        self.observer.marked(now, &transit.packet);
    }

    fn queue(&mut self, now: VirtualTime, link: usize, waiting: DataSize) {
        self.observer.queue(now, link, waiting);
    }
}

impl Entrance for Landing<'_> {
    fn send(
        &mut self,
        topology: &mut Topology,
        now: VirtualTime,
        route: RouteId,
        packet: PacketRecord,
        token: u64,
    ) {
        self.trace.note(Trace::Sent, now, &packet, None);
        self.observer.sent(now, &packet);
        topology.send(now, route, packet, token, self);
    }
}

impl Run<'_> {
    pub(super) fn go_to_the_end(mut self) -> Result<Summary, RunError> {
        for number in 0..self.flows.len() {
            self.flows[number]
                .sender
                .activate(VirtualTime::ZERO)
                .map_err(|fault| RunError::Activation {
                    flow: self.scenario.flows[number].name.clone(),
                    fault,
                })?;
        }
        loop {
            let (network, other) = (self.topology.next(), self.agenda.next().unwrap_or(NEVER));
            if network.min(other) >= self.end {
                break;
            }
            // What happens in the network at an instant comes before what anybody does at it.
            if network <= other {
                self.topology.step(&mut self.out);
                if !self.out.landed.is_empty() || !self.out.lost.is_empty() {
                    self.land(network);
                }
            } else if let Some((now, happening)) = self.agenda.take() {
                self.happen(now, happening);
                self.land(now);
            }
        }
        let flows = self.finish();
        let packets = self.out.trace.packets;
        Ok(Summary {
            trace_hash: self.out.trace.finish(),
            packets,
            flows,
        })
    }

    fn finish(&mut self) -> Vec<FlowSummary> {
        for (number, flow) in self.flows.iter_mut().enumerate() {
            for stream in &mut flow.sender.streams {
                stream.end(number, self.out.observer);
            }
        }
        self.flows
            .iter_mut()
            .map(|flow| std::mem::take(&mut flow.sender.summary))
            .collect()
    }

    fn happen(&mut self, now: VirtualTime, happening: Happening) {
        match happening {
            Happening::Begin(flow) => self.begin(now, flow as usize),
            Happening::End(flow) => self.end_flow(now, flow as usize),
            Happening::Media(flow, on) => {
                let flow = flow as usize;
                if self.flows[flow].sender.running {
                    self.flows[flow].paused = !on;
                    self.flows[flow].sender.set_media(now, on);
                    self.settle(now, flow);
                }
                self.tell_truth(now);
            }
            Happening::Route(flow, change) => self.reroute(now, flow as usize, change as usize),
            Happening::Capture(flow, stream) => self.capture(now, flow as usize, stream),
            Happening::Pacer(flow) => {
                let flow = flow as usize;
                if self.flows[flow].sender.pacer_at <= now {
                    self.poll(now, flow);
                }
            }
            Happening::Process(flow) => {
                let flow = flow as usize;
                if self.flows[flow].sender.running {
                    self.flows[flow].sender.process(now);
                    self.settle(now, flow);
                    self.plan_process(now, flow);
                }
            }
            Happening::Feedback(flow) => self.feedback(now, flow as usize),
            Happening::Report(flow) => self.report(now, flow as usize),
            Happening::Repair(flow) => {
                let flow = flow as usize;
                if self.flows[flow].repair_at <= now {
                    self.ask(now, flow);
                }
            }
            Happening::Padding(flow) => {
                let flow = flow as usize;
                self.flows[flow].pads = self.flows[flow].sender.pads();
                if self.flows[flow].pads {
                    self.flows[flow].sender.make_padding(now);
                    self.poll(now, flow);
                    self.agenda
                        .schedule(now.later(PADDING_NS), Happening::Padding(flow as u32));
                }
            }
            Happening::Cross(number) => {
                let (topology, out) = (&mut self.topology, &mut self.out);
                if let Some(next) = self.traffic.call(now, number as usize, topology, out) {
                    self.agenda.schedule(next, Happening::Cross(number));
                }
            }
            Happening::Capacity(change) => {
                let (_, link, rate) = self.changes[change as usize];
                self.out.observer.capacity(now, link, rate);
                self.tell_truth(now);
            }
            Happening::Truth => self.tell_truth(now),
        }
    }

    fn begin(&mut self, now: VirtualTime, number: usize) {
        let of = self.share_of(number);
        let flow = &mut self.flows[number];
        flow.sender.begin(now);
        flow.receiver.begin(now);
        for stream in 0..flow.sender.streams.len() {
            let at = flow.sender.streams[stream].next_capture(&self.random).max(now);
            self.agenda
                .schedule(at, Happening::Capture(number as u32, stream as u16));
        }
        let first = flow.receiver.interval(TimeDelta::ZERO, of);
        self.agenda
            .schedule(now.later(ns(first)), Happening::Feedback(number as u32));
        self.agenda
            .schedule(now.later(ns(REPORTS)), Happening::Report(number as u32));
        self.tell_truth(now);
        self.settle(now, number);
        self.plan_process(now, number);
    }

    fn end_flow(&mut self, now: VirtualTime, number: usize) {
        self.flows[number].sender.end(now);
        self.settle(now, number);
        self.tell_truth(now);
    }

    fn plan_process(&mut self, now: VirtualTime, number: usize) {
        let interval = self.flows[number].sender.process_interval();
        if interval > TimeDelta::ZERO {
            self.agenda
                .schedule(now.later(ns(interval)), Happening::Process(number as u32));
        }
    }

    fn reroute(&mut self, now: VirtualTime, number: usize, change: usize) {
        let change = &self.scenario.flows[number].route_changes[change];
        let numbers = |names: &[String]| -> Vec<usize> {
            names
                .iter()
                .filter_map(|name| self.scenario.link_number(name))
                .collect()
        };
        let flow = &mut self.flows[number];
        if !change.path.is_empty() {
            flow.links = numbers(&change.path);
            flow.propagation = flow.links.clone();
            flow.path = self.topology.add_route(flow.links.iter().copied());
        }
        if !change.return_path.is_empty() {
            flow.return_path = self.topology.add_route(numbers(&change.return_path));
        }
        if change.announced && flow.sender.running {
            flow.sender.reroute(now, change.start_rate);
        }
        self.tell_truth(now);
        self.settle(now, number);
    }

    fn capture(&mut self, now: VirtualTime, number: usize, index: u16) {
        let flow = &mut self.flows[number];
        if !flow.sender.running {
            return;
        }
        let on = flow.sender.media_on;
        let stream = &mut flow.sender.streams[usize::from(index)];
        let audio = stream.is_audio();
        let encoded = if on {
            Some(stream.encode(now, index, &self.random))
        } else {
            stream.skip();
            None
        };
        let next = stream.next_capture(&self.random).max(now.later(1));
        self.agenda
            .schedule(next, Happening::Capture(number as u32, index));
        let Some(encoded) = encoded else { return };
        let mut left = encoded.size;
        for packet in 0..encoded.packets {
            let size = left.div_ceil(encoded.packets - packet);
            left -= size;
            let size = DataSize::bytes(size as i64);
            let stream = &mut flow.sender.streams[usize::from(index)];
            let queued = Queued {
                sequence: stream.number(encoded.frame, size),
                size,
                stream: index,
                frame: encoded.frame,
                kind: if audio {
                    PacketKind::Audio
                } else {
                    PacketKind::Video
                },
            };
            flow.sender.enqueue(now, queued);
        }
        self.poll(now, number);
    }

    /// Lets the pacer go on, and takes up whatever came of it.
    fn poll(&mut self, now: VirtualTime, number: usize) {
        let flow = &mut self.flows[number];
        let (out, topology, path) = (&mut self.out, &mut self.topology, flow.path);
        let planned = flow.sender.pacer_at;
        flow.sender.poll(now, |_, departing: Departing| {
            let packet = PacketRecord {
                source: Source::Flow(number),
                number: departing.number,
                size: departing.queued.size,
                sent: now,
                kind: departing.queued.kind,
                ecn: departing.ecn,
                stream: departing.queued.stream,
                cluster: departing.cluster,
                frame: departing.queued.frame,
            };
            out.send(topology, now, path, packet, departing.queued.sequence);
        });
        let next = flow.sender.pacer_at;
        if next != NEVER && (next != planned || planned <= now) {
            self.agenda.schedule(next, Happening::Pacer(number as u32));
        }
        self.tell_news(now, number);
    }

    fn tell_news(&mut self, now: VirtualTime, number: usize) {
        let flow = &mut self.flows[number];
        for update in flow.sender.news.drain(..) {
            self.out.observer.decided(now, number, &update);
        }
        if !flow.pads && flow.sender.pads() {
            flow.pads = true;
            self.agenda
                .schedule(now.later(PADDING_NS), Happening::Padding(number as u32));
        }
    }

    /// After the controller was told something.
    fn settle(&mut self, now: VirtualTime, number: usize) {
        self.poll(now, number);
    }
}
