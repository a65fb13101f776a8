//! Any text as a manifest: nothing panics, and an error names a place that is in the text.
#![no_main]

use jackfield_loader::Manifest;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Err(error) = Manifest::parse(text, "jackfield.toml") {
        assert!(!error.to_string().is_empty());
        if let Some(span) = error.span() {
            assert!(span.start <= span.end && span.end <= text.len());
        }
    }
});
