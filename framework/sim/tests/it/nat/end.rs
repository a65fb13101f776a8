//! One end of a call, as a node of the simulation.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;

use jackfield_core::Fault;
use jackfield_core::time::Timestamp;
use jackfield_core::transport::{
    AttributeSink, PacketKind, Route, Transport, TransportConfig, TransportSink, TransportState,
};
use jackfield_core::units::TimeDelta;
use jackfield_session::candidate::{Candidate, CandidateKind};
use jackfield_session::gathering::Gatherer;
use jackfield_session::stun::Message;
use jackfield_sim::{Datagram, Node, Outbox};
use jackfield_testkit::transport::call::rtp;

/// The moment at which every call begins, as microseconds since 1970.
const UNIX_US: i64 = 1_800_000_000_000_000;
/// Packets of a talk are so far apart.
const TALK: TimeDelta = TimeDelta::ms(20);

/// One end: a transport, the sockets that it is reached at, and the line to the other end.
pub(crate) struct End {
    pub(crate) transport: Box<dyn Transport>,
    offers: bool,
    sockets: Vec<SocketAddr>,
    gatherer: Gatherer,
    /// Our end of the signalling path and the other.
    signalling: [SocketAddr; 2],
    habits: Habits,
    /// It is there.
    begun: bool,
    /// What came by signalling before.
    waiting: Vec<String>,
    /// It has told its description, and so candidates may follow.
    described: bool,
    /// An offer is under way.
    restarting: bool,
    next_packet: Timestamp,
    /// So many packets are still to be sent.
    left: u32,
    sequence: u16,
    pub(crate) told: Told,
}

/// How both ends behave.
#[derive(Clone, Copy)]
pub(crate) struct Habits {
    /// Whether candidates of type `host` are told. Browsers hide theirs behind names that only neighbours can resolve.
    pub(crate) tells_hosts: bool,
    /// When the answerer comes; the offerer is there at once.
    pub(crate) answerer_comes: Timestamp,
    /// Whether both talk all the time once they are connected, or only until each has heard the other.
    pub(crate) talks_on: bool,
    /// Whether the offerer restarts ICE when its path has fallen silent.
    pub(crate) restarts: bool,
}

impl Default for Habits {
    fn default() -> Self {
        Self {
            tells_hosts: true,
            answerer_comes: Timestamp::ZERO,
            talks_on: false,
            restarts: false,
        }
    }
}

/// What a transport has told its host.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) states: Vec<(Timestamp, TransportState)>,
    /// When media came.
    pub(crate) heard: Vec<Timestamp>,
}

impl End {
    pub(crate) fn new(
        offers: bool,
        transport: Box<dyn Transport>,
        gatherer: Gatherer,
        sockets: Vec<SocketAddr>,
        signalling: [SocketAddr; 2],
        habits: Habits,
    ) -> Self {
        Self {
            transport,
            offers,
            sockets,
            gatherer,
            signalling,
            habits,
            begun: false,
            waiting: Vec::new(),
            described: false,
            restarting: false,
            next_packet: Timestamp::NEVER,
            // Ten packets get through any loss that these tests have.
            left: if habits.talks_on { u32::MAX } else { 10 },
            sequence: 0,
            told: Told::default(),
        }
    }

    /// Sends so many packets more, 20 ms apart.
    pub(crate) fn speak(&mut self, packets: u32) {
        self.left = packets;
    }

    /// When it comes.
    fn begins(&self) -> Timestamp {
        if self.offers {
            Timestamp::ZERO
        } else {
            self.habits.answerer_comes
        }
    }

    pub(crate) fn state(&self) -> TransportState {
        self.told
            .states
            .last()
            .map_or(TransportState::New, |(_, state)| *state)
    }

    fn deadline(&mut self) -> Timestamp {
        if !self.begun {
            return self.begins();
        }
        let transport = self.transport.deadline().expect("the deadline can be asked for");
        transport.min(self.next_packet).min(self.gatherer.deadline())
    }

