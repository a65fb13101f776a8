//! The plugin against the suite of its area.

jackfield_testkit::conformance! { pacer: jackfield_pacing_null::Null }
