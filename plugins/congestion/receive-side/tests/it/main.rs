//! The receive-side estimator against the suite of its area, and on paths of its own.

mod path;

jackfield_testkit::conformance! { congestion_controller: jackfield_congestion_receive_side::ReceiveSide }
