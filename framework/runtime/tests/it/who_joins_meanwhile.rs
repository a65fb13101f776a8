//! Who comes in while a plugin of the network side is being swapped is carried by what stays.

use std::time::{Duration, Instant};

use jackfield_runtime::view::SwapOutcome;
use jackfield_runtime::{Engine, EngineOptions, Room};
use jackfield_transport_loopback::Loopback;
use serde_json::json;

use super::caller::{Caller, loader, manifest, transport};

const BEFORE: &str = r#"
profile = "conference"

[sockets.transport]
use = "jackfield.transport.loopback"

[sockets.congestion]
use = "jackfield.congestion.gcc"
"#;

fn targets(room: &Room) -> Vec<f64> {
    let participants = room.stats().participants;
    let rates = participants.iter().filter_map(|one| one.congestion);
    rates.map(|rates| rates.target_kbps).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_joins_while_a_controller_takes_over_gets_it_too() {
    let engine = Engine::start(EngineOptions::new(manifest(BEFORE), loader(&[]))).unwrap();
    let room = engine.open_room("room").unwrap();
    let mut ann = Caller::join(&room, "Ann", transport::<Loopback>(1)).await;
    ann.connect();

    let swapping = {
        let room = room.clone();
        let rate = json!({ "rate": 50.0 });
        tokio::spawn(async move {
            let fixed = Some("jackfield.congestion.fixed");
            room.set_socket("congestion", fixed, rate.as_object().unwrap())
                .await
        })
    };
    while room.swaps().under_way.is_empty() {
        ann.step();
    }
    let mut bob = Caller::join(&room, "Bob", transport::<Loopback>(2)).await;
    bob.connect();
    assert!(!swapping.is_finished(), "Bob has come before it is decided");
    while !swapping.is_finished() {
        ann.step();
        bob.step();
    }
    let report = swapping.await.unwrap().unwrap();
    assert_eq!(report.outcome, SwapOutcome::Committed, "{}", report.message);

    let began = Instant::now();
    while targets(&room) != [50.0, 50.0] && began.elapsed() < Duration::from_secs(20) {
        ann.step();
        bob.step();
    }
    assert_eq!(targets(&room), [50.0, 50.0], "Ann's and Bob's");
    engine.close().await;
}
