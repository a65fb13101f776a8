//! The null processor against the suite of its area.

jackfield_testkit::conformance! { audio_processor: jackfield_processing_null::Null }