    fn handle_timeout(&mut self, now: Timestamp, outbox: &mut Outbox<'_>) {
        if !self.begun {
            self.begin(now, outbox);
        }
        while let Some(question) = self.gatherer.poll(now) {
            outbox.send(self.sockets[question.socket], question.server, &question.request);
        }
        if self.transport.deadline().expect("the deadline can be asked for") <= now {
            self.with(now, outbox, |transport, sink| transport.handle_timeout(now, sink))
                .expect("a deadline is no fault");
        }
        if self.next_packet <= now {
            self.talk(now, outbox);
        }
        self.follow(now, outbox);
    }

    fn receive(&mut self, now: Timestamp, datagram: &Datagram, outbox: &mut Outbox<'_>) {
        if datagram.to == self.signalling[0] {
            let text = String::from_utf8_lossy(&datagram.bytes).into_owned();
            if self.begun {
                self.hear(now, &text, outbox);
            } else {
                self.waiting.push(text);
            }
        } else if let Some(changed) = Message::parse(&datagram.bytes)
            .and_then(|message| self.gatherer.answer(now, datagram.from, &message))
        {
            if changed {
                self.tell_candidates(now, false, outbox);
            }
        } else {
            let route = Route::new(datagram.to, datagram.from);
            self.with(now, outbox, |transport, sink| {
                transport.receive(now, &route, &datagram.bytes, sink)
            })
            .expect("a datagram is no fault");
        }
        self.follow(now, outbox);
    }

    fn begin(&mut self, now: Timestamp, outbox: &mut Outbox<'_>) {
        self.begun = true;
        let config = TransportConfig::new(self.offers, UNIX_US);
        self.transport
            .activate(now, &config)
            .expect("it can be activated");
        for candidate in self.hosts() {
            self.transport
                .add_local_candidate(now, &candidate.to_string())
                .expect("a host candidate is taken");
        }
        if self.offers {
            self.describe(now, outbox);
        }
        for text in std::mem::take(&mut self.waiting) {
            self.hear(now, &text, outbox);
        }
    }

    /// Tells the other end our description, and all candidates that are known by now.
    fn describe(&mut self, now: Timestamp, outbox: &mut Outbox<'_>) {
        let mut attributes = Attributes::default();
        self.transport
            .local_description(&mut attributes)
            .expect("it can be described");
        let lines: Vec<String> = attributes
            .0
            .iter()
            .map(|(name, value)| format!("{name} {value}"))
            .collect();
        self.described = true;
        self.say(&lines.join("\n"), outbox);
        self.tell_candidates(now, true, outbox);
    }

    fn tell_candidates(&mut self, now: Timestamp, all: bool, outbox: &mut Outbox<'_>) {
        let mut candidates = Vec::new();
        if all && self.habits.tells_hosts {
            candidates.extend(self.hosts());
        }
        for (place, address) in self.gatherer.mapped() {
            if !self.sockets.contains(&address) {
                candidates.push(reflexive(address, self.sockets[place]));
            }
        }
        for candidate in candidates {
            if candidate.kind == CandidateKind::ServerReflexive {
                self.transport
                    .add_local_candidate(now, &candidate.to_string())
                    .expect("a reflexive candidate is taken");
            }
            if self.described {
                self.say(&format!("candidate {candidate}"), outbox);
            }
        }
    }

    fn hosts(&self) -> Vec<Candidate> {
        (0..)
            .zip(&self.sockets)
            .map(|(place, socket)| Candidate::host(*socket, 65_535 - place))
            .collect()
    }

    fn say(&self, text: &str, outbox: &mut Outbox<'_>) {
        outbox.send(self.signalling[0], self.signalling[1], text.as_bytes());
    }

