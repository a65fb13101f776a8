//! The jitter buffer with a fixed delay, behaviour by behaviour, in virtual time.

mod constant_delay;
mod hour_of_drift;

jackfield_testkit::conformance! { jitter_buffer: jackfield_jitter_fixed::FixedDelay }
