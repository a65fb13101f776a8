//! The messages between a page and a host are what the reference says, and everything else is refused with a code.

use std::num::NonZeroU32;

use jackfield_session::signalling::{
    CandidateInit, ClientMessage, HostMessage, Limits, Link, LinkAdapter, LinkDevice, MAX_BYTES, Participant,
    ParticipantKind, SignallingError,
};
use proptest::prelude::*;
use serde_json::{Value, json};

fn ann() -> Participant {
    Participant {
        id: "p3".into(),
        name: "Ann".into(),
        kind: ParticipantKind::Browser,
        muted: false,
    }
}

fn candidate() -> CandidateInit {
    CandidateInit {
        candidate: "candidate:1 1 udp 1 192.0.2.1 9 typ host".into(),
        sdp_mid: Some("0".into()),
        sdp_m_line_index: Some(0),
        username_fragment: Some("abcd".into()),
    }
}

fn limits() -> Limits {
    Limits {
        audio_kbps: NonZeroU32::new(24),
        frame_rate: None,
        pixels: NonZeroU32::new(230_400),
    }
}

#[test]
fn every_message_of_a_client_has_its_text() {
    let join = ClientMessage::Join {
        room: "lobby".into(),
        name: "Ann".into(),
        token: None,
        resume: Some("r".into()),
        link: None,
    };
    let link = Link {
        device: LinkDevice::Mobile,
        adapter: LinkAdapter::Cellular,
        metered: true,
    };
    let wire = json!({"candidate": "candidate:1 1 udp 1 192.0.2.1 9 typ host", "sdpMid": "0", "sdpMLineIndex": 0, "usernameFragment": "abcd"});
    for (message, text) in [
        (
            join,
            json!({"v": 1, "type": "join", "room": "lobby", "name": "Ann", "resume": "r"}),
        ),
        (
            ClientMessage::Offer {
                sdp: "v=0".into(),
                connection: 0,
            },
            json!({"v": 1, "type": "offer", "sdp": "v=0"}),
        ),
        (
            ClientMessage::Candidate {
                candidate: Some(candidate()),
                connection: 0,
            },
            json!({"v": 1, "type": "candidate", "candidate": wire}),
        ),
        (
            ClientMessage::Candidate {
                candidate: None,
                connection: 0,
            },
            json!({"v": 1, "type": "candidate", "candidate": null}),
        ),
        (
            ClientMessage::Offer {
                sdp: "v=0".into(),
                connection: 9,
            },
            json!({"v": 1, "type": "offer", "sdp": "v=0", "connection": 9}),
        ),
        (
            ClientMessage::Mute { muted: true },
            json!({"v": 1, "type": "mute", "muted": true}),
        ),
        (
            ClientMessage::Link { link },
            json!({"v": 1, "type": "link", "link": {"device": "mobile", "adapter": "cellular", "metered": true}}),
        ),
        (
            ClientMessage::Limits { limits: limits() },
            json!({"v": 1, "type": "limits", "limits": {"audio_kbps": 24, "pixels": 230_400}}),
        ),
        (ClientMessage::Leave {}, json!({"v": 1, "type": "leave"})),
        (
            ClientMessage::Ping { id: 7 },
            json!({"v": 1, "type": "ping", "id": 7}),
        ),
    ] {
        assert_eq!(serde_json::from_str::<Value>(&message.to_json()).unwrap(), text);
        assert_eq!(ClientMessage::parse(&text.to_string()), Ok(message));
    }
}

