//! What estimates how much may come, for a sender that knows no feedback but REMB: a plugin, and what stands in where none can know.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex};

use jackfield_congestion_receive_side::ReceiveSide;
use jackfield_graph::media::Mix;
use jackfield_graph::network::{
    ExtensionKind, MediaConfiguration, NetworkEvent, NetworkSocket, RtcpFeedback,
};
use jackfield_graph::swap::SwapOutcome;
use jackfield_sdk::prelude::*;

use super::plugins::{Notes, Scribe, of_kind};
use super::probing::gcc;
use super::remote_bitrate::estimates;
use super::world::{ANN, BOB, Link, Plugs, World, configuration};

/// Only REMB was agreed upon; packets say when they leave.
fn agreed() -> MediaConfiguration {
    let mut agreed = MediaConfiguration {
        feedback: RtcpFeedback {
            remb: true,
            reduced_size: true,
            ..RtcpFeedback::default()
        },
        ..configuration()
    };
    agreed.extensions.set(ExtensionKind::AbsoluteSendTime, 5);
    agreed
}

/// Ann knows REMB alone; `estimator` stands at Bob's end.
fn pair_with(agreed: &MediaConfiguration, estimator: Option<Box<dyn CongestionController>>) -> World {
    let mut world = World::new(2);
    world.join(ANN, gcc());
    world.join(BOB, Plugs::default());
    world.connect(ANN, BOB);
    let now = world.now;
    if let Some(estimator) = estimator {
        world
            .with(1, |domain, _| domain.set_estimator(now, 1, estimator))
            .unwrap();
    }
    for room in [0, 1] {
        world.with(room, |domain, _| domain.configure(1, agreed)).unwrap();
    }
    world
}

fn receive_side() -> Box<dyn CongestionController> {
    Box::new(ReceiveSide::create(&Environment::seeded(1)).unwrap())
}

/// One that says what it was made to, and writes down what it is told.
fn scribe(target: DataRate) -> (Scribe, Arc<Mutex<Notes>>) {
    let (mut scribe, notes) = Scribe::new();
    scribe.decision.target = target;
    (scribe, notes)
}

/// What the room's encoder makes of the target, for so long; gives how long packets waited before the link, in the mean, and the mean target.
fn send_what_is_allowed(world: &mut World, seconds: u32) -> (TimeDelta, DataRate) {
    let (mut waited, mut allowed) = (TimeDelta::ZERO, 0);
    let packets = i64::from(seconds) * 50;
    for _ in 0..packets {
        let target = world.person(ANN).stats.target_rate().max(DataRate::kbps(32));
        let size = (target * TimeDelta::ms(20)).as_bytes() - 70;
        world.mix(0, Mix::Shared(1), &vec![7; size.clamp(10, 1_200) as usize]);
        world.poll(0);
        let link = world.link.as_ref().unwrap();
        waited += link.free.since(world.now);
        allowed += target.as_bps();
        world.run_for(TimeDelta::ms(20));
    }
    (
        TimeDelta::us(waited.as_us() / packets),
        DataRate::bps(allowed / packets),
    )
}

const LINK: DataRate = DataRate::kbps(200);

fn narrow(estimator: Option<Box<dyn CongestionController>>) -> World {
    let mut world = pair_with(&agreed(), estimator);
    world.link = Some(Link::new(LINK, TimeDelta::ms(500)));
    world
}

#[test]
fn e19_5_a_sender_that_knows_remb_alone_finds_what_the_link_bears_and_its_queue_stays_short() {
    let mut world = narrow(Some(receive_side()));
    send_what_is_allowed(&mut world, 30);
    let (waited, target) = send_what_is_allowed(&mut world, 30);
    assert!(
        (0.6..=1.05).contains(&(target / LINK)),
        "{target:?} on a link of {LINK:?}"
    );
    assert!(waited < TimeDelta::ms(120), "packets wait {waited:?}");

    let mut plain = narrow(None);
    send_what_is_allowed(&mut plain, 30);
    let (without, _) = send_what_is_allowed(&mut plain, 30);
    assert!(
        without > waited * 2,
        "who is told how much comes fills the queue: {without:?}"
    );
}

