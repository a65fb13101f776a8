//! Any bytes as a file of rows: it is refused, or its rows are read one by one.
#![no_main]

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use jackfield_lab::rows::RowReader;
use libfuzzer_sys::fuzz_target;

static PLACE: LazyLock<PathBuf> =
    LazyLock::new(|| std::env::temp_dir().join(format!("jackfield-fuzz-rows-{}", std::process::id())));

fuzz_target!(
    // The reader of Parquet panics on some files, and what reads rows catches that: libFuzzer is not to end at it.
    init: std::panic::set_hook(Box::new(|_| ())),
    |bytes: &[u8]| {
        fs::write(&*PLACE, bytes).expect("temporary files can be written");
        match RowReader::open(&PLACE) {
            Ok(reader) => {
                for row in reader {
                    if let Err(error) = row {
                        assert!(!error.to_string().is_empty());
                    }
                }
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
        if let Ok(reader) = RowReader::open(&PLACE) {
            let _ = reader.read_verified();
        }
    }
);
