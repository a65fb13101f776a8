//! What the congestion controller is told and what comes of its decisions.

use jackfield_graph::network::{NetworkEvent, NetworkSocket};
use jackfield_graph::swap::{SwapMeasure, SwapOutcome};
use jackfield_graph::transaction::Step;
use jackfield_rtp::header::is_rtcp;
use jackfield_sdk::prelude::*;

use super::plugins::{Careful, Scribe, of_kind};
use super::world::{ANN, BOB, World, fixed};

#[test]
fn e19_1_every_packet_is_told_when_it_leaves_and_again_when_it_has_come() {
    let (scribe, notes) = Scribe::new();
    let mut world = World::pair_controlled_by(Box::new(scribe));
    world.delay = TimeDelta::ms(30);
    world.speak(0, 200);
    world.run_for(TimeDelta::seconds(1));
    let sent = of_kind(&notes, CongestionEventKind::SentPacket);
    let numbers: Vec<i64> = sent.iter().map(|told| told.event.sequence_number).collect();
    assert_eq!(numbers, (0..200).collect::<Vec<_>>());
    let feedback = of_kind(&notes, CongestionEventKind::PacketFeedback);
    let packets: Vec<PacketFeedback> = feedback.iter().flat_map(|told| told.packets.clone()).collect();
    assert_eq!(packets.len(), 200, "each once");
    for (number, packet) in (0..).zip(&packets) {
        assert_eq!(packet.sequence_number, number);
        assert_eq!(packet.sent, sent[number as usize].at);
        // The clocks of both ends are the same here, and feedback counts in quarters of a millisecond.
        let under_way = packet.received - packet.sent;
        assert!(
            (under_way - TimeDelta::ms(30)).abs() <= TimeDelta::us(250),
            "{under_way:?}"
        );
        assert_eq!(packet.size, sent[number as usize].event.size);
        assert_eq!(packet.audio, 1);
    }
    assert_eq!(
        feedback.last().unwrap().event.in_flight,
        DataSize::ZERO,
        "all have come"
    );
}

#[test]
fn e17_1_it_is_asked_once_how_often_it_wants_to_be_told_of_time_and_for_advice_after_all_but_what_left() {
    let (scribe, notes) = Scribe::new();
    let mut world = World::pair_controlled_by(Box::new(scribe));
    world.speak(0, 500);
    let left = of_kind(&notes, CongestionEventKind::SentPacket).len();
    let passed = of_kind(&notes, CongestionEventKind::ProcessInterval).len();
    let due = world.now.us() / 25_000;
    assert!(
        (passed as i64 - due).abs() <= 2,
        "every 25 ms: {passed} times, not {due}"
    );
    let notes = notes.lock().unwrap();
    let (interval, advice) = notes.asked;
    assert_eq!(interval, 1);
    assert_eq!(advice as usize, notes.told.len() - left);
}

#[test]
fn e19_3_feedback_comes_at_its_interval_and_only_if_there_is_something_to_tell() {
    let mut world = World::pair();
    world.wire.clear();
    world.speak(0, 500);
    let moments: Vec<Timestamp> = world
        .rtcp_of(BOB)
        .iter()
        .filter(|sent| sent.bytes[1] == 205)
        .map(|sent| sent.at)
        .collect();
    // Bob's estimate is 64 kbit/s: 5 % of it is a packet of 68 bytes in 170 ms.
    assert!((45..=62).contains(&moments.len()), "{} in 10 s", moments.len());
    assert!(
        moments
            .windows(2)
            .all(|pair| pair[1] - pair[0] >= TimeDelta::ms(50))
    );
    world.run_for(TimeDelta::seconds(1));
    world.wire.clear();
    world.run_for(TimeDelta::seconds(5));
    assert!(
        world.rtcp_of(BOB).iter().all(|sent| sent.bytes[1] != 205),
        "nothing came, nothing is told"
    );
}

#[test]
fn losses_are_told_by_feedback_and_by_reports() {
    let (scribe, notes) = Scribe::new();
    let mut world = World::pair_controlled_by(Box::new(scribe));
    let mut count = 0;
    world.lost = Box::new(move |_, bytes| {
        let counts = bytes[0] >> 6 == 2 && !is_rtcp(bytes);
        count += u64::from(counts);
        counts && count % 10 == 5
    });
    world.speak(0, 500);
    world.run_for(TimeDelta::seconds(1));
    let feedback = of_kind(&notes, CongestionEventKind::PacketFeedback);
    let lost = feedback
        .iter()
        .flat_map(|told| &told.packets)
        .filter(|packet| packet.received.is_never())
        .count();
    assert_eq!(lost, 50);
    let reported = of_kind(&notes, CongestionEventKind::TransportLoss);
    let (lost, came) = reported.iter().fold((0, 0), |(lost, came), told| {
        (lost + told.event.lost, came + told.event.received)
    });
    assert!(
        lost > 30 && came > 8 * lost && came < 10 * lost,
        "{lost} lost, {came} came"
    );
    assert!(
        of_kind(&notes, CongestionEventKind::RoundTripTime)
            .iter()
            .all(|told| told.event.time == TimeDelta::ms(20)
                || (told.event.time - TimeDelta::ms(20)).abs() < TimeDelta::us(50))
    );
}

