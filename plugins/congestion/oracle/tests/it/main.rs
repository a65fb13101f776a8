//! The oracle against the suite of its area, and what it promises beyond it.

mod knowledge;

jackfield_testkit::conformance! { congestion_controller: jackfield_congestion_oracle::Oracle }
