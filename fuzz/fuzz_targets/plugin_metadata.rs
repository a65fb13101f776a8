//! Any bytes as the section `.jf_meta` of a plugin file, and as the text of its tables: nothing panics.
#![no_main]

use jackfield_loader::{AbiText, metadata};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = metadata::frames(bytes);
    let tables = AbiText::of_text(&String::from_utf8_lossy(bytes));
    let _ = AbiText::of_host().changes(&tables);
    let _ = tables.changes(&AbiText::of_host());
});
