//! Who joins is told who is there, the others are told who came and went; whoever may not join is told why.

use std::time::Duration;

use jackfield_call_host::rate::Rate;
use serde_json::json;

use crate::support::{Host, open_options};

#[tokio::test(flavor = "multi_thread")]
async fn the_room_learns_who_comes_changes_and_goes() {
    let host = Host::open();
    let (mut ann, joined) = host.join("studio", "Ann").await;
    assert_eq!(joined["room"], "studio");
    assert_eq!(joined["resumed"], false);
    assert!(
        joined["resume"].as_str().is_some_and(|secret| secret.len() >= 40),
        "{joined}"
    );
    assert_eq!(
        joined["participants"],
        json!([{"id": joined["participant"], "name": "Ann", "kind": "browser", "muted": false}])
    );

    let (mut bob, second) = host.join("studio", " Bob ").await;
    assert_eq!(second["participants"].as_array().map(Vec::len), Some(2));
    let came = ann.hear("participant-joined").await;
    assert_eq!(came["participant"]["name"], "Bob");
    assert_eq!(came["participant"]["id"], second["participant"]);

    bob.say(&json!({"v": 1, "type": "mute", "muted": true})).await;
    assert_eq!(
        ann.hear("participant-changed").await["participant"]["muted"],
        true
    );
    let levels = ann.hear("levels").await;
    let level = levels["levels"][second["participant"].as_str().expect("an id")].as_f64();
    assert!(
        level.is_some_and(|dbov| (-127.0..=0.0).contains(&dbov)),
        "{levels}"
    );

    bob.say(&json!({"v": 1, "type": "leave"})).await;
    assert!(
        bob.until_closed()
            .await
            .iter()
            .all(|message| message["type"] != "error")
    );
    assert_eq!(ann.hear("participant-left").await["id"], second["participant"]);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn d5_1_who_joins_says_over_what_link_and_again_when_it_has_become_another() {
    let host = Host::open();
    let mut ann = host.connect().await;
    let link =
        |adapter: &str, metered: bool| json!({"device": "mobile", "adapter": adapter, "metered": metered});
    ann.say(
        &json!({"v": 1, "type": "join", "room": "studio", "name": "Ann", "link": link("cellular", false)}),
    )
    .await;
    ann.hear("joined").await;
    let stats = host.get("/api/rooms/studio/stats").await.json();
    let ann_stats = &stats["participants"][0];
    assert_eq!(
        (&ann_stats["link"], &ann_stats["metered"]),
        (&json!("mobile-cellular"), &json!(false))
    );
    ann.say(&json!({"v": 1, "type": "link", "link": link("wifi", true)}))
        .await;
    // Messages are taken in the order of their coming.
    ann.is_served().await;
    let stats = host.get("/api/rooms/studio/stats").await.json();
    let ann_stats = &stats["participants"][0];
    assert_eq!(
        (&ann_stats["link"], &ann_stats["metered"]),
        (&json!("mobile-wifi"), &json!(true))
    );
    let (_bob, _) = host.join("studio", "Bob").await;
    let stats = host.get("/api/rooms/studio/stats").await.json();
    assert_eq!(stats["participants"][1]["link"], "desktop", "who says nothing");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rooms_are_apart() {
    let host = Host::open();
    let (mut ann, _) = host.join("studio", "Ann").await;
    let (_bob, joined) = host.join("kitchen", "Bob").await;
    assert_eq!(joined["participants"].as_array().map(Vec::len), Some(1));
    let (_cleo, _) = host.join("studio", "Cleo").await;
    assert_eq!(
        ann.hear("participant-joined").await["participant"]["name"],
        "Cleo"
    );
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_room_and_one_room_too_many_are_refused_and_a_free_place_is_taken_again() {
    let mut options = open_options();
    options.limits.participants = 2;
    options.limits.rooms = 1;
    let host = Host::start(options);
    let (mut ann, _) = host.join("studio", "Ann").await;
    let (mut bob, _) = host.join("studio", "Bob").await;

    let mut cleo = host.connect().await;
    cleo.say(&json!({"v": 1, "type": "join", "room": "studio", "name": "Cleo"}))
        .await;
    assert_eq!(cleo.refusal().await["code"], "room-full");
    let mut dora = host.connect().await;
    dora.say(&json!({"v": 1, "type": "join", "room": "kitchen", "name": "Dora"}))
        .await;
    assert_eq!(dora.refusal().await["code"], "too-many-rooms");

    bob.say(&json!({"v": 1, "type": "leave"})).await;
    ann.hear("participant-left").await;
    let (_cleo, joined) = host.join("studio", "Cleo").await;
    assert_eq!(joined["participants"].as_array().map(Vec::len), Some(2));
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_cannot_be_shown_are_refused() {
    let host = Host::open();
    for (room, name, code) in [
        ("studio", "A\u{202e}nn", "bad-name"),
        ("../etc", "Ann", "bad-room"),
        ("stu dio", "Ann", "bad-room"),
        ("*", "Ann", "bad-room"),
    ] {
        let mut client = host.connect().await;
        client
            .say(&json!({"v": 1, "type": "join", "room": room, "name": name}))
            .await;
        assert_eq!(client.refusal().await["code"], code, "{room:?} {name:?}");
    }
    assert!(host.engine.rooms().is_empty(), "nothing was opened for them");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_does_not_join_in_time_is_let_go() {
    let mut options = open_options();
    options.limits.join_within = Duration::from_millis(100);
    let host = Host::start(options);
    let mut client = host.connect().await;
    assert_eq!(client.refusal().await["code"], "join-timeout");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_joins_once() {
    let host = Host::open();
    let (mut ann, _) = host.join("studio", "Ann").await;
    ann.say(&json!({"v": 1, "type": "join", "room": "kitchen", "name": "Ann"}))
        .await;
    assert_eq!(ann.complaint().await["code"], "already-joined");
    ann.is_served().await;
    assert!(host.engine.room("kitchen").is_none());
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_says_too_much_at_once_is_let_go() {
    let mut options = open_options();
    options.limits.messages = Rate {
        per_second: 1.0,
        burst: 20.0,
    };
    let host = Host::start(options);
    let (mut ann, _) = host.join("studio", "Ann").await;
    let (mut bob, _) = host.join("studio", "Bob").await;
    // Far more than is heard: the refusal must reach whoever is still talking.
    for id in 0..300 {
        bob.say(&json!({"v": 1, "type": "ping", "id": id})).await;
    }
    assert_eq!(bob.refusal().await["code"], "rate-limited");
    ann.is_served().await;
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_connections_than_the_host_bears_are_refused_before_they_are_opened() {
    let mut options = open_options();
    options.limits.connections = 1;
    let host = Host::start(options);
    let (_ann, _) = host.join("studio", "Ann").await;
    let answer = host
        .get_with(
            "/ws",
            &[
                ("connection", "Upgrade"),
                ("upgrade", "websocket"),
                ("sec-websocket-version", "13"),
                ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ],
        )
        .await;
    assert_eq!(answer.refused(503), "host-full");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_that_nobody_is_in_is_closed_after_a_while() {
    let mut options = open_options();
    options.limits.empty_room = Duration::from_millis(50);
    let host = Host::start(options);
    let (mut ann, _) = host.join("studio", "Ann").await;
    tokio::time::timeout(Duration::from_millis(300), ann.hear("participant-left"))
        .await
        .expect_err("she stays");
    assert!(host.engine.room("studio").is_some(), "someone is in it");
    ann.say(&json!({"v": 1, "type": "leave"})).await;
    ann.until_closed().await;
    tokio::time::timeout(crate::support::LONG, async {
        while host.engine.room("studio").is_some() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await
    .expect("it is closed");
    host.stop().await;
}
