//! No pacing against the suite of its area, and what it promises beyond it.

mod order;

jackfield_testkit::conformance! { pacer: jackfield_pacing_null::Null }
