//! The jitter buffer whose delay follows the network, behaviour by behaviour, in virtual time.

mod following;
mod hour_of_drift;
mod succession;

jackfield_testkit::conformance! { jitter_buffer: jackfield_jitter_adaptive::AdaptiveDelay }
