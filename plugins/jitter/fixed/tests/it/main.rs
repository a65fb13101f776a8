//! The jitter buffer with a fixed delay, behaviour by behaviour, in virtual time.

jackfield_testkit::conformance! { jitter_buffer: jackfield_jitter_fixed::FixedDelay }
