//! A call with everything in it but a device: two rooms with a speaker each, encoders, RTP, congestion control, pacing, ICE with DTLS and SRTP,
//! a link, jitter buffers, decoders; in virtual time.

use std::net::SocketAddr;
use std::sync::Arc;

use jackfield_capture_file::FileSource;
use jackfield_congestion_gcc::Gcc;
use jackfield_core::Fault;
use jackfield_core::audio_source::{AudioSource, AudioSourceProxy};
use jackfield_core::congestion_controller::CongestionControllerProxy;
use jackfield_core::environment::Environment;
use jackfield_core::module::Plugin;
use jackfield_core::pacer::PacerProxy;
use jackfield_core::time::Timestamp;
use jackfield_core::transport::{
    AttributeSink, Route, Transport, TransportConfig, TransportProxy, TransportSink,
};
use jackfield_core::units::{DataRate, TimeDelta};
use jackfield_graph::Conference;
use jackfield_graph::command::Command;
use jackfield_graph::conference::{ConferenceConfig, SharedEncoder};
use jackfield_graph::network::{
    DatagramSink, MediaConfiguration, NetworkDomain, NetworkEvent, NetworkParticipant,
    NetworkParticipantConfig, NetworkStats, ReceiveCodec, SendCodec,
};
use jackfield_graph::receive::Receiver;
use jackfield_graph::stats::StripStats;
use jackfield_graph::strip::{Encoding, Input, Output, Strip};
use jackfield_pacing_leaky_bucket::LeakyBucket;
use jackfield_rtp::send::NtpClock;
use jackfield_sim::{LinkConfig, Network, Room, VirtualExecutor};
use jackfield_transport_ice_dtls::IceDtls;
use rtrb::RingBuffer;

use crate::plugins::{Codec, PAYLOAD_TYPE, ROOM, jitter, sum};

/// The person in the room, and the other end of the network.
const PERSON: u32 = 1;
const PEER: u32 = 2;

/// A call between two rooms.
pub struct Call {
    executor: VirtualExecutor,
    /// What each end's network side counts.
    pub stats: [Arc<NetworkStats>; 2],
}

impl Call {
    /// A call in which both speak with `codec`, over 2 Mbit/s and 50 ms each way.
    ///
    /// # Panics
    /// If one of its parts cannot be made.
    pub fn new(codec: Codec) -> Self {
        let mut network = Network::new(1);
        network.set_default(LinkConfig {
            rate: DataRate::kbps(2_000),
            delay: TimeDelta::ms(50),
            ..LinkConfig::PERFECT
        });
        let mut executor = VirtualExecutor::new(network);
        let clock = NtpClock::new(Timestamp::ZERO, executor.clock().wall());
        let mut ends = [0, 1].map(|end| End::new(end, codec, clock));
        let offer = ends[0].describe();
        ends[1].hear(&offer);
        let answer = ends[1].describe();
        ends[0].hear(&answer);
        ends.iter_mut().rev().for_each(End::start);
        let stats = [0, 1].map(|end: usize| Arc::clone(&ends[end].stats));
        for end in ends {
            let address = address(end.number);
            let room = Room::new(end.conference, Timestamp::ZERO).with_network(end.domain, [(address, PEER)]);
            executor.add_node(Box::new(room), &[address]);
        }
        Self { executor, stats }
    }

    /// Lets it run for so long.
    pub fn run_for(&mut self, span: TimeDelta) {
        self.executor.run_for(span);
    }
}

struct End {
    number: usize,
    conference: Conference,
    domain: NetworkDomain,
    stats: Arc<NetworkStats>,
}

impl End {
    fn new(number: usize, codec: Codec, clock: NtpClock) -> Self {
        let config = ConferenceConfig {
            max_participants: 2,
            ..ConferenceConfig::default()
        };
        let (conference, mut control, ports) = Conference::new(config, sum(2));
        let person = Strip::new(
            PERSON,
            ROOM,
            Input::Source(speech(["reader-1", "cards"][number])),
            Vec::new(),
            Output::None,
            Arc::new(StripStats::new(0)),
        );
        let (inbound, packets) = RingBuffer::new(64);
        let peer = Strip::new(
            PEER,
            ROOM,
            Input::Packets {
                inbound: packets,
                receiver: Box::new(Receiver::new(ROOM, jitter(), vec![codec.decoder()])),
            },
            Vec::new(),
            Output::Encoded(Box::new(Encoding::new(0, codec.encoder(), ROOM))),
            Arc::new(StripStats::new(0)),
        );
        for command in [
            Command::AddSharedEncoder(Box::new(SharedEncoder::new(0, codec.encoder()))),
            Command::AddStrip(Box::new(person)),
            Command::AddStrip(Box::new(peer)),
        ] {
            assert!(control.commands.push(command).is_ok(), "the ring has room");
        }
        let stats = Arc::new(NetworkStats::default());
        let environment = Environment::seeded(number as u64);
        let mut domain = NetworkDomain::new(ports).with_clock(clock);
        domain.add(
            Timestamp::ZERO,
            NetworkParticipant::new(NetworkParticipantConfig {
                id: PEER,
                transport: transport(number, &environment),
                pacer: Box::new(PacerProxy::local(made::<LeakyBucket>(&environment))),
                congestion: Box::new(CongestionControllerProxy::local(made::<Gcc>(&environment))),
                inbound,
                ssrc: 1_000 + number as u32,
                cname: format!("end{number}"),
                first_sequence_number: 0,
                first_timestamp: 0,
                seed: number as u64,
                stats: Arc::clone(&stats),
            }),
        );
        domain
            .configure(PEER, &configuration())
            .expect("the participant is there");
        Self {
            number,
            conference,
            domain,
            stats,
        }
    }

