//! The spatial mixer against the suite of its area, and its places.

mod places;

jackfield_testkit::conformance! { mixer: jackfield_mixer_spatial::Spatial }
