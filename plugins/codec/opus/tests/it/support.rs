//! Recorded speech, a line of encoder and decoder, and how like two signals are.

use jackfield_codec_opus::{OpusDecoder, OpusEncoder};
use jackfield_sdk::core::module::Module;
use jackfield_sdk::core::parameter::Parameters;
use jackfield_sdk::prelude::*;

/// Ten seconds of a reader at 48 kHz: the 16 kHz recording, interpolated.
pub(crate) fn speech() -> Vec<f32> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../hosts/call-host/speech/reader-2.wav"
    );
    let mut file = hound::WavReader::open(path).expect("the recording is part of the repository");
    let samples: Vec<f32> = file
        .samples::<i16>()
        .map(|s| f32::from(s.expect("16 bit")) / 32_768.0)
        .collect();
    let up = samples
        .windows(2)
        .flat_map(|pair| (0..3).map(|third| pair[0] + (pair[1] - pair[0]) * third as f32 / 3.0));
    up.take(48_000 * 9 / 480 * 480).collect()
}

pub(crate) fn encoder(channels: u32, packet_ms: u32, fmtp: &str) -> OpusEncoder {
    let mut encoder = OpusEncoder::create(&Environment::seeded(1)).expect("libopus is built in");
    encoder
        .activate(
            &EncoderConfig::new(0, SampleRate::HZ_48000, channels, packet_ms),
            fmtp,
        )
        .expect("a supported format");
    encoder
}

pub(crate) fn decoder(channels: u32) -> OpusDecoder {
    let mut decoder = OpusDecoder::create(&Environment::seeded(1)).expect("libopus is built in");
    decoder
        .activate(&DecoderConfig::new(0, SampleRate::HZ_48000, channels), "")
        .expect("a supported format");
    decoder
}

pub(crate) fn set(encoder: &mut OpusEncoder, name: &str, value: f64) {
    let parameters = <<OpusEncoder as Plugin>::Parameters as Parameters>::PARAMETERS;
    let index = parameters
        .iter()
        .position(|p| p.name == name)
        .expect("a parameter of the encoder");
    encoder
        .set_parameter(index as u32, value)
        .expect("a value in range");
}

/// One packet of a stream: what the encoder said, and the payload (empty if kept back).
#[derive(Clone)]
pub(crate) struct Packet {
    pub(crate) encoded: Encoded,
    pub(crate) payload: Vec<u8>,
}

/// Encodes mono blocks; before each, `change` may turn the encoder's knobs.
pub(crate) fn encode(
    encoder: &mut OpusEncoder,
    pcm: &[f32],
    mut change: impl FnMut(usize, &mut OpusEncoder),
) -> Vec<Packet> {
    let mut payload = [0; 1_275];
    let mut packets = Vec::new();
    for (n, block) in pcm.chunks_exact(480).enumerate() {
        change(n, encoder);
        let encoded = encoder.encode(block, &mut payload).expect("a good block");
        if encoded.ticks > 0 {
            packets.push(Packet {
                encoded,
                payload: payload[..encoded.bytes as usize].to_vec(),
            });
        }
    }
    packets
}

/// Decodes a stream without losses.
pub(crate) fn decode(packets: &[Packet]) -> Vec<f32> {
    let mut decoder = decoder(1);
    let mut pcm = [0.0; 5_760];
    let mut heard = Vec::new();
    for packet in packets {
        let decoded = if packet.payload.is_empty() {
            decoder.conceal(packet.encoded.ticks, &mut pcm)
        } else {
            decoder.decode(&packet.payload, &mut pcm)
        };
        heard.extend_from_slice(&pcm[..decoded.expect("a good packet").samples as usize]);
    }
    heard
}

/// Signal to noise in dB of `heard` against `clean`, where `heard` lags by `delay` samples.
pub(crate) fn snr(clean: &[f32], heard: &[f32], delay: usize) -> f32 {
    let (mut signal, mut noise) = (0.0, 1e-9);
    for (a, b) in clean.iter().zip(&heard[delay.min(heard.len())..]) {
        signal += a * a;
        noise += (a - b) * (a - b);
    }
    10.0 * f32::log10(signal / noise)
}

/// The mean over 20 ms pieces of how far the spectra are apart, in dB: blind to phase, which a speech codec does not keep.
pub(crate) fn spectral_distance(clean: &[f32], heard: &[f32], delay: usize) -> f32 {
    let pieces = clean.chunks_exact(960).zip(heard[delay..].chunks_exact(960));
    let loud = pieces.filter(|(a, _)| level_dbov(a) > -40.0);
    let distances: Vec<f32> = loud
        .map(|(a, b)| {
            band_levels(a)
                .zip(band_levels(b))
                .map(|(a, b)| (a - b).abs())
                .sum::<f32>()
                / 12.0
        })
        .collect();
    distances.iter().sum::<f32>() / distances.len() as f32
}

/// The levels of twelve bands from 200 Hz to 3.2 kHz in dB, by Goertzel's algorithm.
fn band_levels(piece: &[f32]) -> impl Iterator<Item = f32> + '_ {
    (0..12).map(|band| {
        let hz = 200.0 * 2_f32.powf(band as f32 / 3.0);
        let coefficient = 2.0 * (std::f32::consts::TAU * hz / 48_000.0).cos();
        let (mut s1, mut s2) = (0.0_f32, 0.0_f32);
        for (n, &sample) in piece.iter().enumerate() {
            let window = 0.5 - 0.5 * (std::f32::consts::TAU * n as f32 / piece.len() as f32).cos();
            let s0 = sample * window + coefficient * s1 - s2;
            (s2, s1) = (s1, s0);
        }
        let power = s1 * s1 + s2 * s2 - coefficient * s1 * s2;
        10.0 * (power + 1e-3).log10()
    })
}
