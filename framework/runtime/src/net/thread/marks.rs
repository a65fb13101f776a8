//! E17.4 on real sockets of the loopback interface: what a congestion controller wants stands in the IP header, and what a router makes of it comes
//! back to it by the feedback of RFC 8888.

use std::net::{Ipv4Addr, UdpSocket};
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use jackfield_congestion_fixed::Fixed;
use jackfield_graph::conference::NetworkPorts;
use jackfield_graph::media::{Mix, Outbound, OutboundPacket, PacketBuffer};
use jackfield_graph::network::{
    MediaConfiguration, NetworkParticipant, NetworkParticipantConfig, NetworkStats, ReceiveCodec,
    RtcpFeedback, SendCodec,
};
use jackfield_pacing_null::Null;
use jackfield_sdk::prelude::*;
use jackfield_transport_loopback::Loopback;
use rtrb::{Producer, RingBuffer};
use socket2::SockRef;

use super::*;
use crate::net::SocketOptions;

const ROOM: u64 = 1;
const PARTICIPANT: u32 = 1;
const OPUS: u8 = 111;

/// Wants marks, and keeps what it is told of each packet: its mark, and whether the path carries marks.
struct Marking {
    parameters: (),
    told: Arc<Mutex<Vec<(u32, u32)>>>,
}

impl Plugin for Marking {
    const DESCRIPTOR: Descriptor = Descriptor::new("test.congestion.marking", "Marking", "1.0.0");
    type Parameters = ();

    fn create(_: &Environment) -> Result<Self, Fault> {
        Ok(Self {
            parameters: (),
            told: Arc::default(),
        })
    }

    fn parameters(&mut self) -> &mut () {
        &mut self.parameters
    }
}

impl CongestionController for Marking {
    fn activate(&mut self, _: Timestamp, _: &RateConstraints) -> Result<(), Fault> {
        Ok(())
    }

    fn on_event(
        &mut self,
        _: Timestamp,
        event: &CongestionEvent,
        packets: &[PacketFeedback],
        _: &mut dyn ProbeSink,
    ) -> Result<CongestionUpdate, Fault> {
        let told = packets.iter().map(|packet| (packet.ecn, event.flag));
        self.told.lock().unwrap().extend(told);
        Ok(CongestionUpdate {
            ecn: 1,
            ..CongestionUpdate::default()
        })
    }

    fn process_interval(&mut self) -> Result<TimeDelta, Fault> {
        Ok(TimeDelta::ms(25))
    }

    fn hand_over(&mut self, _: Timestamp) -> Result<CongestionHandover, Fault> {
        Ok(CongestionHandover::default())
    }

    fn take_over(&mut self, _: Timestamp, _: &CongestionHandover) -> Result<(), Fault> {
        Ok(())
    }
}

struct Attributes(Vec<(String, String)>);

impl AttributeSink for Attributes {
    fn attribute(&mut self, name: &str, value: &str) -> Result<(), Fault> {
        self.0.push((name.to_owned(), value.to_owned()));
        Ok(())
    }
}

/// A network thread with one participant in one room.
struct End {
    handle: NetworkHandle,
    outbound: Producer<Outbound>,
    address: SocketAddr,
}

fn candidate(address: SocketAddr) -> String {
    format!("1 1 udp 2130706431 {} {} typ host", address.ip(), address.port())
}

fn agreed() -> MediaConfiguration {
    MediaConfiguration {
        send: vec![SendCodec {
            codec: 1,
            payload_type: OPUS,
            clock_rate: SampleRate::HZ_48000,
        }],
        receive: vec![ReceiveCodec {
            payload_type: OPUS,
            clock_rate: SampleRate::HZ_48000,
        }],
        codec: 1,
        feedback: RtcpFeedback {
            congestion_control: true,
            reduced_size: true,
            ..RtcpFeedback::default()
        },
        ..MediaConfiguration::default()
    }
}

