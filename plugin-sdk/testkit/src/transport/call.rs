//! Two transports and the network between them, in virtual time: a call that takes as long as its sums do.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use jackfield_sdk::prelude::*;

use crate::signal::Random;

/// The moment at which every call begins, as microseconds since 1970.
pub const UNIX_US: i64 = 1_800_000_000_000_000;
/// More steps than this within one microsecond means that a deadline does not move.
const STEPS: u32 = 10_000;

/// Two ends and what lies between them. The first end offers (it is controlling), the second answers.
pub struct Call {
    /// The present.
    pub now: Timestamp,
    /// The offerer and the answerer.
    pub ends: [End; 2],
    /// What lies between them.
    pub network: Network,
    /// What each end is activated with.
    pub configs: [TransportConfig; 2],
    under_way: BTreeMap<(Timestamp, u64), (usize, Route, Vec<u8>)>,
    order: u64,
}

/// One end of a call and what it has told its host.
pub struct End {
    /// The transport itself.
    pub transport: Box<dyn Transport>,
    /// Its addresses: the first is its favourite.
    pub addresses: Vec<SocketAddr>,
    /// Every change of state.
    pub states: Vec<(Timestamp, TransportState)>,
    /// Every packet that it let in.
    pub packets: Vec<(Timestamp, PacketKind, Vec<u8>)>,
    /// Every datagram that it sent, lost or not.
    pub sent: Vec<(Timestamp, Route, Vec<u8>)>,
}

/// How the network treats datagrams.
pub struct Network {
    /// How long each is under way.
    pub delay: TimeDelta,
    /// By how much at most that differs from one to the next, so that they overtake each other.
    pub jitter: TimeDelta,
    /// The share that is lost, 0 to 1.
    pub loss: f64,
    /// Addresses to which, and from which, nothing gets through.
    pub dead: Vec<SocketAddr>,
    /// Ends that nothing gets through to.
    pub deaf: [bool; 2],
    random: Random,
}

impl Call {
    /// A call between two transports that have not been activated yet, over a network without loss and with 10 ms of delay.
    pub fn new(offerer: Box<dyn Transport>, answerer: Box<dyn Transport>, seed: u64) -> Self {
        let end = |transport, address: [u8; 4], port| End {
            transport,
            addresses: vec![SocketAddr::from((address, port))],
            states: Vec::new(),
            packets: Vec::new(),
            sent: Vec::new(),
        };
        Self {
            now: Timestamp::from_ms(1),
            ends: [
                end(offerer, [192, 0, 2, 1], 5000),
                end(answerer, [192, 0, 2, 2], 6000),
            ],
            network: Network {
                delay: TimeDelta::ms(10),
                jitter: TimeDelta::ZERO,
                loss: 0.0,
                dead: Vec::new(),
                deaf: [false; 2],
                random: Random::new(seed),
            },
            configs: [true, false].map(|controlling| TransportConfig::new(controlling, UNIX_US)),
            under_way: BTreeMap::new(),
            order: 0,
        }
    }

    /// Activates both ends, tells them their addresses and each other's, and starts them: what offer and answer do.
    pub fn establish(&mut self) {
        self.activate();
        self.negotiate();
    }

    /// Activates both ends and tells them their own addresses.
    pub fn activate(&mut self) {
        for (end, config) in self.ends.iter_mut().zip(&self.configs) {
            end.transport
                .activate(self.now, config)
                .expect("it can be activated");
            for candidate in end.candidates() {
                end.transport
                    .add_local_candidate(self.now, &candidate)
                    .expect("a host candidate is taken");
            }
        }
    }

    /// Offer, answer and all candidates, at one go.
    pub fn negotiate(&mut self) {
        let offer = self.ends[0].description();
        self.tell(1, &offer);
        let answer = self.ends[1].description();
        self.tell(0, &answer);
        self.tell_candidates(0);
        self.tell_candidates(1);
        self.start(1);
        self.start(0);
    }

    /// Tells `end` what the other end's description says.
    pub fn tell(&mut self, end: usize, description: &[(String, String)]) {
        for (name, value) in description {
            let told = self.ends[end]
                .transport
                .set_remote_attribute(self.now, name, value);
            told.unwrap_or_else(|fault| panic!("a={name}:{value}: {fault}"));
        }
    }

