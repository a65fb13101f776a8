//! Any bytes as a plugin file: what is said of it without running it never panics.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Err(fault) = jackfield_loader::examine(bytes) {
        assert!(!fault.to_string().is_empty());
    }
});
