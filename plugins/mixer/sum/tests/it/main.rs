//! The sum against the suite of its area, and what it promises beyond it.

mod everyone;

jackfield_testkit::conformance! { mixer: jackfield_mixer_sum::Sum }
