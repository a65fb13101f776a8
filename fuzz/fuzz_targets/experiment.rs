//! Any text as an experiment, as a cell of a plan and as the name of one: nothing panics, and an error names a place that is in the text.
#![no_main]

use std::path::Path;
use std::str::FromStr;

use jackfield_lab::congestion::Congestion;
use jackfield_lab::experiment::Experiment;
use jackfield_lab::plan::{CellId, CellSpec};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    // A folder that is not there: no file of this machine is read, whatever the text names.
    match Experiment::parse(text, Path::new("/nowhere/experiment.toml"), &[&Congestion]) {
        Ok(experiment) => assert!(!experiment.to_json().is_null()),
        Err(error) => {
            assert!(!error.to_string().is_empty());
            if let Some(span) = error.span() {
                assert!(span.start <= span.end && span.end <= text.len());
            }
        }
    }
    if let Ok(cell) = CellSpec::from_line(text) {
        let again = CellSpec::from_line(&cell.to_line()).expect("what was written can be read");
        assert_eq!(again.id(), cell.id());
    }
    if let Ok(id) = CellId::from_str(text) {
        assert_eq!(CellId::from_str(&id.to_string()).ok(), Some(id));
    }
});
