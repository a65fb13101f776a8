//! The media-file player against the suite of its area, and the formats that it is there for.

mod decoding;
mod files;

jackfield_testkit::conformance! { audio_source: jackfield_capture_media_file::MediaFileSource; location: crate::files::opus_in_webm() }
