//! Whatever comes from outside is taken without a fault, and only what has the shape of a packet is let in.

use jackfield_sdk::prelude::*;
use jackfield_testkit::transport::call::Call;
use jackfield_transport_loopback::Loopback;
use proptest::prelude::*;

proptest! {
    #[test]
    fn any_datagrams_and_candidates_are_taken(
        datagrams in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 0..20),
        candidates in prop::collection::vec("(candidate:)?[a-z0-9]{1,4} [12] (udp|tcp) [0-9]{1,11} [0-9.:]{1,15} [0-9]{1,6} typ [a-z]{1,5}|[ -~]{0,60}", 0..8),
    ) {
        let make = || Box::new(Loopback::create(&Environment::seeded(1)).unwrap());
        let mut call = Call::new(make(), make(), 1);
        call.establish();
        for text in &candidates {
            let now = call.now;
            if let Err(fault) = call.ends[0].transport.add_remote_candidate(now, text) {
                prop_assert!(!fault.text().is_empty());
            }
        }
        let route = call.route_to(0);
        for datagram in &datagrams {
            call.hand(0, &route, datagram).unwrap();
        }
        for (_, _, packet) in &call.ends[0].packets {
            prop_assert!(packet[0] >> 6 == 2 && datagrams.contains(packet));
        }
    }
}
