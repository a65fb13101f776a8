//! Any lines as attributes of a peer's transport: nothing panics, and a fingerprint that is understood can be printed and reads the same.
#![no_main]

use jackfield_sdk::secure_transport::{Fingerprint, RemoteDescription};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut description = RemoteDescription::<()>::default();
    for line in text.lines() {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        if let Err(fault) = description.take(name, value) {
            assert!(!fault.text().is_empty());
        }
        if let Ok(Some(fingerprint)) = Fingerprint::parse(value) {
            let again = Fingerprint::parse(&fingerprint.to_string()).expect("what was printed can be read");
            assert_eq!(again, Some(fingerprint));
        }
    }
    let mut trusted = Vec::new();
    if description.settle_trust(&mut trusted).is_ok() {
        assert!(!trusted.is_empty());
        description.settle_trust(&mut trusted).expect("the peer has not changed");
    }
    let _ = description.credentials();
});
