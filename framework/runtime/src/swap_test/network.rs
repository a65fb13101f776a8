//! Swaps of pacers and congestion controllers: two ends of a path in virtual time, of which the first one sends. What is lost is counted where it should
//! have come.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;

use jackfield_core::Fault;
use jackfield_core::congestion_controller::CongestionController;
use jackfield_core::pacer::Pacer;
use jackfield_core::time::Timestamp;
use jackfield_core::transport::{AttributeSink, Route, Transport, TransportConfig, TransportState};
use jackfield_core::units::{SampleRate, TimeDelta};
use jackfield_graph::description::Kind;
use jackfield_graph::media::{InboundPacket, Mix, Outbound, OutboundPacket, PacketBuffer};
use jackfield_graph::network::{
    DatagramSink, ExtensionIds, ExtensionKind, MediaConfiguration, NetworkDomain, NetworkEvent,
    NetworkParticipant, NetworkParticipantConfig, NetworkPorts, NetworkStats, ReceiveCodec, RtcpFeedback,
    SendCodec,
};
use jackfield_graph::swap::{SwapMeasure, SwapOutcome};
use jackfield_loader::Loader;
use rtrb::{Consumer, Producer, RingBuffer};

use super::{ENDS_WITHIN, PAYLOAD_TYPE, Ran, SwapTestError};
use crate::error::SocketError;
use crate::fitting::{self, Socket};

/// How long a datagram is under way.
const DELAY: TimeDelta = TimeDelta::ms(20);
const PACKET: TimeDelta = TimeDelta::ms(20);
/// Samples of a packet: 20 ms at 48 kHz.
const PACKET_SAMPLES: u64 = 960;
/// About 32 kbit/s.
const PAYLOAD: [u8; 80] = [0x55; 80];
const CODEC: u32 = 1;
/// So long two ends may take to connect.
const CONNECTS_WITHIN: TimeDelta = TimeDelta::seconds(10);
/// The one participant at each end.
const PARTICIPANT: u32 = 1;
/// The moment at which the test begins, as microseconds since 1970: certificates carry dates.
const UNIX_US: i64 = 1_800_000_000_000_000;

/// What stands at both ends.
pub(super) struct Plugs<'a> {
    pub(super) transport: &'a Socket,
    pub(super) pacer: &'a Socket,
    pub(super) congestion: &'a Socket,
}

/// A path in virtual time.
pub(super) struct Path<'a> {
    loader: &'a Loader,
    kind: Kind,
    pair: &'a [Socket; 2],
    /// Which of both is in.
    present: usize,
    ends: [End; 2],
    under_way: VecDeque<(Timestamp, usize, Route, Vec<u8>)>,
    next_packet: Timestamp,
    sent: u64,
    received: u64,
    pub(super) now: Timestamp,
}

struct End {
    domain: NetworkDomain,
    outbound: Producer<Outbound>,
    used: Producer<Box<PacketBuffer>>,
    returned: Consumer<Box<PacketBuffer>>,
    inbound: Consumer<InboundPacket>,
    stats: Arc<NetworkStats>,
}

/// What a domain gives while it is called.
#[derive(Default)]
struct Given(Vec<(Route, Vec<u8>)>);

impl DatagramSink for Given {
    fn transmit(&mut self, route: &Route, datagram: &[u8]) {
        self.0.push((*route, datagram.to_vec()));
    }

    fn event(&mut self, _: u32, _: NetworkEvent) {}
}

impl<'a> Path<'a> {
    pub(super) fn new(
        loader: &'a Loader,
        kind: Kind,
        pair: &'a [Socket; 2],
        plugs: &Plugs<'_>,
    ) -> Result<Self, SwapTestError> {
        let end = |at| End::new(loader, plugs, at);
        let mut path = Self {
            loader,
            kind,
            pair,
            present: 0,
            ends: [end(0)?, end(1)?],
            under_way: VecDeque::new(),
            next_packet: Timestamp::NEVER,
            sent: 0,
            received: 0,
            now: Timestamp::from_ms(1),
        };
        path.connect().map_err(|fault| SocketError::Plugin {
            id: plugs.transport.resolved.id.clone(),
            fault,
        })?;
        path.next_packet = path.now;
        Ok(path)
    }

