//! B2.1: what a datagram is, is told by its first bytes; whatever they are, nothing breaks.

use jackfield_sdk::prelude::*;
use jackfield_sdk::secure_transport::demux::{Class, classify};
use jackfield_testkit::transport::call::Call;
use proptest::prelude::*;

use crate::world::{Client, DEFAULT, LEGACY, call};

#[test]
fn b2_1_the_ranges_are_those_of_rfc_7983_and_rfc_5761() {
    let of = |first, second| {
        let mut datagram = [0; 64];
        (datagram[0], datagram[1]) = (first, second);
        classify(&datagram)
    };
    for second in 0..=255 {
        for first in 0..=255_u8 {
            let expected = match (first, second) {
                (0..=3, _) => Class::Stun,
                (20..=63, _) => Class::Dtls,
                (64..=79, _) => Class::TurnChannel,
                (128..=191, 192..=223) => Class::Rtcp,
                (128..=191, _) => Class::Rtp,
                _ => Class::Unknown,
            };
            assert_eq!(of(first, second), expected, "{first} {second}");
        }
    }
    assert_eq!(classify(&[]), Class::Unknown);
}

/// A call in the midst of its handshake, `ms` after the start.
fn begun(ms: i64, legacy: bool) -> Call {
    let setting = if legacy { LEGACY } else { DEFAULT };
    let mut call = call(1, Client::Offerer, [setting, setting]);
    call.establish();
    call.run_for(TimeDelta::ms(ms));
    call
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn b2_1_any_bytes_can_be_classified(datagram in proptest::collection::vec(any::<u8>(), 0..64)) {
        classify(&datagram);
    }

    #[test]
    fn b2_1_any_bytes_can_be_received_at_any_stage(
        ms in 0_i64..150,
        legacy: bool,
        datagrams in proptest::collection::vec((any::<u8>(), proptest::collection::vec(any::<u8>(), 0..200)), 1..40),
    ) {
        let mut call = begun(ms, legacy);
        for end in 0..2 {
            let route = call.route_to(end);
            for (first, rest) in &datagrams {
                let datagram = [&[*first][..], rest].concat();
                call.hand(end, &route, &datagram).unwrap();
            }
        }
        call.run_for(TimeDelta::ms(50));
        prop_assert!(call.ends.iter().all(|end| end.packets.is_empty()));
    }

    #[test]
    fn b2_1_genuine_datagrams_with_changes_can_be_received_at_any_stage(
        ms in 0_i64..150,
        legacy: bool,
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<proptest::sample::Index>(), any::<u8>(), any::<bool>()), 1..60),
    ) {
        let mut call = begun(ms, legacy);
        for (which, place, value, cut) in changes {
            for end in 0..2 {
                let sent = &call.ends[1 - end].sent;
                if sent.is_empty() {
                    continue;
                }
                let mut datagram = sent[which.index(sent.len())].2.clone();
                let place = place.index(datagram.len());
                datagram[place] = value;
                if cut {
                    datagram.truncate(place);
                }
                let route = call.route_to(end);
                call.hand(end, &route, &datagram).unwrap();
            }
            call.run_for(TimeDelta::ms(1));
        }
    }
}
