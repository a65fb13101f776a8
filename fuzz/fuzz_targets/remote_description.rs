//! Any texts as what a peer sends: an offer that a host takes is answered with what is a description, and any answer to our own is taken or refused.
#![no_main]

use jackfield_core::units::SampleRate;
use jackfield_rtp::payload::PayloadFormatDescription;
use jackfield_session::sdp::SessionDescription;
use jackfield_session::{PeerConfiguration, PeerConnection, SdpType, TransportDescription};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut matcher = |_: usize, offered: &str| Some(offered.to_owned());
    // One behind the other, with a line between them.
    let (offer, answer) = text.split_once("---\n").unwrap_or((text, text));
    let mut host = peer();
    if host
        .set_remote_description(SdpType::Offer, offer, &mut matcher)
        .is_ok()
    {
        let own = host
            .create_answer(&transport())
            .expect("what was taken can be answered");
        host.set_local_description(SdpType::Answer, &own)
            .expect("it is our own");
        SessionDescription::parse(&own).expect("what was written can be read");
        // The same peer again, with another description.
        let _ = host.set_remote_description(SdpType::Offer, answer, &mut matcher);
    }
    while host.poll_event().is_some() {}

    let mut guest = peer();
    guest.create_offer(&transport()).expect("nothing is pending");
    guest
        .set_local_description(SdpType::Offer, "")
        .expect("it was made");
    if let Err(error) = guest.set_remote_description(SdpType::Answer, answer, &mut matcher) {
        assert!(!error.to_string().is_empty());
    }
});

fn peer() -> PeerConnection {
    let format = |name: &str, clock, channels, static_payload_type| PayloadFormatDescription {
        codec: format!("org.example.codec.{name}"),
        index: 0,
        name: name.into(),
        clock_rate: SampleRate::hz(clock),
        channels,
        static_payload_type,
        fmtp: String::new(),
    };
    let codecs = vec![format("opus", 48_000, 2, None), format("PCMU", 8_000, 1, Some(0))];
    let mut peer = PeerConnection::new(PeerConfiguration {
        audio_lines: 8,
        ..PeerConfiguration::voice(codecs, "fuzz".to_owned(), 1)
    })
    .expect("a configuration that is right");
    peer.add_audio().expect("there is room");
    peer
}

fn transport() -> TransportDescription {
    let fingerprint = format!("sha-256 {}", ["AB"; 32].join(":"));
    TransportDescription::from_attributes([
        ("ice-ufrag", "host"),
        ("ice-pwd", "0123456789abcdefghijklmn"),
        ("fingerprint", &fingerprint),
        ("setup", "actpass"),
    ])
    .expect("attributes that are right")
}
