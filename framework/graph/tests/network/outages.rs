//! The network goes down and comes back, the path changes, the streams change: what the congestion controller is told.

use std::sync::{Arc, Mutex};

use jackfield_graph::media::Mix;
use jackfield_graph::network::{MediaConfiguration, StreamRates};
use jackfield_rtp::header::{RtpPacketView, is_rtcp};
use jackfield_sdk::prelude::*;

use super::plugins::{Metronome, Notes, Scribe, of_kind};
use super::world::{ANN, BOB, Plugs, World, configuration};

/// A pair of which Ann's controller writes down what it is told.
fn pair() -> (World, Arc<Mutex<Notes>>) {
    let (scribe, notes) = Scribe::new();
    let world = World::pair_with(Plugs {
        congestion: Box::new(scribe),
        pacer: Box::new(Metronome::every(TimeDelta::ms(15))),
        ..Plugs::default()
    });
    (world, notes)
}

/// Ann's transport says that it stands so.
fn becomes(world: &mut World, state: TransportState) {
    world.with_transport(ANN, |_, _, sink| sink.state(state)).unwrap();
}

/// Bob is somewhere else from now on, and both have heard it: a transport without ICE answers to where it heard the other last.
fn moves(world: &mut World, address: [u8; 4], port: u16) {
    // A packet of a stream that is nobody's.
    const STRAY: [u8; 12] = [0x80, 111, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9];
    let address = std::net::SocketAddr::from((address, port));
    world.rooms[1].people.get_mut(&1).unwrap().address = address;
    world.hand(ANN, address, &STRAY);
    let ann = world.person(ANN).address;
    world.hand(BOB, ann, &STRAY);
}

fn kinds(notes: &Mutex<Notes>) -> Vec<CongestionEventKind> {
    let notes = notes.lock().unwrap();
    notes.told.iter().map(|told| told.event.kind).collect()
}

#[test]
fn e2_4_the_network_goes_down_and_comes_back() {
    let (mut world, notes) = pair();
    world.speak(0, 50);
    // Some are under way and some wait for the pacer when it happens.
    for number in 0..6_u32 {
        world.mix(0, Mix::Shared(1), &number.to_be_bytes());
    }
    world.poll(0);
    world.lost = Box::new(|_, _| true);
    becomes(&mut world, TransportState::Failed);
    assert_eq!(
        world.rooms[0].domain.waiting_payloads(),
        0,
        "what waited is given up, not sent late"
    );
    let before = world.wire.len();
    world.speak(0, 100);
    let left = world.wire[before..]
        .iter()
        .filter(|sent| sent.from == world.person(ANN).address);
    assert_eq!(left.count(), 0, "neither media nor reports");
    let last = world.rtp_of(ANN).pop().unwrap();

    world.lost = Box::new(|_, _| false);
    becomes(&mut world, TransportState::Connected);
    let back = world.now;
    world.speak(0, 50);
    world.run_for(TimeDelta::seconds(1));
    let sent: Vec<_> = world
        .rtp_of(ANN)
        .into_iter()
        .filter(|sent| sent.at >= back)
        .collect();
    assert_eq!(sent.len(), 50, "all that is said again, and nothing of before");
    let first = RtpPacketView::parse(&sent[0].bytes).unwrap().header();
    let last = RtpPacketView::parse(&last.bytes).unwrap().header();
    assert!(first.marker, "it begins anew");
    assert_eq!(first.sequence_number, last.sequence_number.wrapping_add(1));
    let passed = first.timestamp.wrapping_sub(last.timestamp) / 960;
    assert!(
        (101..=107).contains(&passed),
        "the media clock went on: {passed} packets"
    );

    let available: Vec<u32> = of_kind(&notes, CongestionEventKind::NetworkAvailability)
        .iter()
        .map(|told| told.event.flag)
        .collect();
    assert_eq!(available, [1, 0, 1]);
    let told = notes.lock().unwrap();
    let up = told
        .told
        .iter()
        .rposition(|told| told.event.kind == CongestionEventKind::NetworkAvailability)
        .unwrap();
    let after = &told.told[up..];
    let sent = after
        .iter()
        .find(|told| told.event.kind == CongestionEventKind::SentPacket)
        .unwrap();
    assert_eq!(
        sent.event.in_flight, sent.event.size,
        "what was under way when it went down is not any more"
    );
    let feedback = after.iter().flat_map(|told| &told.packets);
    assert!(
        feedback.clone().count() == 50 && feedback.clone().all(|packet| packet.sent >= back),
        "nor is it said to be lost"
    );
}

#[test]
fn e2_4_a_short_silence_of_the_network_pauses_nothing() {
    let (mut world, notes) = pair();
    world.speak(0, 10);
    becomes(&mut world, TransportState::Disconnected);
    world.speak(0, 10);
    becomes(&mut world, TransportState::Connected);
    world.speak(0, 10);
    assert_eq!(world.rtp_of(ANN).len(), 30);
    assert_eq!(of_kind(&notes, CongestionEventKind::NetworkAvailability).len(), 1);
}

