//! E17.4: an answer takes one of the kinds of feedback by which one end tells the other what comes (RFC 8888 section 6).

use jackfield_session::negotiation::STREAM_FEEDBACK;
use jackfield_session::sdp::SessionDescription;
use jackfield_session::{PeerConfiguration, PeerConnection};

use crate::support::{CHROMIUM_AUDIO, answer, configuration, negotiate, peer, transport};

fn host(configuration: PeerConfiguration) -> PeerConnection {
    let mut host = PeerConnection::new(configuration).unwrap();
    host.add_audio().unwrap();
    host
}

/// A host that would rather have feedback by stream.
fn host_for_marks() -> PeerConnection {
    host(configuration(1).preferring_congestion_control_feedback())
}

/// Chromium's offer with these lines of feedback instead of its own.
fn offer(lines: &[&str]) -> String {
    let lines: Vec<String> = lines.iter().map(|line| format!("a=rtcp-fb:{line}")).collect();
    const OWN: &str = "a=rtcp-fb:111 transport-cc";
    assert_eq!(CHROMIUM_AUDIO.matches("rtcp-fb").count(), 1);
    CHROMIUM_AUDIO.replace(OWN, &lines.join("\r\n"))
}

fn feedback(description: &SessionDescription) -> Vec<String> {
    description.media[0]
        .rtcp_feedback
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn e17_4_of_several_kinds_the_one_that_is_preferred_is_taken_alone() {
    let both = offer(&["111 transport-cc", "* ack ccfb", "111 goog-remb", "111 nack"]);
    let mut usual = peer(1);
    assert_eq!(feedback(&answer(&mut usual, &both)), ["111 transport-cc"]);
    let audio = usual.negotiated_audio().unwrap();
    assert!(audio.has_feedback(111, "transport-cc") && !audio.has_feedback(111, STREAM_FEEDBACK));

    let mut other = host_for_marks();
    assert_eq!(feedback(&answer(&mut other, &both)), ["* ack ccfb"]);
    let audio = other.negotiated_audio().unwrap();
    assert!(audio.has_feedback(111, STREAM_FEEDBACK) && audio.has_feedback(0, STREAM_FEEDBACK));
    assert!(!audio.has_feedback(111, "transport-cc"));
}

#[test]
fn e17_4_what_is_offered_alone_is_taken() {
    for (line, kind) in [
        ("111 transport-cc", "transport-cc"),
        ("* ack ccfb", STREAM_FEEDBACK),
        ("111 goog-remb", "goog-remb"),
    ] {
        for mut host in [peer(1), host_for_marks()] {
            assert_eq!(feedback(&answer(&mut host, &offer(&[line]))), [line]);
            assert!(host.negotiated_audio().unwrap().has_feedback(111, kind));
        }
    }
    assert!(feedback(&answer(&mut peer(1), &offer(&["111 ccm fir"]))).is_empty());
}

#[test]
fn e17_4_feedback_of_other_purposes_goes_beside_it() {
    let mut configuration = configuration(1);
    configuration.feedback.push("nack".into());
    let both = offer(&["111 nack", "* ack ccfb", "111 transport-cc"]);
    let mut host = host(configuration);
    assert_eq!(
        feedback(&answer(&mut host, &both)),
        ["111 nack", "111 transport-cc"]
    );
}

#[test]
fn e17_4_an_offer_has_all_kinds_and_that_of_all_streams_once() {
    let mut offerer = peer(1);
    let offer = offerer.create_offer(&transport("offr")).unwrap();
    let lines = feedback(&SessionDescription::parse(&offer).unwrap());
    let by_stream = lines.iter().filter(|line| line.contains("ccfb"));
    assert_eq!(by_stream.collect::<Vec<_>>(), ["* ack ccfb"]);
    assert_eq!(
        lines.iter().filter(|line| line.ends_with("transport-cc")).count(),
        3
    );
    let mut offerer = host_for_marks();
    let offer = offerer.create_offer(&transport("offr")).unwrap();
    let lines = feedback(&SessionDescription::parse(&offer).unwrap());
    assert_eq!(lines[0], "* ack ccfb", "the order tells what is preferred");
}

#[test]
fn e17_4_two_of_ours_agree_on_what_the_answerer_prefers() {
    for (mut offerer, mut answerer, agreed) in [
        (peer(1), peer(2), "transport-cc"),
        (peer(1), host_for_marks(), STREAM_FEEDBACK),
        (host_for_marks(), peer(2), "transport-cc"),
    ] {
        negotiate(&mut offerer, &mut answerer);
        for peer in [&offerer, &answerer] {
            let audio = peer.negotiated_audio().unwrap();
            let kinds: Vec<bool> = ["transport-cc", STREAM_FEEDBACK]
                .iter()
                .map(|kind| audio.has_feedback(audio.receive[0].payload_type, kind))
                .collect();
            assert_eq!(kinds, [agreed == "transport-cc", agreed == STREAM_FEEDBACK]);
        }
    }
}

#[test]
fn e17_4_an_answer_with_several_kinds_is_understood_as_the_one_that_we_prefer() {
    use crate::support::matcher;
    use jackfield_session::SdpType;
    let mut offerer = host_for_marks();
    let mut answerer = peer(2);
    let offer = offerer.create_offer(&transport("offr")).unwrap();
    offerer.set_local_description(SdpType::Offer, &offer).unwrap();
    let answer = answer(&mut answerer, &offer).to_string();
    let wordy = answer.replacen("a=rtcp-fb:", "a=rtcp-fb:* ack ccfb\r\na=rtcp-fb:", 1);
    assert_ne!(wordy, answer);
    offerer
        .set_remote_description(SdpType::Answer, &wordy, &mut matcher)
        .unwrap();
    let audio = offerer.negotiated_audio().unwrap();
    let kinds: Vec<&str> = audio
        .feedback
        .iter()
        .map(|feedback| feedback.feedback.as_str())
        .collect();
    assert_eq!(kinds, [STREAM_FEEDBACK]);
}
