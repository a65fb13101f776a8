//! What a connection's controller allows is shared by its streams, and each connection has a controller of its own.

use jackfield_graph::media::Mix;
use jackfield_graph::network::{MediaConfiguration, NetworkEvent, NetworkSocket, StreamRates};
use jackfield_rtp::header::RtpPacketView;
use jackfield_sdk::prelude::*;

use super::plugins::{Scribe, of_kind};
use super::world::{Plugs, World, configuration, fixed, ssrc};

const ANN: (usize, u32) = (0, 1);
const BOB: (usize, u32) = (1, 1);

/// A voice that needs 30 kbit/s and may pause.
fn may_pause() -> MediaConfiguration {
    MediaConfiguration {
        rates: StreamRates {
            minimum: DataRate::kbps(30),
            maximum: DataRate::kbps(90),
            padding: DataRate::ZERO,
        },
        may_pause: true,
        ..configuration()
    }
}

fn pair(kbps: u32, configuration: &MediaConfiguration) -> World {
    let mut world = World::new(2);
    world.join(
        ANN,
        Plugs {
            congestion: fixed(kbps),
            ..Plugs::default()
        },
    );
    world.join(BOB, Plugs::default());
    world
        .with(0, |domain, _| domain.configure(1, configuration))
        .unwrap();
    world.connect(ANN, BOB);
    world
}

fn allow(world: &mut World, kbps: f64) {
    let now = world.now;
    world.with(0, |domain, _| {
        domain
            .set_parameter(now, Some(1), NetworkSocket::Congestion, 0, kbps)
            .unwrap();
    });
}

fn target(world: &mut World) -> Option<DataRate> {
    let mut newest = None;
    while let Ok(told) = world.rooms[0].hints.pop() {
        newest = Some(told.hint.target);
    }
    newest
}

/// When the stream paused and went on.
fn pauses(world: &World) -> Vec<bool> {
    let stream = ssrc(ANN);
    world
        .events_of(ANN)
        .iter()
        .filter_map(|event| match event {
            NetworkEvent::StreamPaused { ssrc, paused } if *ssrc == stream => Some(*paused),
            _ => None,
        })
        .collect()
}

#[test]
fn e2_2_an_encoder_is_told_its_share_and_no_more_than_the_stream_can_use() {
    let mut world = pair(50, &may_pause());
    // Until a report has come the headers are taken to be as short as they can be.
    world.speak(0, 400);
    let headers = DataRate::bps(62 * 8 * 50);
    assert_eq!(target(&mut world), Some(DataRate::kbps(50) - headers));
    allow(&mut world, 400.0);
    world.speak(0, 10);
    assert_eq!(target(&mut world), Some(DataRate::kbps(90) - headers));
    assert_eq!(
        world.person(ANN).stats.target_rate(),
        DataRate::kbps(400),
        "the path bears more"
    );
}

#[test]
fn e2_2_a_stream_with_too_little_pauses_and_comes_back_when_there_has_been_enough_for_a_second() {
    let mut world = pair(50, &may_pause());
    world.speak(0, 50);
    allow(&mut world, 20.0);
    world.speak(0, 5);
    let before = world.rtp_of(ANN).len();
    world.speak(0, 50);
    assert_eq!(pauses(&world), [true]);
    assert_eq!(world.rtp_of(ANN).len(), before, "nothing is sent");
    assert_eq!(
        target(&mut world),
        Some(DataRate::ZERO),
        "nothing is asked of its encoder"
    );
    allow(&mut world, 33.0);
    world.speak(0, 100);
    assert_eq!(pauses(&world), [true], "a fifth more than it needs is wanted");
    allow(&mut world, 36.0);
    world.speak(0, 45);
    assert_eq!(pauses(&world), [true], "and for a second");
    world.speak(0, 20);
    assert_eq!(pauses(&world), [true, false]);
    let sent = world.rtp_of(ANN);
    let first = RtpPacketView::parse(&sent[before].bytes).unwrap().header();
    let last = RtpPacketView::parse(&sent[before - 1].bytes).unwrap().header();
    assert!(first.marker, "it begins anew");
    assert_eq!(first.sequence_number, last.sequence_number.wrapping_add(1));
    assert!(
        first.timestamp.wrapping_sub(last.timestamp) / 960 > 190,
        "the media clock went on"
    );
    assert!(target(&mut world).unwrap() > DataRate::kbps(6));
}

#[test]
fn d5_6_a_voice_that_must_not_pause_goes_on_however_little_there_is() {
    let configuration = MediaConfiguration {
        may_pause: false,
        ..may_pause()
    };
    let mut world = pair(50, &configuration);
    world.speak(0, 50);
    allow(&mut world, 16.0);
    world.speak(0, 100);
    assert_eq!(world.rtp_of(ANN).len(), 150);
    assert_eq!(pauses(&world), [false; 0]);
    let headers = DataRate::bps(62 * 8 * 50);
    assert_eq!(
        target(&mut world).unwrap().max(DataRate::kbps(6)),
        (DataRate::kbps(30) - headers).max(DataRate::kbps(6))
    );
}

#[test]
fn e2_1_each_transport_has_one_controller_and_each_stream_its_own_share() {
    let mut world = World::new(3);
    let (scribe, ann) = Scribe::new();
    world.join(
        ANN,
        Plugs {
            congestion: Box::new(scribe),
            ..Plugs::default()
        },
    );
    let (scribe, cat) = Scribe::new();
    world.join(
        (0, 2),
        Plugs {
            congestion: Box::new(scribe),
            ..Plugs::default()
        },
    );
    world.join(BOB, Plugs::default());
    world.join((2, 1), Plugs::default());
    world.connect(ANN, BOB);
    world.connect((0, 2), (2, 1));
    // One mix goes to both; what becomes of each copy is told to the controller of its transport alone.
    let number = 7_u32.to_be_bytes();
    for _ in 0..10 {
        world.mix(0, Mix::Shared(1), &number);
        world.poll(0);
        world.run_for(TimeDelta::ms(20));
    }
    world.run_for(TimeDelta::seconds(1));
    for (notes, seat) in [(&ann, ANN), (&cat, (0, 2))] {
        let sent = of_kind(notes, CongestionEventKind::SentPacket);
        assert_eq!(sent.len(), 10);
        assert!(sent.iter().all(|told| told.event.ssrc == ssrc(seat)));
        let told: usize = of_kind(notes, CongestionEventKind::PacketFeedback)
            .iter()
            .map(|told| told.packets.len())
            .sum();
        assert_eq!(told, 10);
    }
}
