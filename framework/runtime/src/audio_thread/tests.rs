//! The same conference in real time and in virtual time.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jackfield_codec_opus::OpusEncoder;
use jackfield_core::audio::AudioFormat;
use jackfield_core::audio_codec::{AudioEncoder, AudioEncoderProxy, EncoderConfig};
use jackfield_core::audio_processor::{AudioProcessor, AudioProcessorProxy};
use jackfield_core::audio_sink::{AudioSink, AudioSinkProxy};
use jackfield_core::audio_source::{AudioSource, AudioSourceProxy};
use jackfield_core::environment::Environment;
use jackfield_core::mixer::{Mixer, MixerConfig, MixerProxy};
use jackfield_core::module::Plugin;
use jackfield_core::time::Timestamp;
use jackfield_core::units::TimeDelta;
use jackfield_graph::Conference;
use jackfield_graph::command::Command;
use jackfield_graph::conference::{ConferenceConfig, ControlPorts, NetworkPorts, SharedEncoder};
use jackfield_graph::media::Outbound;
use jackfield_graph::processor::{PreparedProcessor, ProcessorSlot};
use jackfield_graph::send::Encoder;
use jackfield_graph::stats::StripStats;
use jackfield_graph::strip::{Encoding, Input, Output, Strip};
use jackfield_sim::{Network, VirtualExecutor};

use super::{AudioThread, Seat, TickTimes};
use crate::clock::Clock;
use crate::net::{NetworkOptions, NetworkThread, SocketOptions};

const ROOM: AudioFormat = AudioFormat::MONO_48K;
/// Packets of 20 ms: two seconds.
const PACKETS: usize = 100;

#[test]
fn e28_1_the_same_conference_gives_the_same_audio_in_real_and_in_virtual_time() {
    let folder = tempfile::tempdir().unwrap();
    let (real, virtual_) = (folder.path().join("real.wav"), folder.path().join("virtual.wav"));
    let encoded = [in_real_time(&real), in_virtual_time(&virtual_)];
    assert_eq!(encoded[0].len(), PACKETS);
    assert!(
        encoded[0].iter().any(|packet| packet.len() > 40),
        "somebody is heard"
    );
    assert!(encoded[0] == encoded[1], "the packets of the mix are the same");

    let [real, virtual_] = [real, virtual_].map(|path| heard(&path));
    assert!(real == virtual_, "so is every sample of what is played");
    assert!(real.iter().any(|sample| sample.abs() > 0.01), "which is a voice");
}

/// The conference on the audio thread, by the machine's clock.
fn in_real_time(record: &Path) -> Vec<Vec<u8>> {
    let clock = Clock::new();
    let network = NetworkThread::start(NetworkOptions {
        media: vec!["127.0.0.1:0".parse().unwrap()],
        advertised: Vec::new(),
        stun_server: None,
        sockets: SocketOptions::default(),
        clock,
    })
    .unwrap();
    let executor = AudioThread::start(clock, network.waker()).unwrap();
    let (conference, _control, mut ports) = conference(record);
    let opened = executor.open(Box::new(Seat {
        key: 1,
        conference,
        times: Arc::new(TickTimes::new()),
    }));
    assert!(opened);
    let mut packets = Vec::new();
    while packets.len() < PACKETS {
        take(&mut ports, &mut packets);
        std::thread::park_timeout(Duration::from_millis(5));
    }
    executor.stop();
    network.close();
    packets
}

/// The conference as a node of a simulation.
fn in_virtual_time(record: &Path) -> Vec<Vec<u8>> {
    let (conference, _control, mut ports) = conference(record);
    let mut executor = VirtualExecutor::new(Network::new(1));
    let nowhere: [SocketAddr; 0] = [];
    executor.add_node(
        Box::new(jackfield_sim::Room::new(conference, Timestamp::ZERO)),
        &nowhere,
    );
    let mut packets = Vec::new();
    while packets.len() < PACKETS {
        executor.run_for(TimeDelta::ms(10));
        take(&mut ports, &mut packets);
    }
    packets
}

