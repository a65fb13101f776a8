//! Whatever comes over a signalling connection, it is answered or ends that connection alone; the others notice nothing.

use futures_util::SinkExt as _;
use jackfield_call_host::rate::Rate;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio_tungstenite::tungstenite::Message;

use crate::support::{Client, Host, open_options};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_message_is_answered_and_the_connection_goes_on() {
    let host = Host::open();
    let (mut ann, _) = host.join("studio", "Ann").await;
    for text in [
        "",
        "{",
        "null",
        "[1,2,3]",
        "\"join\"",
        "{}",
        r#"{"v":1}"#,
        r#"{"type":"ping","id":7}"#,
        r#"{"v":1,"type":"dance"}"#,
        r#"{"v":1,"type":"ping"}"#,
        r#"{"v":1,"type":"ping","id":"seven"}"#,
        r#"{"v":1,"type":"mute","muted":"yes"}"#,
        r#"{"v":1,"type":"offer"}"#,
        r#"{"v":1,"type":"candidate","candidate":7}"#,
        "\u{0}\u{0}",
    ] {
        ann.say_text(text).await;
        assert_eq!(ann.complaint().await["code"], "malformed-message", "{text:?}");
    }
    ann.socket
        .send(Message::binary(vec![0, 159, 146, 150]))
        .await
        .expect("the host listens");
    assert_eq!(ann.complaint().await["code"], "malformed-message");
    ann.is_served().await;
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_version_is_refused_at_once() {
    let host = Host::open();
    for version in [json!(0), json!(2), json!(99), json!("1"), json!(1.5)] {
        let mut client = host.connect().await;
        client
            .say(&json!({"v": version, "type": "join", "room": "studio", "name": "Ann"}))
            .await;
        assert_eq!(client.refusal().await["code"], "unknown-version", "{version}");
    }
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn before_the_join_nothing_but_a_join_is_obeyed() {
    let host = Host::open();
    let mut client = host.connect().await;
    for message in [
        json!({"v": 1, "type": "offer", "sdp": "v=0\r\n"}),
        json!({"v": 1, "type": "candidate", "candidate": null}),
        json!({"v": 1, "type": "mute", "muted": true}),
    ] {
        client.say(&message).await;
        assert_eq!(client.complaint().await["code"], "not-joined", "{message}");
    }
    client.is_served().await;
    client.join("studio", "Ann").await;
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn offers_and_candidates_that_cannot_be_used_are_answered_and_the_connection_goes_on() {
    let host = Host::open();
    let (mut ann, _) = host.join("studio", "Ann").await;
    let without_fingerprint = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n\
        c=IN IP4 0.0.0.0\r\na=mid:0\r\na=rtpmap:111 opus/48000/2\r\na=ice-ufrag:abcd\r\n\
        a=ice-pwd:abcdefghijklmnopqrstuvwx\r\na=rtcp-mux\r\n";
    for sdp in ["", "hello", "v=0\r\n", without_fingerprint] {
        ann.say(&json!({"v": 1, "type": "offer", "sdp": sdp})).await;
        assert_eq!(ann.complaint().await["code"], "malformed-offer", "{sdp:?}");
    }
    ann.is_served().await;
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_that_are_too_large_end_the_connection() {
    let host = Host::open();
    let (mut bob, _) = host.join("studio", "Bob").await;
    let mut ann = host.connect().await;
    ann.say(&json!({"v": 1, "type": "offer", "sdp": "x".repeat(100_000)}))
        .await;
    assert_eq!(ann.refusal().await["code"], "message-too-large");
    // Far too large: not even read.
    let mut mallory = host.connect().await;
    let _ = mallory.socket.send(Message::text("x".repeat(8_000_000))).await;
    mallory.until_closed().await;
    bob.is_served().await;
    host.stop().await;
}

#[test]
fn no_text_ends_the_host_or_goes_unanswered() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let mut options = open_options();
    // How fast is another test's subject.
    options.limits.messages = Rate {
        per_second: 1e9,
        burst: 1e9,
    };
    options.limits.offers = options.limits.messages;
    let host = runtime.block_on(async { Host::start(options) });
    let (witness, _) = runtime.block_on(host.join("studio", "Witness"));
    let witness = Mutex::new(witness);
    let client: Mutex<Option<Client>> = Mutex::new(None);
    let mut runner = TestRunner::new(Config {
        cases: 300,
        failure_persistence: None,
        ..Config::default()
    });
    let outcome = runner.run(&texts(), |text| {
        runtime.block_on(async {
            let mut connection = match client.lock().await.take() {
                Some(connection) => connection,
                None => host.connect().await,
            };
            // A host that has hung up is as good an answer as an error: the next case connects again.
            if connection.socket.send(Message::text(text)).await.is_ok()
                && connection
                    .socket
                    .send(Message::text(r#"{"v":1,"type":"ping","id":1}"#))
                    .await
                    .is_ok()
            {
                while let Some(message) = connection.next().await {
                    if message["type"] == "pong" && message["id"] == 1 {
                        *client.lock().await = Some(connection);
                        break;
                    }
                }
            }
            witness.lock().await.is_served().await;
        });
        Ok(())
    });
    outcome.expect("every text is survived");
    runtime.block_on(host.stop());
}

/// Random text, random JSON, and messages with one field replaced by something else.
fn texts() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,200}".prop_map(Value::from),
    ];
    let json = leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::hash_map("[a-z]{1,8}", inner, 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    });
    let message = prop::sample::select(vec![
        json!({"v": 1, "type": "join", "room": "studio", "name": "Ann", "token": "x", "resume": "y"}),
        json!({"v": 1, "type": "offer", "sdp": "v=0\r\n"}),
        json!({"v": 1, "type": "candidate", "candidate": {"candidate": "candidate:1 1 udp 1 127.0.0.1 9 typ host", "sdpMid": "0"}}),
        json!({"v": 1, "type": "mute", "muted": true}),
        json!({"v": 1, "type": "ping", "id": 7}),
    ]);
    let broken = (message, any::<prop::sample::Index>(), json.clone()).prop_map(|(message, which, value)| {
        let mut message = message;
        let fields = message.as_object_mut().expect("an object");
        let key = fields
            .keys()
            .nth(which.index(fields.len()))
            .expect("within")
            .clone();
        fields.insert(key, value);
        message
    });
    prop_oneof![
        ".{0,500}",
        json.prop_map(|json| json.to_string()),
        broken.prop_map(|message| message.to_string())
    ]
}
