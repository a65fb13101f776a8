//! Nobody but the peer whose fingerprint came by signalling gets through.

use jackfield_sdk::prelude::*;
use jackfield_testkit::transport::call::rtp;

use crate::world::{Kind, PAIRS, ROLES, call};

#[test]
fn c3_1_a_wrong_fingerprint_ends_in_failed_and_not_one_packet_is_let_in() {
    for kinds in PAIRS {
        for role in ROLES {
            for victim in [0, 1] {
                if kinds[victim] != Kind::WebrtcRs {
                    continue;
                }
                let mut call = call(kinds, role, 1);
                call.activate();
                let forged = format!("sha-256 {}", ["AB"; 32].join(":"));
                let offer = call.ends[0].description();
                call.tell(1, &told(&offer, (victim == 1).then_some(&forged)));
                let answer = call.ends[1].description();
                call.tell(0, &told(&answer, (victim == 0).then_some(&forged)));
                call.tell_candidates(0);
                call.tell_candidates(1);
                call.start(1);
                call.start(0);
                let failed = call.run_until(TimeDelta::seconds(20), |call| {
                    call.ends[victim].state() == TransportState::Failed
                });
                assert!(failed, "{kinds:?} {role:?}: {:?}", call.ends[victim].states);
                let _ = call.send(1 - victim, PacketKind::Rtp, &rtp(1, 1));
                call.run_for(TimeDelta::seconds(2));
                assert!(call.ends[victim].packets.is_empty());
                assert!(call.send(victim, PacketKind::Rtp, &rtp(1, 1)).is_err());
                assert!(
                    !call.ends[victim]
                        .states
                        .iter()
                        .any(|(_, state)| *state == TransportState::Connected)
                );
            }
        }
    }
}

fn told(description: &[(String, String)], forged: Option<&String>) -> Vec<(String, String)> {
    let mut description = description.to_vec();
    if let (Some(forged), Some((_, value))) = (
        forged,
        description.iter_mut().find(|(name, _)| name == "fingerprint"),
    ) {
        value.clone_from(forged);
    }
    description
}

#[test]
fn a_start_without_credentials_or_fingerprint_says_what_is_missing() {
    let mut call = call(PAIRS[0], DtlsRole::Server, 1);
    call.activate();
    let offer = call.ends[0].description();
    for missing in ["ice-ufrag", "ice-pwd", "fingerprint"] {
        let now = call.now;
        call.ends[1].transport.activate(now, &call.configs[1]).unwrap();
        let part: Vec<_> = offer
            .iter()
            .filter(|(name, _)| name != missing)
            .cloned()
            .collect();
        call.tell(1, &part);
        let mut nothing = Nothing;
        let refused = call.ends[1].transport.start(now, &mut nothing).unwrap_err();
        assert_eq!(refused.code(), FaultCode::State);
        assert!(refused.text().contains(missing), "{}", refused.text());
    }
}

struct Nothing;

impl TransportSink for Nothing {
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

#[test]
fn a_broken_hash_function_is_no_fingerprint_and_a_changed_certificate_is_refused() {
    let mut call = call(PAIRS[0], DtlsRole::Server, 1);
    call.activate();
    let now = call.now;
    let mut offer = call.ends[0].description();
    let sha1 = format!("sha-1 {}", ["AB"; 20].join(":"));
    call.tell(1, &told(&offer, Some(&sha1)));
    let refused = call.ends[1].transport.start(now, &mut Nothing).unwrap_err();
    assert_eq!(refused.code(), FaultCode::Unsupported);

    call.ends[1].transport.activate(now, &call.configs[1]).unwrap();
    call.negotiate();
    offer = told(&offer, Some(&format!("sha-256 {}", ["CD"; 32].join(":"))));
    call.tell(1, &offer);
    let refused = call.ends[1].transport.start(now, &mut Nothing).unwrap_err();
    assert_eq!(refused.code(), FaultCode::Unsupported);
}
