//! Network domains and what lies between them, in virtual time.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use jackfield_congestion_fixed::Fixed;
use jackfield_graph::media::{InboundPacket, Mix, Outbound, OutboundPacket, PacketBuffer, PathHint};
use jackfield_graph::network::{
    DatagramSink, EcnMark, ExtensionIds, ExtensionKind, MediaConfiguration, NetworkDomain, NetworkEvent,
    NetworkParticipant, NetworkParticipantConfig, NetworkPorts, NetworkStats, ReceiveCodec, RtcpFeedback,
    SendCodec, StreamName,
};
use jackfield_pacing_null::Null;
use jackfield_sdk::prelude::*;
use jackfield_transport_ice_dtls::IceDtls;
use jackfield_transport_loopback::Loopback;
use rtrb::{Consumer, Producer, RingBuffer};

/// The wall clock at the beginning.
const UNIX_US: i64 = 1_800_000_000_000_000;
/// The payload type of the room's codec 1: 48 kHz.
pub(crate) const OPUS: u8 = 111;
/// The payload type of the room's codec 2: 8 kHz.
pub(crate) const PCMU: u8 = 0;

/// Rooms and the network between them.
pub(crate) struct World {
    pub(crate) now: Timestamp,
    pub(crate) rooms: Vec<Room>,
    /// How long a datagram is under way.
    pub(crate) delay: TimeDelta,
    /// Decides of each datagram whether it is lost: its number and its bytes.
    pub(crate) lost: Box<dyn FnMut(u64, &[u8]) -> bool>,
    /// What the first room sends passes this, if anything.
    pub(crate) link: Option<Link>,
    /// What the path makes of the mark of a datagram: its number and its mark.
    pub(crate) marks: fn(u64, EcnMark) -> EcnMark,
    /// Every datagram that was sent.
    pub(crate) wire: Vec<Sent>,
    under_way: BTreeMap<(Timestamp, u64), (SocketAddr, Route, EcnMark, Vec<u8>)>,
    sent: u64,
}

/// A link that bears so much, with a queue before it that holds so much of it; what finds it full is lost.
pub(crate) struct Link {
    pub(crate) rate: DataRate,
    pub(crate) queue: TimeDelta,
    /// When all that waits has left.
    pub(crate) free: Timestamp,
}

impl Link {
    pub(crate) fn new(rate: DataRate, queue: TimeDelta) -> Self {
        Self {
            rate,
            queue,
            free: Timestamp::ZERO,
        }
    }

    /// How long a datagram that comes now waits and takes, if it is not lost.
    fn pass(&mut self, now: Timestamp, bytes: usize) -> Option<TimeDelta> {
        if self.free.since(now) > self.queue {
            return None;
        }
        // With IP and UDP around it.
        self.free = self.free.max(now) + DataSize::bytes(bytes as i64 + 28) / self.rate;
        Some(self.free.since(now))
    }
}

/// A datagram on the wire.
#[derive(Clone)]
pub(crate) struct Sent {
    pub(crate) at: Timestamp,
    pub(crate) from: SocketAddr,
    pub(crate) mark: EcnMark,
    pub(crate) bytes: Vec<u8>,
}

/// One room with the audio domain's ends of its rings.
pub(crate) struct Room {
    pub(crate) domain: NetworkDomain,
    pub(crate) outbound: Producer<Outbound>,
    pub(crate) used: Producer<Box<PacketBuffer>>,
    pub(crate) returned: Consumer<Box<PacketBuffer>>,
    pub(crate) hints: Consumer<PathHint>,
    pub(crate) people: BTreeMap<u32, Person>,
    pub(crate) events: Vec<(Timestamp, u32, NetworkEvent)>,
}

/// A participant.
pub(crate) struct Person {
    pub(crate) address: SocketAddr,
    pub(crate) inbound: Consumer<InboundPacket>,
    pub(crate) stats: Arc<NetworkStats>,
}

/// A participant by its room and number.
pub(crate) type Seat = (usize, u32);

struct Collector<'a> {
    datagrams: Vec<(Route, EcnMark, Vec<u8>)>,
    events: &'a mut Vec<(Timestamp, u32, NetworkEvent)>,
    now: Timestamp,
}

