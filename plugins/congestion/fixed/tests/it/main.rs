//! The fixed rate against the suite of its area, and what it promises beyond it.

mod rate;

jackfield_testkit::conformance! { congestion_controller: jackfield_congestion_fixed::Fixed }