#[test]
fn e19_4_when_the_link_gets_narrow_the_sender_hears_of_it_at_once() {
    let mut world = narrow(Some(receive_side()));
    send_what_is_allowed(&mut world, 30);
    let before = world.person(ANN).stats.target_rate();
    let narrowed = world.now;
    world.link.as_mut().unwrap().rate = DataRate::kbps(100);
    send_what_is_allowed(&mut world, 2);
    let told = estimates(&world);
    let first = told
        .iter()
        .find(|(at, rate, _)| *at > narrowed && *rate < DataRate::kbps(110))
        .expect("it is told");
    assert!(
        first.0.since(narrowed) < TimeDelta::ms(800),
        "after {:?}",
        first.0.since(narrowed)
    );
    assert!(world.person(ANN).stats.target_rate() < before);
}

/// When REMBs were sent after `since`, and what they said.
fn told(world: &World, since: Timestamp) -> Vec<(i64, i64)> {
    let told = estimates(world).into_iter().filter(|(at, ..)| *at >= since);
    told.map(|(at, rate, _)| (at.since(since).as_us() / 1_000, rate.as_bps() / 1_000))
        .collect()
}

#[test]
fn e19_4_a_fall_by_three_percent_is_told_at_once_and_anything_else_once_a_second() {
    let (scribe, notes) = Scribe::with_targets(vec![
        (Timestamp::from_ms(0), DataRate::kbps(300)),
        (Timestamp::from_ms(5_310), DataRate::kbps(293)),
        (Timestamp::from_ms(7_310), DataRate::kbps(280)),
        (Timestamp::from_ms(9_310), DataRate::kbps(400)),
    ]);
    let mut world = pair_with(&agreed(), Some(Box::new(scribe)));
    world.run_for(Timestamp::from_ms(3_000).since(world.now));
    let begin = Timestamp::ZERO;
    world.speak(0, 500);
    let told = told(&world, begin);
    assert!(!of_kind(&notes, CongestionEventKind::ReceivedPacket).is_empty());
    let first = |rate: i64| {
        told.iter()
            .find(|(_, kbps)| (kbps - rate).abs() <= 2)
            .map(|(at, _)| *at)
    };
    assert!(first(293).unwrap() > 5_330, "it waits for its second: {told:?}");
    assert!(
        (7_310..=7_360).contains(&first(280).unwrap()),
        "at once: {told:?}"
    );
    assert!(first(400).unwrap() > 9_360, "a rise waits: {told:?}");
    let seconds = told.len();
    assert!(
        (9..=20).contains(&seconds),
        "once a second, and with each report: {seconds}"
    );
}

#[test]
fn e19_5_the_plugin_is_told_of_each_packet_when_it_left_and_when_it_came() {
    let (scribe, notes) = scribe(DataRate::kbps(500));
    let mut world = pair_with(&agreed(), Some(Box::new(scribe)));
    // Longer than the 64 s after which the sender's times begin anew.
    world.speak(0, 75 * 50);
    let told = of_kind(&notes, CongestionEventKind::ReceivedPacket);
    assert!(told.len() >= 75 * 50 - 1);
    for pair in told.windows(2) {
        let left = (pair[1].event.at - pair[0].event.at).as_us();
        let came = (pair[1].at - pair[0].at).as_us();
        assert_eq!(came, 20_000);
        assert!((left - came).abs() <= 8, "to the step of the clock: {left}");
    }
    let [first, last] = [&told[0], &told[told.len() - 1]];
    let drift = (last.event.at - first.event.at).as_us() - (last.at - first.at).as_us();
    assert!(drift.abs() < 50, "nothing adds up: {drift} us");
    assert!(told.iter().all(|told| told.event.size > DataSize::bytes(50)));
    assert_eq!(
        of_kind(&notes, CongestionEventKind::NetworkAvailability).len(),
        1,
        "it came to a connection that was there"
    );
}

