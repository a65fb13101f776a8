//! Any text as a signature, and any bytes as what remembers plugin files: nothing panics, and a signature prints as it was read.
#![no_main]

use std::str::FromStr;

use jackfield_loader::{Signature, cache};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    cache::entries(bytes);
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(signature) = Signature::from_str(text)
    {
        assert_eq!(Signature::from_str(&signature.to_string()), Ok(signature));
    }
});
