//! A2.7: every stage of a call is chosen by the manifest. Whatever plugin fits into a socket is named there, one after the other, and a call
//! goes through it.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use jackfield_loader::{Manifest, Profile};
use jackfield_runtime::view::SocketState;
use jackfield_runtime::{Engine, EngineOptions, Room};
use jackfield_transport_ice_dtls::IceDtls;
use jackfield_transport_loopback::Loopback;

use super::caller::{Caller, Codec, OPUS, loader, manifest, transport};
use super::calls::{loudest, voice};
use super::{custom_codec, strangers};

const PCMU: Codec = Codec {
    payload_type: 0,
    lines: "a=rtpmap:0 PCMU/8000\r\n",
    ticks: 160,
};
const L16: Codec = Codec {
    payload_type: 97,
    lines: "a=rtpmap:97 L16/48000\r\n",
    ticks: 480,
};

/// Who calls a room in which `plugin` stands: with its own codec, or over its own transport.
async fn callers(room: &Room, plugin: &str) -> (Codec, [Caller; 2]) {
    let codec = match plugin {
        "jackfield.codec.g711" => PCMU,
        "jackfield.codec.pcm" => L16,
        "example.codec.root" => custom_codec::ROOT,
        _ => OPUS,
    };
    let over = |seed| match plugin {
        "jackfield.transport.loopback" => transport::<Loopback>(seed),
        _ => transport::<IceDtls>(seed),
    };
    let ann = Caller::join_in(room, "Ann", over(1), codec).await;
    let bob = Caller::join_in(room, "Bob", over(2), codec).await;
    (codec, [ann, bob])
}

/// A call for every plugin that fits into the socket, with a manifest that names it.
async fn every_plugin_runs_in(socket: &str) {
    let definition = Profile::Conference.socket(socket).unwrap();
    let all = loader(&[strangers::JACKFIELD_PLUGIN]).catalogue();
    let ids = all
        .modules()
        .filter(|(_, module)| definition.takes(module))
        .map(|(_, module)| &module.id);
    // Those that do wrong on purpose are for other tests.
    let plugins: Vec<String> = ids.filter(|id| !id.starts_with("test.")).cloned().collect();
    assert!(plugins.len() > 1, "nothing to choose from: {plugins:?}");
    let usual = Manifest::embedded_default();
    for plugin in &plugins {
        let text = format!("profile = \"conference\"\n[sockets.{socket}]\nuse = \"{plugin}\"\n");
        let engine = Engine::start(EngineOptions::new(
            manifest(&text),
            loader(&[strangers::JACKFIELD_PLUGIN]),
        ))
        .unwrap();
        let room = engine.open_room("room").unwrap();
        let (codec, [mut ann, mut bob]) = callers(&room, plugin).await;
        ann.connect();
        bob.connect();
        let blank = vec![0; if codec == L16 { 960 } else { codec.ticks as usize }];
        let begin = Instant::now();
        for (number, payload) in voice().iter().take(40).enumerate() {
            while begin.elapsed() < Duration::from_millis(20 * number as u64) {
                ann.step();
                bob.step();
            }
            let said = if codec == OPUS { payload } else { &blank };
            ann.say(said);
        }
        bob.run_until(|bob| bob.heard.len() >= 40);
        if codec == OPUS {
            assert!(
                loudest(&bob) > -45.0,
                "{plugin}: Bob hears {} dBov",
                loudest(&bob)
            );
        } else {
            // What a codec makes of a voice is shown elsewhere; here its packets have its length.
            let lengths: BTreeSet<usize> = bob.heard.iter().map(|(_, payload)| payload.len()).collect();
            assert_eq!(lengths, BTreeSet::from([blank.len()]), "{plugin}");
        }

        let graph = room.graph();
        let seen = graph.sockets.iter().find(|seen| seen.socket == socket).unwrap();
        assert_eq!(&seen.plugin.id, plugin);
        assert_eq!(seen.state, SocketState::Running, "{plugin}");
        let expected = if socket == "mixer" { 1 } else { 2 };
        assert_eq!(seen.instances, expected, "{plugin}");
        let node = graph
            .nodes
            .iter()
            .find(|node| node.socket.as_deref() == Some(socket));
        assert_eq!(node.unwrap().label, seen.plugin.name);
        for other in graph.sockets.iter().filter(|other| other.socket != socket) {
            let usual = &usual.socket(&other.socket).unwrap().candidates[0];
            assert_eq!(&other.plugin.id, usual, "the others are as they were");
        }
        engine.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a2_7_every_plugin_that_fits_runs_as_transport() {
    every_plugin_runs_in("transport").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a2_7_every_plugin_that_fits_runs_as_jitter_buffer() {
    every_plugin_runs_in("jitter").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a2_7_every_plugin_that_fits_runs_as_codec() {
    every_plugin_runs_in("codec").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a2_7_every_plugin_that_fits_runs_as_echo_canceller() {
    every_plugin_runs_in("echo").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a2_7_every_plugin_that_fits_runs_as_noise_suppressor() {
    every_plugin_runs_in("noise").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a2_7_every_plugin_that_fits_runs_as_gain() {
    every_plugin_runs_in("gain").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a2_7_every_plugin_that_fits_runs_as_mixer() {
    every_plugin_runs_in("mixer").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a2_7_every_plugin_that_fits_runs_as_congestion_controller() {
    every_plugin_runs_in("congestion").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a2_7_every_plugin_that_fits_runs_as_pacer() {
    every_plugin_runs_in("pacer").await;
}

/// But for the estimator: that one has instances only for callers who know REMB alone.
#[test]
fn a2_7_the_profile_has_no_other_socket() {
    let names: Vec<&str> = Profile::Conference.sockets().iter().map(|s| s.name).collect();
    assert_eq!(
        names.join(" "),
        "transport jitter codec echo noise gain mixer congestion pacer estimator"
    );
}
