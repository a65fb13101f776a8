//! Whatever comes from outside, at whatever time, is taken without a fault, and nothing of it is let in.

use jackfield_sdk::prelude::*;
use jackfield_sdk::secure_transport::{Fingerprint, RemoteDescription};
use proptest::prelude::*;

use crate::world::{PAIRS, call};

fn candidate() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~]{0,60}",
        "(a=)?(candidate:)?[a-z0-9]{1,4} [0-3] (udp|UDP|tcp) [0-9]{1,11} ([0-9]{1,3}[.:]){3}[0-9]{1,3} [0-9]{1,5} typ (host|srflx|prflx|relay|[a-z]{1,5})( raddr [0-9.]{1,9} rport [0-9]{1,5})?",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_datagrams_and_candidates_are_taken_at_any_stage(
        pair in 0..PAIRS.len(),
        ms in 0_i64..150,
        datagrams in prop::collection::vec((0..64_u8, prop::collection::vec(any::<u8>(), 0..200)), 1..20),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>()), 1..20),
        candidates in prop::collection::vec(candidate(), 1..8),
    ) {
        let mut call = call(PAIRS[pair], DtlsRole::Server, 1);
        call.establish();
        call.run_for(TimeDelta::ms(ms));
        for end in 0..2 {
            let route = call.route_to(end);
            for (first, rest) in &datagrams {
                call.hand(end, &route, &[&[*first][..], rest].concat()).unwrap();
            }
            for (which, place, value) in &changes {
                let sent = &call.ends[1 - end].sent;
                if !sent.is_empty() {
                    let mut datagram = sent[which.index(sent.len())].2.clone();
                    let place = place.index(datagram.len());
                    datagram[place] ^= value;
                    call.hand(end, &route, &datagram).unwrap();
                }
            }
            for text in &candidates {
                let now = call.now;
                if let Err(fault) = call.ends[end].transport.add_remote_candidate(now, text) {
                    prop_assert!(!fault.text().is_empty());
                }
            }
        }
        call.run_for(TimeDelta::ms(20));
        prop_assert!(call.ends.iter().all(|end| end.packets.is_empty()));
    }
}

proptest! {
    #[test]
    fn any_attributes_are_taken_or_refused(
        attributes in prop::collection::vec(("(ice-ufrag|ice-pwd|ice-options|fingerprint|setup|[a-z-]{0,12})", "(sha-(1|224|256|512) )?([0-9A-Fa-f]{2}:){0,33}[ -~]{0,30}"), 0..12),
    ) {
        let mut description = RemoteDescription::<()>::default();
        for (name, value) in &attributes {
            if let Err(fault) = description.take(name, value) {
                prop_assert!(!fault.text().is_empty());
            }
            if let Ok(Some(fingerprint)) = Fingerprint::parse(value) {
                prop_assert_eq!(Fingerprint::parse(&fingerprint.to_string()).unwrap(), Some(fingerprint));
            }
        }
        let mut trusted = Vec::new();
        prop_assert_eq!(description.settle_trust(&mut trusted).is_ok(), !trusted.is_empty());
    }
}