impl DatagramSink for Collector<'_> {
    fn transmit(&mut self, route: &Route, datagram: &[u8]) {
        self.transmit_marked(route, datagram, EcnMark::NotCapable);
    }

    fn transmit_marked(&mut self, route: &Route, datagram: &[u8], mark: EcnMark) {
        self.datagrams.push((*route, mark, datagram.to_vec()));
    }

    fn event(&mut self, participant: u32, event: NetworkEvent) {
        self.events.push((self.now, participant, event));
    }
}

/// The two of a pair.
pub(crate) const ANN: Seat = (0, 1);
pub(crate) const BOB: Seat = (1, 1);

/// What a participant is made with, if not with the usual.
pub(crate) struct Plugs {
    pub(crate) transport: fn(u64) -> Box<dyn Transport>,
    pub(crate) pacer: Box<dyn Pacer>,
    pub(crate) congestion: Box<dyn CongestionController>,
}

impl Default for Plugs {
    fn default() -> Self {
        Self {
            transport: loopback,
            pacer: pacer(),
            congestion: fixed(64),
        }
    }
}

pub(crate) fn loopback(seed: u64) -> Box<dyn Transport> {
    Box::new(Loopback::create(&Environment::seeded(seed)).unwrap())
}

pub(crate) fn ice_dtls(seed: u64) -> Box<dyn Transport> {
    let mut transport = IceDtls::create(&Environment::seeded(seed)).unwrap();
    transport.parameters().insecure_deterministic = true;
    Box::new(transport)
}

pub(crate) fn pacer() -> Box<dyn Pacer> {
    Box::new(Null::create(&Environment::seeded(1)).unwrap())
}

pub(crate) fn fixed(kbps: u32) -> Box<dyn CongestionController> {
    let mut fixed = Fixed::create(&Environment::seeded(1)).unwrap();
    fixed.parameters().rate = f64::from(kbps);
    Box::new(fixed)
}

/// What the tests negotiate: two codecs, audio level 1, transport-cc 3, MID 4.
pub(crate) fn configuration() -> MediaConfiguration {
    let mut extensions = ExtensionIds::none();
    extensions.set(ExtensionKind::AudioLevel, 1);
    extensions.set(ExtensionKind::TransportSequence, 3);
    extensions.set(ExtensionKind::Mid, 4);
    let (wide, narrow) = (SampleRate::HZ_48000, SampleRate::HZ_8000);
    MediaConfiguration {
        send: vec![
            SendCodec {
                codec: 1,
                payload_type: OPUS,
                clock_rate: wide,
            },
            SendCodec {
                codec: 2,
                payload_type: PCMU,
                clock_rate: narrow,
            },
        ],
        receive: vec![
            ReceiveCodec {
                payload_type: OPUS,
                clock_rate: wide,
            },
            ReceiveCodec {
                payload_type: PCMU,
                clock_rate: narrow,
            },
        ],
        codec: 1,
        extensions,
        mid: StreamName::new("0"),
        feedback: RtcpFeedback {
            transport_cc: true,
            reduced_size: true,
            ..RtcpFeedback::default()
        },
        ..MediaConfiguration::default()
    }
}

impl World {
    /// So many empty rooms, 10 ms from each other.
    pub(crate) fn new(rooms: usize) -> Self {
        Self {
            now: Timestamp::from_ms(1),
            rooms: (0..rooms).map(|_| Room::new()).collect(),
            delay: TimeDelta::ms(10),
            lost: Box::new(|_, _| false),
            link: None,
            marks: |_, mark| mark,
            wire: Vec::new(),
            under_way: BTreeMap::new(),
            sent: 0,
        }
    }

    /// Two rooms with one participant each, connected in the clear.
    pub(crate) fn pair() -> Self {
        Self::pair_with(Plugs::default())
    }

    /// The same, of which [`ANN`] has these plugins.
    pub(crate) fn pair_with(plugs: Plugs) -> Self {
        let mut world = Self::new(2);
        world.join(ANN, plugs);
        world.join(BOB, Plugs::default());
        world.connect(ANN, BOB);
        world
    }

    /// The same, of which only the controller is not the usual one.
    pub(crate) fn pair_controlled_by(congestion: Box<dyn CongestionController>) -> Self {
        Self::pair_with(Plugs {
            congestion,
            ..Plugs::default()
        })
    }

