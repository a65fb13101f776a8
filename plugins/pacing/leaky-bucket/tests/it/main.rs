//! The leaky bucket against the suite of its area, and what it promises beyond it.

mod congestion;
mod handover;
mod line;
mod priorities;
mod probes;
mod rate;

jackfield_testkit::conformance! { pacer: jackfield_pacing_leaky_bucket::LeakyBucket }
