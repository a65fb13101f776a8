//! E9.8: what the network is like decides rate, redundancy and packet length.

use jackfield_codec_opus::OpusEncoder;
use jackfield_sdk::core::module::Module;
use jackfield_sdk::prelude::*;

use crate::support::{decoder, encode, encoder, set, speech};

fn hint(encoder: &mut OpusEncoder, bps: i64, loss: f32) {
    encoder
        .network(&NetworkHint::new(
            DataRate::bps(bps),
            loss,
            1.0,
            TimeDelta::ms(50),
        ))
        .expect("it is active");
}

fn bitrate(encoder: &mut OpusEncoder) -> f64 {
    let mut values = [0.0; 6];
    encoder.stats(&mut values).expect("room for all");
    values[0]
}

#[test]
fn e9_8_the_network_caps_the_rate_and_gives_it_back() {
    let clean = &speech()[..48_000 * 3];
    let mut encoder = encoder(1, 20, "");
    set(&mut encoder, "bitrate", 48_000.0);
    let rate = |encoder: &mut OpusEncoder| {
        encode(encoder, clean, |_, _| {})
            .iter()
            .map(|p| p.payload.len() * 8)
            .sum::<usize>()
            / 3
    };
    let free = rate(&mut encoder);
    hint(&mut encoder, 16_000, 0.0);
    let capped = rate(&mut encoder);
    hint(&mut encoder, 200_000, 0.0);
    let freed = rate(&mut encoder);
    assert!(
        capped < 18_500 && free > 30_000 && freed > 30_000,
        "{free}, {capped}, {freed} bit/s"
    );
    hint(&mut encoder, 0, f32::NAN);
    assert_eq!(
        bitrate(&mut encoder) as u32,
        48_000,
        "a hint without numbers changes nothing"
    );
    hint(&mut encoder, 1, 7.0);
    assert_eq!(bitrate(&mut encoder) as u32, 6_000, "the least that Opus can do");
}

#[test]
fn e9_8_reported_loss_brings_redundancy() {
    let clean = &speech()[..48_000 * 3];
    let mut encoder = encoder(1, 20, "useinbandfec=1");
    set(&mut encoder, "expected_loss", 0.0);
    let mut decoder = decoder(1);
    let mut protected = |encoder: &mut OpusEncoder| -> u32 {
        encode(encoder, clean, |_, _| {})
            .iter()
            .map(|p| decoder.probe(&p.payload).expect("a good packet").redundancy)
            .sum()
    };
    assert_eq!(protected(&mut encoder), 0);
    hint(&mut encoder, 32_000, 0.15);
    assert!(protected(&mut encoder) > 50);
}

#[test]
fn e9_8_adaptive_packet_length_grows_as_the_rate_falls() {
    let mut encoder = encoder(1, 20, "");
    set(&mut encoder, "packet_ms", 1.0);
    let mut length_at = |bps| {
        hint(&mut encoder, bps, 0.0);
        encode(&mut encoder, &[0.0; 480 * 12], |_, _| {})[1].encoded.ticks / 48
    };
    assert_eq!(
        [32_000, 17_000, 20_000, 22_000, 11_000, 14_000, 16_000, 30_000].map(&mut length_at),
        [20, 40, 40, 20, 60, 60, 40, 20]
    );
}
