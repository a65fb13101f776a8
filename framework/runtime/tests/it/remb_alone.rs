//! A caller whose software knows no feedback but REMB: a plugin estimates how much may come from it, and stands in its socket as others do.

use std::time::{Duration, Instant};

use jackfield_core::units::DataRate;
use jackfield_rtp::rtcp::{RtcpDatagram, RtcpPacket};
use jackfield_runtime::view::{SocketView, SwapOutcome};
use jackfield_runtime::{Engine, EngineOptions, Room};
use jackfield_transport_ice_dtls::IceDtls;
use serde_json::Map;

use super::caller::{Caller, Codec, OPUS, loader, manifest, transport};

/// Opus with REMB, in packets that say under the number 5 when they leave.
const REMB: Codec = Codec {
    lines: "a=rtpmap:111 opus/48000/2\r\n\
        a=extmap:5 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time\r\n\
        a=rtcp-fb:111 goog-remb\r\n",
    ..OPUS
};

fn socket(room: &Room) -> SocketView {
    named(room, "estimator")
}

fn named(room: &Room, name: &str) -> SocketView {
    let sockets = room.graph().sockets;
    sockets.into_iter().find(|s| s.socket == name).unwrap()
}

/// The caller speaks until `enough` of what it heard, after so long a time.
fn speak(caller: &mut Caller, enough: impl Fn(&Caller, Duration) -> bool) {
    let (began, mut said) = (Instant::now(), 0);
    while !enough(caller, began.elapsed()) {
        if began.elapsed() >= Duration::from_millis(20) * said {
            caller.say_timed(5, &[0xF8, 0xFF, 0xFE]);
            said += 1;
        }
        caller.step();
    }
}

fn told(caller: &Caller) -> Vec<DataRate> {
    let mut told = Vec::new();
    for bytes in &caller.rtcp {
        for packet in RtcpDatagram::parse(bytes).unwrap().packets() {
            if let Ok(RtcpPacket::ReceiverEstimatedBitrate(remb)) = packet {
                told.push(remb.bitrate);
            }
        }
    }
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn e19_5_who_knows_remb_alone_is_told_what_a_plugin_reckons_and_that_can_be_swapped() {
    let manifest = manifest("profile = \"conference\"\n");
    let engine = Engine::start(EngineOptions::new(manifest, loader(&[]))).unwrap();
    let room = engine.open_room("room").unwrap();
    assert_eq!(socket(&room).plugin.id, "jackfield.congestion.receive-side");
    let mut bob = Caller::join(&room, "Bob", transport::<IceDtls>(2)).await;
    bob.connect();
    assert_eq!(socket(&room).instances, 0, "nobody here needs one");

    let mut ann = Caller::join_in(&room, "Ann", transport::<IceDtls>(1), REMB).await;
    ann.connect();
    speak(&mut ann, |_, passed| passed > Duration::from_millis(1_500));
    let estimates = told(&ann);
    assert!(estimates.len() >= 2, "{estimates:?}");
    let view = socket(&room);
    assert_eq!(view.instances, 1);
    let known = view.stats.iter().find(|s| s.name == "estimate").unwrap();
    assert!(known.value.is_some_and(|kbps| kbps >= 16.0), "{known:?}");
    let stats = room.stats();
    let of = |id: &str| stats.participants.iter().find(|p| p.id == id).unwrap().told_kbps;
    assert!(of(ann.participant.id()).is_some_and(|kbps| kbps >= 16.0));
    assert_eq!(of(bob.participant.id()), None);

    let to = "jackfield.congestion.fixed";
    let swapping = {
        let room = room.clone();
        tokio::spawn(async move { room.set_socket("estimator", Some(to), &Map::new()).await })
    };
    speak(&mut ann, |_, _| swapping.is_finished());
    let report = swapping.await.unwrap().unwrap();
    assert_eq!(report.outcome, SwapOutcome::Committed);
    assert_eq!(socket(&room).plugin.id, to);
    let fixed = DataRate::kbps(128);
    // More than before is told when the second is over.
    speak(&mut ann, |ann, passed| {
        told(ann).last() == Some(&fixed) || passed > Duration::from_secs(5)
    });
    assert_eq!(told(&ann).last(), Some(&fixed), "what the newcomer says");
    engine.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn e19_5_what_decides_at_the_other_end_is_neither_offered_nor_taken() {
    let (receiver, sender, either) = (
        "jackfield.congestion.receive-side",
        "jackfield.congestion.gcc",
        "jackfield.congestion.fixed",
    );
    let start = |manifest| Engine::start(EngineOptions::new(manifest, loader(&[]))).unwrap();
    let engine = start(manifest("profile = \"conference\"\n"));
    let room = engine.open_room("room").unwrap();
    for (name, other, said) in [
        ("estimator", sender, "that socket decides at the receiver"),
        ("congestion", receiver, "that socket decides at the sender"),
    ] {
        let view = named(&room, name);
        let offered: Vec<&str> = view.alternatives.iter().map(|one| one.id.as_str()).collect();
        assert!(
            !offered.contains(&other) && offered.contains(&either),
            "{offered:?}"
        );
        let refused = room
            .set_socket(name, Some(other), &Map::new())
            .await
            .err()
            .unwrap();
        assert!(refused.to_string().contains(said), "{refused}");
        assert_eq!(
            named(&room, name).plugin.id,
            view.plugin.id,
            "it stands where it stood"
        );

        let text = format!("profile = \"conference\"\n[sockets.{name}]\nuse = \"{other}\"\n");
        let another = start(manifest(&text));
        let refused = another.open_room("room").err().unwrap();
        assert!(refused.to_string().contains(said), "{refused}");
        another.close().await;
    }
    engine.close().await;
}
