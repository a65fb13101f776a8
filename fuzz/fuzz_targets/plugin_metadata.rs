//! Any bytes as the section `.jf_meta` of a plugin file: nothing panics.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = jackfield_loader::metadata::frames(bytes);
});
