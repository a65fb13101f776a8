//! C6.2: whoever loses the connection keeps their place for a while and takes it up again with the secret from `joined`.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Client, Host, LONG, open_options};

fn again(room: &str, secret: &Value) -> Value {
    json!({"v": 1, "type": "join", "room": room, "name": "Ann", "resume": secret})
}

/// Takes the network away: no close frame, nothing.
fn cut(client: Client) {
    drop(client);
}

#[tokio::test(flavor = "multi_thread")]
async fn c6_2_a_lost_connection_is_resumed_as_the_same_participant_and_nobody_saw_them_go() {
    let host = Host::open();
    let (ann, first) = host.join("studio", "Ann").await;
    let (mut bob, _) = host.join("studio", "Bob").await;
    cut(ann);

    let mut ann = host.connect().await;
    ann.say(&again("studio", &first["resume"])).await;
    let second = ann.hear("joined").await;
    assert_eq!(second["resumed"], true);
    assert_eq!(second["participant"], first["participant"]);
    assert_eq!(second["participants"].as_array().map(Vec::len), Some(2));
    assert_ne!(
        second["resume"], first["resume"],
        "every connection gets a secret of its own"
    );
    ann.hear("graph").await;

    let (_cleo, _) = host.join("studio", "Cleo").await;
    loop {
        let message = bob.next().await.expect("Bob is served");
        assert_ne!(message["type"], "participant-left", "{message}");
        if message["type"] == "participant-joined" && message["participant"]["name"] == "Cleo" {
            break;
        }
    }
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn b1_7_an_old_secret_counts_until_the_new_one_is_seen_to_have_arrived_and_never_again() {
    let host = Host::open();
    let (ann, first) = host.join("studio", "Ann").await;
    cut(ann);
    // The answer to this one is lost on the way, so the client has only the first secret.
    let mut lost = host.connect().await;
    lost.say(&again("studio", &first["resume"])).await;
    lost.hear("joined").await;
    cut(lost);

    let mut ann = host.connect().await;
    ann.say(&again("studio", &first["resume"])).await;
    let third = ann.hear("joined").await;
    assert_eq!(third["resumed"], true, "{third}");
    ann.is_served().await;

    let mut thief = host.connect().await;
    thief.say(&again("studio", &first["resume"])).await;
    let stranger = thief.hear("joined").await;
    assert_eq!(stranger["resumed"], false, "a secret that was replayed is none");
    assert_ne!(stranger["participant"], first["participant"]);
    ann.is_served().await;
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn b1_7_a_second_connection_supersedes_the_first() {
    let host = Host::open();
    let (mut old, first) = host.join("studio", "Ann").await;
    let mut new = host.connect().await;
    new.say(&again("studio", &first["resume"])).await;
    assert_eq!(new.hear("joined").await["resumed"], true);
    assert_eq!(old.refusal().await["code"], "superseded");
    new.is_served().await;
    assert_eq!(host.engine.room("studio").expect("open").participants().len(), 1);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_come_back_in_time_has_left() {
    let mut options = open_options();
    options.limits.grace = Duration::from_millis(100);
    let host = Host::start(options);
    let (ann, first) = host.join("studio", "Ann").await;
    let (mut bob, _) = host.join("studio", "Bob").await;
    cut(ann);
    assert_eq!(bob.hear("participant-left").await["id"], first["participant"]);

    let mut ann = host.connect().await;
    ann.say(&again("studio", &first["resume"])).await;
    let joined = ann.hear("joined").await;
    assert_eq!(joined["resumed"], false);
    assert_ne!(joined["participant"], first["participant"]);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_closed_leaves_at_once_although_it_does_not_say_so() {
    use futures_util::SinkExt as _;
    use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
    use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message};

    let host = Host::open();
    let (mut ann, first) = host.join("studio", "Ann").await;
    let (mut bob, _) = host.join("studio", "Bob").await;
    let going_away = CloseFrame {
        code: CloseCode::Away,
        reason: "".into(),
    };
    ann.socket
        .send(Message::Close(Some(going_away)))
        .await
        .expect("the host listens");
    assert_eq!(bob.hear("participant-left").await["id"], first["participant"]);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn b1_7_a_secret_opens_no_other_room_and_no_place_that_was_given_up() {
    let host = Host::open();
    let (mut ann, first) = host.join("studio", "Ann").await;
    let mut elsewhere = host.connect().await;
    elsewhere.say(&again("kitchen", &first["resume"])).await;
    assert_eq!(elsewhere.hear("joined").await["resumed"], false);
    ann.is_served().await;

    ann.say(&json!({"v": 1, "type": "leave"})).await;
    ann.until_closed().await;
    let mut back = host.connect().await;
    back.say(&again("studio", &first["resume"])).await;
    assert_eq!(back.hear("joined").await["resumed"], false);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn c6_2_a_client_that_falls_silent_loses_the_connection_but_not_the_place() {
    let mut options = open_options();
    options.limits.heartbeat = Duration::from_millis(20);
    options.limits.silence = Duration::from_millis(200);
    let host = Host::start(options);
    let (ann, first) = host.join("studio", "Ann").await;
    // Whoever does not read does not answer the heartbeat either.
    let silent = ann;
    let (mut bob, _) = host.join("studio", "Bob").await;
    let listens = tokio::spawn(async move {
        while let Some(message) = bob.next().await {
            assert_ne!(message["type"], "participant-left", "{message}");
        }
    });
    tokio::time::timeout(LONG, async {
        while !host
            .get("/metrics")
            .await
            .body
            .contains("jackfield_signalling_connections 1\n")
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .expect("the silent one is let go");
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!listens.is_finished(), "Bob answers the heartbeat and stays");
    let mut ann = host.connect().await;
    ann.say(&again("studio", &first["resume"])).await;
    assert_eq!(ann.hear("joined").await["resumed"], true);
    drop(silent);
    host.stop().await;
}