#[test]
fn e19_5_an_estimator_that_breaks_is_gone_around_and_what_comes_is_told() {
    let (mut scribe, _) = scribe(DataRate::kbps(500));
    scribe.breaks_after = 150;
    let mut world = pair_with(&agreed(), Some(Box::new(scribe)));
    world.speak(0, 75);
    assert_eq!(estimates(&world).last().unwrap().1, DataRate::kbps(500));
    world.speak(0, 250);
    assert_eq!(
        estimates(&world).last().unwrap().1,
        DataRate::kbps(64),
        "a voice takes little, and is left what voices take"
    );
    let faults = world.events_of(BOB).into_iter().filter(|event| {
        let at = NetworkSocket::Estimator;
        matches!(event, NetworkEvent::Fault { socket, .. } if *socket == at)
    });
    assert_eq!(faults.count(), 1, "told once");
    world.with(1, |domain, _| domain.publish(1)).unwrap();
    let stats = &world.person(BOB).stats;
    assert!(stats.estimator.is_bypassed());
    assert_eq!(stats.told_rate(), Some(DataRate::kbps(64)));
}

#[test]
fn e19_5_where_packets_do_not_say_when_they_left_what_comes_is_told() {
    let mut untimed = agreed();
    untimed.extensions = configuration().extensions;
    let (scribe, notes) = scribe(DataRate::kbps(500));
    let mut world = pair_with(&untimed, Some(Box::new(scribe)));
    world.speak(0, 100);
    assert!(of_kind(&notes, CongestionEventKind::ReceivedPacket).is_empty());
    assert_eq!(estimates(&world).last().unwrap().1, DataRate::kbps(64));
}

#[test]
fn e19_5_where_they_say_so_no_more_after_another_offer_what_comes_is_told_again() {
    let (scribe, notes) = scribe(DataRate::kbps(500));
    let mut world = pair_with(&agreed(), Some(Box::new(scribe)));
    world.speak(0, 100);
    assert_eq!(estimates(&world).last().unwrap().1, DataRate::kbps(500));
    let mut untimed = agreed();
    untimed.extensions = configuration().extensions;
    for room in [0, 1] {
        world
            .with(room, |domain, _| domain.configure(1, &untimed))
            .unwrap();
    }
    let heard = of_kind(&notes, CongestionEventKind::ReceivedPacket).len();
    world.speak(0, 150);
    assert_eq!(of_kind(&notes, CongestionEventKind::ReceivedPacket).len(), heard);
    assert_eq!(estimates(&world).last().unwrap().1, DataRate::kbps(64));
}

#[test]
fn e19_5_an_estimator_is_swapped_while_the_call_runs() {
    let mut world = narrow(Some(receive_side()));
    send_what_is_allowed(&mut world, 20);
    world.with(1, |domain, _| domain.publish(1)).unwrap();
    let before = world.person(BOB).stats.told_rate().unwrap();
    let now = world.now;
    world
        .with(1, |domain, _| {
            domain.swap_estimator(now, 1, 9, receive_side(), false)
        })
        .unwrap();
    send_what_is_allowed(&mut world, 2);
    world.with(1, |domain, _| domain.publish(1)).unwrap();
    let after = world.person(BOB).stats.told_rate().unwrap();
    assert!(
        (0.6..1.4).contains(&(after / before)),
        "{before:?}, then {after:?}"
    );
    send_what_is_allowed(&mut world, 5);
    let ended = world
        .with(1, |domain, _| domain.take_swapped(1, 9))
        .unwrap()
        .unwrap();
    assert_eq!(ended.measure.outcome, SwapOutcome::Committed);
    assert!(world.person(BOB).stats.estimating.load(Relaxed));

    // Whoever is told of each packet has none.
    let now = world.now;
    let refused = world.with(0, |domain, _| {
        domain.swap_estimator(now, 1, 9, receive_side(), false)
    });
    assert!(refused.unwrap_err().to_string().contains("nothing estimates"));
}