    /// Somebody comes in and is configured as [`configuration`] says.
    pub(crate) fn join(&mut self, seat: Seat, plugs: Plugs) {
        let (room, id) = seat;
        let now = self.now;
        let address = address(seat, 5000);
        let number = room as u64 * 100 + u64::from(id);
        let transport = activated(now, (plugs.transport)(number), room == 0, address);
        let (inbound, packets) = RingBuffer::new(64);
        let stats = Arc::new(NetworkStats::default());
        let participant = NetworkParticipant::new(NetworkParticipantConfig {
            id,
            transport,
            pacer: plugs.pacer,
            congestion: plugs.congestion,
            inbound,
            ssrc: ssrc(seat),
            cname: format!("room{room}-{id}"),
            first_sequence_number: 65_530,
            first_timestamp: 0xFFFF_F000,
            seed: number,
            stats: Arc::clone(&stats),
        });
        let room = &mut self.rooms[room];
        room.domain.add(now, participant);
        room.domain.configure(id, &configuration()).unwrap();
        room.people.insert(
            id,
            Person {
                address,
                inbound: packets,
                stats,
            },
        );
    }

    /// Offer, answer and candidates between two participants, and time until both are connected.
    pub(crate) fn connect(&mut self, offerer: Seat, answerer: Seat) {
        let candidates = [self.person(offerer).address, self.person(answerer).address].map(candidate);
        self.negotiate(offerer, answerer, &candidates);
        self.run_for(TimeDelta::seconds(2));
        for seat in [offerer, answerer] {
            assert_eq!(
                self.person(seat).stats.state(),
                TransportState::Connected,
                "{seat:?}"
            );
        }
    }

    /// Offer, answer and candidates.
    pub(crate) fn negotiate(&mut self, offerer: Seat, answerer: Seat, candidates: &[String; 2]) {
        let offer = self.describe(offerer);
        self.tell(answerer, &offer, &candidates[0]);
        let answer = self.describe(answerer);
        self.tell(offerer, &answer, &candidates[1]);
        for seat in [answerer, offerer] {
            self.with_transport(seat, |transport, now, sink| transport.start(now, sink))
                .unwrap();
        }
    }

    fn describe(&mut self, seat: Seat) -> Vec<(String, String)> {
        struct Attributes(Vec<(String, String)>);
        impl AttributeSink for Attributes {
            fn attribute(&mut self, name: &str, value: &str) -> Result<(), Fault> {
                self.0.push((name.to_owned(), value.to_owned()));
                Ok(())
            }
        }
        let mut attributes = Attributes(Vec::new());
        self.with_transport(seat, |transport, _, _| {
            transport.local_description(&mut attributes)
        })
        .unwrap();
        attributes.0
    }

    fn tell(&mut self, seat: Seat, description: &[(String, String)], candidate: &str) {
        self.with_transport(seat, |transport, now, _| {
            for (name, value) in description {
                transport.set_remote_attribute(now, name, value)?;
            }
            transport.add_remote_candidate(now, candidate)
        })
        .unwrap();
    }

    /// Lends the transport that is being negotiated.
    pub(crate) fn with_transport<R>(
        &mut self,
        (room, id): Seat,
        use_it: impl FnOnce(&mut dyn Transport, Timestamp, &mut dyn TransportSink) -> R,
    ) -> R {
        let now = self.now;
        self.with(room, |domain, sink| {
            domain
                .with_transport(now, id, sink, |transport, gate| use_it(transport, now, gate))
                .unwrap()
        })
    }

    /// Calls a domain and takes what it gives.
    pub(crate) fn with<R>(
        &mut self,
        room: usize,
        call: impl FnOnce(&mut NetworkDomain, &mut dyn DatagramSink) -> R,
    ) -> R {
        let place = &mut self.rooms[room];
        let mut collector = Collector {
            datagrams: Vec::new(),
            events: &mut place.events,
            now: self.now,
        };
        let result = call(&mut place.domain, &mut collector);
        for (route, mark, bytes) in collector.datagrams {
            self.sent += 1;
            let from = SocketAddr::from(route.local);
            self.wire.push(Sent {
                at: self.now,
                from,
                mark,
                bytes: bytes.clone(),
            });
            let passed = match self.link.as_mut().filter(|_| room == 0) {
                Some(link) => link.pass(self.now, bytes.len()),
                None => Some(TimeDelta::ZERO),
            };
            let lost = (self.lost)(self.sent, &bytes);
            if let Some(passed) = passed.filter(|_| !lost) {
                let back = Route::new(route.remote.into(), from);
                let at = self.now + self.delay + passed;
                let mark = (self.marks)(self.sent, mark);
                self.under_way
                    .insert((at, self.sent), (route.remote.into(), back, mark, bytes));
            }
        }
        result
    }

