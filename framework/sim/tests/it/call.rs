//! A whole call in virtual time: two rooms, each with a speaker of its own who also listens, and between them encoders, RTP, a transport,
//! links with weather, jitter buffers and decoders.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::sync::Arc;

use jackfield_capture_file::FileSource;
use jackfield_codec_opus::{OpusDecoder, OpusEncoder};
use jackfield_congestion_fixed::Fixed;
use jackfield_core::Fault;
use jackfield_core::audio::AudioFormat;
use jackfield_core::audio_codec::{
    AudioDecoder, AudioDecoderProxy, AudioEncoder, AudioEncoderProxy, DecoderConfig, EncoderConfig,
};
use jackfield_core::audio_sink::{AudioSink, AudioSinkProxy, SinkState};
use jackfield_core::audio_source::{AudioSource, AudioSourceProxy};
use jackfield_core::congestion_controller::CongestionControllerProxy;
use jackfield_core::environment::Environment;
use jackfield_core::jitter_buffer::{JitterBuffer, JitterBufferProxy, JitterConfig};
use jackfield_core::mixer::{Mixer, MixerConfig, MixerProxy};
use jackfield_core::module::{Descriptor, Plugin};
use jackfield_core::pacer::PacerProxy;
use jackfield_core::time::Timestamp;
use jackfield_core::transport::{AttributeSink, Route, Transport, TransportConfig, TransportProxy};
use jackfield_core::units::TimeDelta;
use jackfield_graph::Conference;
use jackfield_graph::command::Command;
use jackfield_graph::conference::{ConferenceConfig, SharedEncoder};
use jackfield_graph::network::{
    DatagramSink, MediaConfiguration, NetworkDomain, NetworkEvent, NetworkParticipant,
    NetworkParticipantConfig, NetworkStats, ReceiveCodec, SendCodec,
};
use jackfield_graph::receive::{Decoder, MAX_WAITING, Receiver};
use jackfield_graph::send::Encoder;
use jackfield_graph::stats::StripStats;
use jackfield_graph::strip::{Encoding, Input, Output, Strip};
use jackfield_mixer_sum::Sum;
use jackfield_pacing_null::Null;
use jackfield_rtp::send::NtpClock;
use jackfield_sim::{LinkConfig, Network, Room, VirtualExecutor};
use jackfield_transport_ice_dtls::IceDtls;
use jackfield_transport_loopback::Loopback;
use rtrb::RingBuffer;

const ROOM: AudioFormat = AudioFormat::MONO_48K;
const OPUS: u8 = 111;
/// The person in the room.
const PERSON: u32 = 1;
/// The other end of the network.
const PEER: u32 = 2;

thread_local! {
    /// What the two persons have heard, since time zero.
    static HEARD: RefCell<[Vec<f32>; 2]> = const { RefCell::new([Vec::new(), Vec::new()]) };
}

/// How the two ends are connected.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// In the clear.
    Loopback,
    /// ICE, DTLS and SRTP.
    IceDtls,
}

/// A call that runs.
pub(crate) struct Call {
    pub(crate) executor: VirtualExecutor,
    /// What each end's network side counts.
    pub(crate) stats: [Arc<NetworkStats>; 2],
}

impl Call {
    /// A call over links like `link`, in the weather of `seed`.
    pub(crate) fn new(by: By, link: LinkConfig, seed: u64) -> Self {
        Self::at_rates(by, link, seed, [128.0; 2])
    }

    /// The same, with the rate in kbit/s to which each end's congestion controller keeps.
    pub(crate) fn at_rates(by: By, link: LinkConfig, seed: u64, rates: [f64; 2]) -> Self {
        let mut network = Network::new(seed);
        network.set_default(link);
        Self::in_network(by, network, rates)
    }

    /// A call over the links of a scenario: what the first end sends goes over `there`, the answer over `back`.
    pub(crate) fn over(by: By, mut network: Network, there: &[&str], back: &[&str]) -> Self {
        let hosts = [address(0).ip(), address(1).ip()];
        network.route(hosts[0], hosts[1], there).expect("a route");
        network.route(hosts[1], hosts[0], back).expect("a route");
        Self::in_network(by, network, [128.0; 2])
    }

