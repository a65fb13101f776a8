//! The active-speaker mixer against the suite of its area, and its choice.

mod choice;

jackfield_testkit::conformance! { mixer: jackfield_mixer_active_speaker::ActiveSpeaker }
