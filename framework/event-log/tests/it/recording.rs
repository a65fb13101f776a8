//! A recorded controller decides as it would have by itself, and its recording replays into the same decisions.

use std::sync::{Arc, Mutex};

use jackfield_event_log::replay::{Course, ReplayError};
use jackfield_event_log::timeline::{Decisions, Grid, PathTimeline};
use jackfield_event_log::{EventLog, Lines, Recorded};
use jackfield_sdk::prelude::*;

use super::toy::{BOUNDS, Forget, Toy};
use super::written_is_read::{Shared, name};

/// So many events, of several kinds, one every millisecond.
fn tell(
    controller: &mut dyn CongestionController,
    from: u32,
    to: u32,
) -> Vec<Result<CongestionUpdate, Fault>> {
    (from..to)
        .map(|number| {
            let now = Timestamp::from_ms(i64::from(number));
            let packet = PacketFeedback {
                sequence_number: i64::from(number),
                sent: now - TimeDelta::ms(50),
                received: if number % 5 == 0 { Timestamp::NEVER } else { now },
                arrival_offset: TimeDelta::us(-1),
                size: DataSize::bytes(1_000),
                ecn: number % 4,
                cluster: 0,
                audio: number % 2,
                recovered: 0,
            };
            let (event, packets) = match number % 4 {
                0 => (
                    CongestionEvent {
                        pacing_factor: 1.1,
                        ..CongestionEvent::new(CongestionEventKind::StreamsConfig, now)
                    },
                    &[][..],
                ),
                1 => (
                    CongestionEvent {
                        size: DataSize::bytes(1_000),
                        sequence_number: i64::from(number),
                        ..CongestionEvent::new(CongestionEventKind::SentPacket, now)
                    },
                    &[][..],
                ),
                2 => (
                    CongestionEvent::new(CongestionEventKind::PacketFeedback, now),
                    std::slice::from_ref(&packet),
                ),
                _ => (
                    CongestionEvent::new(CongestionEventKind::ProcessInterval, now),
                    &[][..],
                ),
            };
            controller.on_event(now, &event, packets, &mut Forget)
        })
        .collect()
}

fn recorded(lines: &Arc<Mutex<Lines>>, instance: u32) -> Recorded<Toy> {
    Recorded::new(
        Box::new(Toy::new()),
        Box::new(Shared(Arc::clone(lines), instance)),
    )
}

fn log_of(lines: &Arc<Mutex<Lines>>) -> EventLog {
    EventLog::parse(lines.lock().unwrap().as_text().as_bytes()).unwrap()
}

fn new_lines() -> Arc<Mutex<Lines>> {
    Arc::new(Mutex::new(Lines::new().begin_log()))
}

#[test]
fn e26_3_a_recording_replays_into_the_same_decisions_bit_for_bit() {
    let lines = new_lines();
    let (mut alone, mut watched) = (Toy::new(), recorded(&lines, 0));
    let mut both =
        |act: &mut dyn FnMut(&mut dyn CongestionController) -> Vec<Result<CongestionUpdate, Fault>>| {
            assert_eq!(act(&mut alone), act(&mut watched));
        };
    both(&mut |one| {
        vec![
            one.activate(Timestamp::ZERO, &BOUNDS)
                .map(|()| CongestionUpdate::default()),
        ]
    });
    both(&mut |one| tell(one, 0, 200));
    both(&mut |one| vec![one.set_parameter(0, 0.9).map(|()| CongestionUpdate::default())]);
    both(&mut |one| tell(one, 200, 400));
    both(&mut |one| {
        vec![
            one.hand_over(Timestamp::from_ms(400))
                .map(|_| CongestionUpdate::default()),
        ]
    });
    both(&mut |one| tell(one, 400, 500));

    let log = log_of(&lines);
    let course = Course::of_flow(&log, 0).unwrap();
    let replay = course.replay(&mut Toy::new(), true).unwrap();
    assert_eq!((replay.answers.len(), &replay.fault), (500, &None));
    assert_eq!(replay.first_difference(0), None);

    // Without the parameter that was set meanwhile it goes otherwise, from where it was set on.
    let replay = course.replay(&mut Toy::new(), false).unwrap();
    let first = replay.first_difference(0).expect("another parameter shows");
    assert_eq!(first.event, 201);
    let said = first.to_string();
    assert!(
        said.starts_with("event 201 at 0.200000 s: ") && said.contains("then"),
        "{said}"
    );
}

#[test]
fn e26_3_a_difference_of_one_bit_is_found_where_it_is() {
    let lines = new_lines();
    let mut watched = recorded(&lines, 0);
    watched.activate(Timestamp::ZERO, &BOUNDS).unwrap();
    tell(&mut watched, 0, 100);
    let text = lines.lock().unwrap().as_text().to_owned();
    let changed = text.replacen(
        "\"at\":42000000,\"event\":\"told\"",
        "\"at\":42000000,\"event\":\"told\",\"ssrc\":1",
        1,
    );
    let changed = changed.replacen("[42,-8000000,", "[43,-8000000,", 1);
    assert_ne!(text, changed);
    let log = EventLog::parse(changed.as_bytes()).unwrap();
    let replay = Course::of_flow(&log, 0)
        .unwrap()
        .replay(&mut Toy::new(), true)
        .unwrap();
    let first = replay.first_difference(0).expect("it shows");
    assert!((43..=47).contains(&first.event), "{first}");
}