/// Two speakers with the whole default chain; one listener gets packets, the other one's mix is recorded.
fn conference(record: &Path) -> (Conference, ControlPorts, NetworkPorts) {
    let mut mixer = MixerProxy::local(made::<jackfield_mixer_active_speaker::ActiveSpeaker>());
    mixer.activate(&MixerConfig::new(ROOM, 8, 9)).unwrap();
    let (conference, mut control, network) = Conference::new(
        ConferenceConfig {
            max_participants: 8,
            ..ConferenceConfig::default()
        },
        Box::new(mixer),
    );
    let mut sink = AudioSinkProxy::local(made::<jackfield_capture_file::FileSink>());
    sink.open(record.to_str().unwrap(), &ROOM).unwrap();
    let speaker = |id, clip, output| {
        let chain = vec![
            processor::<jackfield_processing_aec3::Aec3>(),
            processor::<jackfield_processing_ns_rnnoise::Rnnoise>(),
            processor::<jackfield_processing_gain::Gain>(),
        ];
        let stats = Arc::new(StripStats::new(chain.len()));
        let slots = chain.into_iter().map(|p| ProcessorSlot::new(ROOM, p)).collect();
        Strip::new(id, ROOM, Input::Source(speech(clip)), slots, output, stats)
    };
    let listener = Strip::new(
        3,
        ROOM,
        Input::None,
        Vec::new(),
        Output::Encoded(Box::new(Encoding::new(0, encoder(), ROOM))),
        Arc::new(StripStats::new(0)),
    );
    for command in [
        Command::AddSharedEncoder(Box::new(SharedEncoder::new(0, encoder()))),
        Command::AddStrip(Box::new(speaker(1, "reader-1", Output::None))),
        Command::AddStrip(Box::new(speaker(2, "cards", Output::Sink(Box::new(sink))))),
        Command::AddStrip(Box::new(listener)),
    ] {
        assert!(control.commands.push(command).is_ok());
    }
    (conference, control, network)
}

fn take(ports: &mut NetworkPorts, packets: &mut Vec<Vec<u8>>) {
    while let Ok(outbound) = ports.outbound.pop() {
        if let Outbound::Packet(packet) = outbound {
            if packets.len() < PACKETS {
                packets.push(packet.payload.bytes().to_vec());
            }
            let _ = ports.returned.push(packet.payload);
        }
    }
}

fn made<T: Plugin>() -> T {
    T::create(&Environment::seeded(1)).unwrap()
}

fn processor<T: Plugin + AudioProcessor>() -> Box<PreparedProcessor> {
    let proxy = Box::new(AudioProcessorProxy::local(made::<T>()));
    Box::new(PreparedProcessor::new(proxy, ROOM, ROOM, T::DESCRIPTOR.audio.render).unwrap())
}

fn encoder() -> Encoder {
    let mut encoder = AudioEncoderProxy::local(made::<OpusEncoder>());
    encoder
        .activate(&EncoderConfig::new(0, ROOM.sample_rate, 1, 20), "")
        .unwrap();
    Encoder::new(Box::new(encoder), ROOM, ROOM).unwrap()
}

fn speech(clip: &str) -> Box<dyn AudioSource> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../hosts/call-host/speech/{clip}.wav"));
    let mut source = AudioSourceProxy::local(made::<jackfield_capture_file::FileSource>());
    source.open(path.to_str().unwrap(), &ROOM).unwrap();
    Box::new(source)
}

/// The two seconds of a recording that both runs have.
fn heard(path: &Path) -> Vec<f32> {
    let mut source = AudioSourceProxy::local(made::<jackfield_capture_file::FileSource>());
    source.open(path.to_str().unwrap(), &ROOM).unwrap();
    let mut pcm = vec![0.0; PACKETS * 960];
    for block in pcm.as_chunks_mut::<480>().0 {
        source.read(Timestamp::ZERO, block).unwrap();
    }
    pcm
}
