//! Resources that run short at the host are told to those who send, and those that run short at a client are heeded by the host.

use std::num::NonZeroU32;

use jackfield_session::signalling::Limits;
use serde_json::{Value, json};

use crate::support::{Answer, Client, Host};

const LIMITS: &str = "/api/rooms/studio/limits";

async fn vote(host: &Host, limits: &str) -> Answer {
    host.post(LIMITS, &[("content-type", "application/json")], limits)
        .await
}

async fn told(client: &mut Client) -> Value {
    client.hear("limits").await["limits"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn d5_2_what_an_operator_votes_for_is_told_to_everybody_and_to_who_comes_later() {
    let host = Host::open();
    let (mut ann, _) = host.join("studio", "Ann").await;
    let few = json!({"frame_rate": 15, "pixels": 230_400});
    let answer = vote(&host, &few.to_string()).await.json();
    assert_eq!(
        answer,
        json!({"room": "studio", "limits": few, "votes": {"operator": few}})
    );
    assert_eq!(host.get(LIMITS).await.json(), answer);
    assert_eq!(told(&mut ann).await, few);
    let (mut bob, _) = host.join("studio", "Bob").await;
    assert_eq!(told(&mut bob).await, few);
    let (mut cleo, _) = host.join("kitchen", "Cleo").await;

    let room = host.engine.room("studio").unwrap();
    let little_sound = Limits {
        audio_kbps: NonZeroU32::new(16),
        ..Limits::default()
    };
    room.set_limits("heat", little_sound);
    let both = json!({"audio_kbps": 16, "frame_rate": 15, "pixels": 230_400});
    assert_eq!(told(&mut ann).await, both, "the most limiting of both");
    assert_eq!(told(&mut bob).await, both);
    room.set_limits("heat", Limits::default());
    assert_eq!(told(&mut ann).await, few);
    assert_eq!(vote(&host, "{}").await.json()["votes"], json!({}));
    assert_eq!(told(&mut ann).await, json!({}));
    cleo.say(&json!({"v": 1, "type": "ping", "id": 1})).await;
    while let Some(message) = cleo.next().await {
        assert_ne!(message["type"], "limits", "another room");
        if message["type"] == "pong" {
            break;
        }
    }
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn d5_2_what_a_client_can_bear_of_what_is_sent_to_it_is_not_told_back() {
    let host = Host::open();
    let (mut ann, joined) = host.join("studio", "Ann").await;
    let (mut bob, _) = host.join("studio", "Bob").await;
    ann.say(&json!({"v": 1, "type": "limits", "limits": {"audio_kbps": 12}}))
        .await;
    ann.is_served().await;
    // The next limits that either hears of are those of the operator.
    vote(&host, r#"{"audio_kbps": 20}"#).await;
    assert_eq!(told(&mut ann).await, json!({"audio_kbps": 20}));
    assert_eq!(told(&mut bob).await, json!({"audio_kbps": 20}));
    assert_eq!(joined["type"], "joined");
    ann.say(&json!({"v": 1, "type": "limits", "limits": {"pixels": 0}}))
        .await;
    assert_eq!(ann.complaint().await["code"], "malformed-message");
    ann.is_served().await;
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vote_that_is_none_is_refused() {
    let host = Host::open();
    let (_ann, _) = host.join("studio", "Ann").await;
    for wrong in [
        "",
        "[]",
        r#"{"fps":15}"#,
        r#"{"pixels":0}"#,
        r#"{"pixels":7.5}"#,
        r#"{"audio_kbps":-1}"#,
    ] {
        assert_eq!(
            vote(&host, wrong).await.refused(400),
            "malformed-change",
            "{wrong:?}"
        );
    }
    assert_eq!(host.get(LIMITS).await.json()["votes"], json!({}));
    assert_eq!(
        host.post(LIMITS, &[], r#"{"pixels":1}"#).await.refused(415),
        "not-json"
    );
    assert_eq!(
        host.get("/api/rooms/nowhere/limits").await.refused(404),
        "no-such-room"
    );
    host.stop().await;
}
