//! The plugin against the suite of its area.

jackfield_testkit::conformance! { mixer: jackfield_mixer_sum::Sum }
