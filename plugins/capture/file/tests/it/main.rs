//! Player and recorder against the suites of their areas, and what they promise beyond them.

mod files;
mod malformed;
mod playing;
mod recording;
mod resampling;

jackfield_testkit::conformance! { audio_source: jackfield_capture_file::FileSource; location: crate::files::recording() }
jackfield_testkit::conformance! { audio_sink: jackfield_capture_file::FileSink; location: crate::files::fresh_path() }
