//! E29.1: a room writes down what the congestion controller and the jitter buffer of each connection are told.

use std::path::Path;
use std::time::{Duration, Instant};

use jackfield_congestion_gcc::Gcc;
use jackfield_event_log::EventLog;
use jackfield_event_log::jitter::{self, Arrivals, BufferLog, Happened};
use jackfield_event_log::replay::Course;
use jackfield_jitter_adaptive::AdaptiveDelay;
use jackfield_jitter_fixed::FixedDelay;
use jackfield_runtime::view::SwapOutcome;
use jackfield_runtime::{Engine, EngineOptions, EventLogOptions};
use jackfield_sdk::prelude::*;
use jackfield_transport_ice_dtls::IceDtls;

use super::caller::{Caller, OPUS, loader, manifest, transport};
use super::strangers::JACKFIELD_PLUGIN;

const CONFERENCE: &str = "profile = \"conference\"\n";

/// Two seconds of a call, with an engine that writes into this folder. How many packets Bob heard.
async fn call(options: EngineOptions) -> usize {
    let engine = Engine::start(options).unwrap();
    let room = engine.open_room("../a room").unwrap();
    let mut ann = Caller::join_in(&room, "Ann", transport::<IceDtls>(1), OPUS).await;
    let mut bob = Caller::join_in(&room, "Bob", transport::<IceDtls>(2), OPUS).await;
    let began = Instant::now();
    let mut said = 0;
    while began.elapsed() < Duration::from_millis(2_000) {
        if ann.is_connected() && began.elapsed() >= Duration::from_millis(20) * said {
            ann.say(&[0xF8, 0xFF, 0xFE]);
            said += 1;
        }
        ann.step();
        bob.step();
    }
    let heard = bob.heard.len();
    engine.close().await;
    heard
}

