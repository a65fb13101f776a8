//! A conference of many over links with weather, whole and in virtual time: encoders, RTP, pacers, congestion controllers, jitter buffers and
//! decoders at both ends of each link. What a controller does to a voice is seen beside a rate that never changes.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use jackfield_capture_file::FileSource;
use jackfield_codec_opus::{OpusDecoder, OpusEncoder};
use jackfield_core::audio_source::AudioSourceProxy;
use jackfield_graph::Conference;
use jackfield_graph::command::Command;
use jackfield_graph::conference::{ConferenceConfig, ControlPorts, SharedEncoder};
use jackfield_graph::network::{
    DatagramSink, MediaConfiguration, NetworkDomain, NetworkEvent, NetworkParticipant,
    NetworkParticipantConfig, NetworkStats,
};
use jackfield_graph::receive::{Decoder, MAX_WAITING, Receiver};
use jackfield_graph::send::Encoder;
use jackfield_graph::stats::StripStats;
use jackfield_graph::strip::{Encoding, Input, Output, Strip};
use jackfield_mixer_active_speaker::ActiveSpeaker;
use jackfield_sdk::prelude::*;
use jackfield_sim::{LinkConfig, Network, Room, VirtualExecutor};
use rtrb::RingBuffer;

use super::probing::gcc;
use super::world::{OPUS, Plugs, activated, candidate, configuration};

const ROOM: AudioFormat = AudioFormat::MONO_48K;
const CLIPS: [&str; 3] = ["reader-1", "reader-2", "cards"];

/// The figures of a conference, of all its listeners together.
#[derive(Debug)]
struct Figures {
    /// Share of what was played that the jitter buffers made up.
    concealed: f64,
    /// Mean time that a voice waited in them.
    buffered_ms: f64,
    /// When the last of all heard the first packet.
    last_heard_ms: i64,
    /// The lowest target of the host's controllers since everybody was there.
    lowest_target: DataRate,
    /// Encoders that ran in the host, on average.
    encoders: f64,
    /// Of what was sent, the share that was padding.
    padding: f64,
}

/// One end of a link.
struct End {
    address: SocketAddr,
    strip: Arc<StripStats>,
    network: Arc<NetworkStats>,
}

/// A room with its network side, before it runs.
struct Place {
    conference: Conference,
    control: ControlPorts,
    domain: NetworkDomain,
    ends: Vec<End>,
}

struct Unplugged;

impl DatagramSink for Unplugged {
    fn transmit(&mut self, _: &Route, _: &[u8]) {}
    fn event(&mut self, _: u32, _: NetworkEvent) {}
}

impl Place {
    fn new(people: usize) -> Self {
        let mut mixer = ActiveSpeaker::create(&Environment::seeded(1)).unwrap();
        let people = people.max(2);
        mixer
            .activate(&MixerConfig::new(ROOM, people as u32, people as u32 + 1))
            .unwrap();
        let config = ConferenceConfig {
            max_participants: people,
            ..ConferenceConfig::default()
        };
        let (conference, mut control, ports) = Conference::new(config, Box::new(mixer));
        let shared = Command::AddSharedEncoder(Box::new(SharedEncoder::new(1, encoder())));
        assert!(control.commands.push(shared).is_ok());
        Self {
            conference,
            control,
            domain: NetworkDomain::new(ports),
            ends: Vec::new(),
        }
    }

    /// One end of a link, whose number is `id`, at `address`.
    fn add(&mut self, id: u32, address: SocketAddr, offers: bool, plugs: Plugs) {
        let (inbound, packets) = RingBuffer::new(64);
        let mut jitter = jackfield_jitter_adaptive::AdaptiveDelay::create(&Environment::seeded(1)).unwrap();
        jitter
            .activate(&JitterConfig::new(Receiver::JITTER_CLOCK, MAX_WAITING as u32))
            .unwrap();
        let (strip, network) = (Arc::new(StripStats::new(0)), Arc::new(NetworkStats::default()));
        self.take(Strip::new(
            id,
            ROOM,
            Input::Packets {
                inbound: packets,
                receiver: Box::new(Receiver::new(ROOM, Box::new(jitter), vec![decoder()])),
            },
            Vec::new(),
            Output::Encoded(Box::new(Encoding::new(1, encoder(), ROOM))),
            Arc::clone(&strip),
        ));
        let seed = u64::from(id) * 2 + u64::from(offers);
        self.domain.add(
            Timestamp::ZERO,
            NetworkParticipant::new(NetworkParticipantConfig {
                id,
                transport: activated(Timestamp::ZERO, (plugs.transport)(seed), offers, address),
                pacer: plugs.pacer,
                congestion: plugs.congestion,
                inbound,
                ssrc: 1_000 + id,
                cname: address.to_string(),
                first_sequence_number: 1,
                first_timestamp: 1,
                seed,
                stats: Arc::clone(&network),
            }),
        );
        let opus = |configuration: MediaConfiguration| MediaConfiguration {
            send: configuration.send[..1].to_vec(),
            receive: configuration.receive[..1].to_vec(),
            ..configuration
        };
        self.domain.configure(id, &opus(configuration())).unwrap();
        self.ends.push(End {
            address,
            strip,
            network,
        });
    }

