//! Nothing that comes from outside breaks it.

use jackfield_codec_opus::{OpusDecoder, OpusEncoder};
use jackfield_sdk::prelude::*;
use proptest::prelude::*;

use crate::support::{decode, decoder, encode, encoder, spectral_distance, speech};

#[test]
fn a_burst_of_nan_is_forgotten_at_once() {
    let clean = speech();
    let mut dirty = clean.clone();
    dirty[48_000..48_480].fill(f32::NAN);
    dirty[48_480..48_960].fill(f32::INFINITY);
    dirty[48_960..49_440].fill(1e30);
    let heard = decode(&encode(&mut encoder(1, 20, ""), &dirty, |_, _| {}));
    assert!(heard.iter().all(|s| s.is_finite()));
    let distance = spectral_distance(&clean[96_000..], &heard[96_000..], 312);
    assert!(distance < 3.0, "spectra {distance} dB apart a second later");
}

#[test]
fn wrong_shapes_and_states_are_refused() {
    let mut idle = OpusEncoder::create(&Environment::seeded(1)).expect("libopus is built in");
    assert_eq!(
        idle.encode(&[0.0; 480], &mut [0; 1_275])
            .expect_err("not active")
            .code(),
        FaultCode::State
    );
    let mut idle = OpusDecoder::create(&Environment::seeded(1)).expect("libopus is built in");
    assert_eq!(
        idle.conceal(480, &mut [0.0; 480]).expect_err("not active").code(),
        FaultCode::State
    );

    let mut encoder = encoder(1, 20, "");
    assert_eq!(
        encoder
            .encode(&[0.0; 479], &mut [0; 1_275])
            .expect_err("too short")
            .code(),
        FaultCode::Invalid
    );
    assert_eq!(
        encoder
            .encode(&[0.0; 480], &mut [0; 1_274])
            .expect_err("no room")
            .code(),
        FaultCode::BufferTooSmall
    );
    for (rate, channels) in [(44_100, 1), (48_000, 0), (48_000, 3)] {
        let config = EncoderConfig::new(0, SampleRate::hz(rate), channels, 20);
        assert_eq!(
            encoder.activate(&config, "").expect_err("no such format").code(),
            FaultCode::Unsupported
        );
    }

    let mut decoder = decoder(1);
    assert_eq!(
        decoder
            .decode(&[], &mut [0.0; 5_760])
            .expect_err("no packet")
            .code(),
        FaultCode::Invalid
    );
    let packet = [31 << 3, 0x55, 0x55];
    assert_eq!(
        decoder
            .decode(&packet, &mut [0.0; 900])
            .expect_err("no room")
            .code(),
        FaultCode::BufferTooSmall
    );
    assert_eq!(
        decoder.decode(&packet, &mut [0.0; 960]).expect("it fits").samples,
        960
    );
}

#[test]
fn e9_1_after_a_reset_a_stream_is_decoded_as_if_it_were_the_first() {
    let clean = &speech()[..48_000];
    let packets = encode(&mut encoder(1, 20, ""), clean, |_, _| {});
    let mut decoder = decoder(1);
    let mut pcm = [0.0; 5_760];
    let mut listen = |decoder: &mut OpusDecoder| -> Vec<f32> {
        let mut heard = Vec::new();
        for packet in &packets {
            let samples = decoder
                .decode(&packet.payload, &mut pcm)
                .expect("a good packet")
                .samples;
            heard.extend_from_slice(&pcm[..samples as usize]);
        }
        heard
    };
    let first = listen(&mut decoder);
    Plugin::reset(&mut decoder, ResetReason::Stream);
    assert_eq!(first, listen(&mut decoder));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn e9_1_any_bytes_are_decoded_or_refused(packets in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 1..20)) {
        let mut decoder = decoder(2);
        let mut pcm = vec![0.0; 2 * 5_760];
        for packet in &packets {
            let probed = decoder.probe(packet);
            if let Ok(decoded) = decoder.decode(packet, &mut pcm) {
                prop_assert!(decoded.samples <= 5_760);
                prop_assert_eq!(probed.expect("what can be decoded can be probed").samples, decoded.samples);
            }
            let recovered = decoder.recover(packet, TimeDelta::ms(20), 960, &mut pcm).unwrap_or_default();
            prop_assert!(recovered.samples == 0 || recovered.samples == 960);
            prop_assert!(pcm.iter().all(|s| s.is_finite()));
        }
    }

    #[test]
    fn any_fmtp_is_answered(text in ".{0,200}") {
        let mut codec = jackfield_codec_opus::Opus::create(&Environment::seeded(1)).expect("nothing to miss");
        let mut answer = String::new();
        codec.answer(0, &text, &mut answer).expect("any offer can be met");
        prop_assert!(answer.starts_with("minptime=10;useinbandfec=1"));
        let mut encoder = OpusEncoder::create(&Environment::seeded(1)).expect("libopus is built in");
        encoder.activate(&EncoderConfig::new(0, SampleRate::HZ_48000, 1, 0), &text).expect("wishes are never refused");
    }
}
