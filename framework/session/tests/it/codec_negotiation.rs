//! Codecs are agreed upon by name, clock, channels and whatever their plugins say to the parameters.

use jackfield_session::{AnyFmtp, PeerConfiguration, PeerConnection, SdpType};

use crate::support::{
    CHROMIUM_AUDIO, OPUS, PCMA, PCMU, answer, configuration, format, matcher, peer, transport,
};

fn host_with(codecs: Vec<jackfield_rtp::payload::PayloadFormatDescription>) -> PeerConnection {
    let mut host = PeerConnection::new(PeerConfiguration {
        codecs,
        ..configuration(1)
    })
    .unwrap();
    host.add_audio().unwrap();
    host
}

#[test]
fn d2_3_preferences_of_ours_go_before_the_order_of_the_offer() {
    let mut host = peer(1);
    let id = host.transceivers()[0].id();
    host.set_codec_preferences(id, &[PCMA, OPUS]).unwrap();
    let answer = answer(&mut host, CHROMIUM_AUDIO);
    assert_eq!(answer.media[0].formats, ["8", "111"]);
    assert_eq!(host.negotiated_audio().unwrap().send.unwrap().codec, PCMA);
    assert_eq!(
        host.set_codec_preferences(id, &[9]).unwrap_err().name(),
        "TypeError"
    );
}

#[test]
fn d2_3_preferences_order_our_offer() {
    let mut caller = peer(1);
    let id = caller.transceivers()[0].id();
    caller.set_codec_preferences(id, &[PCMU, OPUS]).unwrap();
    let offer = caller.create_offer(&transport("offr")).unwrap();
    assert!(offer.contains("UDP/TLS/RTP/SAVPF 0 96\r\n"), "{offer}");
}

#[test]
fn d2_6_a_codec_that_cannot_meet_the_parameters_is_left_out() {
    let mut asked = Vec::new();
    let mut refuses_opus = |codec: usize, offered: &str| {
        asked.push((codec, offered.to_owned()));
        (codec != OPUS).then(String::new)
    };
    let mut host = peer(1);
    host.set_remote_description(SdpType::Offer, CHROMIUM_AUDIO, &mut refuses_opus)
        .unwrap();
    assert_eq!(
        asked[0],
        (OPUS, "minptime=10;useinbandfec=1".into()),
        "the plugin sees what is offered"
    );
    let answer = host.create_answer(&transport("host")).unwrap();
    assert!(answer.contains("SAVPF 0 8\r\n"));
}

#[test]
fn e22_7_a_codec_that_nobody_knows_is_negotiated_between_two_ends_that_have_it() {
    let codec = format("x-whisper", 24_000, 1, None);
    let (mut caller, mut callee) = (host_with(vec![codec.clone()]), host_with(vec![codec]));
    crate::support::negotiate(&mut caller, &mut callee);
    let (ours, theirs) = (
        caller.negotiated_audio().unwrap(),
        callee.negotiated_audio().unwrap(),
    );
    assert_eq!(ours.send.as_ref().unwrap().payload_type, 96);
    assert_eq!(
        ours.send,
        theirs.receive.first().cloned().map(|choice| {
            let (local_fmtp, remote_fmtp) = (choice.remote_fmtp, choice.local_fmtp);
            jackfield_session::PayloadChoice {
                local_fmtp,
                remote_fmtp,
                ..choice
            }
        })
    );
}

#[test]
fn without_a_codec_in_common_the_m_line_is_rejected_and_the_description_stays_sound() {
    let mut host = host_with(vec![format("x-whisper", 24_000, 1, None)]);
    let answer = answer(&mut host, CHROMIUM_AUDIO);
    assert!(answer.media[0].is_rejected());
    assert_eq!(answer.groups[0].to_string(), "BUNDLE");
    assert!(host.negotiated_audio().is_none());
}