    /// Somebody who speaks in this room, without a network.
    fn speaks(&mut self, clip: &str) {
        let path = format!(
            "{}/../../hosts/call-host/speech/{clip}.wav",
            env!("CARGO_MANIFEST_DIR")
        );
        let mut source = AudioSourceProxy::local(FileSource::create(&Environment::seeded(1)).unwrap());
        source.open(&path, &ROOM).unwrap();
        self.take(Strip::new(
            0,
            ROOM,
            Input::Source(Box::new(source)),
            Vec::new(),
            Output::None,
            Arc::new(StripStats::new(0)),
        ));
    }

    fn take(&mut self, strip: Strip) {
        assert!(
            self.control
                .commands
                .push(Command::AddStrip(Box::new(strip)))
                .is_ok()
        );
    }

    fn with_transport<R>(
        &mut self,
        id: u32,
        use_it: impl FnOnce(&mut dyn Transport, &mut dyn TransportSink) -> R,
    ) -> R {
        self.domain
            .with_transport(Timestamp::ZERO, id, &mut Unplugged, use_it)
            .unwrap()
    }
}

fn encoder() -> Encoder {
    let mut encoder = OpusEncoder::create(&Environment::seeded(1)).unwrap();
    encoder
        .activate(&EncoderConfig::new(0, ROOM.sample_rate, 1, 20), "")
        .unwrap();
    Encoder::new(Box::new(encoder), ROOM, ROOM).unwrap()
}