#[test]
fn a_swap_is_one_course_in_which_each_event_comes_once() {
    let lines = new_lines();
    let (mut old, mut new) = (recorded(&lines, 0), recorded(&lines, 1));
    old.activate(Timestamp::ZERO, &BOUNDS).unwrap();
    tell(&mut old, 0, 100);
    new.activate(Timestamp::from_ms(100), &BOUNDS).unwrap();
    new.take_over(
        Timestamp::from_ms(100),
        &old.hand_over(Timestamp::from_ms(100)).unwrap(),
    )
    .unwrap();
    for number in 100..150 {
        tell(&mut old, number, number + 1);
        tell(&mut new, number, number + 1);
    }
    tell(&mut new, 150, 200);

    let log = log_of(&lines);
    let course = Course::of_flow(&log, 0).unwrap();
    let replay = course.replay(&mut Toy::new(), true).unwrap();
    let times: Vec<i64> = replay.answers.iter().map(|one| one.at.us() / 1_000).collect();
    assert_eq!(times, (0..200).collect::<Vec<i64>>());
    assert!(
        replay
            .answers
            .iter()
            .all(|one| one.instance == u32::from(one.at.us() >= 150_000))
    );
    assert_eq!(replay.first_difference(0), None);

    // The successor by itself replays from what it took over.
    let alone = Course::of_controller(&log.controllers[1]).unwrap();
    let replay = alone.replay(&mut Toy::new(), true).unwrap();
    assert_eq!((replay.answers.len(), replay.first_difference(1)), (100, None));
}

#[test]
fn a_controller_that_fails_is_replayed_until_there() {
    let lines = new_lines();
    let mut watched = recorded(&lines, 0);
    watched.activate(Timestamp::ZERO, &BOUNDS).unwrap();
    tell(&mut watched, 0, 10);
    let seven = CongestionEvent {
        flag: 7,
        ..CongestionEvent::new(CongestionEventKind::NetworkAvailability, Timestamp::from_ms(10))
    };
    watched
        .on_event(Timestamp::from_ms(10), &seven, &[], &mut Forget)
        .unwrap_err();
    let log = log_of(&lines);
    let told: Vec<_> = log.controllers[0].told().collect();
    assert_eq!(told[10].1.answer, Err(FaultCode::Invalid));
    let replay = Course::of_flow(&log, 0)
        .unwrap()
        .replay(&mut Toy::new(), true)
        .unwrap();
    assert_eq!(replay.answers.len(), 10);
    assert_eq!(replay.fault.unwrap().0, Timestamp::from_ms(10));
}

#[test]
fn what_cannot_be_replayed_says_why() {
    let text = |lines: &str| format!("{}{lines}", Lines::new().begin_log().as_text());
    let of = |lines: &str| {
        let log = EventLog::parse(text(lines).as_bytes()).unwrap();
        Course::of_flow(&log, 0).map(|_| ()).unwrap_err()
    };
    assert_eq!(
        of("{\"at\":0,\"event\":\"decided\",\"flow\":3,\"target\":1}\n"),
        ReplayError::NoFlow {
            flow: 0,
            known: "3".to_owned()
        }
    );
    assert_eq!(
        of("{\"at\":0,\"event\":\"decided\",\"target\":1}\n"),
        ReplayError::NothingTold
    );
    assert_eq!(
        of("{\"at\":0,\"event\":\"told\",\"kind\":\"sent-packet\"}\n"),
        ReplayError::NoBeginning
    );
}

#[test]
fn a_timeline_holds_what_was_decided_and_counts_what_the_path_did() {
    let lines = new_lines();
    let mut watched = recorded(&lines, 0);
    watched.activate(Timestamp::ZERO, &BOUNDS).unwrap();
    tell(&mut watched, 0, 1_000);
    let log = log_of(&lines);
    assert!(
        log.controllers[0]
            .steps
            .iter()
            .all(|step| ["activated", "told"].contains(&name(&step.what)))
    );
    let course = Course::of_flow(&log, 0).unwrap();
    let grid = Grid::over(&course, TimeDelta::ms(100));
    assert_eq!(grid.steps(), 10);
    let path = PathTimeline::over(&grid, &course);
    // Of four events one is a packet of 8 kbit: 25 in 100 ms.
    assert!(
        path.sent.iter().all(|rate| (rate - 2_000.0).abs() < 1e-6),
        "{:?}",
        path.sent
    );
    assert!(
        path.acknowledged.iter().all(|rate| (rate - 1_600.0).abs() < 1e-6),
        "{:?}",
        path.acknowledged
    );
    assert!(
        path.loss.iter().all(|share| (share - 0.2).abs() < 1e-9),
        "{:?}",
        path.loss
    );
    assert!(path.round_trip.iter().all(|ms| (ms - 50.0).abs() < 1e-9));
    assert_eq!(path.probes.len(), 250);
    let replay = course.replay(&mut Toy::new(), true).unwrap();
    let updates = replay.answers.iter().map(|one| (one.at, one.replayed));
    let decisions = Decisions::over(&grid, updates);
    assert!(
        decisions.target.iter().all(|rate| (150.0..154.0).contains(rate)),
        "{:?}",
        decisions.target
    );
    assert!(
        decisions.pacing.iter().all(|rate| rate.is_nan()),
        "nothing was decided of it"
    );
}