#[test]
fn time_and_the_network_are_told() {
    let (scribe, notes) = Scribe::new();
    let mut world = World::pair_controlled_by(Box::new(scribe));
    world.run_for(TimeDelta::seconds(10));
    let ticks = of_kind(&notes, CongestionEventKind::ProcessInterval).len();
    assert!((470..=490).contains(&ticks), "every 25 ms for 12 s: {ticks}");
    let now = world.now;
    world.with(0, |domain, sink| domain.close(now, sink));
    let available: Vec<u32> = of_kind(&notes, CongestionEventKind::NetworkAvailability)
        .iter()
        .map(|told| told.event.flag)
        .collect();
    assert_eq!(available, [1, 0]);
}

#[test]
fn the_target_is_told_and_left_in_the_statistics() {
    let mut world = World::pair_controlled_by(fixed(40));
    assert_eq!(world.person(ANN).stats.target_rate(), DataRate::kbps(40));
    assert!(
        world
            .events_of(ANN)
            .contains(&NetworkEvent::TargetRate(DataRate::kbps(40)))
    );
    let now = world.now;
    let set = world.with(0, |domain, _| {
        domain.set_parameter(now, None, NetworkSocket::Congestion, 0, 24.0)
    });
    assert_eq!(set, Ok(1));
    world.run_for(TimeDelta::ms(200));
    assert_eq!(world.person(ANN).stats.target_rate(), DataRate::kbps(24));
    assert_eq!(
        world.events_of(ANN).last(),
        Some(&NetworkEvent::TargetRate(DataRate::kbps(24)))
    );
    let refused = world.with(0, |domain, _| {
        domain.set_parameter(now, Some(1), NetworkSocket::Congestion, 0, -3.0)
    });
    assert!(refused.is_err());
}

#[test]
fn a_controller_is_swapped_with_what_it_knew() {
    let mut world = World::pair_controlled_by(fixed(40));
    world.speak(0, 200);
    let (scribe, notes) = Scribe::new();
    let now = world.now;
    world
        .with(0, |domain, _| {
            domain.swap_congestion(now, 1, 7, Box::new(scribe), false)
        })
        .unwrap();
    let known = notes.lock().unwrap().taken_over.unwrap();
    assert_eq!(
        (known.target, known.estimate),
        (DataRate::kbps(40), DataRate::kbps(40))
    );
    assert!(
        (known.round_trip - TimeDelta::ms(20)).abs() < TimeDelta::us(50),
        "{:?}",
        known.round_trip
    );
    world.speak(0, 50);
    world.run_for(TimeDelta::seconds(1));
    // Feedback on packets that left under the predecessor goes to the successor.
    let packets: usize = of_kind(&notes, CongestionEventKind::PacketFeedback)
        .iter()
        .map(|told| told.packets.len())
        .sum();
    assert!(packets >= 50, "{packets}");
    assert_eq!(
        world.person(ANN).stats.target_rate(),
        DataRate::kbps(40),
        "a target holds until there is another"
    );
    assert_eq!(world.heard(BOB).len(), 64, "the ring's worth of the 250");
    world.run_for(TimeDelta::seconds(3));
    let ended = ended(&mut world);
    assert_eq!(ended.outcome, SwapOutcome::Committed, "{}", ended.reason);
    assert!(ended.times.shadow >= TimeDelta::ms(300) && ended.times.probation >= TimeDelta::seconds(3));
}

#[test]
fn a_controller_that_breaks_leaves_its_last_decision_and_can_be_swapped() {
    let (mut scribe, _) = Scribe::new();
    scribe.breaks = true;
    let mut world = World::pair_controlled_by(Box::new(scribe));
    world.speak(0, 10);
    let faults = world.events_of(ANN);
    let told = |event: &&NetworkEvent| {
        matches!(
            event,
            NetworkEvent::Fault {
                socket: NetworkSocket::Congestion,
                ..
            }
        )
    };
    assert_eq!(faults.iter().filter(told).count(), 1, "told once");
    assert_eq!(world.heard(BOB).len(), 10, "packets flow on");
    let now = world.now;
    world
        .with(0, |domain, _| domain.swap_congestion(now, 1, 7, fixed(30), false))
        .unwrap();
    world.run_for(TimeDelta::ms(200));
    assert_eq!(world.person(ANN).stats.target_rate(), DataRate::kbps(30));
}

/// How Ann's one swap of the controller ended.
fn ended(world: &mut World) -> SwapMeasure {
    let mut take = || world.with(0, |domain, _| domain.take_swapped(1, 7)).unwrap();
    let ended = take().expect("it has ended");
    assert!(take().is_none(), "ended once");
    ended.measure
}

fn swap_in(world: &mut World, newcomer: Box<dyn CongestionController>, hold: bool) {
    let now = world.now;
    world
        .with(0, |domain, _| domain.swap_congestion(now, 1, 7, newcomer, hold))
        .unwrap();
}

