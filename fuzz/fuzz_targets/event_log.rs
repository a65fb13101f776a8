//! Any bytes as an event log, and behind a first line that is right: nothing panics, what is understood can be laid out over time, and a jitter buffer can
//! play what came.
#![no_main]

use jackfield_core::units::TimeDelta;
use jackfield_event_log::jitter::timeline::{Heard, Summary};
use jackfield_event_log::jitter::{Arrivals, Listening};
use jackfield_event_log::replay::Course;
use jackfield_event_log::timeline::{Grid, PathTimeline};
use jackfield_event_log::{EventLog, Lines};
use jackfield_jitter_fixed::FixedDelay;
use jackfield_sdk::prelude::{Environment, Plugin};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut behind = Lines::new().begin_log().into_text().into_bytes();
    behind.extend(bytes);
    for bytes in [bytes, &behind] {
        match EventLog::parse(bytes) {
            Ok(log) => {
                // Of a step so long that a log of centuries is no big table.
                let step = TimeDelta::seconds(1_000_000_000);
                if let Ok(course) = Course::of_flow(&log, 0) {
                    let grid = Grid::over(&course, step);
                    assert_eq!(PathTimeline::over(&grid, &course).sent.len(), grid.steps());
                }
                if let Ok(arrivals) = Arrivals::of_stream(&log, 0) {
                    let grid = Grid::between(arrivals.span(), step);
                    let heard = Listening::of_record(&log, 0).expect("as whole as its arrivals");
                    assert_eq!(Heard::over(&grid, &heard).delay.len(), grid.steps());
                    let mut buffer = FixedDelay::create(&Environment::seeded(1)).expect("it needs nothing");
                    if let Ok(heard) = Listening::of_plugin(&arrivals, &mut buffer) {
                        assert!(Summary::of(&heard).concealed < 1.0 + 1e-9);
                    }
                }
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
});