    /// Hands somebody a datagram, as if it had just come from `from`.
    pub(crate) fn hand(&mut self, seat: Seat, from: SocketAddr, datagram: &[u8]) {
        let route = Route::new(self.person(seat).address, from);
        let now = self.now;
        self.with(seat.0, |domain, sink| {
            domain.receive(now, seat.1, &route, datagram, sink);
        });
    }

    /// Lets time pass.
    pub(crate) fn run_for(&mut self, time: TimeDelta) {
        let end = self.now + time;
        let mut steps = 0;
        loop {
            let arrival = self
                .under_way
                .first_key_value()
                .map_or(Timestamp::NEVER, |((at, _), _)| *at);
            let deadlines = self.rooms.iter().map(|room| room.domain.deadline());
            let next = deadlines.fold(arrival, Timestamp::min).max(self.now);
            if next > end {
                self.now = end;
                return;
            }
            steps = if next > self.now { 0 } else { steps + 1 };
            assert!(steps < 10_000, "a deadline stays in the past although it was met");
            self.now = next;
            self.step();
        }
    }

    fn step(&mut self) {
        while let Some(entry) = self
            .under_way
            .first_entry()
            .filter(|entry| entry.key().0 <= self.now)
        {
            let (to, route, mark, datagram) = entry.remove();
            let found = (0..self.rooms.len()).find_map(|room| {
                let at_home = |(_, person): &(&u32, &Person)| person.address.ip() == to.ip();
                self.rooms[room]
                    .people
                    .iter()
                    .find(at_home)
                    .map(|(id, _)| (room, *id))
            });
            if let Some((room, id)) = found {
                let now = self.now;
                self.with(room, |domain, sink| {
                    domain.receive_marked(now, id, &route, &datagram, mark, sink);
                });
            }
        }
        let now = self.now;
        for room in 0..self.rooms.len() {
            if self.rooms[room].domain.deadline() <= now {
                self.with(room, |domain, sink| domain.handle_timeout(now, sink));
            }
        }
    }

    /// A packet of 20 ms of a mix in codec 1 leaves a room's audio domain; an empty payload is one that DTX keeps back.
    pub(crate) fn mix(&mut self, room: usize, mix: Mix, payload: &[u8]) {
        self.mix_as(room, mix, 1, 960, payload);
    }

    /// A packet of a mix in any codec.
    pub(crate) fn mix_as(&mut self, room: usize, mix: Mix, codec: u32, ticks: u32, payload: &[u8]) {
        let mut buffer = self.rooms[room]
            .returned
            .pop()
            .unwrap_or_else(|_| PacketBuffer::new());
        assert!(buffer.fill(payload));
        let packet = OutboundPacket {
            mix,
            codec,
            payload: buffer,
            ticks,
            level_dbov: -30.0,
            voice: true,
        };
        self.push(room, Outbound::Packet(packet));
    }

    /// Puts something into a room's outbound ring.
    pub(crate) fn push(&mut self, room: usize, outbound: Outbound) {
        assert!(
            self.rooms[room].outbound.push(outbound).is_ok(),
            "the ring has room"
        );
    }

    /// The audio domain of a room has finished its tick.
    pub(crate) fn poll(&mut self, room: usize) {
        let now = self.now;
        self.with(room, |domain, sink| domain.poll_outbound(now, sink));
    }

    /// So many packets of 20 ms of the mix that all in `room` share, one every 20 ms. The payload is the packet's number.
    pub(crate) fn speak(&mut self, room: usize, packets: u32) {
        for number in 0..packets {
            self.mix(room, Mix::Shared(1), &number.to_be_bytes());
            self.poll(room);
            self.run_for(TimeDelta::ms(20));
        }
    }

