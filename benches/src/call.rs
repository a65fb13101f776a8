//! A call of two from mouth to ear in virtual time: offer and answer, ICE, DTLS and SRTP, RTP with its feedback, pacer and congestion controller,
//! a codec, jitter buffer and mixer, over links with weather; and how good it was.

mod agreement;
mod quality;

use std::net::SocketAddr;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError};

use jackfield_congestion_gcc::Gcc;
use jackfield_core::Fault;
use jackfield_core::audio::AudioFormat;
use jackfield_core::audio_sink::{AudioSink, AudioSinkProxy, SinkState};
use jackfield_core::congestion_controller::CongestionControllerProxy;
use jackfield_core::environment::Environment;
use jackfield_core::module::{Descriptor, Plugin};
use jackfield_core::pacer::PacerProxy;
use jackfield_core::time::Timestamp;
use jackfield_core::transport::Route;
use jackfield_core::units::TimeDelta;
use jackfield_graph::Conference;
use jackfield_graph::command::Command;
use jackfield_graph::conference::{ConferenceConfig, SharedEncoder};
use jackfield_graph::network::{
    DatagramSink, NetworkDomain, NetworkEvent, NetworkParticipant, NetworkParticipantConfig, NetworkStats,
};
use jackfield_graph::receive::Receiver;
use jackfield_graph::stats::StripStats;
use jackfield_graph::strip::{Encoding, Input, Output, Strip};
use jackfield_pacing_leaky_bucket::LeakyBucket;
use jackfield_rtp::send::NtpClock;
use jackfield_sim::{LinkConfig, Network, Room, VirtualExecutor};
use rtrb::RingBuffer;

use crate::plugins::{Codec, ROOM, jitter, made, source, sum};
use agreement::{Agreement, agree};
pub use quality::Quality;

/// The person in the room.
const PERSON: u32 = 1;
/// The other end of the network.
const PEER: u32 = 2;
/// Who speaks at each end.
const VOICES: [&str; 2] = ["reader-1", "cards"];

/// A call that runs.
pub struct Call {
    executor: VirtualExecutor,
    ends: [Ends; 2],
}

/// What is seen of one end while it runs.
struct Ends {
    network: Arc<NetworkStats>,
    /// Of the strip that plays the other end.
    strip: Arc<StripStats>,
    heard: Arc<Mutex<Vec<f32>>>,
}

impl Call {
    /// Two ends that have agreed on `codec` and begin to look for each other, over links like `link` in the weather of `seed`.
    ///
    /// # Panics
    /// If a built-in plugin does not do what it is there for.
    pub fn new(codec: Codec, link: LinkConfig, seed: u64) -> Self {
        let mut network = Network::new(seed);
        network.set_default(link);
        let mut executor = VirtualExecutor::new(network);
        let clock = NtpClock::new(Timestamp::ZERO, executor.clock().wall());
        let ends = agree(codec, [address(0), address(1)], seed);
        let mut number = 0;
        let ends = ends.map(|agreement| {
            let (room, seen) = end(number, codec, agreement, clock);
            executor.add_node(Box::new(room), &[address(number)]);
            number += 1;
            seen
        });
        Self { executor, ends }
    }

    /// Lets the call go on.
    pub fn run_for(&mut self, span: TimeDelta) {
        self.executor.run_for(span);
    }

    /// Packets of media that `end`, 0 or 1, has received until now.
    pub fn packets_received(&self, end: usize) -> u64 {
        self.ends[end].network.packets_received.load(Relaxed)
    }

    /// How well the person at `end`, 0 or 1, has heard the other until now.
    pub fn quality(&self, end: usize) -> Quality {
        let seen = &self.ends[end];
        let heard = seen.heard.lock().unwrap_or_else(PoisonError::into_inner);
        Quality::of(VOICES[1 - end], &heard, &seen.network, &seen.strip)
    }
}