    fn describe(&mut self) -> Vec<(String, String)> {
        let mut attributes = Attributes(Vec::new());
        self.with_transport(|transport, _| transport.local_description(&mut attributes));
        attributes.0
    }

    fn hear(&mut self, description: &[(String, String)]) {
        let other = candidate(1 - self.number);
        self.with_transport(|transport, _| {
            for (name, value) in description {
                transport.set_remote_attribute(Timestamp::ZERO, name, value)?;
            }
            transport.add_remote_candidate(Timestamp::ZERO, &other)
        });
    }

    /// What is sent at this moment is lost: there is no network yet. It is sent again.
    fn start(&mut self) {
        self.with_transport(|transport, out| transport.start(Timestamp::ZERO, out));
    }

    fn with_transport(
        &mut self,
        work: impl FnOnce(&mut dyn Transport, &mut dyn TransportSink) -> Result<(), Fault>,
    ) {
        self.domain
            .with_transport(Timestamp::ZERO, PEER, &mut Unplugged, work)
            .expect("the participant is there")
            .expect("the transport does as it is told");
    }
}

struct Attributes(Vec<(String, String)>);

impl AttributeSink for Attributes {
    fn attribute(&mut self, name: &str, value: &str) -> Result<(), Fault> {
        self.0.push((name.to_owned(), value.to_owned()));
        Ok(())
    }
}

struct Unplugged;

impl DatagramSink for Unplugged {
    fn transmit(&mut self, _: &Route, _: &[u8]) {}
    fn event(&mut self, _: u32, _: NetworkEvent) {}
}

fn made<T: Plugin>(environment: &Environment) -> T {
    T::create(environment).expect("the built-in plugins can be made")
}

fn transport(number: usize, environment: &Environment) -> Box<dyn Transport> {
    let mut transport = TransportProxy::local(made::<IceDtls>(environment));
    let config = TransportConfig::new(number == 0, 1_767_225_600_000_000);
    transport
        .activate(Timestamp::ZERO, &config)
        .expect("it takes either role");
    transport
        .add_local_candidate(Timestamp::ZERO, &candidate(number))
        .expect("it takes a host candidate");
    Box::new(transport)
}

fn configuration() -> MediaConfiguration {
    let clock_rate = ROOM.sample_rate;
    MediaConfiguration {
        send: vec![SendCodec {
            codec: 0,
            payload_type: PAYLOAD_TYPE,
            clock_rate,
        }],
        receive: vec![ReceiveCodec {
            payload_type: PAYLOAD_TYPE,
            clock_rate,
        }],
        ..MediaConfiguration::default()
    }
}

fn speech(clip: &str) -> Box<dyn AudioSource> {
    let path = format!(
        "{}/../hosts/call-host/speech/{clip}.wav",
        env!("CARGO_MANIFEST_DIR")
    );
    let mut source = AudioSourceProxy::local(made::<FileSource>(&Environment::seeded(1)));
    source.open(&path, &ROOM).expect("the recording is there");
    Box::new(source)
}

fn address(number: usize) -> SocketAddr {
    SocketAddr::from(([10, 0, 0, number as u8 + 1], 5_000))
}

fn candidate(number: usize) -> String {
    let address = address(number);
    format!("1 1 udp 2130706431 {} {} typ host", address.ip(), address.port())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering::Relaxed;

    use super::*;

    #[test]
    fn both_ends_of_the_call_that_is_measured_hear_each_other() {
        for (codec, packets) in [(Codec::Opus, 50), (Codec::L16, 100)] {
            let mut call = Call::new(codec);
            call.run_for(TimeDelta::seconds(10));
            for stats in &call.stats {
                let received = stats.packets_received.load(Relaxed);
                assert!(received > 8 * packets, "{received} packets");
            }
        }
    }
}
