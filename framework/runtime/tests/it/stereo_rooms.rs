//! E10.6: a manifest makes a room of two channels, and guests who negotiate stereo hear and are heard in it.

use std::time::{Duration, Instant};

use jackfield_codec_opus::{OpusDecoder, OpusEncoder};
use jackfield_core::audio::level_dbov;
use jackfield_core::audio_codec::{AudioDecoder, AudioEncoder, DecoderConfig, EncoderConfig};
use jackfield_core::environment::Environment;
use jackfield_core::module::Plugin;
use jackfield_core::units::SampleRate;
use jackfield_transport_ice_dtls::IceDtls;

use super::caller::{Caller, Codec, OPUS, engine, transport};

const STEREO: Codec = Codec {
    payload_type: 111,
    lines: "a=rtpmap:111 opus/48000/2\r\na=fmtp:111 stereo=1;sprop-stereo=1\r\n",
    ticks: 960,
};
const ROOM: &str = "profile = \"conference\"\n[room]\nchannels = 2\n";

/// A second and a half of speech on the left and next to nothing on the right, as a stereo guest sends it.
fn said() -> Vec<Vec<u8>> {
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
        .activate(&EncoderConfig::new(0, SampleRate::HZ_48000, 2, 20), "stereo=1")
        .unwrap();
    let (mut block, mut payload, mut packets) = ([0.0; 960], [0; 1_275], Vec::new());
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

/// The loudest that was heard on either side, in dBov.
fn sides(caller: &Caller) -> [f32; 2] {
    let mut decoder = OpusDecoder::create(&Environment::seeded(1)).unwrap();
    decoder
        .activate(&DecoderConfig::new(0, SampleRate::HZ_48000, 2), "")
        .unwrap();
    let mut pcm = [0.0; 2 * 5_760];
    let mut loudest = [-127.0_f32; 2];
    for (_, payload) in &caller.heard {
        let samples = decoder.decode(payload, &mut pcm).unwrap().samples as usize;
        for (loudest, side) in loudest.iter_mut().zip(pcm.chunks_exact(5_760)) {
            *loudest = loudest.max(level_dbov(&side[..samples]));
        }
    }
    loudest
}

#[tokio::test(flavor = "multi_thread")]
async fn e10_6_who_negotiates_stereo_hears_it_and_who_does_not_hears_both_sides_in_one() {
    let engine = engine(ROOM);
    let room = engine.open_room("room").unwrap();
    let mut ann = Caller::join_in(&room, "Ann", transport::<IceDtls>(1), STEREO).await;
    let mut bob = Caller::join_in(&room, "Bob", transport::<IceDtls>(2), STEREO).await;
    let mut cid = Caller::join_in(&room, "Cid", transport::<IceDtls>(3), OPUS).await;
    let mut all = [&mut ann, &mut bob, &mut cid];
    all.iter_mut().for_each(|caller| caller.connect());
    let begin = Instant::now();
    for (number, payload) in said().iter().enumerate() {
        while begin.elapsed() < Duration::from_millis(20 * number as u64) {
            all.iter_mut().for_each(|caller| caller.step());
        }
        all[0].say(payload);
    }
    for caller in &mut all[1..] {
        caller.run_until(|caller| caller.heard.len() >= 50);
    }
    let [left, right] = sides(&bob);
    assert!(
        left > -35.0 && left > right + 12.0,
        "Bob hears {left} dBov on the left and {right} on the right"
    );
    let [left, right] = sides(&cid);
    assert!(
        left > -41.0 && (left - right).abs() < 0.1,
        "Cid hears {left} and {right} dBov"
    );
    let graph = room.graph();
    let formats: Vec<&str> = graph.nodes.iter().map(|node| node.format.as_str()).collect();
    assert!(
        graph.nodes.iter().all(|node| node.kind != "converter"),
        "{formats:?}"
    );
    engine.close().await;
}
