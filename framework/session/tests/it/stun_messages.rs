//! Whose a STUN message is, and which address it tells; whatever bytes come, nothing breaks.

use jackfield_session::stun::{Kind, Message, binding_request};
use proptest::prelude::*;

/// A Binding success with XOR-MAPPED-ADDRESS, made from the text of RFC 5769 section 2.2 (its integrity left out).
fn response() -> Vec<u8> {
    let transaction = [
        0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae,
    ];
    let mut message = vec![0x01, 0x01, 0, 12];
    message.extend(0x2112_A442_u32.to_be_bytes());
    message.extend(transaction);
    message.extend([0x00, 0x20, 0, 8, 0, 1, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43]);
    message
}

#[test]
fn d7_2_our_address_is_read_from_the_vector_of_rfc_5769() {
    let response = response();
    let message = Message::parse(&response).unwrap();
    assert_eq!(message.kind(), Kind::BindingSuccess);
    assert_eq!(message.mapped_address(), Some("192.0.2.1:32853".parse().unwrap()));
}

#[test]
fn a_check_names_both_ends() {
    let mut check = binding_request([7; 12]).to_vec();
    check[3] = 16;
    check.extend([0, 6, 0, 9]);
    check.extend(b"evtj:h6vY\0\0\0");
    let message = Message::parse(&check).unwrap();
    assert_eq!(message.kind(), Kind::BindingRequest);
    assert_eq!(message.fragments(), Some(("evtj", "h6vY")));
    assert_eq!(message.transaction(), [7; 12]);
}

#[test]
fn our_request_is_a_message() {
    let request = binding_request([3; 12]);
    assert_eq!(Message::parse(&request).unwrap().kind(), Kind::BindingRequest);
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Some(message) = Message::parse(&bytes) {
            let _ = (message.fragments(), message.mapped_address(), message.transaction());
        }
    }

    #[test]
    fn a_damaged_message_is_read_without_a_panic(at in 0_usize..32, value in any::<u8>(), cut in 0_usize..33) {
        let mut message = response();
        message[at] = value;
        message.truncate(cut);
        if let Some(message) = Message::parse(&message) {
            let _ = (message.fragments(), message.mapped_address());
        }
    }
}