fn decoder() -> Decoder {
    let mut decoder = OpusDecoder::create(&Environment::seeded(1)).unwrap();
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

fn describe(place: &mut Place, id: u32) -> Vec<(String, String)> {
    struct Attributes(Vec<(String, String)>);
    impl AttributeSink for Attributes {
        fn attribute(&mut self, name: &str, value: &str) -> Result<(), Fault> {
            self.0.push((name.to_owned(), value.to_owned()));
            Ok(())
        }
    }
    let mut attributes = Attributes(Vec::new());
    place
        .with_transport(id, |transport, _| transport.local_description(&mut attributes))
        .unwrap();
    attributes.0
}

fn tell(place: &mut Place, id: u32, description: &[(String, String)], other: SocketAddr) {
    place
        .with_transport(id, |transport, _| {
            for (name, value) in description {
                transport.set_remote_attribute(Timestamp::ZERO, name, value)?;
            }
            transport.add_remote_candidate(Timestamp::ZERO, &candidate(other))
        })
        .unwrap();
}

/// A host and so many callers, of whom three speak, over links like this for so long; `plugs` makes what stands at every end.
fn conference(callers: u32, link: LinkConfig, seconds: i64, plugs: fn() -> Plugs) -> Figures {
    let mut network = Network::new(7);
    network.set_default(link);
    let mut executor = VirtualExecutor::new(network);
    let mut host = Place::new(callers as usize);
    let mut people = Vec::new();
    for id in 1..=callers {
        let [low, high] = (id as u16).to_be_bytes();
        let here = SocketAddr::from(([10, 1, low, high], 5_000));
        let there = SocketAddr::from(([10, 2, low, high], 5_000));
        host.add(id, here, false, plugs());
        let mut caller = Place::new(2);
        caller.add(id, there, true, plugs());
        if let Some(clip) = CLIPS.get(id as usize - 1) {
            caller.speaks(clip);
        }
        let offer = describe(&mut caller, id);
        tell(&mut host, id, &offer, there);
        let answer = describe(&mut host, id);
        tell(&mut caller, id, &answer, here);
        for place in [&mut host, &mut caller] {
            place
                .with_transport(id, |transport, out| transport.start(Timestamp::ZERO, out))
                .unwrap();
        }
        people.push(caller);
    }
    let stats = Arc::clone(&host.control.stats);
    let mut listeners = Vec::new();
    let mut controls = Vec::new();
    let mut add = |place: Place, executor: &mut VirtualExecutor| {
        let addresses: Vec<SocketAddr> = place.ends.iter().map(|end| end.address).collect();
        let ids: Vec<(SocketAddr, u32)> = addresses
            .iter()
            .map(|address| match address {
                SocketAddr::V4(v4) => {
                    let [_, _, low, high] = v4.ip().octets();
                    (*address, u32::from(u16::from_be_bytes([low, high])))
                }
                SocketAddr::V6(_) => unreachable!("all are IPv4"),
            })
            .collect();
        let room = Room::new(place.conference, Timestamp::ZERO).with_network(place.domain, ids);
        executor.add_node(Box::new(room), &addresses);
        controls.push(place.control);
        place.ends
    };
    let hosted = add(host, &mut executor);
    for place in people {
        listeners.extend(add(place, &mut executor));
    }
    let (mut last_heard_ms, mut lowest_target, mut encoders) = (0, DataRate::INFINITE, 0.0);
    for tenth in 0..seconds * 10 {
        executor.run_for(TimeDelta::ms(100));
        let heard = |end: &End| end.network.packets_received.load(Relaxed) > 0;
        if !listeners.iter().all(heard) {
            last_heard_ms = (tenth + 1) * 100;
        } else if tenth > 20 {
            let targets = hosted.iter().map(|end| end.network.target_rate());
            lowest_target = targets.fold(lowest_target, DataRate::min);
        }
        encoders += stats.encoders.load(Relaxed) as f64;
    }
    let sum = |of: fn(&StripStats) -> u64| listeners.iter().map(|end| of(&end.strip)).sum::<u64>() as f64;
    let sent = |of: fn(&NetworkStats) -> u64| hosted.iter().map(|end| of(&end.network)).sum::<u64>() as f64;
    let padding = sent(|stats| stats.padding_bytes_sent.load(Relaxed));
    Figures {
        concealed: sum(|strip| strip.concealed_samples.load(Relaxed))
            / sum(|strip| strip.total_samples.load(Relaxed)),
        buffered_ms: listeners
            .iter()
            .map(|end| end.strip.jitter_delay_us.load(Relaxed) as f64 / 1e3)
            .sum::<f64>()
            / f64::from(callers),
        last_heard_ms,
        lowest_target,
        encoders: encoders / (seconds * 10) as f64,
        padding: padding / (padding + sent(|stats| stats.bytes_sent.load(Relaxed))),
    }
}

/// 128 kbit/s at every moment, and nothing is paced.
fn constant() -> Plugs {
    Plugs {
        congestion: super::world::fixed(128),
        ..Plugs::default()
    }
}

fn weather(delay: i64, jitter: i64, loss: f64) -> LinkConfig {
    LinkConfig {
        delay: TimeDelta::ms(delay),
        jitter: TimeDelta::ms(jitter),
        loss,
        ..LinkConfig::PERFECT
    }
}

/// What a voice loses by the controller, beside a constant rate.
fn compare(callers: u32, link: LinkConfig, seconds: i64) -> [Figures; 2] {
    let both = [constant as fn() -> Plugs, gcc].map(|plugs| conference(callers, link, seconds, plugs));
    println!(
        "{callers} callers over {link:?}\n  constant {:?}\n  gcc      {:?}",
        both[0], both[1]
    );
    both
}

fn costs_nothing([constant, adapting]: [Figures; 2]) {
    assert!(
        adapting.concealed <= constant.concealed + 0.002,
        "{} of what is played is made up, {} at a constant rate",
        adapting.concealed,
        constant.concealed
    );
    assert!(adapting.buffered_ms <= constant.buffered_ms + 5.0);
    assert_eq!(
        adapting.last_heard_ms, constant.last_heard_ms,
        "nobody waits for it at the beginning"
    );
    assert!(
        adapting.lowest_target >= DataRate::kbps(50),
        "{:?}",
        adapting.lowest_target
    );
    assert!(
        adapting.encoders <= constant.encoders + 0.5,
        "nobody is encoded for alone because of it"
    );
    assert!(adapting.padding < 0.1, "{}", adapting.padding);
}

#[test]
fn e17_2_a_controller_that_adapts_costs_a_voice_nothing_where_the_path_bears_it() {
    costs_nothing(compare(8, weather(20, 0, 0.0), 6));
}

#[test]
fn e17_2_nor_where_packets_come_late_and_some_never() {
    costs_nothing(compare(8, weather(40, 10, 0.01), 6));
}

#[test]
#[ignore = "takes some minutes: the figures of ADR 0029"]
fn e17_2_nor_does_it_in_a_large_room() {
    for callers in [20, 50] {
        for link in [weather(20, 0, 0.0), weather(40, 10, 0.01)] {
            costs_nothing(compare(callers, link, 8));
        }
    }
}

#[test]
fn d5_6_where_the_path_bears_less_than_the_voice_wants_a_controller_that_adapts_is_heard_better() {
    let narrow = LinkConfig {
        rate: DataRate::kbps(48),
        queue: DataSize::bytes(3_000),
        ..weather(40, 0, 0.0)
    };
    let [constant, adapting] = compare(4, narrow, 15);
    assert!(
        adapting.concealed < constant.concealed * 0.6,
        "{} of what is played is made up, {} at a constant rate",
        adapting.concealed,
        constant.concealed
    );
}
