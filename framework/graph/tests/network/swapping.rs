//! Swaps of pacers and transports.

use std::sync::atomic::Ordering::Relaxed;

use jackfield_graph::media::Mix;
use jackfield_graph::network::{NetworkEvent, NetworkSocket};
use jackfield_graph::stopwatch::NoStopwatch;
use jackfield_graph::swap::{SwapMeasure, SwapOutcome};
use jackfield_sdk::prelude::*;

use super::plugins::{Metronome, Scribe};
use super::world::{ANN, BOB, Plugs, World, activated, address, candidate, ice_dtls, loopback, pacer};

/// A pair of which Ann has this pacer.
fn pair_with(pacer: Metronome) -> World {
    World::pair_with(Plugs {
        pacer: Box::new(pacer),
        ..Plugs::default()
    })
}

fn burst(world: &mut World, numbers: std::ops::Range<u32>) {
    for number in numbers {
        world.mix(0, Mix::Shared(1), &number.to_be_bytes());
    }
    world.poll(0);
}

fn numbers(world: &mut World) -> Vec<u32> {
    let heard = world.heard(BOB);
    heard
        .iter()
        .map(|packet| u32::from_be_bytes(packet.payload[..].try_into().unwrap()))
        .collect()
}

#[test]
fn the_pacer_decides_when_packets_leave_and_their_timestamps_stay_those_of_the_mix() {
    let mut world = pair_with(Metronome::every(TimeDelta::ms(30)));
    burst(&mut world, 0..5);
    assert_eq!(
        world.rooms[0].domain.waiting_payloads(),
        4,
        "a box stays until its packet has left"
    );
    world.run_for(TimeDelta::ms(200));
    let sent = world.rtp_of(ANN);
    assert!(
        sent.windows(2)
            .all(|pair| pair[1].at - pair[0].at == TimeDelta::ms(30))
    );
    let heard = world.heard(BOB);
    assert!(
        heard
            .windows(2)
            .all(|pair| pair[1].timestamp - pair[0].timestamp == 960)
    );
    assert_eq!(world.rooms[0].domain.waiting_payloads(), 0);
}

#[test]
fn a_pacer_is_swapped_with_its_queue() {
    let mut world = pair_with(Metronome::every(TimeDelta::ms(30)));
    burst(&mut world, 0..10);
    world.run_for(TimeDelta::ms(75));
    assert_eq!(numbers(&mut world), [0, 1, 2]);
    let now = world.now;
    let swap = |world: &mut World, newcomer| {
        world
            .with(0, |domain, _| {
                domain.swap_pacer(now, 1, newcomer, &mut NoStopwatch)
            })
            .unwrap()
            .measure
    };
    let measure = swap(&mut world, Box::new(Metronome::every(TimeDelta::ms(5))));
    assert_eq!(measure, SwapMeasure::CLEAN);
    world.run_for(TimeDelta::ms(22));
    let in_between = numbers(&mut world);
    assert!(
        in_between.starts_with(&[3, 4]) && in_between.len() < 7,
        "{in_between:?}"
    );
    let now = world.now;
    let again = world
        .with(0, |domain, _| {
            domain.swap_pacer(now, 1, pacer(), &mut NoStopwatch)
        })
        .unwrap();
    assert_eq!(again.measure.outcome, SwapOutcome::Committed);
    world.run_for(TimeDelta::ms(20));
    let rest = numbers(&mut world);
    let first = 3 + in_between.len() as u32;
    assert_eq!(
        rest,
        (first..10).collect::<Vec<_>>(),
        "in order, none lost, none twice"
    );
}

#[test]
fn a_pacer_that_comes_in_while_the_window_is_full_is_told_so() {
    let (mut controller, _) = Scribe::new();
    controller.decision.window = DataSize::bytes(1);
    let mut world = World::pair_controlled_by(Box::new(controller));
    burst(&mut world, 0..3);
    burst(&mut world, 3..4);
    let newcomer = Metronome::every(TimeDelta::ms(5));
    let congested = newcomer.congested.clone();
    let now = world.now;
    world
        .with(0, |domain, _| {
            domain.swap_pacer(now, 1, Box::new(newcomer), &mut NoStopwatch)
        })
        .unwrap();
    assert!(
        congested.load(Relaxed),
        "nobody tells it again until that changes"
    );
    world.run_for(TimeDelta::seconds(1));
    assert!(!congested.load(Relaxed), "what was on its way has come");
}

