//! Any text as a signalling message, from either side: nothing panics, and what is understood can be written and reads the same.
#![no_main]

use jackfield_session::signalling::{ClientMessage, HostMessage};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(message) = ClientMessage::parse(text) {
        assert_eq!(ClientMessage::parse(&message.to_json()).expect("what was written can be read"), message);
    }
    if let Ok(message) = HostMessage::parse(text) {
        let _ = message.to_json();
    }
});
