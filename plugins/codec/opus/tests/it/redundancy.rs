//! E9.1, E9.2: a lost packet is recovered from the next one.

use jackfield_sdk::prelude::*;

use crate::support::{Packet, decoder, encode, encoder, set, spectral_distance, speech};

/// Loses every tenth packet and fills each hole with `fill`.
fn with_losses(
    packets: &[Packet],
    mut fill: impl FnMut(&mut dyn AudioDecoder, &Packet, &mut [f32]) -> u32,
) -> Vec<f32> {
    let mut decoder = decoder(1);
    let mut pcm = [0.0; 5_760];
    let mut heard = Vec::new();
    for (n, packet) in packets.iter().enumerate() {
        let samples = match packets.get(n + 1) {
            Some(next) if n % 10 == 9 => fill(&mut decoder, next, &mut pcm),
            _ => {
                decoder
                    .decode(&packet.payload, &mut pcm)
                    .expect("a good packet")
                    .samples
            }
        };
        assert_eq!(samples, 960);
        heard.extend_from_slice(&pcm[..960]);
    }
    heard
}

fn protected() -> (Vec<f32>, Vec<Packet>) {
    let clean = speech();
    let mut encoder = encoder(1, 20, "useinbandfec=1");
    set(&mut encoder, "expected_loss", 20.0);
    let packets = encode(&mut encoder, &clean, |_, _| {});
    (clean, packets)
}

#[test]
fn e9_2_in_band_fec_recovers_isolated_losses_better_than_concealment() {
    let (clean, packets) = protected();
    let concealed = with_losses(&packets, |decoder, _, pcm| {
        decoder.conceal(960, pcm).expect("always").samples
    });
    let recovered = with_losses(&packets, |decoder, next, pcm| {
        let got = decoder
            .recover(&next.payload, TimeDelta::ms(20), 960, pcm)
            .expect("a good packet")
            .samples;
        if got > 0 {
            got
        } else {
            decoder.conceal(960, pcm).expect("always").samples
        }
    });
    // Only the packets that were lost.
    let lost = |heard: &[f32]| -> f32 {
        let pick = |signal: &[f32]| -> Vec<f32> {
            signal
                .chunks_exact(960)
                .skip(9)
                .step_by(10)
                .flatten()
                .copied()
                .collect()
        };
        spectral_distance(&pick(&clean), &pick(&heard[312..]), 0)
    };
    let (concealed, recovered) = (lost(&concealed), lost(&recovered));
    assert!(
        recovered < 0.7 * concealed,
        "spectra {recovered} dB apart with FEC, {concealed} dB without"
    );
}

#[test]
fn e9_2_the_probe_tells_which_packets_hold_redundancy() {
    let (_, packets) = protected();
    let mut decoder = decoder(1);
    let mut pcm = [0.0; 5_760];
    let mut with = 0;
    for packet in &packets {
        let info = decoder.probe(&packet.payload).expect("a good packet");
        assert_eq!(info.samples, 960);
        with += info.redundancy;
        let got = decoder
            .recover(&packet.payload, TimeDelta::ms(20), 960, &mut pcm)
            .expect("a good packet")
            .samples;
        assert_eq!(got > 0, info.redundancy == 1);
        decoder.decode(&packet.payload, &mut pcm).expect("a good packet");
    }
    assert!(with > 200, "{with} of {} packets hold redundancy", packets.len());
}

#[test]
fn without_the_receivers_wish_there_is_no_redundancy() {
    let clean = speech();
    let mut encoder = encoder(1, 20, "useinbandfec=0");
    set(&mut encoder, "expected_loss", 20.0);
    let mut decoder = decoder(1);
    for packet in encode(&mut encoder, &clean, |_, _| {}) {
        assert_eq!(
            decoder.probe(&packet.payload).expect("a good packet").redundancy,
            0
        );
    }
}

#[test]
fn what_the_redundancy_does_not_cover_is_not_recovered() {
    let (_, packets) = protected();
    let mut decoder = decoder(1);
    let mut pcm = [0.0; 5_760];
    let later = packets
        .iter()
        .find(|p| decoder.probe(&p.payload).is_ok_and(|i| i.redundancy == 1))
        .expect("FEC is on");
    for (back, samples) in [(40, 960), (10, 480), (60, 960), (0, 960)] {
        let got = decoder
            .recover(&later.payload, TimeDelta::ms(back), samples, &mut pcm)
            .expect("a good packet");
        assert_eq!(got, Decoded::default(), "{samples} samples, {back} ms back");
    }
}

#[test]
fn concealment_takes_any_length_and_fades_out() {
    let (_, packets) = protected();
    let mut decoder = decoder(1);
    let mut pcm = vec![0.0; 48_000];
    for packet in &packets[..100] {
        decoder.decode(&packet.payload, &mut pcm).expect("a good packet");
    }
    for samples in [1, 119, 120, 121, 480, 961, 5_761, 48_000] {
        pcm.fill(9.0);
        assert_eq!(
            decoder.conceal(samples, &mut pcm).expect("always").samples,
            samples
        );
        assert!(pcm[..samples as usize].iter().all(|s| s.abs() <= 1.0));
        assert!(
            pcm[samples as usize..].iter().all(|&s| s == 9.0),
            "nothing beyond is touched"
        );
    }
    assert!(
        pcm[40_000..].iter().all(|s| s.abs() < 0.01),
        "after a second it is quiet"
    );
}
