//! SCReAM v2 against the suite of its area, and against what libwebrtc's own tests ask of theirs.

mod driver;
mod limits;
mod links;
mod reactions;
mod road;

jackfield_testkit::conformance! { congestion_controller: jackfield_congestion_scream::Scream }