impl End {
    fn new(congestion: Box<dyn CongestionController>, controlling: bool) -> Self {
        let handle = start(NetworkOptions {
            media: vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 0))],
            advertised: Vec::new(),
            stun_server: None,
            sockets: SocketOptions::default(),
            clock: Clock::new(),
        })
        .unwrap();
        let address = handle.local_addresses()[0];
        let (outbound, outbound_ends) = RingBuffer::new(64);
        let ports = NetworkPorts {
            outbound: outbound_ends,
            used: RingBuffer::new(64).1,
            returned: RingBuffer::new(64).0,
            hints: RingBuffer::new(64).0,
        };
        assert!(handle.open_room(ROOM, ports));
        handle
            .call_blocking(ROOM, move |domain, now, _| {
                let mut transport = Loopback::create(&Environment::seeded(u64::from(controlling))).unwrap();
                transport
                    .activate(now, &TransportConfig::new(controlling, 0))
                    .unwrap();
                transport.add_local_candidate(now, &candidate(address)).unwrap();
                let participant = NetworkParticipant::new(NetworkParticipantConfig {
                    id: PARTICIPANT,
                    transport: Box::new(transport),
                    pacer: Box::new(Null::create(&Environment::seeded(1)).unwrap()),
                    congestion,
                    inbound: RingBuffer::new(64).0,
                    ssrc: if controlling { 7 } else { 8 },
                    cname: "end".to_owned(),
                    first_sequence_number: 65_530,
                    first_timestamp: 0,
                    seed: 1,
                    stats: Arc::new(NetworkStats::default()),
                });
                domain.add(now, participant);
                domain.configure(PARTICIPANT, &agreed()).unwrap();
            })
            .unwrap();
        Self {
            handle,
            outbound,
            address,
        }
    }

    fn description(&self) -> Vec<(String, String)> {
        self.handle
            .call_blocking(ROOM, |domain, now, sink| {
                let mut attributes = Attributes(Vec::new());
                domain
                    .with_transport(now, PARTICIPANT, sink, |transport, _| {
                        transport.local_description(&mut attributes)
                    })
                    .unwrap()
                    .unwrap();
                attributes.0
            })
            .unwrap()
    }

    /// The other end is at `remote`.
    fn join(&self, description: Vec<(String, String)>, remote: SocketAddr) {
        self.handle.announce_address(ROOM, PARTICIPANT, remote);
        self.handle
            .call_blocking(ROOM, move |domain, now, sink| {
                domain
                    .with_transport(now, PARTICIPANT, sink, |transport, gate| {
                        for (name, value) in &description {
                            transport.set_remote_attribute(now, name, value)?;
                        }
                        transport.add_remote_candidate(now, &candidate(remote))?;
                        transport.start(now, gate)
                    })
                    .unwrap()
                    .unwrap();
            })
            .unwrap();
    }

    fn speak(&mut self) {
        let mut payload = PacketBuffer::new();
        assert!(payload.fill(b"a voice"));
        let packet = OutboundPacket {
            mix: Mix::Shared(1),
            codec: 1,
            payload,
            ticks: 960,
            level_dbov: -30.0,
            voice: true,
        };
        assert!(self.outbound.push(Outbound::Packet(packet)).is_ok());
        self.handle.waker().wake();
    }
}

/// Passes everything on between two ends with this ECN mark, until it is told to end.
fn router(socket: &UdpSocket, ends: [SocketAddr; 2], mark: u32, ended: &AtomicBool) {
    SockRef::from(socket).set_tos_v4(mark).unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    let mut bytes = [0; 2_000];
    while !ended.load(Relaxed) {
        let Ok((length, from)) = socket.recv_from(&mut bytes) else {
            continue;
        };
        let to = if from == ends[0] { ends[1] } else { ends[0] };
        socket.send_to(&bytes[..length], to).unwrap();
    }
}

/// What the controller is told of its packets when a router between the ends leaves this mark on them, or when there is none.
fn told_behind(mark: Option<u32>) -> Vec<(u32, u32)> {
    let marking = Marking::create(&Environment::seeded(1)).unwrap();
    let told = Arc::clone(&marking.told);
    let mut ann = End::new(Box::new(marking), true);
    let bob = End::new(Box::new(Fixed::create(&Environment::seeded(1)).unwrap()), false);
    let between = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let middle = between.local_addr().unwrap();
    let (of_ann, of_bob) = (ann.description(), bob.description());
    ann.join(of_bob, mark.map_or(bob.address, |_| middle));
    bob.join(of_ann, mark.map_or(ann.address, |_| middle));
    let ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        if let Some(mark) = mark {
            let ends = [ann.address, bob.address];
            let (between, ended) = (&between, &ended);
            scope.spawn(move || router(between, ends, mark, ended));
        }
        let deadline = Instant::now() + Duration::from_secs(30);
        while told.lock().unwrap().len() < 20 && Instant::now() < deadline {
            // Two at once, so that the system may put them together.
            ann.speak();
            ann.speak();
            std::thread::park_timeout(Duration::from_millis(10));
        }
        ended.store(true, Relaxed);
    });
    ann.handle.close();
    bob.handle.close();
    let told = told.lock().unwrap().clone();
    assert!(told.len() >= 20, "{}", told.len());
    told
}

#[test]
fn e17_4_a_mark_goes_by_the_ip_header_to_the_other_end_and_comes_back_in_its_reports() {
    let told = told_behind(None);
    assert!(told.iter().all(|told| *told == (1, 1)), "{told:?}");
}

#[test]
fn e17_4_a_router_that_is_congested_is_heard_of() {
    let told = told_behind(Some(3));
    assert!(told.iter().all(|told| *told == (3, 1)), "{told:?}");
}

#[test]
fn e17_4_a_router_that_wipes_marks_off_is_found_out() {
    let told = told_behind(Some(0));
    assert!(told.iter().all(|told| *told == (0, 0)), "{told:?}");
}
