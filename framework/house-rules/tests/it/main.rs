//! The rules of the house, run over this repository; beside each, a sample that breaks it.

mod dependency_direction;
mod documents;
mod file_length;
mod licences;
mod parsers;
mod plugin_packages;
mod public_api;
mod time_and_io;
mod unsafe_code;
mod webrtc_map;

/// Fails with all breaches at once, one per line.
fn assert_none(breaches: &[String]) {
    assert!(breaches.is_empty(), "\n{}\n", breaches.join("\n"));
}
