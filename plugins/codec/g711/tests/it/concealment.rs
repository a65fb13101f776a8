//! E9.1: what is lost is made up without a click, and better than by silence.

use jackfield_codec_g711::{G711Decoder, G711Encoder};
use jackfield_sdk::prelude::*;
use jackfield_testkit::signal::largest_step;

/// A reader at 8 kHz: the 16 kHz recording, two samples to one.
fn speech() -> Vec<f32> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../hosts/call-host/speech/reader-2.wav"
    );
    let mut file = hound::WavReader::open(path).expect("the recording is part of the repository");
    let samples: Vec<f32> = file
        .samples::<i16>()
        .map(|s| f32::from(s.expect("16 bit")) / 32_768.0)
        .collect();
    samples
        .chunks_exact(2)
        .map(|pair| f32::midpoint(pair[0], pair[1]))
        .collect()
}

/// Sends a voice through and loses every tenth packet. Returns what went in and what came out.
fn with_losses(packet_ms: u32, fill: impl Fn(&mut G711Decoder, &mut [f32])) -> (Vec<f32>, Vec<f32>) {
    let clean = speech();
    let mut encoder = G711Encoder::create(&Environment::seeded(1)).expect("nothing to miss");
    encoder
        .activate(&EncoderConfig::new(0, SampleRate::HZ_8000, 1, packet_ms), "")
        .expect("its format");
    let mut decoder = G711Decoder::create(&Environment::seeded(1)).expect("nothing to miss");
    decoder
        .activate(&DecoderConfig::new(0, SampleRate::HZ_8000, 1), "")
        .expect("its format");
    let (mut payload, mut heard, mut packets) = ([0; 1_275], Vec::new(), 0);
    for block in clean.chunks_exact(80) {
        let bytes = encoder.encode(block, &mut payload).expect("a good block").bytes as usize;
        if bytes == 0 {
            continue;
        }
        packets += 1;
        let mut pcm = vec![0.0; bytes];
        if packets % 10 == 0 {
            fill(&mut decoder, &mut pcm);
        } else {
            decoder
                .decode(&payload[..bytes], &mut pcm)
                .expect("a good packet");
        }
        heard.extend(pcm);
    }
    (clean, heard)
}

fn error(clean: &[f32], heard: &[f32]) -> f32 {
    clean.iter().zip(heard).map(|(a, b)| (a - b).powi(2)).sum()
}

#[test]
fn e9_1_concealment_is_nearer_to_the_voice_than_silence_and_does_not_click() {
    for packet_ms in [10, 20] {
        let (clean, concealed) = with_losses(packet_ms, |decoder, pcm| {
            decoder.conceal(pcm.len() as u32, pcm).expect("always");
        });
        let (_, silent) = with_losses(packet_ms, |_, pcm| pcm.fill(0.0));
        let ratio = error(&clean, &concealed) / error(&clean, &silent);
        let (step, own) = (largest_step(&concealed), largest_step(&clean));
        assert!(ratio < 0.95, "{packet_ms} ms: {ratio} of the error of silence");
        assert!(
            step < 1.2 * own,
            "{packet_ms} ms: a step of {step}, where the voice has {own} at most"
        );
    }
}