#[test]
fn d5_7_another_path_is_told_before_its_first_packet_and_what_is_known_of_the_old_one_does_not_count() {
    let (mut world, notes) = pair();
    world.delay = TimeDelta::ms(200);
    // Reports on what was sent last are lost, so that it counts as under way; and nothing that comes from the old path later confuses Ann.
    world.lost = Box::new(|_, bytes| is_rtcp(bytes));
    world.speak(0, 50);
    world.run_for(TimeDelta::ms(300));
    world.lost = Box::new(|_, _| false);
    assert!(!kinds(&notes).contains(&CongestionEventKind::RouteChange));
    moves(&mut world, [10, 77, 0, 1], 5000);
    let moved = world.now;
    world.speak(0, 50);
    world.run_for(TimeDelta::seconds(2));
    let changes = of_kind(&notes, CongestionEventKind::RouteChange);
    assert_eq!(changes.len(), 1, "told once");
    let bounds = changes[0].event.constraints;
    assert!(
        bounds.minimum <= bounds.start && bounds.start <= bounds.maximum && bounds.start > DataRate::ZERO
    );
    let told = notes.lock().unwrap();
    let change = told
        .told
        .iter()
        .position(|told| told.event.kind == CongestionEventKind::RouteChange)
        .unwrap();
    let first = &told.told[change + 1].event;
    assert_eq!(
        (first.kind, first.in_flight),
        (CongestionEventKind::SentPacket, first.size),
        "its first packet comes next, and nothing else is under way on it"
    );
    let after = told.told[change..].iter().flat_map(|told| &told.packets);
    assert_eq!(after.clone().count(), 50);
    assert!(
        after
            .clone()
            .all(|packet| packet.sent >= moved && !packet.received.is_never())
    );
}

#[test]
fn d5_7_another_port_is_the_same_path() {
    let (mut world, notes) = pair();
    world.speak(0, 10);
    let address = world.person(BOB).address;
    let std::net::IpAddr::V4(ip) = address.ip() else {
        panic!("{address}")
    };
    moves(&mut world, ip.octets(), 6000);
    world.speak(0, 10);
    assert_eq!(world.rtp_of(ANN).len(), 20);
    assert!(!kinds(&notes).contains(&CongestionEventKind::RouteChange));
}

#[test]
fn e2_2_the_controller_is_told_what_the_streams_need_before_anything_else_and_when_it_changes() {
    let (mut world, notes) = pair();
    assert_eq!(kinds(&notes)[0], CongestionEventKind::StreamsConfig);
    let told = |notes: &Mutex<Notes>| -> Vec<(DataRate, DataRate, DataRate)> {
        of_kind(notes, CongestionEventKind::StreamsConfig)
            .iter()
            .map(|told| &told.event)
            .map(|event| (event.rate, event.constraints.maximum, event.padding))
            .collect()
    };
    let voice = (
        StreamRates::VOICE.minimum,
        StreamRates::VOICE.maximum,
        DataRate::ZERO,
    );
    assert_eq!(told(&notes), [voice]);
    let again = configuration();
    world.with(0, |domain, _| domain.configure(1, &again)).unwrap();
    world.run_for(TimeDelta::ms(100));
    assert_eq!(told(&notes).len(), 1, "nothing has changed");
    let narrow = MediaConfiguration {
        rates: StreamRates {
            minimum: DataRate::kbps(80),
            maximum: DataRate::kbps(90),
            padding: DataRate::ZERO,
        },
        ..configuration()
    };
    world.with(0, |domain, _| domain.configure(1, &narrow)).unwrap();
    world.run_for(TimeDelta::ms(100));
    let now = world.now;
    let wide = StreamRates::of_encoder(&EncoderLimits::new(
        (DataRate::kbps(6), DataRate::kbps(510)),
        (TimeDelta::ms(10), TimeDelta::ms(60)),
    ));
    world.with(0, |domain, _| domain.set_rates(now, 1, wide)).unwrap();
    world.run_for(TimeDelta::ms(100));
    let deaf = MediaConfiguration {
        send: Vec::new(),
        ..configuration()
    };
    world.with(0, |domain, _| domain.configure(1, &deaf)).unwrap();
    world.run_for(TimeDelta::ms(100));
    let zero = DataRate::ZERO;
    let narrow = (DataRate::kbps(80), DataRate::kbps(90), zero);
    let with_headers = (
        DataRate::bps(6_000 + 8_533),
        DataRate::bps(510_000 + 51_200),
        zero,
    );
    assert_eq!(told(&notes), [voice, narrow, with_headers, (zero, zero, zero)]);
    assert_eq!(
        StreamRates::of_encoder(&EncoderLimits::UNKNOWN),
        StreamRates::VOICE
    );
}

#[test]
fn e17_6_a_newcomer_is_told_what_its_predecessor_was() {
    let mut world = World::pair();
    let (scribe, notes) = Scribe::new();
    let now = world.now;
    world
        .with(0, |domain, _| {
            domain.swap_congestion(now, 1, 7, Box::new(scribe), false)
        })
        .unwrap();
    let up = CongestionEventKind::NetworkAvailability;
    assert_eq!(kinds(&notes), [up, CongestionEventKind::StreamsConfig]);
    assert_eq!(of_kind(&notes, up)[0].event.flag, 1);
}