    /// Offer, answer and candidates, and time until both ends are connected.
    fn connect(&mut self) -> Result<(), Fault> {
        for from in 0..2 {
            let mut description = Attributes::default();
            self.transport(from, |transport, _, _| {
                transport.local_description(&mut description)
            })?;
            self.transport(1 - from, |transport, now, _| {
                for (name, value) in &description.0 {
                    transport.set_remote_attribute(now, name, value)?;
                }
                transport.add_remote_candidate(now, &candidate(from))
            })?;
        }
        for end in [1, 0] {
            self.transport(end, |transport, now, sink| transport.start(now, sink))?;
        }
        let begun = self.now;
        let is_connected = |end: &End| end.stats.state() == TransportState::Connected;
        while !self.ends.iter().all(is_connected) {
            if self.now.since(begun) > CONNECTS_WITHIN {
                return Err(Fault::failed(
                    "two of them do not connect over a path without loss",
                ));
            }
            self.pass(TimeDelta::ms(10));
        }
        Ok(())
    }

    fn transport<R>(
        &mut self,
        end: usize,
        use_it: impl FnOnce(
            &mut dyn Transport,
            Timestamp,
            &mut dyn jackfield_core::transport::TransportSink,
        ) -> Result<R, Fault>,
    ) -> Result<R, Fault> {
        let now = self.now;
        self.with(end, |domain, given| {
            domain.with_transport(now, PARTICIPANT, given, |transport, sink| {
                use_it(transport, now, sink)
            })
        })
        .unwrap_or_else(|error| Err(Fault::failed(error.to_string())))
    }

    /// Calls a domain; what it sends is under way then.
    fn with<R>(&mut self, end: usize, call: impl FnOnce(&mut NetworkDomain, &mut Given) -> R) -> R {
        let mut given = Given::default();
        let result = call(&mut self.ends[end].domain, &mut given);
        for (route, datagram) in given.0 {
            let back = Route::new(route.remote.into(), route.local.into());
            self.under_way
                .push_back((self.now + DELAY, 1 - end, back, datagram));
        }
        result
    }

    /// Lets so many ticks of 10 ms pass.
    pub(super) fn run(&mut self, ticks: usize) {
        self.pass(TimeDelta::ms(10) * ticks as i64);
    }

    fn pass(&mut self, time: TimeDelta) {
        let end = self.now + time;
        loop {
            let arrival = self.under_way.front().map_or(Timestamp::NEVER, |(at, ..)| *at);
            let deadlines = self.ends.iter().map(|end| end.domain.deadline());
            let next = deadlines
                .fold(arrival.min(self.next_packet), Timestamp::min)
                .max(self.now);
            if next > end {
                self.now = end;
                return;
            }
            // A deadline that stays in the past must not stop the time.
            self.now = if next == self.now && !self.is_due(arrival) {
                next + TimeDelta::us(100)
            } else {
                next
            };
            self.step();
        }
    }

    fn is_due(&self, arrival: Timestamp) -> bool {
        arrival <= self.now || self.next_packet <= self.now
    }

    fn step(&mut self) {
        let now = self.now;
        while let Some((_, to, route, datagram)) = self.under_way.pop_front_if(|(at, ..)| *at <= now) {
            self.with(to, |domain, given| {
                domain.receive(now, PARTICIPANT, &route, &datagram, given);
            });
        }
        for end in 0..2 {
            if self.ends[end].domain.deadline() <= now {
                self.with(end, |domain, given| domain.handle_timeout(now, given));
            }
        }
        if self.next_packet <= now {
            self.next_packet = now + PACKET;
            self.speak();
        }
        while let Ok(packet) = self.ends[1].inbound.pop() {
            self.received += 1;
            let _ = self.ends[1].used.push(packet.payload);
        }
    }

    fn speak(&mut self) {
        let now = self.now;
        let end = &mut self.ends[0];
        let mut payload = end.returned.pop().unwrap_or_else(|_| PacketBuffer::new());
        if !payload.fill(&PAYLOAD) {
            return;
        }
        let packet = OutboundPacket {
            mix: Mix::Shared(CODEC),
            codec: CODEC,
            payload,
            ticks: PACKET_SAMPLES as u32,
            level_dbov: -30.0,
            voice: true,
        };
        if end.outbound.push(Outbound::Packet(packet)).is_ok() {
            self.sent += 1;
        }
        self.with(0, |domain, given| domain.poll_outbound(now, given));
    }

    /// Puts the other one in, and gives how that ended.
    pub(super) fn swap(&mut self, swap: u64) -> Result<SwapMeasure, SwapTestError> {
        let to = 1 - self.present;
        let (loader, socket, now) = (self.loader, &self.pair[to], self.now);
        let gone = |_| SwapTestError::Endless(swap);
        let measure = if self.kind == Kind::Pacer {
            let newcomer = Box::new(fitting::bare::<dyn Pacer>(loader, socket, swap)?);
            let swapped = self.with(0, |domain, _| {
                domain.swap_pacer(now, PARTICIPANT, newcomer, &mut Ran)
            });
            swapped.map_err(gone)?.measure
        } else {
            let newcomer = Box::new(fitting::bare::<dyn CongestionController>(loader, socket, swap)?);
            self.with(0, |domain, _| {
                domain.swap_congestion(now, PARTICIPANT, swap, newcomer, false)
            })
            .map_err(gone)?;
            self.end_of(swap)?
        };
        if measure.outcome == SwapOutcome::Committed {
            self.present = to;
        }
        Ok(measure)
    }

