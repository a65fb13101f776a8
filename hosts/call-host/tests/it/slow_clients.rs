//! A client that takes nothing any more is let go; the room does not wait for it.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use jackfield_call_host::rate::Rate;
use serde_json::{Value, json};
use tokio::net::TcpSocket;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;

use crate::support::{Host, LONG, open_options};

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_read_is_dropped_and_the_others_are_served_all_the_while() {
    let mut options = open_options();
    options.limits.send_within = Duration::from_millis(300);
    options.limits.grace = Duration::from_millis(100);
    options.limits.messages = Rate {
        per_second: 1e9,
        burst: 1e9,
    };
    let host = Host::start(options);
    let (mut bob, _) = host.join("studio", "Bob").await;

    // Mallory's machine takes four kilobytes and no more until she reads.
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4096).expect("a small buffer");
    let stream = socket
        .connect(host.host.address())
        .await
        .expect("the host listens");
    let (mut mallory, _) = client_async(format!("ws://{}/ws", host.host.address()), stream)
        .await
        .expect("a WebSocket");
    let join = json!({"v": 1, "type": "join", "room": "studio", "name": "Mallory"});
    mallory
        .send(Message::text(join.to_string()))
        .await
        .expect("the host listens");
    let joined = mallory
        .next()
        .await
        .expect("an answer")
        .expect("an answer")
        .into_text()
        .expect("text");
    let joined: Value = serde_json::from_str(&joined).expect("JSON");
    assert_eq!(
        bob.hear("participant-joined").await["participant"]["name"],
        "Mallory"
    );

    // She has the host answer and answer, and reads nothing of it, until the host reads no more either.
    let flood = tokio::spawn(async move {
        let ping = Message::text(json!({"v": 1, "type": "ping", "id": 7}).to_string());
        while mallory.send(ping.clone()).await.is_ok() {}
    });
    let told = tokio::time::timeout(LONG, async {
        let mut levels = 0;
        loop {
            let message = bob.next().await.expect("Bob is served");
            match message["type"].as_str() {
                Some("levels") => levels += 1,
                Some("participant-left") => return (message, levels),
                _ => {}
            }
        }
    });
    let (left, levels) = told.await.expect("Mallory is let go");
    assert_eq!(left["id"], joined["participant"]);
    assert!(levels >= 2, "Bob heard of the room meanwhile");
    bob.is_served().await;
    flood.await.expect("the flood ends with the connection");
    host.stop().await;
}
