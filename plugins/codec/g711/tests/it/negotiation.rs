//! The payload formats of RFC 3551 table 4.

use jackfield_codec_g711::{G711, G711Encoder};
use jackfield_sdk::prelude::*;

struct Formats(Vec<(String, u32, u32, String)>);

impl PayloadFormatSink for Formats {
    fn format(&mut self, name: &str, format: &PayloadFormat, fmtp: &str) -> Result<(), Fault> {
        self.0.push((
            name.to_owned(),
            format.static_payload_type,
            format.clock_rate.as_hz(),
            fmtp.to_owned(),
        ));
        Ok(())
    }
}

#[test]
fn pcmu_is_payload_type_0_and_pcma_8() {
    let mut formats = Formats(Vec::new());
    G711::create(&Environment::seeded(1))
        .expect("nothing to miss")
        .formats(&mut formats)
        .expect("it has two");
    let expected =
        [("PCMU", 0), ("PCMA", 8)].map(|(name, number)| (name.to_owned(), number, 8_000, String::new()));
    assert_eq!(formats.0, expected);
}

#[test]
fn packets_are_as_long_as_asked_for() {
    for (packet_ms, bytes) in [(0, 160), (10, 80), (20, 160), (30, 240), (60, 480)] {
        let mut encoder = G711Encoder::create(&Environment::seeded(1)).expect("nothing to miss");
        encoder
            .activate(&EncoderConfig::new(0, SampleRate::HZ_8000, 1, packet_ms), "")
            .expect("its format");
        let made: Vec<Encoded> = (0..12)
            .map(|_| encoder.encode(&[0.0; 80], &mut [0; 1_275]).expect("a good block"))
            .collect();
        assert!(
            made.iter()
                .all(|packet| packet.bytes == 0 || (packet.bytes, packet.ticks) == (bytes, bytes))
        );
        assert_eq!(made.iter().map(|packet| packet.ticks).sum::<u32>(), 960);
    }
}
