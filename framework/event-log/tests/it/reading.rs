//! Logs come from outside: torn, of another version, or no logs at all.

use jackfield_event_log::replay::Course;
use jackfield_event_log::timeline::{Grid, PathTimeline};
use jackfield_event_log::{EventLog, ReadError, SCHEMA};
use jackfield_sdk::prelude::*;
use proptest::prelude::*;

use super::toy::Toy;

const TOLD: &str = "{\"at\":1000000,\"event\":\"told\",\"flow\":0,\"kind\":\"sent-packet\",\"size\":100}\n";

fn log(lines: &str) -> String {
    format!("{{\"schema\":\"{SCHEMA}\"}}\n{lines}")
}

#[test]
fn e29_1_another_version_is_named() {
    let error = EventLog::parse(b"{\"schema\":\"jackfield.events/2\"}\n").unwrap_err();
    assert_eq!(
        error,
        ReadError::Schema {
            found: "jackfield.events/2".to_owned()
        }
    );
    assert!(error.to_string().contains("jackfield.events/1"), "{error}");
    for other in ["", "\n", "hello\n", "[1,2]\n", "{}\n", "{\"schema\":7}\n"] {
        assert_eq!(
            EventLog::parse(other.as_bytes()),
            Err(ReadError::NoLog),
            "{other}"
        );
    }
}

#[test]
fn e29_1_a_torn_last_line_is_left_out_with_the_event_that_it_may_answer() {
    let text = log(&format!("{TOLD}{TOLD}{{\"at\":1000000,\"event\":\"decid"));
    let read = EventLog::parse(text.as_bytes()).unwrap();
    assert!(read.torn);
    assert_eq!(read.controllers[0].steps.len(), 1);
    // In the middle it is an error that names the line.
    let text = log(&format!("{TOLD}{{\"at\":1000000,\"event\":\"decid\n{TOLD}"));
    let error = EventLog::parse(text.as_bytes()).unwrap_err().to_string();
    assert!(error.contains("line 3"), "{error}");
}

#[test]
fn what_is_not_known_is_skipped_and_counted() {
    let text = log(&format!(
        "{{\"at\":5,\"event\":\"capacity\",\"rate\":7}}\n\n{TOLD}"
    ));
    let read = EventLog::parse(text.as_bytes()).unwrap();
    assert_eq!((read.others, read.controllers.len()), (1, 1));
}

#[test]
fn values_that_cannot_be_are_named() {
    for (line, said) in [
        ("{\"event\":\"told\"}", "has no `at`"),
        ("{\"at\":0}", "has no `event`"),
        ("{\"at\":0.5,\"event\":\"told\"}", "`at` that is no whole number"),
        ("{\"at\":0,\"event\":\"told\",\"flow\":-1}", "`flow` out of range"),
        (
            "{\"at\":0,\"event\":\"told\",\"kind\":\"nonsense\"}",
            "`nonsense`",
        ),
        (
            "{\"at\":0,\"event\":\"told\",\"kind\":\"sent-packet\",\"lost\":4294967296}",
            "`lost` out of range",
        ),
        (
            "{\"at\":0,\"event\":\"told\",\"kind\":\"packet-feedback\",\"packets\":[[1,2]]}",
            "a packet that is none",
        ),
        (
            "{\"at\":0,\"event\":\"told\",\"kind\":\"packet-feedback\",\"packets\":7}",
            "no list",
        ),
    ] {
        let error = EventLog::parse(log(&format!("{line}\n")).as_bytes())
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("line 2") && error.contains(said),
            "{line}: {error}"
        );
    }
}

/// Lines that are nearly right.
fn line() -> impl Strategy<Value = String> {
    let key = prop::sample::select(vec![
        "at", "event", "flow", "instance", "kind", "size", "rate", "packets", "seed", "count", "target",
        "status", "happened",
    ]);
    let value = prop_oneof![
        any::<i64>().prop_map(|n| n.to_string()),
        any::<f64>().prop_map(|n| format!("{n:e}")),
        prop::sample::select(vec![
            "\"told\"",
            "\"decided\"",
            "\"activated\"",
            "\"probe\"",
            "\"packet-feedback\"",
            "null",
            "[]",
            "[[1,2,3,4,5]]",
            "{}",
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec((key, value), 0..6).prop_map(|pairs| {
        let pairs: Vec<String> = pairs
            .iter()
            .map(|(key, value)| format!("\"{key}\":{value}"))
            .collect();
        format!(
            "{{\"at\":0,\"event\":\"told\",\"kind\":\"sent-packet\",{}}}",
            pairs.join(",")
        )
        .replace(",}", "}")
    })
}

proptest! {
    #[test]
    fn e29_1_no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = EventLog::parse(&bytes);
        let mut behind = log("").into_bytes();
        behind.extend(&bytes);
        let _ = EventLog::parse(&behind);
    }

    #[test]
    fn e29_1_what_is_read_can_be_replayed_whatever_it_says(lines in prop::collection::vec(line(), 0..12)) {
        let begun = format!("{{\"at\":0,\"event\":\"activated\",\"start\":1}}\n{}\n", lines.join("\n"));
        let Ok(read) = EventLog::parse(log(&begun).as_bytes()) else { return Ok(()) };
        if let Ok(course) = Course::of_flow(&read, 0) {
            let grid = Grid::over(&course, TimeDelta::ms(100));
            prop_assert!(grid.steps() >= 1);
            let path = PathTimeline::over(&grid, &course);
            prop_assert_eq!(path.sent.len(), grid.steps());
            let _ = course.replay(&mut Toy::new(), true);
        }
    }
}