    /// Tells `end` the candidates of the other.
    pub fn tell_candidates(&mut self, end: usize) {
        for candidate in self.ends[1 - end].candidates() {
            self.ends[end]
                .transport
                .add_remote_candidate(self.now, &candidate)
                .expect("a host candidate is taken");
        }
    }

    /// Starts one end.
    pub fn start(&mut self, end: usize) {
        self.with(end, |transport, now, sink| transport.start(now, sink))
            .expect("it starts");
    }

    /// Sends a packet from one end.
    ///
    /// # Errors
    /// What the transport says.
    pub fn send(&mut self, end: usize, kind: PacketKind, packet: &[u8]) -> Result<(), Fault> {
        self.with(end, |transport, now, sink| {
            transport.send(now, kind, packet, sink)
        })
    }

    /// Closes one end.
    ///
    /// # Errors
    /// What the transport says.
    pub fn close(&mut self, end: usize) -> Result<(), Fault> {
        self.with(end, |transport, now, sink| transport.close(now, sink))
    }

    /// Hands `end` a datagram, as if it had come along `route` at this moment.
    ///
    /// # Errors
    /// What the transport says.
    pub fn hand(&mut self, end: usize, route: &Route, datagram: &[u8]) -> Result<(), Fault> {
        self.with(end, |transport, now, sink| {
            transport.receive(now, route, datagram, sink)
        })
    }

    /// The route from which `end` hears the other end's first address.
    pub fn route_to(&self, end: usize) -> Route {
        Route::new(self.ends[end].addresses[0], self.ends[1 - end].addresses[0])
    }

    /// Lets time pass.
    pub fn run_for(&mut self, time: TimeDelta) {
        self.run_until(time, |_| false);
    }

    /// Lets time pass until `done` or until `limit` is over; tells which.
    pub fn run_until(&mut self, limit: TimeDelta, mut done: impl FnMut(&Self) -> bool) -> bool {
        let end = self.now + limit;
        let mut steps = 0;
        while !done(self) {
            let next = self.next_event().max(self.now);
            if next > end {
                self.now = end;
                return done(self);
            }
            steps = if next > self.now { 0 } else { steps + 1 };
            if steps >= STEPS {
                let deadlines = self.ends.each_mut().map(|end| end.transport.deadline());
                panic!(
                    "at {:?} the deadlines {deadlines:?} do not move although they were met",
                    self.now
                );
            }
            self.now = next;
            self.step();
        }
        true
    }

    /// Lets time pass until both ends are connected; tells whether they are.
    pub fn connect(&mut self, limit: TimeDelta) -> bool {
        self.run_until(limit, |call| {
            call.ends
                .iter()
                .all(|end| end.state() == TransportState::Connected)
        })
    }

    fn next_event(&mut self) -> Timestamp {
        let arrival = self
            .under_way
            .first_key_value()
            .map_or(Timestamp::NEVER, |((at, _), _)| *at);
        let [a, b] = &mut self.ends;
        let deadline = |end: &mut End| end.transport.deadline().expect("the deadline can be asked for");
        arrival.min(deadline(a)).min(deadline(b))
    }

    fn step(&mut self) {
        while let Some(entry) = self
            .under_way
            .first_entry()
            .filter(|entry| entry.key().0 <= self.now)
        {
            let (end, route, datagram) = entry.remove();
            self.hand(end, &route, &datagram).expect("a datagram is no fault");
        }
        for end in 0..2 {
            if self.ends[end]
                .transport
                .deadline()
                .expect("the deadline can be asked for")
                <= self.now
            {
                self.with(end, |transport, now, sink| transport.handle_timeout(now, sink))
                    .expect("a deadline is no fault");
            }
        }
    }

    /// Calls one end and takes what it gives.
    fn with<R>(
        &mut self,
        end: usize,
        call: impl FnOnce(&mut dyn Transport, Timestamp, &mut dyn TransportSink) -> R,
    ) -> R {
        let mut taken = Taken::default();
        let result = call(&mut *self.ends[end].transport, self.now, &mut taken);
        let now = self.now;
        self.ends[end]
            .states
            .extend(taken.states.into_iter().map(|state| (now, state)));
        self.ends[end].packets.extend(
            taken
                .packets
                .into_iter()
                .map(|(kind, packet)| (now, kind, packet)),
        );
        for (route, datagram) in taken.datagrams {
            self.ends[end].sent.push((now, route, datagram.clone()));
            self.post(end, &route, datagram);
        }
        result
    }

