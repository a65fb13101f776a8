//! The loop over what happens in a run.

use jackfield_core::units::{DataRate, DataSize, TimeDelta};

use crate::agenda::Agenda;
use crate::clock::VirtualTime;
use crate::link::NEVER;
use crate::node_clock::NodeClock;
use crate::packet::{DropReason, Ecn, PacketKind, PacketRecord, Source};
use crate::random::CounterRandom;
use crate::scenario::{CrossKind, Scenario};
use crate::source::cross::Cross;
use crate::steps::{instant, ns};
use crate::tcp::{TcpPacket, TcpTraffic};
use crate::topology::{RouteId, Topology, Transit, Witness};

use super::observer::Observer;
use super::receiver::{Message, REPORT, Receiver};
use super::sender::{Departing, Queued, Sender};
use super::trace::{Trace, TraceHasher};
use super::truth::{Claim, Truth, competes};
use super::{FlowSummary, ModuleSource, RunError, Summary};

/// How often receiver reports are sent.
const REPORTS: TimeDelta = TimeDelta::seconds(1);
/// How often padding is made.
const PADDING_NS: u64 = 5_000_000;
/// Under which the randomness of cross traffic is drawn.
const CROSS: u16 = 0x8000;

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
    links: Vec<usize>,
    weight: f64,
    propagation: Vec<usize>,
    pads: bool,
    paused: bool,
    available: DataRate,
    feedbacks: u64,
}

enum CrossSource {
    Paced(Cross),
    Burst { packets: u32, packet: DataSize },
    Tcp(Box<Tcp>),
}

/// A TCP sender with its receiver, and when they are next to be asked.
struct Tcp {
    traffic: TcpTraffic,
    return_path: RouteId,
    at: VirtualTime,
    answers: u64,
}

struct CrossTraffic {
    source: CrossSource,
    path: RouteId,
    sent: u64,
}

/// One run.
pub(super) struct Run<'a> {
    scenario: &'a Scenario,
    random: CounterRandom,
    topology: Topology,
    agenda: Agenda<Happening>,
    flows: Vec<Flow>,
    cross: Vec<CrossTraffic>,
    constant: Vec<(Vec<usize>, Cross)>,
    truth: Truth,
    changes: Vec<(VirtualTime, usize, DataRate)>,
    messages: Vec<Message>,
    free: Vec<u32>,
    /// What TCP has under way.
    segments: Vec<TcpPacket>,
    free_segments: Vec<u32>,
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

impl Landing<'_> {
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

impl<'a> Run<'a> {
    pub(super) fn new(
        scenario: &'a Scenario,
        seed: u64,
        modules: &mut dyn ModuleSource,
        observer: &'a mut dyn Observer,
    ) -> Result<Self, RunError> {
        let mut topology = Topology::new(seed);
        let media: Vec<&String> = scenario.media.keys().collect();
        for spec in scenario.media.values() {
            topology.add_medium(*spec);
        }
        for link in scenario.links.values() {
            let medium = link
                .medium
                .as_ref()
                .and_then(|name| media.iter().position(|medium| *medium == name));
            topology.add_link(link, medium);
        }
        let numbers = |names: &[String]| -> Vec<usize> {
            names
                .iter()
                .filter_map(|name| scenario.link_number(name))
                .collect()
        };
        let mut flows = Vec::with_capacity(scenario.flows.len());
        for (number, spec) in scenario.flows.iter().enumerate() {
            let made = modules
                .modules(number, spec, seed)
                .map_err(|fault| RunError::Modules {
                    flow: spec.name.clone(),
                    fault,
                })?;
            let links = numbers(&spec.path);
            flows.push(Flow {
                sender: Sender::new(number, spec, made),
                receiver: Receiver::new(spec.feedback, NodeClock::new(&spec.clock), spec.feedback_interval),
                path: topology.add_route(links.iter().copied()),
                return_path: topology.add_route(numbers(&spec.return_path)),
                propagation: links.clone(),
                links,
                weight: spec.priority,
                pads: false,
                paused: false,
                available: DataRate::ZERO,
                feedbacks: 0,
            });
        }
        let mut cross = Vec::new();
        let mut constant = Vec::new();
        for (number, spec) in scenario.cross_traffic.iter().enumerate() {
            let number = CROSS | number as u16;
            if let Some(source) = Cross::new(spec, number) {
                constant.push((numbers(&spec.path), source));
            }
            let source = match (&spec.kind, Cross::new(spec, number)) {
                (_, Some(source)) => CrossSource::Paced(source),
                (CrossKind::Burst(burst), _) => CrossSource::Burst {
                    packets: burst.packets,
                    packet: burst.packet,
                },
                (CrossKind::Tcp(tcp), _) => CrossSource::Tcp(Box::new(Tcp {
                    traffic: TcpTraffic::new(
                        *tcp,
                        instant(spec.start),
                        instant(spec.stop),
                        number,
                        CounterRandom::new(seed),
                    ),
                    return_path: topology.add_route(numbers(&spec.return_path)),
                    at: NEVER,
                    answers: 0,
                })),
                // Whatever sends at a rate has been made above.
                _ => continue,
            };
            cross.push(CrossTraffic {
                source,
                path: topology.add_route(numbers(&spec.path)),
                sent: 0,
            });
        }
        let truth = Truth::new(scenario);
        let mut run = Self {
            scenario,
            random: CounterRandom::new(seed),
            topology,
            agenda: Agenda::new(),
            flows,
            cross,
            constant,
            changes: truth.changes(),
            truth,
            messages: Vec::new(),
            free: Vec::new(),
            segments: Vec::new(),
            free_segments: Vec::new(),
            out: Landing {
                observer,
                trace: TraceHasher::new(),
                landed: Vec::with_capacity(64),
                lost: Vec::with_capacity(64),
            },
            end: instant(scenario.duration),
        };
        run.plan();
        Ok(run)
    }

