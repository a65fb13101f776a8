//! Answers the offer on standard input, as a host that speaks Opus and G.711 would, and prints the answer.
//!
//! `cargo run -p jackfield-session --example answer < tests/vectors/chromium-156-audio.sdp`

use std::io::{Read, stdin};

use jackfield_core::units::SampleRate;
use jackfield_rtp::payload::PayloadFormatDescription;
use jackfield_session::{PeerConfiguration, PeerConnection, SdpType, TransportDescription};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut offer = String::new();
    stdin().read_to_string(&mut offer)?;

    let format = |name: &str, clock_rate, channels, static_payload_type| PayloadFormatDescription {
        codec: format!("org.example.codec.{}", name.to_lowercase()),
        index: 0,
        name: name.into(),
        clock_rate,
        channels,
        static_payload_type,
        fmtp: String::new(),
    };
    let codecs = vec![
        format("opus", SampleRate::HZ_48000, 2, None),
        format("PCMU", SampleRate::HZ_8000, 1, Some(0)),
        format("PCMA", SampleRate::HZ_8000, 1, Some(8)),
    ];
    let mut matcher = |codec: usize, _: &str| {
        Some(if codec == 0 {
            "minptime=10;useinbandfec=1".to_owned()
        } else {
            String::new()
        })
    };
    let mut transport = TransportDescription::from_attributes([
        ("ice-ufrag", "Jack"),
        ("ice-pwd", "notASecretForThisIsATest"),
        ("ice-options", "trickle"),
        (
            "fingerprint",
            "sha-256 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF",
        ),
        ("setup", "passive"),
    ])?;
    transport
        .candidates
        .push("1 1 udp 2130706431 127.0.0.1 50000 typ host".into());
    transport.end_of_candidates = true;

    let mut connection = PeerConnection::new(PeerConfiguration::voice(codecs, "example", 1))?;
    connection.add_audio()?;
    connection.set_remote_description(SdpType::Offer, &offer, &mut matcher)?;
    let answer = connection.create_answer(&transport)?;
    connection.set_local_description(SdpType::Answer, &answer)?;
    print!("{answer}");
    Ok(())
}