fn end(number: usize, codec: Codec, agreement: Agreement, clock: NtpClock) -> (Room, Ends) {
    let config = ConferenceConfig {
        max_participants: 2,
        ..ConferenceConfig::default()
    };
    let (conference, mut control, ports) = Conference::new(config, sum(2));
    let heard = Arc::<Mutex<Vec<f32>>>::default();
    let mut ear = AudioSinkProxy::local(Ear {
        heard: Arc::clone(&heard),
        parameters: (),
    });
    ear.open("", &ROOM).expect("it takes any format");
    let person = Strip::new(
        PERSON,
        ROOM,
        Input::Source(source(VOICES[number])),
        Vec::new(),
        Output::Sink(Box::new(ear)),
        Arc::new(StripStats::new(0)),
    );
    let (inbound, packets) = RingBuffer::new(64);
    let mut decoder = codec.decoder();
    decoder.payload_type = agreement.payload_type;
    let strip = Arc::new(StripStats::new(0));
    let peer = Strip::new(
        PEER,
        ROOM,
        Input::Packets {
            inbound: packets,
            receiver: Box::new(Receiver::new(ROOM, jitter(), vec![decoder])),
        },
        Vec::new(),
        Output::Encoded(Box::new(Encoding::new(0, codec.encoder(), ROOM))),
        Arc::clone(&strip),
    );
    for command in [
        Command::AddSharedEncoder(Box::new(SharedEncoder::new(0, codec.encoder()))),
        Command::AddStrip(Box::new(person)),
        Command::AddStrip(Box::new(peer)),
    ] {
        assert!(control.commands.push(command).is_ok(), "the ring has room");
    }
    let network = Arc::new(NetworkStats::default());
    let mut domain = NetworkDomain::new(ports).with_clock(clock);
    domain.add(
        Timestamp::ZERO,
        NetworkParticipant::new(NetworkParticipantConfig {
            id: PEER,
            transport: agreement.transport,
            pacer: Box::new(PacerProxy::local(made::<LeakyBucket>())),
            congestion: Box::new(CongestionControllerProxy::local(made::<Gcc>())),
            inbound,
            ssrc: agreement.ssrc,
            cname: format!("end{number}"),
            first_sequence_number: 65_530,
            first_timestamp: 0xFFFF_F000,
            seed: number as u64,
            stats: Arc::clone(&network),
        }),
    );
    domain
        .configure(PEER, &agreement.configuration)
        .expect("it was just added");
    // What is sent at this moment is lost: there is no network yet. It is sent again.
    domain
        .with_transport(Timestamp::ZERO, PEER, &mut Unplugged, |transport, out| {
            transport.start(Timestamp::ZERO, out)
        })
        .expect("it was just added")
        .expect("it can begin");
    let room = Room::new(conference, Timestamp::ZERO).with_network(domain, [(address(number), PEER)]);
    let seen = Ends {
        network,
        strip,
        heard,
    };
    (room, seen)
}

fn address(number: usize) -> SocketAddr {
    SocketAddr::from(([10, 0, 0, number as u8 + 1], 5_000))
}

struct Unplugged;

impl DatagramSink for Unplugged {
    fn transmit(&mut self, _: &Route, _: &[u8]) {}
    fn event(&mut self, _: u32, _: NetworkEvent) {}
}

/// A sink that keeps what it is given.
struct Ear {
    heard: Arc<Mutex<Vec<f32>>>,
    parameters: (),
}

impl Plugin for Ear {
    const DESCRIPTOR: Descriptor = Descriptor::new("bench.capture.ear", "Ear", "1.0.0");
    type Parameters = ();

    fn create(_: &Environment) -> Result<Self, Fault> {
        Ok(Self {
            heard: Arc::default(),
            parameters: (),
        })
    }

    fn parameters(&mut self) -> &mut () {
        &mut self.parameters
    }
}

impl AudioSink for Ear {
    fn open(&mut self, _: &str, _: &AudioFormat) -> Result<(), Fault> {
        Ok(())
    }

    fn write(&mut self, _: Timestamp, block: &[f32]) -> Result<SinkState, Fault> {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.extend_from_slice(block);
        Ok(SinkState::default())
    }

    fn close(&mut self) -> Result<(), Fault> {
        Ok(())
    }
}