    fn end_of(&mut self, swap: u64) -> Result<SwapMeasure, SwapTestError> {
        let begun = self.now;
        while self.now.since(begun) < ENDS_WITHIN {
            self.run(1);
            let ended = self.with(0, |domain, _| domain.take_swapped(PARTICIPANT, swap));
            if let Ok(Some(ended)) = ended {
                return Ok(ended.measure);
            }
        }
        Err(SwapTestError::Endless(swap))
    }

    /// Samples that were sent and have not come, once everything that is under way has.
    pub(super) fn lost(&mut self) -> u64 {
        self.next_packet = Timestamp::NEVER;
        self.pass(TimeDelta::seconds(2));
        self.sent.saturating_sub(self.received) * PACKET_SAMPLES
    }
}

impl End {
    fn new(loader: &Loader, plugs: &Plugs<'_>, at: usize) -> Result<Self, SocketError> {
        let now = Timestamp::from_ms(1);
        let seed = at as u64 + 1;
        let faulty = |fault| SocketError::Plugin {
            id: plugs.transport.resolved.id.clone(),
            fault,
        };
        let mut transport = fitting::bare::<dyn Transport>(loader, plugs.transport, seed)?;
        transport
            .activate(now, &TransportConfig::new(at == 0, UNIX_US))
            .map_err(faulty)?;
        transport
            .add_local_candidate(now, &candidate(at))
            .map_err(faulty)?;
        let (outbound, outbound_ends) = RingBuffer::new(256);
        let (used, used_ends) = RingBuffer::new(256);
        let (returned_ends, returned) = RingBuffer::new(256);
        let (inbound_ends, inbound) = RingBuffer::new(256);
        let stats = Arc::new(NetworkStats::default());
        let participant = NetworkParticipant::new(NetworkParticipantConfig {
            id: PARTICIPANT,
            transport: Box::new(transport),
            pacer: Box::new(fitting::bare::<dyn Pacer>(loader, plugs.pacer, seed)?),
            congestion: Box::new(fitting::bare::<dyn CongestionController>(
                loader,
                plugs.congestion,
                seed,
            )?),
            inbound: inbound_ends,
            ssrc: 1_000 + at as u32,
            cname: format!("end-{at}"),
            first_sequence_number: 1,
            first_timestamp: 1,
            seed,
            stats: Arc::clone(&stats),
        });
        let mut domain = NetworkDomain::new(NetworkPorts {
            outbound: outbound_ends,
            used: used_ends,
            returned: returned_ends,
            // Nobody encodes at this end.
            hints: RingBuffer::new(1).0,
        });
        domain.add(now, participant);
        let _ = domain.configure(PARTICIPANT, &configuration());
        Ok(Self {
            domain,
            outbound,
            used,
            returned,
            inbound,
            stats,
        })
    }
}

/// What is negotiated: one codec, and feedback on every packet, on which controllers live.
fn configuration() -> MediaConfiguration {
    let mut extensions = ExtensionIds::none();
    extensions.set(ExtensionKind::TransportSequence, 3);
    let clock_rate = SampleRate::HZ_48000;
    MediaConfiguration {
        send: vec![SendCodec {
            codec: CODEC,
            payload_type: PAYLOAD_TYPE,
            clock_rate,
        }],
        receive: vec![ReceiveCodec {
            payload_type: PAYLOAD_TYPE,
            clock_rate,
        }],
        codec: CODEC,
        extensions,
        feedback: RtcpFeedback {
            transport_cc: true,
            reduced_size: true,
            ..RtcpFeedback::default()
        },
        ..MediaConfiguration::default()
    }
}

fn candidate(end: usize) -> String {
    let address = SocketAddr::from(([10, 0, 0, end as u8 + 1], 5_000));
    format!("1 1 udp 2130706431 {} {} typ host", address.ip(), address.port())
}

#[derive(Default)]
struct Attributes(Vec<(String, String)>);

impl AttributeSink for Attributes {
    fn attribute(&mut self, name: &str, value: &str) -> Result<(), Fault> {
        self.0.push((name.to_owned(), value.to_owned()));
        Ok(())
    }
}
