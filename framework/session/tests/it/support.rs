//! Peers, codecs and descriptions that the tests share.

use jackfield_core::units::SampleRate;
use jackfield_rtp::payload::PayloadFormatDescription;
use jackfield_session::sdp::SessionDescription;
use jackfield_session::{PeerConfiguration, PeerConnection, PeerEvent, SdpType, TransportDescription};

pub(crate) const CHROMIUM_AUDIO: &str = include_str!("../vectors/chromium-156-audio.sdp");
pub(crate) const CHROMIUM_AUDIO_TRICKLE: &str = include_str!("../vectors/chromium-156-audio-trickle.sdp");
pub(crate) const CHROMIUM_AUDIO_MDNS: &str = include_str!("../vectors/chromium-156-audio-mdns.sdp");
pub(crate) const CHROMIUM_RECVONLY: &str = include_str!("../vectors/chromium-156-audio-recvonly.sdp");
pub(crate) const CHROMIUM_AUDIO_VIDEO: &str = include_str!("../vectors/chromium-156-audio-video.sdp");
pub(crate) const CHROMIUM_AUDIO_VIDEO_DATA: &str =
    include_str!("../vectors/chromium-156-audio-video-data.sdp");
pub(crate) const CHROMIUM_VIDEO_AUDIO: &str = include_str!("../vectors/chromium-156-video-audio.sdp");
pub(crate) const CHROMIUM_TWO_AUDIO: &str = include_str!("../vectors/chromium-156-two-audio.sdp");
pub(crate) const CHROMIUM_FIRST: &str = include_str!("../vectors/chromium-156-renegotiation-1-first.sdp");
pub(crate) const CHROMIUM_ANSWER: &str = include_str!("../vectors/chromium-156-renegotiation-1-answer.sdp");
pub(crate) const CHROMIUM_RESTART: &str =
    include_str!("../vectors/chromium-156-renegotiation-2-ice-restart.sdp");
pub(crate) const CHROMIUM_SECOND: &str =
    include_str!("../vectors/chromium-156-renegotiation-3-second-audio.sdp");
pub(crate) const CHROMIUM_STOPPED: &str =
    include_str!("../vectors/chromium-156-renegotiation-4-second-stopped.sdp");
pub(crate) const CHROMIUM_RECYCLED: &str =
    include_str!("../vectors/chromium-156-renegotiation-5-recycled.sdp");
pub(crate) const CHROMIUM_HELD: &str = include_str!("../vectors/chromium-156-renegotiation-6-held.sdp");
pub(crate) const AIORTC_AUDIO: &str = include_str!("../vectors/aiortc-1.16.0-audio.sdp");

/// Every description that was recorded.
pub(crate) const RECORDED: [&str; 16] = [
    CHROMIUM_AUDIO,
    CHROMIUM_AUDIO_TRICKLE,
    CHROMIUM_AUDIO_MDNS,
    CHROMIUM_RECVONLY,
    CHROMIUM_AUDIO_VIDEO,
    CHROMIUM_AUDIO_VIDEO_DATA,
    CHROMIUM_VIDEO_AUDIO,
    CHROMIUM_TWO_AUDIO,
    CHROMIUM_FIRST,
    CHROMIUM_ANSWER,
    CHROMIUM_RESTART,
    CHROMIUM_SECOND,
    CHROMIUM_STOPPED,
    CHROMIUM_RECYCLED,
    CHROMIUM_HELD,
    AIORTC_AUDIO,
];

pub(crate) const OPUS: usize = 0;
pub(crate) const PCMU: usize = 1;
pub(crate) const PCMA: usize = 2;

pub(crate) fn format(
    name: &str,
    clock: u32,
    channels: u32,
    static_payload_type: Option<u8>,
) -> PayloadFormatDescription {
    PayloadFormatDescription {
        codec: format!("org.example.codec.{}", name.to_lowercase()),
        index: 0,
        name: name.into(),
        clock_rate: SampleRate::hz(clock),
        channels,
        static_payload_type,
        fmtp: if name == "opus" {
            "minptime=10;useinbandfec=1".into()
        } else {
            String::new()
        },
    }
}

/// Opus, PCMU and PCMA, at the places above.
pub(crate) fn codecs() -> Vec<PayloadFormatDescription> {
    vec![
        format("opus", 48_000, 2, None),
        format("PCMU", 8_000, 1, Some(0)),
        format("PCMA", 8_000, 1, Some(8)),
    ]
}

/// Answers as those codecs would.
pub(crate) fn matcher(codec: usize, _: &str) -> Option<String> {
    Some(if codec == OPUS {
        "minptime=10;useinbandfec=1;stereo=0".into()
    } else {
        String::new()
    })
}

pub(crate) fn transport(ufrag: &str) -> TransportDescription {
    let fingerprint = format!("sha-256 {}", ["AB"; 32].join(":"));
    TransportDescription::from_attributes([
        ("ice-ufrag", ufrag),
        ("ice-pwd", "0123456789abcdefghijklmn"),
        ("ice-options", "trickle"),
        ("fingerprint", &fingerprint),
        ("setup", "actpass"),
    ])
    .unwrap()
}

pub(crate) fn configuration(seed: u64) -> PeerConfiguration {
    PeerConfiguration::voice(codecs(), format!("peer{seed}"), seed)
}

/// A peer with one audio transceiver.
pub(crate) fn peer(seed: u64) -> PeerConnection {
    let mut peer = PeerConnection::new(configuration(seed)).unwrap();
    peer.add_audio().unwrap();
    peer
}

/// A peer that takes several audio m-lines.
pub(crate) fn wide_peer(seed: u64) -> PeerConnection {
    let mut peer = PeerConnection::new(PeerConfiguration {
        audio_lines: 8,
        ..configuration(seed)
    })
    .unwrap();
    peer.add_audio().unwrap();
    peer
}

/// Takes an offer and answers it: the answer as set.
pub(crate) fn answer(peer: &mut PeerConnection, offer: &str) -> SessionDescription {
    answer_from(peer, offer, "host")
}

pub(crate) fn answer_from(peer: &mut PeerConnection, offer: &str, ufrag: &str) -> SessionDescription {
    peer.set_remote_description(SdpType::Offer, offer, &mut matcher)
        .unwrap();
    let answer = peer.create_answer(&transport(ufrag)).unwrap();
    peer.set_local_description(SdpType::Answer, &answer).unwrap();
    SessionDescription::parse(&answer).unwrap()
}

/// One whole negotiation between two of ours.
pub(crate) fn negotiate(offerer: &mut PeerConnection, answerer: &mut PeerConnection) -> (String, String) {
    let offer = offerer.create_offer(&transport("offr")).unwrap();
    offerer.set_local_description(SdpType::Offer, &offer).unwrap();
    let answer = answer(answerer, &offer).to_string();
    offerer
        .set_remote_description(SdpType::Answer, &answer, &mut matcher)
        .unwrap();
    (offer, answer)
}

pub(crate) fn events(peer: &mut PeerConnection) -> Vec<PeerEvent> {
    std::iter::from_fn(|| peer.poll_event()).collect()
}
