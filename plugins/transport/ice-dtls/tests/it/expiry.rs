//! E25.4: nobody is shown a certificate that is about to end, by the wall clock that came with the activation.

use jackfield_sdk::prelude::*;
use jackfield_testkit::transport::call::Call;

use crate::world::{Client, DEFAULT, call};

const HOST: &str = "1 1 udp 2130706431 192.0.2.1 5000 typ host";

fn days(days: i64) -> TimeDelta {
    TimeDelta::seconds(days * 24 * 3_600)
}

fn fingerprint(call: &mut Call, end: usize) -> String {
    let description = call.ends[end].description();
    let told = description.iter().find(|(name, _)| name == "fingerprint");
    told.expect("it is told").1.clone()
}

#[test]
fn e25_4_a_certificate_near_its_end_is_replaced_before_it_is_shown() {
    // After 28 days the first one is good enough, and two days later no longer; after 30 days it was replaced by one that lasts.
    for (waited, replaced) in [(0, false), (28, true), (30, false), (400, false)] {
        let mut call = call(1, Client::Offerer, [DEFAULT, DEFAULT]);
        call.activate();
        call.now += days(waited);
        let now = call.now;
        call.ends[0].transport.add_local_candidate(now, HOST).unwrap();
        let shown = fingerprint(&mut call, 0);

        let later = now + days(2);
        call.ends[0]
            .transport
            .set_remote_attribute(later, "ice-lite", "")
            .unwrap();
        assert_eq!(fingerprint(&mut call, 0), shown, "what the peer knows stays");
        call.ends[0].transport.restart(later).unwrap();
        assert_eq!(
            fingerprint(&mut call, 0) != shown,
            replaced,
            "after {waited} days"
        );
    }
}

#[test]
fn e25_4_one_that_ended_after_it_was_shown_is_refused_until_the_peer_knows_another() {
    struct Nowhere;
    impl TransportSink for Nowhere {
        fn transmit(&mut self, _: &Route, _: &[u8]) -> Result<(), Fault> {
            Ok(())
        }
        fn packet(&mut self, _: PacketKind, _: &[u8]) -> Result<(), Fault> {
            Ok(())
        }
        fn state(&mut self, _: TransportState) -> Result<(), Fault> {
            Ok(())
        }
    }
    let mut call = call(1, Client::Offerer, [DEFAULT, DEFAULT]);
    call.activate();
    let offer = call.ends[0].description();
    call.tell(1, &offer);
    let answer = call.ends[1].description();
    call.tell(0, &answer);
    call.now += days(31);
    let now = call.now;
    let fault = call.ends[0].transport.start(now, &mut Nowhere).unwrap_err();
    assert_eq!(fault.code(), FaultCode::State);
    assert!(fault.text().contains("`restart`"), "{fault}");

    for end in &mut call.ends {
        end.transport.restart(now).unwrap();
    }
    call.negotiate();
    assert!(
        call.connect(TimeDelta::seconds(5)),
        "{:?} {:?}",
        call.ends[0].states,
        call.ends[1].states
    );
}
