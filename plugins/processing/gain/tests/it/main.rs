//! The gain against the suite of its area, and what it promises beyond it.

mod gain_without_a_click;

jackfield_testkit::conformance! { audio_processor: jackfield_processing_gain::Gain }
