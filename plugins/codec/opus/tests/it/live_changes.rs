//! A2.5: the encoder is turned up and down while it runs, without a gap.

use jackfield_sdk::core::module::Module;
use jackfield_sdk::prelude::*;

use crate::support::{Packet, decode, encode, encoder, set, spectral_distance, speech};

/// The largest jump from one sample to the next.
fn largest_step(signal: &[f32]) -> f32 {
    signal
        .windows(2)
        .map(|pair| (pair[1] - pair[0]).abs())
        .fold(0.0, f32::max)
}

fn ticks(packets: &[Packet]) -> u32 {
    packets.iter().map(|p| p.encoded.ticks).sum()
}

#[test]
fn a2_5_complexity_0_to_10_changes_without_a_discontinuity() {
    let clean = speech();
    let steady = decode(&encode(&mut encoder(1, 20, "useinbandfec=1"), &clean, |_, _| {}));
    let mut changing = encoder(1, 20, "useinbandfec=1");
    let packets = encode(&mut changing, &clean, |n, encoder| {
        // Up and down through all of 0..=10, a step every 100 ms, also in the middle of a packet.
        let phase = n / 10 % 20;
        set(
            encoder,
            "complexity",
            if phase <= 10 { phase } else { 20 - phase } as f64,
        );
    });
    assert_eq!(ticks(&packets), 48 * 9_000);
    let heard = decode(&packets);
    let (step, usual) = (largest_step(&heard), largest_step(&steady));
    assert!(
        step < 1.3 * usual,
        "a step of {step}; {usual} where nothing is changed"
    );
    let (distance, usual) = (
        spectral_distance(&clean, &heard, 312),
        spectral_distance(&clean, &steady, 312),
    );
    assert!(
        distance < usual + 0.5,
        "spectra {distance} dB apart; {usual} where nothing is changed"
    );
}

#[test]
fn a2_5_rate_packet_length_dtx_and_fec_change_without_a_gap() {
    let clean = speech();
    let steady = decode(&encode(&mut encoder(1, 20, "useinbandfec=1"), &clean, |_, _| {}));
    let mut changing = encoder(1, 20, "useinbandfec=1");
    let packets = encode(&mut changing, &clean, |n, encoder| match n % 120 {
        0 => set(encoder, "packet_ms", f64::from(2 + n as u32 / 120 % 4)),
        17 => set(encoder, "bitrate", 64_000.0),
        33 => set(encoder, "fec", 0.0),
        51 => set(encoder, "bitrate", 20_000.0),
        67 => set(encoder, "dtx", 1.0),
        85 => set(encoder, "fec", 1.0),
        101 => set(encoder, "bitrate", 32_000.0),
        111 => set(encoder, "dtx", 0.0),
        _ => {}
    });
    let lengths: std::collections::BTreeSet<u32> = packets.iter().map(|p| p.encoded.ticks).collect();
    assert_eq!(lengths.into_iter().collect::<Vec<_>>(), [480, 960, 1_920, 2_880]);
    assert!(ticks(&packets) > 48 * 8_900, "every block is in some packet");
    let heard = decode(&packets);
    let (step, usual) = (largest_step(&heard), largest_step(&steady));
    assert!(
        step < 1.5 * usual,
        "a step of {step}; {usual} where nothing is changed"
    );
    let distance = spectral_distance(&clean[..heard.len() - 312], &heard, 312);
    assert!(distance < 4.0, "spectra {distance} dB apart");
}

#[test]
fn a2_5_the_application_changes_in_mid_word() {
    let clean = speech();
    let steady = decode(&encode(&mut encoder(1, 20, ""), &clean, |_, _| {}));
    let mut changing = encoder(1, 20, "");
    let packets = encode(&mut changing, &clean, |n, encoder| {
        if n % 50 == 25 {
            set(encoder, "application", f64::from(n as u32 / 50 % 2));
        }
    });
    assert_eq!(ticks(&packets), 48 * 9_000);
    let heard = decode(&packets);
    let (step, usual) = (largest_step(&heard), largest_step(&steady));
    assert!(
        step < 1.5 * usual,
        "a step of {step}; {usual} where nothing is changed"
    );
    let distance = spectral_distance(&clean, &heard, 312);
    assert!(distance < 3.5, "spectra {distance} dB apart");

    // To `lowdelay` the signal moves by 4 ms, and the encoder says so.
    set(&mut changing, "application", 2.0);
    encode(&mut changing, &clean[..960], |_, _| {});
    assert_eq!(Plugin::latency(&mut changing).samples, 120);
}

#[test]
fn a_value_out_of_range_leaves_the_old_one() {
    let mut encoder = encoder(1, 20, "");
    for (index, bad) in [
        (0, 5_999.0),
        (0, f64::NAN),
        (1, 11.0),
        (4, 3.0),
        (5, -1.0),
        (99, 0.0),
    ] {
        let before = encoder.parameter(index).ok();
        assert_eq!(
            encoder
                .set_parameter(index, bad)
                .expect_err("out of range")
                .code(),
            FaultCode::Invalid
        );
        assert_eq!(encoder.parameter(index).ok(), before);
    }
}