    fn post(&mut self, from: usize, route: &Route, datagram: Vec<u8>) {
        let (local, remote): (SocketAddr, SocketAddr) = (route.local.into(), route.remote.into());
        assert!(
            self.ends[from].addresses.contains(&local),
            "{local} is no address of the sender's"
        );
        let to = 1 - from;
        let lost = self.network.draw() < self.network.loss;
        let jitter = self.network.jitter * self.network.draw();
        let nowhere = self.network.deaf[to]
            || [local, remote]
                .iter()
                .any(|address| self.network.dead.contains(address));
        if lost || nowhere || !self.ends[to].addresses.contains(&remote) {
            return;
        }
        self.order += 1;
        let at = self.now + self.network.delay + jitter;
        self.under_way
            .insert((at, self.order), (to, Route::new(remote, local), datagram));
    }
}

impl End {
    /// The present state.
    pub fn state(&self) -> TransportState {
        self.states
            .last()
            .map_or(TransportState::New, |(_, state)| *state)
    }

    /// What it says of itself, as SDP attributes.
    pub fn description(&mut self) -> Vec<(String, String)> {
        let mut attributes = Attributes::default();
        self.transport
            .local_description(&mut attributes)
            .expect("it can be described");
        attributes.0
    }

    /// What it says of its path: the value of `name`, empty if there is none.
    pub fn path(&mut self, name: &str) -> String {
        let mut attributes = Attributes::default();
        self.transport
            .path(&mut attributes)
            .expect("it can tell its path");
        attributes
            .0
            .into_iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value)
            .unwrap_or_default()
    }

    /// The RTP packets that it let in.
    pub fn rtp(&self) -> Vec<&[u8]> {
        self.packets
            .iter()
            .filter(|(_, kind, _)| *kind == PacketKind::Rtp)
            .map(|(_, _, packet)| &packet[..])
            .collect()
    }

    /// Its addresses as candidates, the first with the highest priority.
    fn candidates(&self) -> Vec<String> {
        let candidate = |(index, address): (u32, &SocketAddr)| {
            let priority = (126 << 24) + ((65_535 - index) << 8) + 255;
            format!(
                "{index} 1 udp {priority} {} {} typ host",
                address.ip(),
                address.port()
            )
        };
        (0..).zip(&self.addresses).map(candidate).collect()
    }
}

impl Network {
    /// A number from 0 to 1.
    fn draw(&mut self) -> f64 {
        self.random.below(1 << 53) as f64 / (1_u64 << 53) as f64
    }
}

#[derive(Default)]
struct Taken {
    datagrams: Vec<(Route, Vec<u8>)>,
    packets: Vec<(PacketKind, Vec<u8>)>,
    states: Vec<TransportState>,
}

impl TransportSink for Taken {
    fn transmit(&mut self, route: &Route, datagram: &[u8]) -> Result<(), Fault> {
        self.datagrams.push((*route, datagram.to_vec()));
        Ok(())
    }

    fn packet(&mut self, kind: PacketKind, packet: &[u8]) -> Result<(), Fault> {
        self.packets.push((kind, packet.to_vec()));
        Ok(())
    }

    fn state(&mut self, state: TransportState) -> Result<(), Fault> {
        self.states.push(state);
        Ok(())
    }
}

#[derive(Default)]
struct Attributes(Vec<(String, String)>);

impl AttributeSink for Attributes {
    fn attribute(&mut self, name: &str, value: &str) -> Result<(), Fault> {
        self.0.push((name.to_owned(), value.to_owned()));
        Ok(())
    }
}

/// An RTP packet in the clear (RFC 3550 section 5.1) with 100 bytes of payload that tell packets apart.
pub fn rtp(ssrc: u32, sequence: u16) -> Vec<u8> {
    let mut packet = vec![0x80, 111];
    packet.extend(sequence.to_be_bytes());
    packet.extend((u32::from(sequence) * 960).to_be_bytes());
    packet.extend(ssrc.to_be_bytes());
    packet.extend((0..100_u16).map(|i| (i ^ sequence) as u8));
    packet
}

/// An RTCP receiver report without blocks (RFC 3550 section 6.4.2).
pub fn rtcp(ssrc: u32) -> Vec<u8> {
    let mut packet = vec![0x80, 201, 0, 1];
    packet.extend(ssrc.to_be_bytes());
    packet
}
