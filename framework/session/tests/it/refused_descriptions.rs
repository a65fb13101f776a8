//! Descriptions that are sound but not for us are refused by name, and change nothing.

use jackfield_session::{PeerConnection, SdpType, SessionError, SignalingState};

use crate::support::{CHROMIUM_AUDIO, configuration, matcher, peer, transport};

fn refusal(offer: &str) -> SessionError {
    let mut host = peer(1);
    let error = host
        .set_remote_description(SdpType::Offer, offer, &mut matcher)
        .unwrap_err();
    assert_eq!(host.signaling_state(), SignalingState::Stable);
    assert!(
        host.remote_description().is_none() && host.transceivers()[0].mid().is_none(),
        "nothing has changed"
    );
    error
}

#[test]
fn d2_7_malformed_text_is_refused_with_its_line() {
    let broken = CHROMIUM_AUDIO.replace("a=rtpmap:111 opus/48000/2", "a=rtpmap:111 opus");
    let error = refusal(&broken);
    let line = error.sdp_line().unwrap();
    assert_eq!(broken.lines().nth(line - 1), Some("a=rtpmap:111 opus"));
    assert_eq!(error.name(), "OperationError");
    assert!(
        error
            .to_string()
            .contains("expected `<payload type> <name>/<clock rate>[/<channels>]`"),
        "{error}"
    );
}

#[test]
fn a4_2_rtcp_on_a_port_of_its_own_is_refused() {
    let error = refusal(&CHROMIUM_AUDIO.replace("a=rtcp-mux\r\n", ""));
    assert_eq!((error.name(), error.sdp_line()), ("InvalidAccessError", Some(8)));
    assert!(error.to_string().contains("rtcp-mux"), "{error}");
}

#[test]
fn d4_1_keys_in_the_description_are_no_security() {
    let start = CHROMIUM_AUDIO.find("a=fingerprint").unwrap();
    let end = start + CHROMIUM_AUDIO[start..].find("\r\n").unwrap();
    let keys = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj";
    let error = refusal(&format!(
        "{}{keys}{}",
        &CHROMIUM_AUDIO[..start],
        &CHROMIUM_AUDIO[end..]
    ));
    assert!(error.to_string().contains("a=fingerprint"), "{error}");
}

#[test]
fn what_webrtc_cannot_do_without_is_asked_for() {
    for (line, needed) in [
        ("a=ice-ufrag:0he+\r\n", "ice-ufrag"),
        ("a=setup:actpass\r\n", "setup"),
        ("a=mid:0\r\n", "mid"),
    ] {
        let error = refusal(&CHROMIUM_AUDIO.replace(line, ""));
        assert!(error.to_string().contains(needed), "{error}");
    }
    let error = refusal(&CHROMIUM_AUDIO.replace("setup:actpass", "setup:holdconn"));
    assert!(error.to_string().contains("holdconn"), "{error}");
}

#[test]
fn d4_1_plain_rtp_is_not_spoken() {
    let mut host = peer(1);
    let offer = CHROMIUM_AUDIO.replace("UDP/TLS/RTP/SAVPF", "RTP/AVP");
    let answer = crate::support::answer(&mut host, &offer);
    assert!(answer.media[0].is_rejected());
}

#[test]
fn an_answer_must_fit_the_offer() {
    let answer = |change: &dyn Fn(String) -> String| {
        let (mut caller, mut callee) = (peer(1), peer(2));
        let offer = caller.create_offer(&transport("offr")).unwrap();
        caller.set_local_description(SdpType::Offer, &offer).unwrap();
        let answer = change(crate::support::answer(&mut callee, &offer).to_string());
        let result = caller.set_remote_description(SdpType::Answer, &answer, &mut matcher);
        if result.is_err() {
            assert_eq!(
                caller.signaling_state(),
                SignalingState::HaveLocalOffer,
                "the offer still stands"
            );
            assert!(caller.negotiated_audio().is_none());
            assert!(caller.remote_transport().is_none());
        }
        result
            .map(|_| ())
            .map_err(|error| (error.name(), error.to_string()))
    };
    assert_eq!(answer(&|text| text), Ok(()));
    for (what, change) in [
        (
            "does not answer the offered one",
            Box::new(|t: String| t.replace("mid:0", "mid:9").replace("BUNDLE 0", "BUNDLE"))
                as Box<dyn Fn(String) -> String>,
        ),
        (
            "does not answer the offered one",
            Box::new(|t: String| t.replace("m=audio", "m=video")),
        ),
        (
            "2 m-lines answer 1",
            Box::new(|t: String| format!("{t}m=audio 0 UDP/TLS/RTP/SAVPF 0\r\na=mid:1\r\n")),
        ),
        (
            "an answer chooses",
            Box::new(|t: String| t.replace("setup:passive", "setup:actpass")),
        ),
        (
            "has no codec that was offered",
            Box::new(|t: String| {
                t.replace("SAVPF 96 0 8", "SAVPF 18")
                    .replace("a=rtpmap:96 opus/48000/2\r\n", "")
            }),
        ),
    ] {
        let (name, text) = answer(&*change).unwrap_err();
        assert_eq!(name, "InvalidAccessError");
        assert!(text.contains(what), "{text}");
    }
}

#[test]
fn a_configuration_that_cannot_stand_in_sdp_is_refused() {
    let refused = |change: &dyn Fn(&mut jackfield_session::PeerConfiguration)| {
        let mut configuration = configuration(1);
        change(&mut configuration);
        PeerConnection::new(configuration)
            .map(|_| ())
            .map_err(|error| error.name())
    };
    assert_eq!(refused(&|_| {}), Ok(()));
    assert_eq!(refused(&|c| c.cname = "two words".into()), Err("TypeError"));
    assert_eq!(refused(&|c| c.cname = "x\r\na=evil".into()), Err("TypeError"));
    assert_eq!(
        refused(&|c| c.codecs[0].fmtp = "a=1\r\nm=evil".into()),
        Err("TypeError")
    );
    assert_eq!(
        refused(&|c| c.feedback = vec!["nack\r\n".into()]),
        Err("TypeError")
    );
    assert_eq!(
        refused(&|c| c.header_extensions[0].uri = String::new()),
        Err("TypeError")
    );
}
