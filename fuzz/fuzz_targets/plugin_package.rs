//! Any bytes as a package of a plugin, and any plugin file: nothing panics, and what is read can be written.
#![no_main]

use jackfield_loader::inspection::Inspection;
use jackfield_package::Package;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(package) = Package::from_bytes(bytes) {
        assert!(package.to_bytes().is_ok());
    }
    if let Err(fault) = Inspection::of(bytes) {
        assert!(!fault.to_string().is_empty());
    }
});
