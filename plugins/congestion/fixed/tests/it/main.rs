//! The plugin against the suite of its area.

jackfield_testkit::conformance! { congestion_controller: jackfield_congestion_fixed::Fixed }