#[test]
fn a_pacer_that_refuses_the_queue_is_rolled_back() {
    let mut world = pair_with(Metronome::every(TimeDelta::ms(30)));
    burst(&mut world, 0..5);
    let mut newcomer = Metronome::every(TimeDelta::ms(1));
    newcomer.breaks = true;
    let now = world.now;
    let swapped = world
        .with(0, |domain, _| {
            domain.swap_pacer(now, 1, Box::new(newcomer), &mut NoStopwatch)
        })
        .unwrap();
    assert_eq!(swapped.measure.outcome, SwapOutcome::RolledBack);
    world.run_for(TimeDelta::ms(200));
    assert_eq!(numbers(&mut world), [0, 1, 2, 3, 4]);
}

#[test]
fn a_pacer_that_breaks_is_gone_around() {
    let mut broken = Metronome::every(TimeDelta::ms(30));
    broken.breaks = true;
    let mut world = pair_with(broken);
    world.speak(0, 5);
    assert_eq!(numbers(&mut world), [0, 1, 2, 3, 4]);
    let told = |event: &&NetworkEvent| {
        matches!(
            event,
            NetworkEvent::Fault {
                socket: NetworkSocket::Pacer,
                ..
            }
        )
    };
    assert_eq!(world.events_of(ANN).iter().filter(told).count(), 1, "told once");
}

#[test]
fn a_pacer_that_never_lets_go_costs_a_bounded_queue() {
    let mut world = pair_with(Metronome::every(TimeDelta::seconds(100_000)));
    for _ in 0..30 {
        burst(&mut world, 0..20);
    }
    assert_eq!(world.rooms[0].domain.waiting_payloads(), 200);
    assert_eq!(world.person(ANN).stats.dropped_outbound.load(Relaxed), 600 - 201);
}

/// Swaps the transports of both ends while both speak; every packet must come.
fn swaps_transports(transport: fn(u64) -> Box<dyn Transport>) {
    let mut world = World::new(2);
    for seat in [ANN, BOB] {
        world.join(
            seat,
            Plugs {
                transport,
                ..Plugs::default()
            },
        );
    }
    world.connect(ANN, BOB);
    let mut came = [0, 0];
    for number in 0..500 {
        if number == 50 {
            for (seat, controlling) in [(ANN, true), (BOB, false)] {
                let newcomer = activated(world.now, transport(7), controlling, address(seat, 5001));
                let now = world.now;
                world.with(seat.0, |domain, sink| {
                    domain.swap_transport(now, 1, newcomer, sink).unwrap();
                });
            }
            world.negotiate(ANN, BOB, &[ANN, BOB].map(|seat| candidate(address(seat, 5001))));
        }
        for room in 0..2 {
            world.mix(room, Mix::Shared(1), b"all the while");
            world.poll(room);
        }
        world.run_for(TimeDelta::ms(20));
        for (seat, came) in [ANN, BOB].into_iter().zip(&mut came) {
            *came += world.heard(seat).len();
        }
    }
    assert_eq!(came, [500, 500], "no packet is missing");
    for seat in [ANN, BOB] {
        assert_eq!(
            (world.person(seat).lost(), world.person(seat).received()),
            (0, 500)
        );
        let events = world.events_of(seat);
        assert!(
            events.contains(&NetworkEvent::TransportSwapped(SwapMeasure::CLEAN)),
            "{events:?}"
        );
        let states = events
            .iter()
            .filter(|event| matches!(event, NetworkEvent::State(_)))
            .count();
        assert_eq!(
            world.person(seat).stats.state(),
            TransportState::Connected,
            "{states} changes of state: {events:?}"
        );
        let last = world
            .wire
            .iter()
            .rfind(|sent| sent.from.ip() == address(seat, 0).ip())
            .unwrap();
        assert_eq!(last.from.port(), 5001, "the newcomer sends");
    }
}

#[test]
fn a_transport_is_swapped_before_the_old_one_breaks() {
    swaps_transports(loopback);
}

#[test]
fn a_secure_transport_is_swapped_before_the_old_one_breaks() {
    swaps_transports(ice_dtls);
}

#[test]
fn a_newcomer_that_never_connects_is_given_up_and_the_old_transport_goes_on() {
    let mut world = World::pair();
    let newcomer = activated(world.now, loopback(9), true, address(ANN, 5001));
    let now = world.now;
    world.with(0, |domain, sink| {
        domain.swap_transport(now, 1, newcomer, sink).unwrap();
    });
    world.run_for(TimeDelta::seconds(31));
    let ended = world.events_of(ANN).into_iter().find_map(|event| match event {
        NetworkEvent::TransportSwapped(measure) => Some(measure),
        _ => None,
    });
    assert_eq!(
        ended.map(|measure| measure.outcome),
        Some(SwapOutcome::RolledBack)
    );
    world.speak(0, 5);
    assert_eq!(world.heard(BOB).len(), 5);
}
