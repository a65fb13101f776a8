//! Between two threads: what is put in comes out in order, and what finds no room is counted.

use jackfield_event_log::ring::ring;
use jackfield_event_log::{EventLog, EventSink, Happening, Lines, Recorded, What};
use jackfield_sdk::prelude::*;

use super::toy::{BOUNDS, Forget, Toy};
use super::written_is_read::name;

fn told(sink: &mut impl EventSink, ms: i64, packets: usize) -> bool {
    let at = Timestamp::from_ms(ms);
    let packets: Vec<PacketFeedback> = (0..packets)
        .map(|number| PacketFeedback {
            sequence_number: number as i64,
            sent: at,
            received: at,
            arrival_offset: TimeDelta::ZERO,
            size: DataSize::bytes(100),
            ecn: 0,
            cluster: 0,
            audio: 1,
            recovered: 0,
        })
        .collect();
    let event = CongestionEvent::new(CongestionEventKind::PacketFeedback, at);
    sink.note(
        at,
        &Happening::Told {
            event: &event,
            packets: &packets,
            probes: &[],
            answer: None,
        },
    )
}

#[test]
fn an_event_goes_in_with_all_its_packets_or_not_at_all() {
    let (mut sink, mut source) = ring(10);
    assert!(told(&mut sink, 1, 4));
    assert!(!told(&mut sink, 2, 5), "six entries into five places");
    assert!(told(&mut sink, 3, 4));
    let mut lines = Lines::new().begin_log();
    assert_eq!(source.write_next((0, 0), &mut lines), Some(Timestamp::from_ms(1)));
    assert_eq!(source.write_next((0, 0), &mut lines), Some(Timestamp::from_ms(3)));
    assert_eq!(source.write_next((0, 0), &mut lines), None);
    assert!(!source.is_over());
    drop(sink);
    assert!(source.is_over());
    let log = EventLog::parse(lines.as_text().as_bytes()).unwrap();
    let packets: Vec<usize> = log.controllers[0]
        .told()
        .map(|(_, told)| told.packets.len())
        .collect();
    assert_eq!(packets, [4, 4]);
}

#[test]
fn e29_1_what_found_no_room_is_counted_in_the_log_and_answers_stay_whole() {
    let (sink, mut source) = ring(4);
    let mut watched = Recorded::new(Box::new(Toy::new()), Box::new(sink));
    watched.activate(Timestamp::ZERO, &BOUNDS).unwrap();
    let mut answers = Vec::new();
    let mut lines = Lines::new().begin_log();
    for number in 0..40 {
        let now = Timestamp::from_ms(number);
        let event = CongestionEvent::new(CongestionEventKind::ProcessInterval, now);
        answers.push((now, watched.on_event(now, &event, &[], &mut Forget).unwrap()));
        // The other thread comes by for the last half only.
        if number >= 20 {
            while source.write_next((0, 0), &mut lines).is_some() {}
        }
    }
    let log = EventLog::parse(lines.as_text().as_bytes()).unwrap();
    let controller = &log.controllers[0];
    let told = controller.told().count() as u64;
    assert!(controller.missing > 0);
    assert_eq!(told + controller.missing, 40);
    let first_missing = controller
        .steps
        .iter()
        .position(|step| matches!(step.what, What::Missing(_)));
    assert_eq!(name(&controller.steps[0].what), "activated");
    assert_eq!(first_missing, Some(4), "behind what there was room for");
    for (at, told) in controller.told() {
        let answered = answers.iter().find(|(then, _)| *then == at).expect("it was told");
        assert_eq!(told.answer, Ok(answered.1), "at {at:?}");
    }
}
