//! NADA against the suite of its area, each equation of RFC 8698 by itself, and what it makes of a path.

mod equations;
mod path;
mod rate;

jackfield_testkit::conformance! { congestion_controller: jackfield_congestion_nada::Nada }
