//! Any bytes as a STUN message: nothing panics, and what is understood says what its bytes say.
#![no_main]

use jackfield_session::stun::{Kind, Message};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some(message) = Message::parse(bytes) else {
        return;
    };
    assert_eq!(message.transaction(), bytes[8..20]);
    if message.kind() == Kind::BindingRequest {
        assert_eq!(bytes[..2], [0, 1]);
    }
    if let Some((ours, theirs)) = message.fragments() {
        let name = format!("{ours}:{theirs}");
        assert!(bytes.windows(name.len()).any(|part| part == name.as_bytes()));
    }
    let _ = message.mapped_address();
});
