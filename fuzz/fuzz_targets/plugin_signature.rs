//! Any text as a signature, and any bytes as what remembers plugin files: nothing panics, and a signature prints as it was read.
#![no_main]

use jackfield_loader::{Signature, cache};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    cache::entries(bytes);
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(signature) = text.parse::<Signature>()
    {
        assert_eq!(signature.to_string().parse::<Signature>(), Ok(signature));
    }
});
