//! Samples on the wire, as RFC 3551 section 4.5.11 has them, and channels that differ from the wire's.

use jackfield_codec_pcm::{PcmDecoder, PcmEncoder};
use jackfield_sdk::prelude::*;
use proptest::prelude::*;

const MONO: (u32, SampleRate) = (0, SampleRate::HZ_48000);
const STEREO: (u32, SampleRate) = (1, SampleRate::hz(24_000));

fn encode((format, rate): (u32, SampleRate), channels: u32, block: &[f32]) -> Vec<u8> {
    let mut encoder = PcmEncoder::create(&Environment::seeded(1)).expect("nothing to miss");
    encoder
        .activate(&EncoderConfig::new(format, rate, channels, 20), "")
        .expect("its format");
    let mut payload = [0; 1_275];
    let encoded = encoder.encode(block, &mut payload).expect("a good block");
    assert_eq!(
        (encoded.bytes, encoded.ticks),
        (960, rate.as_hz() / 100),
        "10 ms, whatever was asked for"
    );
    payload[..960].to_vec()
}

fn decode((format, rate): (u32, SampleRate), channels: u32, packet: &[u8]) -> Vec<f32> {
    let mut decoder = PcmDecoder::create(&Environment::seeded(1)).expect("nothing to miss");
    decoder
        .activate(&DecoderConfig::new(format, rate, channels), "")
        .expect("its format");
    let mut pcm = vec![0.0; 480 * channels as usize];
    let samples = decoder.decode(packet, &mut pcm).expect("a good packet").samples as usize;
    pcm.chunks(480)
        .flat_map(|plane| plane[..samples].to_vec())
        .collect()
}

#[test]
fn samples_are_big_endian_and_clipped() {
    let mut block = [0.0; 480];
    block[..5].copy_from_slice(&[0.5, -0.5, 1.0, -3.0, f32::NAN]);
    let wire = encode(MONO, 1, &block);
    assert_eq!(
        wire[..10],
        [0x40, 0x00, 0xc0, 0x00, 0x7f, 0xff, 0x80, 0x00, 0x00, 0x00]
    );
}

#[test]
fn channels_are_interleaved() {
    let block: Vec<f32> = [vec![0.25; 240], vec![-0.25; 240]].concat();
    let wire = encode(STEREO, 2, &block);
    assert_eq!(wire[..8], [0x20, 0x00, 0xe0, 0x00, 0x20, 0x00, 0xe0, 0x00]);
    assert_eq!(decode(STEREO, 2, &wire), block);
}

#[test]
fn mono_and_stereo_meet() {
    let mono = vec![0.25; 240];
    assert_eq!(
        decode(STEREO, 2, &encode(STEREO, 1, &mono)),
        [mono.clone(), mono.clone()].concat()
    );
    let stereo: Vec<f32> = [vec![0.5; 240], vec![0.0; 240]].concat();
    assert_eq!(decode(STEREO, 1, &encode(STEREO, 2, &stereo)), mono);
    let wide: Vec<f32> = [vec![0.5; 480], vec![0.0; 480]].concat();
    assert_eq!(decode(MONO, 2, &encode(MONO, 2, &wide)), vec![0.25; 960]);
}

#[test]
fn half_a_sample_is_no_packet() {
    let mut decoder = PcmDecoder::create(&Environment::seeded(1)).expect("nothing to miss");
    decoder
        .activate(&DecoderConfig::new(1, STEREO.1, 2), "")
        .expect("its format");
    for length in [0, 1, 2, 3, 5, 11_524] {
        assert_eq!(
            decoder.probe(&vec![0; length]).expect_err("no packet").code(),
            FaultCode::Invalid,
            "{length} bytes"
        );
    }
    assert_eq!(
        decoder
            .probe(&[0; 4])
            .expect("one sample of each channel")
            .samples,
        1
    );
}

proptest! {
    #[test]
    fn sixteen_bits_pass_exactly(samples in prop::collection::vec(any::<i16>(), 480)) {
        let block: Vec<f32> = samples.iter().map(|&s| f32::from(s) / 32_768.0).collect();
        prop_assert_eq!(decode(MONO, 1, &encode(MONO, 1, &block)), block);
    }

    #[test]
    fn any_bytes_are_decoded_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400), channels in 1_u32..=2) {
        let mut decoder = PcmDecoder::create(&Environment::seeded(1)).expect("nothing to miss");
        let (format, rate) = if channels == 1 { MONO } else { STEREO };
        decoder.activate(&DecoderConfig::new(format, rate, channels), "").expect("its format");
        let mut pcm = [0.0; 400];
        match decoder.decode(&bytes, &mut pcm) {
            Ok(decoded) => prop_assert!(pcm[..(decoded.samples * channels) as usize].iter().all(|sample| sample.abs() <= 1.0)),
            Err(fault) => prop_assert!(!fault.text().is_empty()),
        }
    }
}