#[test]
fn d2_1_comfort_noise_and_tones_alone_are_no_call() {
    let companions = vec![
        format("CN", 8_000, 1, Some(13)),
        format("telephone-event", 8_000, 1, None),
    ];
    let mut host = host_with(companions.clone());
    assert!(answer(&mut host, CHROMIUM_AUDIO).media[0].is_rejected());

    let mut all = vec![
        companions[1].clone(),
        companions[0].clone(),
        format("PCMU", 8_000, 1, Some(0)),
    ];
    let mut host = host_with(std::mem::take(&mut all));
    let answer = answer(&mut host, CHROMIUM_AUDIO);
    assert_eq!(answer.media[0].formats, ["0", "13", "126"]);
    assert_eq!(
        host.negotiated_audio().unwrap().send.unwrap().payload_type,
        0,
        "never the companions"
    );
}

#[test]
fn d2_1_clock_and_channels_are_part_of_a_codec() {
    for codec in [format("opus", 48_000, 1, None), format("opus", 16_000, 2, None)] {
        let mut host = host_with(vec![codec]);
        assert!(answer(&mut host, CHROMIUM_AUDIO).media[0].is_rejected());
    }
}

#[test]
fn d2_1_static_payload_types_need_no_rtpmap() {
    let bare = CHROMIUM_AUDIO
        .replace("a=rtpmap:0 PCMU/8000\r\n", "")
        .replace("a=rtpmap:8 PCMA/8000\r\n", "");
    let mut host = peer(1);
    assert_eq!(answer(&mut host, &bare).media[0].formats, ["111", "0", "8"]);
}

#[test]
fn d2_1_a_rival_of_the_same_encoding_steps_in_where_the_first_refuses() {
    let rival = jackfield_rtp::payload::PayloadFormatDescription {
        codec: "org.example.codec.opus-stereo".into(),
        ..format("opus", 48_000, 2, None)
    };
    let mut host = host_with(vec![format("opus", 48_000, 2, None), rival]);
    let mut first_refuses = |codec: usize, _: &str| (codec == 1).then(|| "stereo=1".to_owned());
    host.set_remote_description(SdpType::Offer, CHROMIUM_AUDIO, &mut first_refuses)
        .unwrap();
    let answer = host.create_answer(&transport("host")).unwrap();
    host.set_local_description(SdpType::Answer, &answer).unwrap();
    assert_eq!(host.negotiated_audio().unwrap().send.unwrap().codec, 1);
}

#[test]
fn d2_2_one_payload_type_with_two_meanings_in_a_bundle_is_refused() {
    let offer = crate::support::CHROMIUM_TWO_AUDIO;
    let at = offer.rfind("a=rtpmap:0 PCMU/8000").unwrap();
    let conflicting = format!(
        "{}a=rtpmap:0 L16/8000{}",
        &offer[..at],
        &offer[at + "a=rtpmap:0 PCMU/8000".len()..]
    );
    let mut host = peer(1);
    let error = host
        .set_remote_description(SdpType::Offer, &conflicting, &mut AnyFmtp)
        .unwrap_err();
    assert_eq!(error.name(), "InvalidAccessError");
    assert!(error.to_string().contains("payload type 0 means both"), "{error}");
}

#[test]
fn d2_2_a_payload_type_keeps_its_meaning_over_renegotiations() {
    let mut host = peer(1);
    answer(&mut host, CHROMIUM_AUDIO);
    let moved = CHROMIUM_AUDIO.replace("opus/48000/2", "PCMU/16000");
    let error = host
        .set_remote_description(SdpType::Offer, &moved, &mut matcher)
        .unwrap_err();
    assert!(error.to_string().contains("payload type 111 meant"), "{error}");
    assert!(error.sdp_line().is_some());
    // What we offer later bears the number that was agreed upon.
    let offer = host.create_offer(&transport("offr")).unwrap();
    assert!(offer.contains("UDP/TLS/RTP/SAVPF 111 0 8\r\n"), "{offer}");
}
