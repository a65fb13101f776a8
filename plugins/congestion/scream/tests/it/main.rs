//! SCReAM v2 against the suite of its area, and against what libwebrtc's own tests ask of theirs.

jackfield_testkit::conformance! { congestion_controller: jackfield_congestion_scream::Scream }
