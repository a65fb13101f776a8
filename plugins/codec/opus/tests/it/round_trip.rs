//! E9.1, E9.2: what goes in comes out, in every mode.

use jackfield_sdk::prelude::*;

use crate::support::{decode, decoder, encode, encoder, set, snr, spectral_distance, speech};

#[test]
fn e9_1_speech_survives_every_packet_length() {
    let clean = speech();
    for packet_ms in [10, 20, 40, 60] {
        let packets = encode(&mut encoder(1, packet_ms, ""), &clean, |_, _| {});
        assert!(packets.iter().all(|p| p.encoded.ticks == packet_ms * 48));
        let heard = decode(&packets);
        let distance = spectral_distance(&clean, &heard, 312);
        assert!(distance < 3.0, "{packet_ms} ms: spectra {distance} dB apart");
    }
}

#[test]
fn e9_2_every_application_and_rate_is_understood() {
    let clean = speech();
    for application in 0..3 {
        for (bitrate, bound) in [(8_000, 6.5), (16_000, 4.5), (32_000, 3.0), (128_000, 1.0)] {
            let mut encoder = encoder(1, 20, "");
            set(&mut encoder, "application", f64::from(application));
            set(&mut encoder, "bitrate", f64::from(bitrate));
            let delay = Plugin::latency(&mut encoder).samples as usize;
            let packets = encode(&mut encoder, &clean, |_, _| {});
            let delay = if application == 2 { 120 } else { delay };
            let distance = spectral_distance(&clean, &decode(&packets), delay);
            assert!(
                distance < bound,
                "application {application} at {bitrate} bit/s: spectra {distance} dB apart"
            );
            let bits: usize = packets.iter().map(|p| p.payload.len() * 8).sum();
            let rate = bits as f64 / (clean.len() as f64 / 48_000.0);
            assert!(
                rate < 1.15 * f64::from(bitrate),
                "application {application}: {rate} bit/s for {bitrate}"
            );
        }
    }
}

#[test]
fn at_a_high_rate_even_the_waveform_is_kept() {
    let clean = speech();
    let mut encoder = encoder(1, 20, "");
    set(&mut encoder, "bitrate", 256_000.0);
    set(&mut encoder, "application", 1.0);
    let ratio = snr(&clean, &decode(&encode(&mut encoder, &clean, |_, _| {})), 312);
    assert!(ratio > 15.0, "{ratio} dB");
}

#[test]
fn e9_2_stereo_stays_apart_if_the_receiver_wants_stereo() {
    let clean = speech();
    for (fmtp, apart) in [("stereo=1", true), ("", false)] {
        let mut encoder = encoder(2, 20, fmtp);
        set(&mut encoder, "bitrate", 96_000.0);
        let mut decoder = decoder(2);
        let (mut payload, mut pcm) = ([0; 1_275], vec![0.0; 2 * 5_760]);
        let mut energy = [0.0_f32; 2];
        for block in clean.chunks_exact(480) {
            let mut planar = block.to_vec();
            planar.extend([0.0; 480]);
            let encoded = encoder.encode(&planar, &mut payload).expect("a good block");
            if encoded.bytes > 0 {
                let decoded = decoder
                    .decode(&payload[..encoded.bytes as usize], &mut pcm)
                    .expect("a good packet");
                for (channel, plane) in pcm.chunks(5_760).enumerate() {
                    energy[channel] += plane[..decoded.samples as usize]
                        .iter()
                        .map(|s| s * s)
                        .sum::<f32>();
                }
            }
        }
        let difference = 10.0 * (energy[0] / energy[1]).log10();
        assert_eq!(
            difference > 15.0,
            apart,
            "`{fmtp}`: left is {difference} dB above right"
        );
    }
}

#[test]
fn e9_1_e9_2_other_sample_rates_work_on_both_ends() {
    let clean = speech();
    for hz in [8_000, 12_000, 16_000, 24_000] {
        let step = 48_000 / hz as usize;
        let rate = SampleRate::hz(hz);
        let mut encoder =
            jackfield_codec_opus::OpusEncoder::create(&Environment::seeded(1)).expect("libopus is built in");
        encoder
            .activate(&EncoderConfig::new(0, rate, 1, 20), "")
            .expect("a supported rate");
        let mut decoder =
            jackfield_codec_opus::OpusDecoder::create(&Environment::seeded(1)).expect("libopus is built in");
        decoder
            .activate(&DecoderConfig::new(0, rate, 1), "")
            .expect("a supported rate");
        let (mut payload, mut pcm) = ([0; 1_275], [0.0; 5_760]);
        let narrow: Vec<f32> = clean.iter().copied().step_by(step).collect();
        let mut voiced = 0;
        for block in narrow.chunks_exact(480 / step) {
            let encoded = encoder.encode(block, &mut payload).expect("a good block");
            if encoded.ticks > 0 {
                assert_eq!(encoded.ticks, 960, "the RTP clock is 48 kHz at every rate");
                let info = decoder
                    .probe(&payload[..encoded.bytes as usize])
                    .expect("a good packet");
                let decoded = decoder
                    .decode(&payload[..encoded.bytes as usize], &mut pcm)
                    .expect("a good packet");
                assert_eq!((info.samples, decoded.samples), (hz / 50, hz / 50));
                voiced += decoded.voice;
            }
        }
        assert!(
            voiced > 200,
            "{hz} Hz: only {voiced} of 450 packets are taken for speech"
        );
    }
}
