//! D5: what a caller tells of its link decides how much of it is used, from its first packet on and when it becomes another.

use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use jackfield_core::units::DataRate;
use jackfield_graph::resources::Limits;
use jackfield_loader::Manifest;
use jackfield_runtime::{Engine, EngineOptions, ParticipantKind, Room};
use jackfield_session::signalling::{self, Link, LinkAdapter, LinkDevice};
use jackfield_transport_loopback::Loopback;

use super::caller::{Caller, OPUS, loader, manifest, transport};

/// Wants as much as it may have, whatever the path is like.
const GREEDY: &str = r#"
profile = "conference"

[sockets.transport]
use = "jackfield.transport.loopback"

[sockets.congestion]
use = "jackfield.congestion.fixed"
params = { rate = 5000.0 }

[profiles.mobile-cellular]
maximum = 90
metered_maximum = 70
"#;

const ON_LTE: Link = Link {
    device: LinkDevice::Mobile,
    adapter: LinkAdapter::Cellular,
    metered: false,
};

/// What is allowed to the only caller of the room, once it has become this or half a minute has passed.
fn allowed(room: &Room, caller: &mut Caller, kbps: f64) -> f64 {
    let began = Instant::now();
    loop {
        caller.step();
        let stats = room.stats();
        let rates = stats.participants[0].congestion;
        let target = rates.map_or(0.0, |rates| rates.target_kbps);
        if (target - kbps).abs() < 0.5 || began.elapsed() > Duration::from_secs(30) {
            return target;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d5_1_the_profile_of_a_link_holds_from_the_join_on_and_another_after_a_change_of_links() {
    let manifest: Manifest = manifest(GREEDY);
    let profiles = manifest.profiles;
    let engine = Engine::start(EngineOptions::new(manifest, loader(&[]))).unwrap();
    let room = engine.open_room("room").unwrap();
    let participant = room.join("Ann", ParticipantKind::Browser).unwrap();
    participant.set_link(ON_LTE);
    let mut ann = Caller::of(participant.clone(), transport::<Loopback>(1), OPUS).await;
    ann.connect();
    assert_eq!(
        allowed(&room, &mut ann, 90.0),
        90.0,
        "d5_4: what the manifest says"
    );
    assert_eq!(room.stats().participants[0].link, "mobile-cellular");

    participant.set_link(Link {
        metered: true,
        ..ON_LTE
    });
    assert_eq!(allowed(&room, &mut ann, 70.0), 70.0, "d5_3: every byte costs");
    assert!(room.stats().participants[0].metered);

    participant.set_link(Link {
        adapter: LinkAdapter::Wifi,
        ..ON_LTE
    });
    let wifi = profiles.mobile_wifi.maximum.as_kbps_f64();
    assert_eq!(allowed(&room, &mut ann, wifi), wifi);
    participant.set_link(Link::default());
    let desktop = profiles.desktop.maximum.as_kbps_f64();
    assert_eq!(allowed(&room, &mut ann, desktop), desktop);
    assert!(profiles.desktop.maximum > DataRate::kbps(90));
    engine.close().await;
}

/// What the encoder of the only caller aims for, in bit/s, once it is this or half a minute has passed.
fn aimed_for(room: &Room, caller: &mut Caller, bps: f64) -> f64 {
    let began = Instant::now();
    loop {
        caller.step();
        let graph = room.graph();
        let codec = graph.sockets.iter().find(|socket| socket.socket == "codec");
        let bitrate = codec.and_then(|codec| codec.stats.iter().find(|stat| stat.name == "bitrate"));
        let value = bitrate.and_then(|stat| stat.value).unwrap_or(0.0);
        if (value - bps).abs() < 0.5 || began.elapsed() > Duration::from_secs(30) {
            return value;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn e2_5_what_resources_vote_for_in_a_room_reaches_its_encoders_and_the_most_limiting_wins() {
    let engine = Engine::start(EngineOptions::new(manifest(GREEDY), loader(&[]))).unwrap();
    let room = engine.open_room("room").unwrap();
    let mut ann = Caller::join(&room, "Ann", transport::<Loopback>(1)).await;
    ann.connect();
    assert_eq!(aimed_for(&room, &mut ann, 32_000.0), 32_000.0);
    room.vote("heat", Some(Limits::audio(DataRate::kbps(20))));
    assert_eq!(aimed_for(&room, &mut ann, 20_000.0), 20_000.0);
    room.vote("battery", Some(Limits::audio(DataRate::kbps(12))));
    assert_eq!(aimed_for(&room, &mut ann, 12_000.0), 12_000.0);
    room.vote("heat", Some(Limits::audio(DataRate::kbps(10))));
    assert_eq!(aimed_for(&room, &mut ann, 10_000.0), 10_000.0);
    room.vote("heat", None);
    room.vote("battery", None);
    assert_eq!(
        aimed_for(&room, &mut ann, 32_000.0),
        32_000.0,
        "all votes are taken back"
    );
    engine.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn d5_2_what_a_peer_can_bear_is_what_it_is_sent_and_what_others_vote_for_is_what_it_shall_send() {
    let engine = Engine::start(EngineOptions::new(manifest(GREEDY), loader(&[]))).unwrap();
    let room = engine.open_room("room").unwrap();
    let mut ann = Caller::join(&room, "Ann", transport::<Loopback>(1)).await;
    ann.connect();
    let participant = ann.participant.clone();
    let bears = signalling::Limits {
        audio_kbps: NonZeroU32::new(12),
        ..signalling::Limits::default()
    };
    participant.set_limits(bears);
    assert_eq!(aimed_for(&room, &mut ann, 12_000.0), 12_000.0);
    assert_eq!(
        participant.limits(),
        signalling::Limits::default(),
        "its own vote is not told back"
    );
    participant.vote("heat", Some(Limits::audio(DataRate::kbps(10))));
    assert_eq!(participant.limits().audio_kbps, NonZeroU32::new(10));
    assert_eq!(aimed_for(&room, &mut ann, 10_000.0), 10_000.0);
    participant.vote("heat", None);
    assert_eq!(participant.limits(), signalling::Limits::default());
    assert_eq!(aimed_for(&room, &mut ann, 12_000.0), 12_000.0);
    participant.set_limits(signalling::Limits::default());
    assert_eq!(
        aimed_for(&room, &mut ann, 32_000.0),
        32_000.0,
        "as if nothing had been"
    );
    engine.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn d5_2_what_a_peer_says_before_its_offer_holds_from_its_first_packet_on() {
    let engine = Engine::start(EngineOptions::new(manifest(GREEDY), loader(&[]))).unwrap();
    let room = engine.open_room("room").unwrap();
    let participant = room.join("Ann", ParticipantKind::Browser).unwrap();
    participant.set_limits(signalling::Limits {
        audio_kbps: NonZeroU32::new(12),
        ..signalling::Limits::default()
    });
    let mut ann = Caller::of(participant, transport::<Loopback>(1), OPUS).await;
    ann.connect();
    assert_eq!(aimed_for(&room, &mut ann, 12_000.0), 12_000.0);
    engine.close().await;
}