#[test]
fn d5_1_what_a_newer_client_knows_of_its_link_is_taken_as_far_as_it_is_known_here() {
    let join = |link: Value| {
        let text = json!({"v": 1, "type": "join", "room": "lobby", "name": "Ann", "link": link}).to_string();
        match ClientMessage::parse(&text) {
            Ok(ClientMessage::Join { link, .. }) => link,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(join(Value::Null), None);
    assert_eq!(join(json!({})), Some(Link::default()));
    let newer =
        join(json!({"device": "headset", "adapter": "satellite", "metered": true, "weather": "fine"}));
    assert_eq!(
        newer,
        Some(Link {
            device: LinkDevice::Desktop,
            adapter: LinkAdapter::Unknown,
            metered: true
        })
    );
    let wrong = json!({"v": 1, "type": "link", "link": 5}).to_string();
    assert_eq!(
        ClientMessage::parse(&wrong).unwrap_err().code(),
        "malformed-message"
    );
}

#[test]
fn d5_2_a_limit_is_a_whole_number_from_one_on_and_what_is_left_out_is_none() {
    let parsed = |limits: Value| {
        ClientMessage::parse(&json!({"v": 1, "type": "limits", "limits": limits}).to_string())
    };
    let none = Limits::default();
    assert_eq!(
        parsed(json!({"of_a_newer_client": 3})),
        Ok(ClientMessage::Limits { limits: none })
    );
    for wrong in [
        json!(null),
        json!(7),
        json!({"pixels": 0}),
        json!({"pixels": -1}),
        json!({"frame_rate": 7.5}),
        json!({"audio_kbps": 4_294_967_296_u64}),
        json!({"audio_kbps": "24"}),
    ] {
        let refused = parsed(wrong.clone()).unwrap_err();
        assert_eq!(refused.code(), "malformed-message", "{wrong}");
    }
}

#[test]
fn every_message_of_a_host_has_its_text() {
    let person = json!({"id": "p3", "name": "Ann", "kind": "browser", "muted": false});
    let joined = HostMessage::Joined {
        room: "lobby".into(),
        participant: "p3".into(),
        resume: "r".into(),
        resumed: false,
        participants: vec![ann()],
    };
    for (message, text) in [
        (
            joined,
            json!({"v": 1, "type": "joined", "room": "lobby", "participant": "p3", "resume": "r", "resumed": false, "participants": [person]}),
        ),
        (
            HostMessage::Answer {
                sdp: "v=0".into(),
                connection: 0,
            },
            json!({"v": 1, "type": "answer", "sdp": "v=0"}),
        ),
        (
            HostMessage::Candidate {
                candidate: None,
                connection: 0,
            },
            json!({"v": 1, "type": "candidate", "candidate": null}),
        ),
        (
            HostMessage::Answer {
                sdp: "v=0".into(),
                connection: 9,
            },
            json!({"v": 1, "type": "answer", "sdp": "v=0", "connection": 9}),
        ),
        (
            HostMessage::Reconnect { connection: 9 },
            json!({"v": 1, "type": "reconnect", "connection": 9}),
        ),
        (
            HostMessage::Limits { limits: limits() },
            json!({"v": 1, "type": "limits", "limits": {"audio_kbps": 24, "pixels": 230_400}}),
        ),
        (
            HostMessage::ParticipantJoined { participant: ann() },
            json!({"v": 1, "type": "participant-joined", "participant": person}),
        ),
        (
            HostMessage::ParticipantLeft { id: "p3".into() },
            json!({"v": 1, "type": "participant-left", "id": "p3"}),
        ),
        (
            HostMessage::ParticipantChanged { participant: ann() },
            json!({"v": 1, "type": "participant-changed", "participant": person}),
        ),
        (
            HostMessage::Levels {
                levels: [("p1".to_owned(), -31.5)].into(),
                active: vec!["p1".into()],
            },
            json!({"v": 1, "type": "levels", "levels": {"p1": -31.5}, "active": ["p1"]}),
        ),
        (
            HostMessage::Graph { revision: 12 },
            json!({"v": 1, "type": "graph", "revision": 12}),
        ),
        (
            HostMessage::Swap {
                report: json!({"swap": 17}),
            },
            json!({"v": 1, "type": "swap", "report": {"swap": 17}}),
        ),
        (
            HostMessage::SwapProgress {
                swap: json!({"swap": 17, "step": "shadow"}),
            },
            json!({"v": 1, "type": "swap-progress", "swap": {"swap": 17, "step": "shadow"}}),
        ),
        (
            HostMessage::PluginProblem {
                path: "libx.so".into(),
                message: "no".into(),
            },
            json!({"v": 1, "type": "plugin-problem", "path": "libx.so", "message": "no"}),
        ),
        (
            HostMessage::error("room-full", "the room is full: try another"),
            json!({"v": 1, "type": "error", "code": "room-full", "message": "the room is full: try another", "fatal": false}),
        ),
        (
            HostMessage::Pong { id: 7 },
            json!({"v": 1, "type": "pong", "id": 7}),
        ),
    ] {
        assert_eq!(serde_json::from_str::<Value>(&message.to_json()).unwrap(), text);
        assert_eq!(HostMessage::parse(&text.to_string()), Ok(message));
    }
}

#[test]
fn what_is_refused_has_a_code_and_says_what_to_do() {
    let code = |text: &str| ClientMessage::parse(text).unwrap_err().code();
    assert_eq!(code("{"), "malformed-message");
    assert_eq!(code("[]"), "malformed-message");
    assert_eq!(code(r#"{"type":"ping","id":1}"#), "malformed-message");
    assert_eq!(code(r#"{"v":1,"id":1}"#), "malformed-message");
    assert_eq!(code(r#"{"v":1,"type":7}"#), "malformed-message");
    assert_eq!(code(r#"{"v":1,"type":"ping"}"#), "malformed-message");
    assert_eq!(
        code(r#"{"v":1,"type":"join","room":"","name":"Ann"}"#),
        "malformed-message"
    );
    assert_eq!(
        code(&json!({"v": 1, "type": "join", "room": "lobby", "name": "x".repeat(65)}).to_string()),
        "malformed-message"
    );
    assert_eq!(
        code(&json!({"v": 1, "type": "join", "room": "a\u{7}b", "name": "Ann"}).to_string()),
        "malformed-message"
    );
    assert_eq!(code(r#"{"v":2,"type":"ping","id":1}"#), "unknown-version");
    assert_eq!(code(r#"{"v":"1","type":"ping","id":1}"#), "unknown-version");
    assert_eq!(code(r#"{"v":1,"type":"dance"}"#), "unknown-type");
    assert_eq!(code(&" ".repeat(MAX_BYTES + 1)), "message-too-large");

    let error = ClientMessage::parse(r#"{"v":1,"type":"dance"}"#).unwrap_err();
    assert_eq!(error, SignallingError::UnknownType("dance".into()));
    let HostMessage::Error { code, message, fatal } = HostMessage::from(&error) else {
        panic!()
    };
    assert_eq!((code.as_str(), fatal), ("unknown-type", false));
    assert!(message.contains("`dance`"));
}

#[test]
fn a_newer_end_may_say_more() {
    let text = r#"{"v":1,"type":"ping","id":7,"mood":"good"}"#;
    assert_eq!(ClientMessage::parse(text), Ok(ClientMessage::Ping { id: 7 }));
    let text = r#"{"v":1,"type":"candidate","candidate":{"candidate":""}}"#;
    assert_eq!(
        ClientMessage::parse(text),
        Ok(ClientMessage::Candidate {
            candidate: Some(CandidateInit::default()),
            connection: 0,
        })
    );
}

#[test]
fn silence_without_a_number_is_still_a_number() {
    let levels = [("p1".to_owned(), f32::NEG_INFINITY), ("p2".to_owned(), f32::NAN)].into();
    let text = HostMessage::Levels {
        levels,
        active: vec![],
    }
    .to_json();
    let HostMessage::Levels { levels, .. } = HostMessage::parse(&text).unwrap() else {
        panic!()
    };
    assert_eq!(levels.into_values().collect::<Vec<_>>(), [-127.0, -127.0]);
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in ".{0,300}") {
        let _ = ClientMessage::parse(&text);
        let _ = HostMessage::parse(&text);
    }

    #[test]
    fn any_json_with_a_known_type_is_read_or_refused_and_what_is_read_survives(
        kind in prop::sample::select(vec!["join", "link", "limits", "offer", "candidate", "mute", "leave", "ping"]),
        fields in prop::collection::btree_map(
            prop::sample::select(vec!["room", "name", "sdp", "candidate", "muted", "id", "link", "limits"]),
            prop_oneof![
                Just(json!(null)),
                Just(json!(true)),
                any::<u32>().prop_map(|n| json!(n)),
                any::<u32>().prop_map(|n| json!({"pixels": n, "audio_kbps": n % 3})),
                ".{0,20}".prop_map(|t| json!(t)),
            ],
            0..6,
        ),
    ) {
        let mut object: serde_json::Map<String, Value> = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        object.insert("v".into(), json!(1));
        object.insert("type".into(), json!(kind));
        if let Ok(message) = ClientMessage::parse(&Value::Object(object).to_string()) {
            prop_assert_eq!(ClientMessage::parse(&message.to_json()), Ok(message));
        }
    }
}
