//! Generator and meter against the suites of their areas, and how true they are.

mod truth;

jackfield_testkit::conformance! { audio_source: jackfield_capture_tone::ToneSource }
jackfield_testkit::conformance! { audio_sink: jackfield_capture_tone::ToneMeter }