    /// What has come for somebody; the boxes go back as the audio domain sends them back.
    pub(crate) fn heard(&mut self, (room, id): Seat) -> Vec<Heard> {
        let room = &mut self.rooms[room];
        let mut heard = Vec::new();
        while let Ok(packet) = room.people.get_mut(&id).unwrap().inbound.pop() {
            heard.push(Heard {
                payload: packet.payload.bytes().to_vec(),
                arrival: packet.arrival,
                sequence_number: packet.sequence_number,
                timestamp: packet.timestamp,
                payload_type: packet.payload_type,
                marker: packet.marker,
                level_dbov: packet.level_dbov,
            });
            let _ = room.used.push(packet.payload);
        }
        heard
    }

    pub(crate) fn person(&self, (room, id): Seat) -> &Person {
        &self.rooms[room].people[&id]
    }

    /// The RTP packets that somebody has sent in the clear.
    pub(crate) fn rtp_of(&self, seat: Seat) -> Vec<Sent> {
        self.packets_of(seat, |bytes| !jackfield_rtp::header::is_rtcp(bytes))
    }

    /// The RTCP packets that somebody has sent in the clear.
    pub(crate) fn rtcp_of(&self, seat: Seat) -> Vec<Sent> {
        self.packets_of(seat, jackfield_rtp::header::is_rtcp)
    }

    fn packets_of(&self, seat: Seat, wanted: impl Fn(&[u8]) -> bool) -> Vec<Sent> {
        let from = self.person(seat).address;
        let sent = self.wire.iter().filter(|sent| sent.from == from);
        sent.filter(|sent| sent.bytes[0] >> 6 == 2 && wanted(&sent.bytes))
            .cloned()
            .collect()
    }

    /// The events of one participant.
    pub(crate) fn events_of(&self, (room, id): Seat) -> Vec<NetworkEvent> {
        let events = self.rooms[room].events.iter().filter(|(_, of, _)| *of == id);
        events.map(|(_, _, event)| event.clone()).collect()
    }
}

/// A packet as the receiver gets it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Heard {
    pub(crate) payload: Vec<u8>,
    pub(crate) arrival: Timestamp,
    pub(crate) sequence_number: i64,
    pub(crate) timestamp: i64,
    pub(crate) payload_type: u8,
    pub(crate) marker: bool,
    pub(crate) level_dbov: Option<f32>,
}

impl Room {
    fn new() -> Self {
        let (outbound, outbound_ends) = RingBuffer::new(256);
        let (used, used_ends) = RingBuffer::new(256);
        let (returned_ends, returned) = RingBuffer::new(256);
        let (hint_ends, hints) = RingBuffer::new(256);
        let ports = NetworkPorts {
            outbound: outbound_ends,
            used: used_ends,
            returned: returned_ends,
            hints: hint_ends,
        };
        Self {
            hints,
            domain: NetworkDomain::new(ports),
            outbound,
            used,
            returned,
            people: BTreeMap::new(),
            events: Vec::new(),
        }
    }
}

impl Person {
    pub(crate) fn lost(&self) -> i64 {
        self.stats.packets_lost.load(Relaxed)
    }

    pub(crate) fn received(&self) -> u64 {
        self.stats.packets_received.load(Relaxed)
    }
}

/// Where somebody lives.
pub(crate) fn address((room, id): Seat, port: u16) -> SocketAddr {
    SocketAddr::from(([10, room as u8, 0, id as u8], port))
}

pub(crate) fn candidate(address: SocketAddr) -> String {
    format!("1 1 udp 2130706431 {} {} typ host", address.ip(), address.port())
}

/// The SSRC of the mix that is sent to somebody.
pub(crate) fn ssrc((room, id): Seat) -> u32 {
    1_000 * (room as u32 + 1) + id
}

/// A transport that knows its address.
pub(crate) fn activated(
    now: Timestamp,
    mut transport: Box<dyn Transport>,
    controlling: bool,
    address: SocketAddr,
) -> Box<dyn Transport> {
    transport
        .activate(now, &TransportConfig::new(controlling, UNIX_US))
        .unwrap();
    transport.add_local_candidate(now, &candidate(address)).unwrap();
    transport
}
