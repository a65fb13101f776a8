//! Any bytes as an event log, and behind a first line that is right: nothing panics, and what is understood can be laid out over time.
#![no_main]

use jackfield_core::units::TimeDelta;
use jackfield_event_log::replay::Course;
use jackfield_event_log::timeline::{Grid, PathTimeline};
use jackfield_event_log::{EventLog, Lines};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut behind = Lines::new().begin_log().into_text().into_bytes();
    behind.extend(bytes);
    for bytes in [bytes, &behind] {
        match EventLog::parse(bytes) {
            Ok(log) => {
                let Ok(course) = Course::of_flow(&log, 0) else { continue };
                // Of a step so long that a log of centuries is no big table.
                let grid = Grid::over(&course, TimeDelta::seconds(1_000_000_000));
                assert_eq!(PathTimeline::over(&grid, &course).sent.len(), grid.steps());
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
});