    fn in_network(by: By, network: Network, rates: [f64; 2]) -> Self {
        HEARD.with_borrow_mut(|heard| *heard = Default::default());
        let mut executor = VirtualExecutor::new(network);
        let unix = executor.clock().wall();
        let clock = NtpClock::new(Timestamp::ZERO, unix);
        let mut ends = [0, 1].map(|end| End::new(end, by, clock, rates[end]));
        let offer = ends[0].describe();
        ends[1].hear(&offer);
        let answer = ends[1].describe();
        ends[0].hear(&answer);
        ends[1].start();
        ends[0].start();
        let stats = [0, 1].map(|end: usize| Arc::clone(&ends[end].stats));
        for end in ends {
            let address = address(end.number);
            let room = Room::new(end.conference, Timestamp::ZERO).with_network(end.domain, [(address, PEER)]);
            executor.add_node(Box::new(room), &[address]);
        }
        Self { executor, stats }
    }

    pub(crate) fn run_for(&mut self, span: TimeDelta) {
        self.executor.run_for(span);
    }
}

/// What the person at `end` has heard since time zero, 48 kHz.
pub(crate) fn heard(end: usize) -> Vec<f32> {
    HEARD.with_borrow(|heard| heard[end].clone())
}

struct End {
    number: usize,
    conference: Conference,
    domain: NetworkDomain,
    stats: Arc<NetworkStats>,
}

impl End {
    fn new(number: usize, by: By, clock: NtpClock, rate: f64) -> Self {
        let mut congestion = made::<Fixed>();
        congestion.parameters().rate = rate;
        let mut mixer = MixerProxy::local(made::<Sum>());
        mixer.activate(&MixerConfig::new(ROOM, 2, 3)).unwrap();
        let config = ConferenceConfig {
            max_participants: 2,
            ..ConferenceConfig::default()
        };
        let (conference, mut control, ports) = Conference::new(config, Box::new(mixer));
        let mut ear = AudioSinkProxy::local(made::<Ear>());
        ear.open(&number.to_string(), &ROOM).unwrap();
        let person = Strip::new(
            PERSON,
            ROOM,
            Input::Source(speech(["reader-1", "cards"][number])),
            Vec::new(),
            Output::Sink(Box::new(ear)),
            Arc::new(StripStats::new(0)),
        );
        let (inbound, packets) = RingBuffer::new(64);
        let mut jitter = JitterBufferProxy::local(made::<jackfield_jitter_adaptive::AdaptiveDelay>());
        jitter
            .activate(&JitterConfig::new(Receiver::JITTER_CLOCK, MAX_WAITING as u32))
            .unwrap();
        let peer = Strip::new(
            PEER,
            ROOM,
            Input::Packets {
                inbound: packets,
                receiver: Box::new(Receiver::new(ROOM, Box::new(jitter), vec![decoder()])),
            },
            Vec::new(),
            Output::Encoded(Box::new(Encoding::new(0, encoder(), ROOM))),
            Arc::new(StripStats::new(0)),
        );
        for command in [
            Command::AddSharedEncoder(Box::new(SharedEncoder::new(0, encoder()))),
            Command::AddStrip(Box::new(person)),
            Command::AddStrip(Box::new(peer)),
        ] {
            assert!(control.commands.push(command).is_ok());
        }
        let stats = Arc::new(NetworkStats::default());
        let mut domain = NetworkDomain::new(ports).with_clock(clock);
        domain.add(
            Timestamp::ZERO,
            NetworkParticipant::new(NetworkParticipantConfig {
                id: PEER,
                transport: transport(number, by),
                pacer: Box::new(PacerProxy::local(made::<Null>())),
                congestion: Box::new(CongestionControllerProxy::local(congestion)),
                inbound,
                ssrc: 1_000 + number as u32,
                cname: format!("end{number}"),
                first_sequence_number: 65_530,
                first_timestamp: 0xFFFF_F000,
                seed: number as u64,
                stats: Arc::clone(&stats),
            }),
        );
        domain.configure(PEER, &configuration()).unwrap();
        Self {
            number,
            conference,
            domain,
            stats,
        }
    }

    fn describe(&mut self) -> Vec<(String, String)> {
        struct Attributes(Vec<(String, String)>);
        impl AttributeSink for Attributes {
            fn attribute(&mut self, name: &str, value: &str) -> Result<(), Fault> {
                self.0.push((name.to_owned(), value.to_owned()));
                Ok(())
            }
        }
        let mut attributes = Attributes(Vec::new());
        self.domain
            .with_transport(Timestamp::ZERO, PEER, &mut Unplugged, |transport, _| {
                transport.local_description(&mut attributes)
            })
            .unwrap()
            .unwrap();
        attributes.0
    }

