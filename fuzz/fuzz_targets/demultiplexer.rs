//! Any datagram is sorted (RFC 7983) without a panic, and what it is sorted as it is long enough for.
#![no_main]

use jackfield_sdk::secure_transport::demux::{Class, classify};
use jackfield_sdk::secure_transport::srtp::RtpHeader;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|datagram: &[u8]| {
    let least = match classify(datagram) {
        Class::Stun => 20,
        Class::Dtls => 13,
        Class::TurnChannel => 4,
        Class::Rtp => 12,
        Class::Rtcp => 8,
        _ => 0,
    };
    assert!(datagram.len() >= least);
    if let Some(header) = RtpHeader::read(datagram) {
        assert!((12..=datagram.len()).contains(&header.length));
    }
});
