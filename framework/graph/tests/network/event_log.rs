//! The controller of a live participant, recorded from around it: its log replays into the decisions that it took.

use jackfield_congestion_fixed::Fixed;
use jackfield_congestion_gcc::Gcc;
use jackfield_event_log::replay::Course;
use jackfield_event_log::ring::{RingSource, ring};
use jackfield_event_log::{ControllerLog, EventLog, Lines, Recorded};
use jackfield_sdk::prelude::*;

use super::world::{Plugs, World};

const ANN: (usize, u32) = (0, 1);
const BOB: (usize, u32) = (1, 1);

fn gcc() -> Box<dyn CongestionController> {
    Box::new(Gcc::create(&Environment::seeded(1)).unwrap())
}

/// A recorder around a controller, with room for everything.
fn recorded(controller: Box<dyn CongestionController>) -> (Box<dyn CongestionController>, RingSource) {
    let (sink, source) = ring(1 << 15);
    (Box::new(Recorded::new(controller, Box::new(sink))), source)
}

/// A pair of which Ann's controller is recorded, on a path that loses a packet now and then.
fn pair() -> (World, RingSource) {
    let (congestion, source) = recorded(gcc());
    let mut world = World::new(2);
    world.join(
        ANN,
        Plugs {
            congestion,
            ..Plugs::default()
        },
    );
    world.join(BOB, Plugs::default());
    world.connect(ANN, BOB);
    world.lost = Box::new(|number, _| number % 13 == 0);
    (world, source)
}

fn log_of(sources: &mut [&mut RingSource]) -> EventLog {
    let mut lines = Lines::new().text("room", "a").begin_log();
    for (instance, source) in (0..).zip(sources) {
        while source.write_next((0, instance), &mut lines).is_some() {}
    }
    EventLog::parse(lines.as_text().as_bytes()).unwrap()
}

#[test]
fn e29_1_a_live_controller_replays_bit_for_bit() {
    let (mut world, mut source) = pair();
    world.speak(0, 1_000);
    let log = log_of(&mut [&mut source]);
    assert_eq!(log.controllers[0].missing, 0);
    let kinds: Vec<CongestionEventKind> = log.controllers[0]
        .told()
        .map(|(_, told)| told.event.kind)
        .collect();
    for kind in [
        CongestionEventKind::NetworkAvailability,
        CongestionEventKind::StreamsConfig,
        CongestionEventKind::ProcessInterval,
        CongestionEventKind::SentPacket,
        CongestionEventKind::PacketFeedback,
        CongestionEventKind::RoundTripTime,
        CongestionEventKind::TransportLoss,
    ] {
        assert!(kinds.contains(&kind), "{kind:?} is in the log");
    }
    let course = Course::of_flow(&log, 0).unwrap();
    let replay = course.replay(&mut *gcc(), true).unwrap();
    assert_eq!((replay.answers.len(), &replay.fault), (kinds.len(), &None));
    let first = replay.first_difference(0);
    assert!(
        first.is_none(),
        "{}",
        first.map_or_else(String::new, |first| first.to_string())
    );
    let last = replay
        .answers
        .iter()
        .rev()
        .find(|one| one.replayed.target > DataRate::ZERO)
        .unwrap();
    assert_eq!(
        world.person(ANN).stats.target_rate(),
        last.replayed.target,
        "what the room heeds"
    );
}

#[test]
fn e29_1_both_controllers_of_a_swap_replay_bit_for_bit() {
    let (mut world, mut old) = pair();
    world.speak(0, 200);
    let (newcomer, mut new) = recorded(gcc());
    let now = world.now;
    world
        .with(0, |domain, _| domain.swap_congestion(now, 1, 7, newcomer, false))
        .unwrap();
    world.speak(0, 400);
    let log = log_of(&mut [&mut old, &mut new]);
    for (instance, controller) in (0..).zip(&log.controllers) {
        let alone = Course::of_controller(controller).unwrap();
        let replay = alone.replay(&mut *gcc(), true).unwrap();
        assert_eq!(replay.first_difference(instance), None);
    }
    // As one course, every packet left once.
    let course = Course::of_flow(&log, 0).unwrap();
    let mut fixed = Fixed::create(&Environment::seeded(1)).unwrap();
    let replay = course.replay(&mut fixed, false).unwrap();
    let sent: Vec<i64> = log
        .controllers
        .iter()
        .flat_map(ControllerLog::told)
        .map(|(_, told)| &told.event)
        .filter(|event| event.kind == CongestionEventKind::SentPacket)
        .map(|event| event.sequence_number)
        .collect();
    let distinct = sent.iter().collect::<std::collections::BTreeSet<_>>().len();
    assert!(sent.len() > distinct, "both were told of some");
    let in_course = course.steps().iter().filter(|(_, step)| {
        matches!(&step.what, jackfield_event_log::What::Told(told) if told.event.kind == CongestionEventKind::SentPacket)
    });
    assert_eq!(in_course.count(), distinct);
    assert!(replay.answers.iter().any(|one| one.instance == 1));
}
