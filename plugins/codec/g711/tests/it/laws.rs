//! Both laws against the tables of ITU-T G.711 (1a to 2b).

use jackfield_codec_g711::{G711Decoder, G711Encoder};
use jackfield_sdk::prelude::*;
use proptest::prelude::*;

pub(crate) const PCMU: u32 = 0;
pub(crate) const PCMA: u32 = 1;

fn decode(format: u32, bytes: &[u8]) -> Vec<i32> {
    let mut decoder = G711Decoder::create(&Environment::seeded(1)).expect("nothing to miss");
    decoder
        .activate(&DecoderConfig::new(format, SampleRate::HZ_8000, 1), "")
        .expect("its format");
    let mut pcm = [0.0; 960];
    let samples = decoder.decode(bytes, &mut pcm).expect("a good packet").samples;
    pcm[..samples as usize]
        .iter()
        .map(|s| (s * 32_768.0) as i32)
        .collect()
}

fn encode(format: u32, samples: &[i32]) -> Vec<u8> {
    let mut encoder = G711Encoder::create(&Environment::seeded(1)).expect("nothing to miss");
    encoder
        .activate(&EncoderConfig::new(format, SampleRate::HZ_8000, 1, 10), "")
        .expect("its format");
    let mut bytes = Vec::new();
    for part in samples.chunks(80) {
        let mut block = [0.0; 80];
        for (to, &from) in block.iter_mut().zip(part) {
            *to = from as f32 / 32_768.0;
        }
        let mut payload = [0; 1_275];
        assert_eq!(
            encoder.encode(&block, &mut payload).expect("a good block").bytes,
            80
        );
        bytes.extend_from_slice(&payload[..part.len()]);
    }
    bytes
}

/// G.711 table 2: the value for a character signal, from its segment and step. Table 2 counts in 14 bits; 16 bits are four times that.
fn mu_law(byte: u8) -> i32 {
    let code = !byte;
    let (segment, step) = (i32::from(code >> 4 & 7), i32::from(code & 15));
    let value = ((2 * step + 33) << segment) - 33;
    4 * if code & 0x80 == 0 { value } else { -value }
}

/// G.711 table 1: even bits are inverted on the line. Table 1 counts in 13 bits; 16 bits are eight times that.
fn a_law(byte: u8) -> i32 {
    let code = byte ^ 0x55;
    let (segment, step) = (i32::from(code >> 4 & 7), i32::from(code & 15));
    let value = if segment == 0 {
        2 * step + 1
    } else {
        (2 * step + 33) << (segment - 1)
    };
    8 * if code & 0x80 == 0 { -value } else { value }
}

#[test]
fn every_character_signal_has_the_value_of_the_tables() {
    let all: Vec<u8> = (0..=255).collect();
    assert_eq!(
        decode(PCMU, &all),
        all.iter().map(|&byte| mu_law(byte)).collect::<Vec<_>>()
    );
    assert_eq!(
        decode(PCMA, &all),
        all.iter().map(|&byte| a_law(byte)).collect::<Vec<_>>()
    );
}

#[test]
fn the_ends_and_the_middle_are_those_everyone_knows() {
    assert_eq!(decode(PCMU, &[0x00, 0x80, 0xff, 0x7f]), [-32_124, 32_124, 0, 0]);
    assert_eq!(decode(PCMA, &[0x2a, 0xaa, 0xd5, 0x55]), [-32_256, 32_256, 8, -8]);
    assert_eq!(encode(PCMU, &[0, 32_767, -32_768]), [0xff, 0x80, 0x00]);
    assert_eq!(encode(PCMA, &[0, 32_767, -32_768]), [0xd5, 0xaa, 0x2a]);
}

#[test]
fn what_was_decoded_is_encoded_to_the_same_byte() {
    let all: Vec<u8> = (0..=255).collect();
    for format in [PCMU, PCMA] {
        let again = encode(format, &decode(format, &all));
        // μ-law has two zeros; the positive one is sent.
        let expected: Vec<u8> = all
            .iter()
            .map(|&byte| {
                if format == PCMU && byte == 0x7f {
                    0xff
                } else {
                    byte
                }
            })
            .collect();
        assert_eq!(again, expected, "format {format}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_decoded_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..1_100), format in 0..=1_u32) {
        let mut decoder = G711Decoder::create(&Environment::seeded(1)).expect("nothing to miss");
        decoder.activate(&DecoderConfig::new(format, SampleRate::HZ_8000, 1), "").expect("its format");
        let mut pcm = [0.0; 960];
        match decoder.decode(&bytes, &mut pcm) {
            Ok(decoded) => prop_assert!(pcm[..decoded.samples as usize].iter().all(|sample| sample.abs() <= 1.0)),
            Err(fault) => prop_assert!(!fault.text().is_empty()),
        }
    }

    #[test]
    fn the_error_is_within_half_a_step(samples in prop::collection::vec(-32_768_i32..32_768, 80)) {
        for format in [PCMU, PCMA] {
            for (sample, heard) in samples.iter().zip(decode(format, &encode(format, &samples))) {
                // A step is a sixteenth of its segment, which is at most the value itself and the bias.
                let half_a_step = (sample.abs() + 132) / 32 + 8;
                let clipped = if sample.abs() > 32_124 { 32_768 - 32_124 } else { 0 };
                prop_assert!((sample - heard).abs() <= half_a_step + clipped, "{} became {}", sample, heard);
            }
        }
    }
}
