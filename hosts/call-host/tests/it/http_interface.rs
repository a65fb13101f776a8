//! The HTTP interface: rooms, graphs, statistics, plugins and swaps, and what is refused.

use serde_json::{Value, json};

use crate::support::Host;

const JSON: (&str, &str) = ("content-type", "application/json");

async fn change(host: &Host, socket: &str, change: &Value) -> crate::support::Answer {
    host.post(
        &format!("/api/rooms/studio/sockets/{socket}"),
        &[JSON],
        &change.to_string(),
    )
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rooms_and_who_is_in_them() {
    let host = Host::open();
    assert_eq!(host.get("/api/rooms").await.json(), json!({"rooms": []}));
    let (_ann, joined) = host.join("studio", "Ann").await;
    let rooms = host.get("/api/rooms").await;
    assert_eq!(rooms.header("content-type"), "application/json");
    assert_eq!(rooms.header("cache-control"), "no-store");
    assert_eq!(
        rooms.json(),
        json!({"rooms": [{"name": "studio", "participants": joined["participants"]}]})
    );
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_or_makes_no_sense_is_refused() {
    let host = Host::open();
    let (_ann, _) = host.join("studio", "Ann").await;
    for path in ["/api/rooms/nowhere/graph", "/api/rooms/nowhere/stats"] {
        assert_eq!(host.get(path).await.refused(404), "no-such-room");
    }
    assert_eq!(host.get("/api/rooms/studio").await.refused(404), "not-found");
    let post = async |body: &str| host.post("/api/rooms/studio/sockets/noise", &[JSON], body).await;
    for body in [
        "",
        "{",
        "[]",
        "7",
        r#"{"use":7}"#,
        r#"{"params":[]}"#,
        r#"{"plugin":"x"}"#,
    ] {
        assert_eq!(post(body).await.refused(400), "malformed-change", "{body:?}");
    }
    assert_eq!(post("{}").await.refused(400), "empty-change");
    assert_eq!(
        change(&host, "teleport", &json!({"use": "x"})).await.refused(404),
        "no-such-socket"
    );
    let large = format!(r#"{{"use":"{}"}}"#, "x".repeat(200_000));
    assert_eq!(post(&large).await.status, 413);
    host.stop().await;
}
