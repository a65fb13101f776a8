//! Swaps as scripts and pages see them: their steps, their history, and what somebody decides about them.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::{Answer, Client, Host};

const JSON: (&str, &str) = ("content-type", "application/json");
const ROOM: &str = "/api/rooms/studio";

async fn change(host: &Host, socket: &str, change: &Value) -> Answer {
    host.post(&format!("{ROOM}/sockets/{socket}"), &[JSON], &change.to_string())
        .await
}

async fn decide(host: &Host, swap: &Value, decision: &str) -> Answer {
    host.post(&format!("{ROOM}/swaps/{swap}/{decision}"), &[JSON], "")
        .await
}

/// A room in which a robot talks, and somebody who watches.
async fn studio() -> (Host, Client) {
    let host = Host::open();
    let (ann, _) = host.join("studio", "Ann").await;
    let clip = Path::new(env!("CARGO_MANIFEST_DIR")).join("speech/reader-1.wav");
    let room = host.engine.room("studio").expect("Ann is in it");
    room.add_robot("Reader", &clip).expect("there is room");
    (host, ann)
}

/// The next message about the progress of a swap that says `step`.
async fn hear_step(client: &mut Client, step: &str) -> Value {
    loop {
        let message = client.hear("swap-progress").await;
        if message["swap"]["step"] == step {
            return message["swap"].clone();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_swap_on_hold_is_promoted_twice_and_stays() {
    let (host, mut ann) = studio().await;
    let begun = change(
        &host,
        "gain",
        &json!({"use": "jackfield.processing.null", "hold": true}),
    )
    .await;
    assert_eq!(begun.status, 202, "{begun:?}");
    let swap = begun.json()["swap"].clone();
    assert_eq!(begun.json()["to"], "jackfield.processing.null");
    hear_step(&mut ann, "ready").await;
    let swaps = host.get(&format!("{ROOM}/swaps")).await.json();
    assert_eq!(swaps["under_way"][0]["step"], "ready");
    assert_eq!(
        change(&host, "gain", &json!({"params": {"gain": 3}}))
            .await
            .refused(409),
        "busy"
    );
    assert_eq!(decide(&host, &swap, "promote").await.status, 200);
    hear_step(&mut ann, "probation").await;
    assert_eq!(decide(&host, &swap, "promote").await.status, 200);
    let told = ann.hear("swap").await;
    assert_eq!(told["report"]["outcome"], "committed");
    let swaps = host.get(&format!("{ROOM}/swaps")).await.json();
    assert_eq!(swaps["under_way"], json!([]));
    let report = &swaps["ended"][0];
    assert_eq!(report, &told["report"]);
    let steps: Vec<&str> = report["steps"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|step| step["step"].as_str())
        .collect();
    assert!(
        steps.starts_with(&["verify", "instantiate", "shadow"]),
        "{steps:?}"
    );
    let graph = host.get(&format!("{ROOM}/graph")).await.json();
    let gain = graph["sockets"]
        .as_array()
        .and_then(|sockets| sockets.iter().find(|s| s["socket"] == "gain"));
    assert_eq!(gain.expect("a gain")["plugin"]["id"], "jackfield.processing.null");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_swap_is_aborted_in_the_shadow_and_on_probation() {
    let (host, mut ann) = studio().await;
    for on_probation in [false, true] {
        let begun = change(
            &host,
            "gain",
            &json!({"use": "jackfield.processing.null", "hold": true}),
        )
        .await;
        let swap = begun.json()["swap"].clone();
        hear_step(&mut ann, "ready").await;
        if on_probation {
            decide(&host, &swap, "promote").await;
            hear_step(&mut ann, "probation").await;
        }
        assert_eq!(decide(&host, &swap, "abort").await.status, 200);
        let told = ann.hear("swap").await;
        assert_eq!(told["report"]["outcome"], "rolled-back", "{told}");
        assert_eq!(
            told["report"]["message"],
            "`jackfield.processing.null` was rolled back: it was aborted by hand"
        );
        assert_eq!(
            decide(&host, &swap, "promote").await.refused(409),
            "not-under-way"
        );
    }
    assert_eq!(
        decide(&host, &json!("seven"), "abort").await.refused(404),
        "no-such-swap"
    );
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_set_on_a_socket_is_set_on_whatever_comes_after() {
    let (host, _ann) = studio().await;
    let value = async |name: &str| {
        let graph = host.get(&format!("{ROOM}/graph")).await.json();
        let sockets = graph["sockets"].as_array().expect("sockets").clone();
        let jitter = sockets
            .iter()
            .find(|s| s["socket"] == "gain")
            .expect("it is there")
            .clone();
        let parameters = jitter["parameters"].as_array().expect("parameters").clone();
        parameters
            .iter()
            .find(|p| p["name"] == name)
            .map(|p| p["value"].clone())
    };
    assert_eq!(
        change(&host, "gain", &json!({"params": {"gain": -6}}))
            .await
            .status,
        200
    );
    for plugin in ["jackfield.processing.null", "jackfield.processing.gain"] {
        let swapped = change(&host, "gain", &json!({"use": plugin})).await;
        assert_eq!(swapped.json()["outcome"], "committed", "{swapped:?}");
    }
    assert_eq!(
        value("gain").await,
        Some(json!(-6.0)),
        "it came back with what was set"
    );
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_swap_that_cannot_begin_stands_in_the_history_as_refused() {
    let (host, mut ann) = studio().await;
    let refused = change(&host, "gain", &json!({"use": "jackfield.mixer.sum"})).await;
    assert_eq!(refused.refused(422), "wrong-area");
    assert_eq!(ann.hear("swap").await["report"]["outcome"], "refused");
    let swaps = host.get(&format!("{ROOM}/swaps")).await.json();
    assert_eq!(swaps["ended"][0]["outcome"], "refused");
    assert_eq!(swaps["under_way"], json!([]));
    host.stop().await;
}
