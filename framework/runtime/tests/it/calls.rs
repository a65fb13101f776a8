//! Calls through a whole engine, over real sockets and in real time.

use std::time::{Duration, Instant};

use jackfield_codec_opus::{OpusDecoder, OpusEncoder};
use jackfield_core::audio::level_dbov;
use jackfield_core::audio_codec::{AudioDecoder, AudioEncoder, DecoderConfig, EncoderConfig};
use jackfield_core::environment::Environment;
use jackfield_core::module::Plugin;
use jackfield_core::units::SampleRate;
use jackfield_runtime::{Engine, Room};
use jackfield_transport_ice_dtls::IceDtls;
use jackfield_transport_loopback::Loopback;

use super::caller::{Caller, engine, transport};

const SECURE: &str = "profile = \"conference\"\n";
const CLEAR: &str = "profile = \"conference\"\n[sockets.transport]\nuse = \"jackfield.transport.loopback\"\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_voice_crosses_dtls_and_srtp_and_only_the_others_hear_it() {
    let engine = engine(SECURE);
    let room = engine.open_room("room").unwrap();
    let ann = Caller::join(&room, "Ann", transport::<IceDtls>(1)).await;
    let bob = Caller::join(&room, "Bob", transport::<IceDtls>(2)).await;
    let (ann, bob) = talk(ann, bob);
    assert!(loudest(&bob) > -35.0, "Bob hears a voice: {} dBov", loudest(&bob));
    assert!(
        loudest(&ann) < -70.0,
        "Ann does not hear herself: {} dBov",
        loudest(&ann)
    );
    let numbers: Vec<u16> = bob.heard.iter().map(|(number, _)| *number).collect();
    let gaps = numbers
        .windows(2)
        .filter(|pair| pair[1].wrapping_sub(pair[0]) != 1);
    assert_eq!(gaps.count(), 0, "no packet is lost or doubled: {numbers:?}");
    engine.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_voice_crosses_the_transport_in_the_clear_that_is_for_measuring() {
    let engine = engine(CLEAR);
    let room = engine.open_room("room").unwrap();
    let ann = Caller::join(&room, "Ann", transport::<Loopback>(1)).await;
    let bob = Caller::join(&room, "Bob", transport::<Loopback>(2)).await;
    let (_, bob) = talk(ann, bob);
    assert!(loudest(&bob) > -35.0, "Bob hears a voice: {} dBov", loudest(&bob));
    engine.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn c5_1_after_closing_no_socket_thread_or_task_remains_and_the_peers_were_told() {
    let before = Belongings::of_this_process();
    let engine = engine(SECURE);
    let room = engine.open_room("room").unwrap();
    let ann = Caller::join(&room, "Ann", transport::<IceDtls>(1)).await;
    let bob = Caller::join(&room, "Bob", transport::<IceDtls>(2)).await;
    let (mut ann, mut bob) = talk(ann, bob);
    let during = Belongings::of_this_process();
    assert!(
        during.threads >= before.threads + 3,
        "audio, network and control run"
    );
    assert!(during.sockets > before.sockets);

    close(&engine, room).await;
    for caller in [&mut ann, &mut bob] {
        caller.run_until(Caller::is_closed);
        // RFC 3550 section 6.6: packet type 203.
        let said_goodbye = caller.rtcp.iter().any(|packet| holds(packet, 203));
        assert!(said_goodbye, "BYE came before close_notify");
    }
    drop((ann, bob));
    drop(engine);
    let after = Belongings::of_this_process();
    assert_eq!(after, before);
}

/// What a call takes from the machine. The workers of the test's own runtime are there all the time.
#[derive(Debug, PartialEq, Eq)]
struct Belongings {
    threads: usize,
    sockets: usize,
    tasks: usize,
}

impl Belongings {
    fn of_this_process() -> Self {
        let entries = |folder: &str| std::fs::read_dir(folder).unwrap().map_while(Result::ok);
        let named = entries("/proc/self/task")
            .filter_map(|task| std::fs::read_to_string(task.path().join("comm")).ok())
            .filter(|name| name.starts_with("jackfield"));
        let sockets = entries("/proc/self/fd")
            .filter_map(|fd| std::fs::read_link(fd.path()).ok())
            .filter(|target| {
                let target = target.to_string_lossy();
                target.starts_with("socket:") || target.contains("[eventfd]") || target.contains("[timerfd]")
            });
        Self {
            threads: named.count(),
            sockets: sockets.count(),
            tasks: tokio::runtime::Handle::current().metrics().num_alive_tasks(),
        }
    }
}

async fn close(engine: &Engine, room: Room) {
    engine.close_room("room");
    drop(room);
    engine.close().await;
}

/// Ann speaks for a second, both listen.
fn talk(mut ann: Caller, mut bob: Caller) -> (Caller, Caller) {
    ann.connect();
    bob.connect();
    let begin = Instant::now();
    for (number, payload) in voice().iter().enumerate() {
        while begin.elapsed() < Duration::from_millis(20 * number as u64) {
            ann.step();
            bob.step();
        }
        ann.say(payload);
    }
    bob.run_until(|bob| bob.heard.len() >= 50);
    ann.run_until(|ann| ann.heard.len() >= 50);
    (ann, bob)
}

/// The loudest of what was heard, in dBov.
pub(crate) fn loudest(caller: &Caller) -> f32 {
    let [loudest] = loudest_sides(caller);
    loudest
}

/// The loudest that was heard on each side, in dBov, by somebody with so many ears.
pub(crate) fn loudest_sides<const SIDES: usize>(caller: &Caller) -> [f32; SIDES] {
    let mut decoder = OpusDecoder::create(&Environment::seeded(1)).unwrap();
    decoder
        .activate(&DecoderConfig::new(0, SampleRate::HZ_48000, SIDES as u32), "")
        .unwrap();
    let mut pcm = vec![0.0; SIDES * 5_760];
    let mut loudest = [-127.0_f32; SIDES];
    for (_, payload) in &caller.heard {
        let samples = decoder.decode(payload, &mut pcm).unwrap().samples as usize;
        for (loudest, side) in loudest.iter_mut().zip(pcm.chunks_exact(5_760)) {
            *loudest = loudest.max(level_dbov(&side[..samples]));
        }
    }
    loudest
}

/// A second and a half of recorded speech in Opus.
pub(crate) fn voice() -> Vec<Vec<u8>> {
    voice_on_the_left(1, "")
}

/// The same with next to nothing on all sides but the left, as one sends it who is told `fmtp`.
pub(crate) fn voice_on_the_left(sides: usize, fmtp: &str) -> Vec<Vec<u8>> {
    use jackfield_core::audio_source::AudioSource;
    let path = format!(
        "{}/../../hosts/call-host/speech/reader-1.wav",
        env!("CARGO_MANIFEST_DIR")
    );
    let mut file = jackfield_capture_file::FileSource::create(&Environment::seeded(1)).unwrap();
    file.open(&path, &jackfield_core::audio::AudioFormat::MONO_48K)
        .unwrap();
    let mut encoder = OpusEncoder::create(&Environment::seeded(1)).unwrap();
    encoder
        .activate(
            &EncoderConfig::new(0, SampleRate::HZ_48000, sides as u32, 20),
            fmtp,
        )
        .unwrap();
    let (mut block, mut payload, mut packets) = (vec![0.0; 480 * sides], [0; 1_275], Vec::new());
    while packets.len() < 75 {
        file.read(jackfield_core::time::Timestamp::ZERO, &mut block[..480])
            .unwrap();
        let encoded = encoder.encode(&block, &mut payload).unwrap();
        if encoded.ticks > 0 {
            packets.push(payload[..encoded.bytes as usize].to_vec());
        }
    }
    packets
}

/// Whether a compound packet holds a packet of this type.
fn holds(mut compound: &[u8], kind: u8) -> bool {
    while compound.len() >= 4 {
        if compound[1] == kind {
            return true;
        }
        let length = 4 * (usize::from(u16::from_be_bytes([compound[2], compound[3]])) + 1);
        compound = compound.get(length..).unwrap_or_default();
    }
    false
}
