//! BBR against the suite of its area, on a simulated link, and against nonsense.

mod link;
mod nonsense;
mod on_a_link;

jackfield_testkit::conformance! { congestion_controller: jackfield_congestion_bbr::Bbr }
