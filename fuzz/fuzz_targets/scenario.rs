//! Any text as a scenario: nothing panics, an error says something, and what is accepted passes its own check.
#![no_main]

use jackfield_sim::scenario::Scenario;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match Scenario::parse_all(text) {
        Ok(scenarios) => assert!(scenarios.iter().all(|scenario| scenario.check().is_ok())),
        Err(error) => assert!(!error.to_string().is_empty() && !error.advice().is_empty()),
    }
});
