//! What the encoder declares is what the ear gets.

use jackfield_sdk::prelude::*;

use crate::support::{decode, encode, encoder, set, snr, speech};

#[test]
fn the_declared_latency_is_where_the_signal_lies() {
    let clean = &speech()[..48_000 * 3];
    for (application, latency) in [(0, 312), (1, 312), (2, 120)] {
        let mut encoder = encoder(1, 20, "");
        set(&mut encoder, "bitrate", 256_000.0);
        set(&mut encoder, "application", f64::from(application));
        let heard = decode(&encode(&mut encoder, clean, |_, _| {}));
        assert_eq!(
            Plugin::latency(&mut encoder),
            Latency::samples(latency, SampleRate::HZ_48000)
        );
        let best = (0_usize..600)
            .max_by(|&a, &b| snr(clean, &heard, a).total_cmp(&snr(clean, &heard, b)))
            .expect("not empty");
        assert!(
            best.abs_diff(latency as usize) <= 8,
            "application {application}: the signal lies {best} samples behind"
        );
    }
}
