//! Any bytes as the payloads of each codec, and any text as its format parameters: they are decoded or refused, and what is heard is finite.
#![no_main]

use jackfield_codec_g711::{G711, G711Decoder};
use jackfield_codec_opus::{Opus, OpusDecoder};
use jackfield_codec_pcm::{Pcm, PcmDecoder};
use jackfield_sdk::prelude::*;
use libfuzzer_sys::fuzz_target;

/// 120 ms of two channels at 48 kHz: no packet is longer.
const LONGEST: usize = 2 * 5_760;

fuzz_target!(|stream: (u8, String, Vec<Vec<u8>>)| {
    let (which, fmtp, packets) = stream;
    let environment = Environment::seeded(1);
    let (format, channels) = (usize::from(which & 1), 1 + u32::from(which >> 1 & 1));
    let index = format as u32;
    match which >> 2 & 3 {
        0 | 1 => {
            listen::<Opus, OpusDecoder>(&environment, 0, SampleRate::HZ_48000, channels, &fmtp, &packets)
        }
        2 => listen::<G711, G711Decoder>(&environment, index, SampleRate::HZ_8000, 1, &fmtp, &packets),
        _ => {
            let rate = [SampleRate::HZ_48000, SampleRate::hz(24_000)][format];
            listen::<Pcm, PcmDecoder>(&environment, index, rate, channels, &fmtp, &packets);
        }
    }
});

fn listen<C: Plugin + AudioCodec, D: Plugin + AudioDecoder>(
    environment: &Environment,
    index: u32,
    rate: SampleRate,
    channels: u32,
    fmtp: &str,
    packets: &[Vec<u8>],
) {
    let mut codec = C::create(environment).expect("it needs nothing");
    let mut answer = String::new();
    let answered = codec.answer(index, fmtp, &mut answer).is_ok();
    let mut decoder = D::create(environment).expect("it needs nothing");
    let config = DecoderConfig::new(index, rate, channels);
    let fmtp = if answered { answer.as_str() } else { fmtp };
    if decoder.activate(&config, fmtp).is_err() {
        return;
    }
    let mut pcm = vec![0.0; LONGEST];
    for packet in packets {
        let told = decoder.probe(packet);
        match decoder.decode(packet, &mut pcm) {
            Ok(decoded) => {
                let told = told.expect("what can be decoded can be looked into");
                assert_eq!(told.samples, decoded.samples);
                assert!(pcm.iter().all(|sample| sample.is_finite()));
            }
            Err(fault) => assert!(!fault.text().is_empty()),
        }
        let _ = decoder.recover(packet, TimeDelta::ms(20), 960, &mut pcm);
        let _ = decoder.conceal(480, &mut pcm);
    }
}