    /// Schedules what the scenario tells beforehand.
    fn plan(&mut self) {
        for index in 0..self.changes.len() {
            self.agenda
                .schedule(self.changes[index].0, Happening::Capacity(index as u32));
        }
        for (number, spec) in self.scenario.flows.iter().enumerate() {
            let flow = number as u32;
            self.agenda.schedule(instant(spec.start), Happening::Begin(flow));
            for pause in &spec.pauses {
                self.agenda
                    .schedule(instant(pause.from), Happening::Media(flow, false));
                self.agenda
                    .schedule(instant(pause.to), Happening::Media(flow, true));
            }
            for (n, change) in spec.route_changes.iter().enumerate() {
                self.agenda
                    .schedule(instant(change.at), Happening::Route(flow, n as u32));
            }
            if spec.stop < self.scenario.duration {
                self.agenda.schedule(instant(spec.stop), Happening::End(flow));
            }
        }
        for number in 0..self.cross.len() {
            let spec = &self.scenario.cross_traffic[number];
            let first = match &mut self.cross[number].source {
                CrossSource::Paced(source) => source.first(&self.random),
                CrossSource::Burst { .. } => Some(instant(spec.start)),
                CrossSource::Tcp(tcp) => {
                    tcp.at = tcp.traffic.deadline().unwrap_or(NEVER);
                    Some(tcp.at).filter(|at| *at != NEVER)
                }
            };
            if let Some(at) = first {
                self.agenda.schedule(at, Happening::Cross(number as u32));
            }
            if competes(&spec.kind) {
                self.agenda.schedule(instant(spec.start), Happening::Truth);
                self.agenda.schedule(instant(spec.stop), Happening::Truth);
            }
        }
        for (_, source) in &self.constant {
            for at in source.changes() {
                self.agenda.schedule(at, Happening::Truth);
            }
        }
    }

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
            Happening::Cross(number) => self.cross(now, number as usize),
            Happening::Capacity(change) => {
                let (_, link, rate) = self.changes[change as usize];
                self.out.observer.capacity(now, link, rate);
                self.tell_truth(now);
            }
            Happening::Truth => self.tell_truth(now),
        }
    }

    fn begin(&mut self, now: VirtualTime, number: usize) {
        let flow = &mut self.flows[number];
        flow.sender.begin(now);
        flow.receiver.begin(now);
        for stream in 0..flow.sender.streams.len() {
            let at = flow.sender.streams[stream].next_capture(&self.random).max(now);
            self.agenda
                .schedule(at, Happening::Capture(number as u32, stream as u16));
        }
        let first = flow.receiver.interval(TimeDelta::ZERO);
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
            let queued = Queued {
                size: DataSize::bytes(size as i64),
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
            out.send(topology, now, path, packet, 0);
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

    fn feedback(&mut self, now: VirtualTime, number: usize) {
        let place = self.message();
        let flow = &mut self.flows[number];
        if let Some(size) = flow.receiver.feedback(now, &mut self.messages[place as usize]) {
            self.answer(now, number, size, place);
        } else {
            self.free.push(place);
        }
        let flow = &self.flows[number];
        if flow.sender.running {
            let interval = flow.receiver.interval(flow.sender.decided.feedback_interval);
            self.agenda
                .schedule(now.later(ns(interval)), Happening::Feedback(number as u32));
        }
    }

    fn report(&mut self, now: VirtualTime, number: usize) {
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

    fn message(&mut self) -> u32 {
        self.free.pop().unwrap_or_else(|| {
            self.messages.push(Message::default());
            self.messages.len() as u32 - 1
        })
    }

    fn answer(&mut self, now: VirtualTime, number: usize, size: DataSize, place: u32) {
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

    fn cross(&mut self, now: VirtualTime, number: usize) {
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
    fn pump(&mut self, now: VirtualTime, number: usize) {
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
    fn land_cross(&mut self, now: VirtualTime, number: usize, transit: &Transit, came: bool) {
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

    /// Packets that came to the end of their routes, or were lost on them.
    fn land(&mut self, now: VirtualTime) {
        let mut index = 0;
        while let Some(transit) = self.out.landed.get(index).copied() {
            index += 1;
            match transit.packet.source {
                Source::Flow(number) => {
                    let flow = &mut self.flows[number];
                    flow.receiver.arrived(now, &transit.packet);
                    flow.sender.summary.arrived += 1;
                    self.note_frame(now, number, &transit.packet, true);
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
                Source::CrossTraffic(number) => self.land_cross(now, number, &transit, true),
            }
        }
        self.out.landed.clear();
        while let Some(transit) = self.out.lost.pop() {
            match transit.packet.source {
                Source::Flow(number) => self.note_frame(now, number, &transit.packet, false),
                Source::Feedback(_) => self.free.push(transit.token as u32),
                Source::CrossTraffic(number) => self.land_cross(now, number, &transit, false),
            }
        }
    }

    fn note_frame(&mut self, now: VirtualTime, number: usize, packet: &PacketRecord, came: bool) {
        if !matches!(packet.kind, PacketKind::Audio | PacketKind::Video) {
            return;
        }
        let streams = &mut self.flows[number].sender.streams;
        if let Some(stream) = streams.get_mut(usize::from(packet.stream)) {
            if came {
                stream.arrived(now, packet.frame, number, self.out.observer);
            } else {
                stream.dropped(packet.frame, number, self.out.observer);
            }
        }
    }

    /// Tells everybody who may know what the flows could have.
    fn tell_truth(&mut self, now: VirtualTime) {
        let claims: Vec<Claim<'_>> = self
            .flows
            .iter()
            .filter(|flow| flow.sender.running && !flow.paused)
            .map(|flow| Claim {
                path: &flow.links,
                weight: flow.weight,
            })
            .collect();
        let tcp: Vec<Vec<usize>> = self
            .scenario
            .cross_traffic
            .iter()
            .filter(|spec| competes(&spec.kind) && instant(spec.start) <= now && now < instant(spec.stop))
            .map(|spec| {
                spec.path
                    .iter()
                    .filter_map(|name| self.scenario.link_number(name))
                    .collect()
            })
            .collect();
        let claims: Vec<Claim<'_>> = claims
            .into_iter()
            .chain(tcp.iter().map(|path| Claim { path, weight: 1.0 }))
            .collect();
        let shares: Vec<DataRate> = self
            .flows
            .iter()
            .map(|flow| {
                let own = Claim {
                    path: &flow.links,
                    weight: flow.weight,
                };
                self.truth.share(now, &own, &claims, &self.constant)
            })
            .collect();
        for (number, share) in shares.into_iter().enumerate() {
            let flow = &mut self.flows[number];
            if !flow.sender.running || flow.available == share {
                continue;
            }
            flow.available = share;
            self.out.observer.available(now, number, share);
            if flow.sender.knows_truth {
                let delay = flow
                    .propagation
                    .iter()
                    .filter_map(|link| self.scenario.links.values().nth(*link))
                    .map(|link| {
                        let current = link.delay.partition_point(|(at, _)| instant(*at) <= now).max(1) - 1;
                        link.delay[current].1
                    })
                    .fold(TimeDelta::ZERO, |sum, delay| sum + delay);
                flow.sender.learn(now, share, delay);
                self.settle(now, number);
            }
        }
    }
}
