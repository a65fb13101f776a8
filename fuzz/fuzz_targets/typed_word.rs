//! Any text as one of the words and short texts that a manifest or a command line takes: nothing panics, and what is understood prints as it was read.
#![no_main]

use std::fmt::{Debug, Display};
use std::str::FromStr;

use jackfield_loader::{Digest, Grant, PublicKey, SecretKey};
use jackfield_runtime::net::Dscp;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    printed_as_read(text, Dscp::from_str);
    printed_as_read(text, Digest::from_str);
    printed_as_read(text, Grant::from_str);
    printed_as_read(text, PublicKey::from_str);
    if let Ok(key) = SecretKey::from_pem(text) {
        let again =
            SecretKey::from_pem(&key.to_pem().expect("it was read")).expect("what was written can be read");
        assert_eq!(again.public(), key.public());
    }
});

fn printed_as_read<T: Display + Debug + PartialEq, E: Display>(text: &str, read: fn(&str) -> Result<T, E>) {
    match read(text) {
        Ok(value) => assert_eq!(read(&value.to_string()).ok(), Some(value)),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