    /// Something came by signalling: a candidate, or a description.
    fn hear(&mut self, now: Timestamp, text: &str, outbox: &mut Outbox<'_>) {
        if let Some(candidate) = text.strip_prefix("candidate ") {
            self.with(now, outbox, |transport, _| {
                transport.add_remote_candidate(now, candidate)
            })
            .expect("a candidate is taken");
            return;
        }
        for line in text.lines() {
            let (name, value) = line.split_once(' ').expect("a name and a value");
            self.transport
                .set_remote_attribute(now, name, value)
                .expect("an attribute is taken");
        }
        if !self.offers {
            self.gatherer.ask_again(now);
            self.describe(now, outbox);
        }
        self.restarting = false;
        self.with(now, outbox, |transport, sink| transport.start(now, sink))
            .expect("it starts");
    }

    /// Does what the state asks for.
    fn follow(&mut self, now: Timestamp, outbox: &mut Outbox<'_>) {
        match self.state() {
            TransportState::Connected if self.next_packet.is_never() => self.next_packet = now,
            TransportState::Disconnected if self.habits.restarts && self.offers && !self.restarting => {
                self.restarting = true;
                self.gatherer.ask_again(now);
                self.transport.restart(now).expect("it can be restarted");
                self.describe(now, outbox);
            }
            _ => {}
        }
    }

    fn talk(&mut self, now: Timestamp, outbox: &mut Outbox<'_>) {
        self.next_packet = now + TALK;
        if self.state() == TransportState::Failed {
            self.next_packet = Timestamp::NEVER;
            return;
        }
        if self.left > 0 {
            self.left -= 1;
            let packet = rtp(u32::from(self.offers), self.sequence);
            self.sequence = self.sequence.wrapping_add(1);
            self.with(now, outbox, |transport, sink| {
                transport.send(now, PacketKind::Rtp, &packet, sink)
            })
            .expect("it is connected");
        }
    }

    fn with<R>(
        &mut self,
        now: Timestamp,
        outbox: &mut Outbox<'_>,
        call: impl FnOnce(&mut dyn Transport, &mut dyn TransportSink) -> R,
    ) -> R {
        let mut sink = Sink {
            now,
            outbox,
            told: &mut self.told,
        };
        call(&mut *self.transport, &mut sink)
    }
}

/// Its place in the simulation.
pub(crate) struct Seat(pub(crate) Rc<RefCell<End>>);

impl Node for Seat {
    fn receive(&mut self, now: Timestamp, datagram: &Datagram, outbox: &mut Outbox<'_>) {
        self.0.borrow_mut().receive(now, datagram, outbox);
    }

    fn deadline(&self) -> Timestamp {
        self.0.borrow_mut().deadline()
    }

    fn handle_timeout(&mut self, now: Timestamp, outbox: &mut Outbox<'_>) {
        self.0.borrow_mut().handle_timeout(now, outbox);
    }
}

struct Sink<'a, 'b> {
    now: Timestamp,
    outbox: &'a mut Outbox<'b>,
    told: &'a mut Told,
}

impl TransportSink for Sink<'_, '_> {
    fn transmit(&mut self, route: &Route, datagram: &[u8]) -> Result<(), Fault> {
        self.outbox
            .send(route.local.into(), route.remote.into(), datagram);
        Ok(())
    }

    fn packet(&mut self, _: PacketKind, _: &[u8]) -> Result<(), Fault> {
        self.told.heard.push(self.now);
        Ok(())
    }

    fn state(&mut self, state: TransportState) -> Result<(), Fault> {
        self.told.states.push((self.now, state));
        Ok(())
    }
}

#[derive(Default)]
pub(crate) struct Attributes(pub(crate) Vec<(String, String)>);

impl AttributeSink for Attributes {
    fn attribute(&mut self, name: &str, value: &str) -> Result<(), Fault> {
        self.0.push((name.to_owned(), value.to_owned()));
        Ok(())
    }
}

/// A server-reflexive candidate (RFC 8445 section 5.1.2).
fn reflexive(address: SocketAddr, base: SocketAddr) -> Candidate {
    Candidate {
        priority: (100 << 24) | (65_535 << 8) | 255,
        kind: CandidateKind::ServerReflexive,
        related: Some((base.ip().to_string(), base.port())),
        ..Candidate::host(address, 0)
    }
}
