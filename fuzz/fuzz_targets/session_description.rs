//! Any text as SDP and as a candidate: nothing panics, and what is understood can be printed and reads the same.
#![no_main]

use jackfield_session::candidate::Candidate;
use jackfield_session::sdp::SessionDescription;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(candidate) = Candidate::parse(text) {
        let printed = candidate.to_string();
        assert_eq!(Candidate::parse(&printed).expect("what was printed can be read"), candidate);
    }
    if let Ok(description) = SessionDescription::parse(text) {
        let printed = description.to_string();
        let again = SessionDescription::parse(&printed).expect("what was printed can be read");
        assert_eq!(again.to_string(), printed);
    }
});