    fn hear(&mut self, description: &[(String, String)]) {
        let other = candidate(1 - self.number);
        self.domain
            .with_transport(Timestamp::ZERO, PEER, &mut Unplugged, |transport, _| {
                for (name, value) in description {
                    transport.set_remote_attribute(Timestamp::ZERO, name, value)?;
                }
                transport.add_remote_candidate(Timestamp::ZERO, &other)
            })
            .unwrap()
            .unwrap();
    }

    /// What is sent at this moment is lost: there is no network yet. It is sent again.
    fn start(&mut self) {
        self.domain
            .with_transport(Timestamp::ZERO, PEER, &mut Unplugged, |transport, out| {
                transport.start(Timestamp::ZERO, out)
            })
            .unwrap()
            .unwrap();
    }
}

struct Unplugged;

impl DatagramSink for Unplugged {
    fn transmit(&mut self, _: &Route, _: &[u8]) {}
    fn event(&mut self, _: u32, _: NetworkEvent) {}
}

/// A sink that keeps what it is given; its location is the number of the person.
struct Ear {
    person: usize,
    parameters: (),
}

impl Plugin for Ear {
    const DESCRIPTOR: Descriptor = Descriptor::new("test.capture.ear", "Ear", "1.0.0");
    type Parameters = ();

    fn create(_: &Environment) -> Result<Self, Fault> {
        Ok(Self {
            person: 0,
            parameters: (),
        })
    }

    fn parameters(&mut self) -> &mut () {
        &mut self.parameters
    }
}

impl AudioSink for Ear {
    fn open(&mut self, location: &str, _: &AudioFormat) -> Result<(), Fault> {
        self.person = location.parse().map_err(|_| Fault::invalid("0 or 1"))?;
        Ok(())
    }

    fn write(&mut self, _: Timestamp, block: &[f32]) -> Result<SinkState, Fault> {
        HEARD.with_borrow_mut(|heard| heard[self.person].extend_from_slice(block));
        Ok(SinkState::default())
    }

    fn close(&mut self) -> Result<(), Fault> {
        Ok(())
    }
}

fn made<T: Plugin>() -> T {
    T::create(&Environment::seeded(1)).unwrap()
}

fn transport(number: usize, by: By) -> Box<dyn Transport> {
    let environment = Environment::seeded(number as u64);
    let mut transport: Box<dyn Transport> = match by {
        By::Loopback => Box::new(TransportProxy::local(Loopback::create(&environment).unwrap())),
        By::IceDtls => {
            let mut secure = IceDtls::create(&environment).unwrap();
            secure.parameters().insecure_deterministic = true;
            Box::new(TransportProxy::local(secure))
        }
    };
    transport
        .activate(
            Timestamp::ZERO,
            &TransportConfig::new(number == 0, 1_767_225_600_000_000),
        )
        .unwrap();
    transport
        .add_local_candidate(Timestamp::ZERO, &candidate(number))
        .unwrap();
    transport
}

fn configuration() -> MediaConfiguration {
    let clock_rate = ROOM.sample_rate;
    MediaConfiguration {
        send: vec![SendCodec {
            codec: 0,
            payload_type: OPUS,
            clock_rate,
        }],
        receive: vec![ReceiveCodec {
            payload_type: OPUS,
            clock_rate,
        }],
        ..MediaConfiguration::default()
    }
}

fn encoder() -> Encoder {
    let mut encoder = AudioEncoderProxy::local(made::<OpusEncoder>());
    encoder
        .activate(&EncoderConfig::new(0, ROOM.sample_rate, 1, 20), "")
        .unwrap();
    Encoder::new(Box::new(encoder), ROOM, ROOM).unwrap()
}

fn decoder() -> Decoder {
    let mut decoder = AudioDecoderProxy::local(made::<OpusDecoder>());
    decoder
        .activate(&DecoderConfig::new(0, ROOM.sample_rate, 1), "")
        .unwrap();
    Decoder {
        payload_type: OPUS,
        decoder: Box::new(decoder),
        clock_rate: ROOM.sample_rate,
        format: ROOM,
        converter: None,
    }
}

fn speech(clip: &str) -> Box<dyn AudioSource> {
    let path = format!(
        "{}/../../hosts/call-host/speech/{clip}.wav",
        env!("CARGO_MANIFEST_DIR")
    );
    let mut source = AudioSourceProxy::local(made::<FileSource>());
    source.open(&path, &ROOM).unwrap();
    Box::new(source)
}

fn address(number: usize) -> SocketAddr {
    SocketAddr::from(([10, 0, 0, number as u8 + 1], 5_000))
}

fn candidate(number: usize) -> String {
    let address = address(number);
    format!("1 1 udp 2130706431 {} {} typ host", address.ip(), address.port())
}
