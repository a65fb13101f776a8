//! The payload format and the answers of RFC 7587 section 7.

use jackfield_codec_opus::Opus;
use jackfield_sdk::prelude::*;

use crate::support::{encode, encoder, set, speech};

struct Formats(Vec<(String, PayloadFormat, String)>);

impl PayloadFormatSink for Formats {
    fn format(&mut self, name: &str, format: &PayloadFormat, fmtp: &str) -> Result<(), Fault> {
        self.0.push((name.to_owned(), *format, fmtp.to_owned()));
        Ok(())
    }
}

fn opus() -> Opus {
    Opus::create(&Environment::seeded(1)).expect("nothing to miss")
}

fn answer(offered: &str) -> String {
    let mut text = String::new();
    opus()
        .answer(0, offered, &mut text)
        .expect("any offer can be met");
    text
}

#[test]
fn it_offers_opus_48000_2_with_a_dynamic_payload_type() {
    let mut formats = Formats(Vec::new());
    opus().formats(&mut formats).expect("it has one");
    let [(name, format, fmtp)] = &formats.0[..] else {
        panic!("one format")
    };
    assert_eq!(
        (name.as_str(), fmtp.as_str()),
        ("opus", "minptime=10;useinbandfec=1")
    );
    assert_eq!((format.clock_rate.as_hz(), format.channels), (48_000, 2));
    assert_eq!(format.static_payload_type, PayloadFormat::DYNAMIC);
}

#[test]
fn any_offer_is_answered_and_harmless_wishes_are_granted() {
    assert_eq!(answer("minptime=10;useinbandfec=1"), "minptime=10;useinbandfec=1");
    assert_eq!(
        answer("stereo=1;sprop-stereo=1"),
        "minptime=10;useinbandfec=1;stereo=1"
    );
    assert_eq!(
        answer("usedtx=1; cbr=1"),
        "minptime=10;useinbandfec=1;usedtx=1;cbr=1"
    );
    assert_eq!(answer("x-unknown=5;;garbage"), "minptime=10;useinbandfec=1");
    assert_eq!(
        opus()
            .answer(1, "", &mut String::new())
            .expect_err("there is one")
            .code(),
        FaultCode::Unsupported
    );
}

#[test]
fn the_encoder_keeps_to_what_the_receiver_can_use() {
    let clean = &speech()[..48_000 * 3];
    let mut capped = encoder(1, 20, "maxaveragebitrate=12000");
    set(&mut capped, "bitrate", 64_000.0);
    let bits: usize = encode(&mut capped, clean, |_, _| {})
        .iter()
        .map(|p| p.payload.len() * 8)
        .sum();
    assert!(bits < 3 * 14_000, "{bits} bits in 3 s");

    for (fmtp, widest) in [
        ("maxplaybackrate=8000", opus::Bandwidth::Narrowband),
        ("maxplaybackrate=16000", opus::Bandwidth::Wideband),
    ] {
        let mut narrow = encoder(1, 20, fmtp);
        set(&mut narrow, "bitrate", 128_000.0);
        for packet in encode(&mut narrow, clean, |_, _| {}) {
            let bandwidth = opus::packet::get_bandwidth(&packet.payload).expect("a good packet");
            assert!(bandwidth as i32 <= widest as i32, "{fmtp}: {bandwidth:?}");
        }
    }

    let steady = encode(&mut encoder(1, 20, "cbr=1"), clean, |_, _| {});
    assert!(
        steady.iter().all(|p| p.payload.len() == steady[0].payload.len()),
        "constant rate was asked for"
    );
}

#[test]
fn packet_length_is_as_negotiated_or_as_the_receiver_wishes() {
    for (packet_ms, fmtp, ticks) in [
        (0, "", 960),
        (0, "ptime=40", 1_920),
        (0, "minptime=40", 1_920),
        (0, "maxptime=10", 480),
        (60, "", 2_880),
    ] {
        let packets = encode(&mut encoder(1, packet_ms, fmtp), &[0.0; 480 * 6], |_, _| {});
        assert_eq!(packets[0].encoded.ticks, ticks, "{packet_ms} ms, `{fmtp}`");
    }
    let mut refused =
        jackfield_codec_opus::OpusEncoder::create(&Environment::seeded(1)).expect("libopus is built in");
    let config = EncoderConfig::new(0, SampleRate::HZ_48000, 1, 30);
    assert_eq!(
        refused.activate(&config, "").expect_err("no such length").code(),
        FaultCode::Invalid
    );
}