fn logs(folder: &Path) -> Vec<EventLog> {
    let files = std::fs::read_dir(folder).unwrap().map_while(Result::ok);
    files
        .map(|file| EventLog::parse(&std::fs::read(file.path()).unwrap()).unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn e29_1_each_connection_has_a_log_that_replays_bit_for_bit() {
    let folder = tempfile::tempdir().unwrap();
    let text = format!("{CONFERENCE}[event_log]\nfolder = \"logs\"\nmegabytes = 1\n");
    std::fs::write(folder.path().join("jackfield.toml"), &text).unwrap();
    let at = folder.path().join("jackfield.toml");
    let manifest = jackfield_loader::Manifest::parse(&text, &at).unwrap().linked();
    let heard = call(EngineOptions::new(manifest, loader(&[]))).await;
    assert!(heard > 20, "{heard} packets");
    let logs = logs(&folder.path().join("logs"));
    assert_eq!(logs.len(), 2, "one for each");
    for log in logs {
        assert_eq!(log.origin["room"], "../a room");
        assert!(["p1", "p2"].contains(&log.origin["participant"].as_str()));
        let controller = &log.controllers[0];
        let identity = controller.identity.as_ref().unwrap();
        assert_eq!(identity.plugin, Gcc::DESCRIPTOR.id);
        assert!(!identity.parameters.is_empty());
        assert!(controller.told().count() > 10);
        let replay = Course::of_flow(&log, 0)
            .unwrap()
            .replay(
                &mut Gcc::create(&Environment::seeded(identity.seed)).unwrap(),
                true,
            )
            .unwrap();
        assert_eq!(replay.first_difference(0), None);
        let buffer = &log.jitter_buffers[0];
        let identity = buffer.identity.as_ref().unwrap();
        assert_eq!(identity.plugin, AdaptiveDelay::DESCRIPTOR.id);
        let spoke = log.origin["participant"] == "p1";
        let packets = Arrivals::of_stream(&log, 0).unwrap().packets();
        assert!(if spoke { packets > 20 } else { packets == 0 }, "{packets}");
        assert_eq!(again(buffer, &mut adaptive()).first_difference(buffer), None);
    }
}

fn adaptive() -> AdaptiveDelay {
    AdaptiveDelay::create(&Environment::seeded(1)).unwrap()
}

fn again(buffer: &BufferLog, plugin: &mut dyn JitterBuffer) -> jitter::replay::Replay {
    jitter::replay::replay(buffer, plugin).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn e29_1_a_swap_has_both_jitter_buffers_in_the_log_and_each_replays_bit_for_bit() {
    let folder = tempfile::tempdir().unwrap();
    let options = EngineOptions {
        event_log: Some(EventLogOptions::into_folder(folder.path())),
        ..EngineOptions::new(manifest(CONFERENCE), loader(&[]))
    };
    let engine = Engine::start(options).unwrap();
    let room = engine.open_room("room").unwrap();
    let mut ann = Caller::join_in(&room, "Ann", transport::<IceDtls>(1), OPUS).await;
    let began = Instant::now();
    let mut said = 0;
    let mut speak = |ann: &mut Caller| {
        if ann.is_connected() && began.elapsed() >= Duration::from_millis(20) * said {
            ann.say(&[0xF8, 0xFF, 0xFE]);
            said += 1;
        }
        ann.step();
    };
    while began.elapsed() < Duration::from_millis(600) {
        speak(&mut ann);
    }
    let swapped = {
        let room = room.clone();
        let parameters = serde_json::Map::from_iter([("target_ms".to_owned(), 80.into())]);
        tokio::spawn(async move {
            room.set_socket("jitter", Some(FixedDelay::DESCRIPTOR.id), &parameters)
                .await
        })
    };
    while !swapped.is_finished() {
        speak(&mut ann);
    }
    let report = swapped.await.unwrap().unwrap();
    assert_eq!(report.outcome, SwapOutcome::Committed);
    engine.close().await;

    let log = logs(folder.path()).remove(0);
    let [old, new] = &log.jitter_buffers[..] else {
        panic!("{} jitter buffers", log.jitter_buffers.len());
    };
    assert_eq!(again(old, &mut adaptive()).first_difference(old), None);
    let identity = new.identity.as_ref().unwrap();
    assert_eq!(identity.plugin, FixedDelay::DESCRIPTOR.id);
    assert_eq!(identity.parameters, [("target_ms".to_owned(), 80.0)]);
    let mut fixed = FixedDelay::create(&Environment::seeded(identity.seed)).unwrap();
    fixed.parameters().target_ms = 80;
    assert_eq!(again(new, &mut fixed).first_difference(new), None);
    let swap = &log.jitter_swaps[0];
    assert_eq!((swap.instance, &swap.rolled_back), (1, &None));
    // A packet that both were told of came once.
    let arrivals = Arrivals::of_stream(&log, 0).unwrap().packets();
    let inserted = |buffer: &BufferLog| {
        let steps = buffer.steps.iter();
        steps
            .filter(|step| matches!(step.what, Happened::Inserted { .. }))
            .count()
    };
    assert!(inserted(old) + inserted(new) > arrivals, "both were told of some");
    assert!(arrivals >= inserted(old));
}

#[tokio::test(flavor = "multi_thread")]
async fn e29_1_a_folder_that_cannot_be_written_to_costs_the_call_nothing() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let options = EngineOptions {
        event_log: Some(EventLogOptions::into_folder(file.path().join("logs"))),
        ..EngineOptions::new(manifest(CONFERENCE), loader(&[]))
    };
    assert!(call(options).await > 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn e29_1_a_swap_has_both_controllers_in_the_log_and_says_how_it_ended() {
    let folder = tempfile::tempdir().unwrap();
    let options = EngineOptions {
        event_log: Some(EventLogOptions::into_folder(folder.path())),
        ..EngineOptions::new(manifest(CONFERENCE), loader(&[JACKFIELD_PLUGIN]))
    };
    let engine = Engine::start(options).unwrap();
    let room = engine.open_room("room").unwrap();
    let mut ann = Caller::join_in(&room, "Ann", transport::<IceDtls>(1), OPUS).await;
    ann.connect();
    let swapped = {
        let room = room.clone();
        let nothing = serde_json::Map::new();
        tokio::spawn(async move {
            room.set_socket("congestion", Some("example.congestion.heeding"), &nothing)
                .await
        })
    };
    while !swapped.is_finished() {
        ann.step();
    }
    let report = swapped.await.unwrap().unwrap();
    assert_eq!(report.outcome, SwapOutcome::Committed);
    engine.close().await;

    let log = logs(folder.path()).remove(0);
    let plugins: Vec<&str> = log
        .controllers
        .iter()
        .map(|one| one.identity.as_ref().unwrap().plugin.as_str())
        .collect();
    assert_eq!(plugins, [Gcc::DESCRIPTOR.id, "example.congestion.heeding"]);
    assert_eq!((log.swaps.len(), log.swaps[0].instance), (1, 1));
    assert_eq!(log.swaps[0].rolled_back, None);
    let course = Course::of_flow(&log, 0).unwrap();
    assert!(
        course.steps().iter().any(|(instance, _)| *instance == 1),
        "the newcomer goes on where its predecessor ended"
    );
}