/// From now on every fourth packet of a room is lost.
fn lose_every_fourth(world: &mut World) {
    let mut count = 0;
    world.lost = Box::new(move |_, bytes| {
        let counts = bytes[0] >> 6 == 2 && !is_rtcp(bytes);
        count += u64::from(counts);
        counts && count % 4 == 1
    });
}

#[test]
fn a_newcomer_whose_target_stands_still_while_packets_are_lost_is_rolled_back() {
    let mut world = World::pair_controlled_by(Box::new(Careful::at(DataRate::kbps(64))));
    world.speak(0, 50);
    swap_in(&mut world, fixed(64), false);
    world.speak(0, 25);
    lose_every_fourth(&mut world);
    world.speak(0, 300);
    let ended = ended(&mut world);
    assert_eq!(ended.outcome, SwapOutcome::RolledBack);
    assert_eq!(
        ended.reason,
        "its target never moved while packets were lost and its predecessor slowed down"
    );
    assert!(
        world.person(ANN).stats.target_rate() < DataRate::kbps(50),
        "the predecessor has followed all the while"
    );
}

#[test]
fn a_newcomer_that_heeds_losses_or_has_none_to_heed_stays() {
    for lossy in [false, true] {
        let mut world = World::pair_controlled_by(Box::new(Careful::at(DataRate::kbps(64))));
        world.speak(0, 50);
        let newcomer: Box<dyn CongestionController> = if lossy {
            Box::new(Careful::at(DataRate::kbps(64)))
        } else {
            fixed(64)
        };
        swap_in(&mut world, newcomer, false);
        if lossy {
            lose_every_fourth(&mut world);
        }
        world.speak(0, 300);
        let ended = ended(&mut world);
        assert_eq!(ended.outcome, SwapOutcome::Committed, "{lossy}: {}", ended.reason);
    }
}

#[test]
fn e17_6_no_rate_jumps_when_the_newcomer_comes_in_or_is_taken_back() {
    let mut world = World::pair_controlled_by(fixed(40));
    world.speak(0, 20);
    let (scribe, _) = Scribe::new();
    swap_in(&mut world, Box::new(scribe), true);
    world.speak(0, 50);
    let step = |world: &mut World| world.with(0, |domain, _| domain.swap_step(7));
    assert_eq!(step(&mut world), Some(Step::Ready), "it waits to be promoted");
    let now = world.now;
    world.with(0, |domain, _| domain.decide_swap(now, 7, true));
    world.speak(0, 10);
    assert_eq!(step(&mut world), Some(Step::Probation));
    assert_eq!(world.person(ANN).stats.target_rate(), DataRate::kbps(40));
    let now = world.now;
    world.with(0, |domain, _| domain.decide_swap(now, 7, false));
    world.speak(0, 10);
    let ended = ended(&mut world);
    assert_eq!(
        (ended.outcome, ended.reason),
        (SwapOutcome::RolledBack, "it was aborted by hand")
    );
    assert_eq!(world.person(ANN).stats.target_rate(), DataRate::kbps(40));
}

#[test]
fn what_the_one_in_the_shadow_would_decide_stands_beside_what_is_decided() {
    let mut world = World::pair_controlled_by(fixed(40));
    world.speak(0, 20);
    let rates = |world: &World| {
        let stats = &world.person(ANN).stats;
        (
            stats.target_rate(),
            stats.shadow_rates().map(|(target, _)| target),
        )
    };
    assert_eq!(rates(&world), (DataRate::kbps(40), None));
    swap_in(&mut world, fixed(30), true);
    world.speak(0, 50);
    assert_eq!(
        rates(&world),
        (DataRate::kbps(40), Some(DataRate::kbps(30))),
        "it is heeded by nobody"
    );
    let now = world.now;
    world.with(0, |domain, _| domain.decide_swap(now, 7, true));
    world.speak(0, 10);
    assert_eq!(
        rates(&world),
        (DataRate::kbps(30), Some(DataRate::kbps(40))),
        "its predecessor is kept at hand"
    );
    let now = world.now;
    world.with(0, |domain, _| domain.decide_swap(now, 7, true));
    world.speak(0, 10);
    assert_eq!(rates(&world), (DataRate::kbps(30), None), "there is one only");
}

#[test]
fn a_newcomer_that_breaks_is_taken_back_and_nobody_is_told_of_a_fault() {
    let mut world = World::pair_controlled_by(fixed(40));
    let (mut scribe, _) = Scribe::new();
    scribe.breaks_after = 60;
    swap_in(&mut world, Box::new(scribe), false);
    world.speak(0, 100);
    let ended = ended(&mut world);
    assert_eq!(
        (ended.outcome, ended.reason),
        (SwapOutcome::RolledBack, "it failed or panicked")
    );
    let faults = world
        .events_of(ANN)
        .iter()
        .filter(|event| matches!(event, NetworkEvent::Fault { .. }))
        .count();
    assert_eq!(faults, 0);
}
