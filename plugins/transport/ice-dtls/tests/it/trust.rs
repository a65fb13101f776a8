//! Only the peer whose fingerprint came by signalling is let in.

use jackfield_sdk::prelude::*;
use jackfield_testkit::transport::call::{Call, rtp};

use crate::world::{Client, DEFAULT, LEGACY, call, connected};

/// Exchanges descriptions, but `victim` is told `fingerprint` instead of the other end's.
fn negotiate_with(call: &mut Call, victim: usize, fingerprint: &str) {
    call.activate();
    let offer = call.ends[0].description();
    call.tell(
        1,
        &if victim == 1 {
            forged(&offer, fingerprint)
        } else {
            offer
        },
    );
    let answer = call.ends[1].description();
    call.tell(
        0,
        &if victim == 0 {
            forged(&answer, fingerprint)
        } else {
            answer
        },
    );
    call.tell_candidates(0);
    call.tell_candidates(1);
    call.start(1);
    call.start(0);
}

fn forged(description: &[(String, String)], fingerprint: &str) -> Vec<(String, String)> {
    let forge = |(name, value): &(String, String)| {
        (
            name.clone(),
            if name == "fingerprint" {
                fingerprint.into()
            } else {
                value.clone()
            },
        )
    };
    description.iter().map(forge).collect()
}

fn wrong() -> String {
    format!("sha-256 {}", ["AB"; 32].join(":"))
}

#[test]
fn c3_1_a_wrong_fingerprint_ends_in_failed_and_not_one_packet_is_let_in() {
    for settings in [
        [DEFAULT, DEFAULT],
        [LEGACY, LEGACY],
        [DEFAULT, LEGACY],
        [LEGACY, DEFAULT],
    ] {
        for client in [Client::Offerer, Client::Answerer] {
            for victim in [0, 1] {
                let mut call = call(1, client, settings);
                negotiate_with(&mut call, victim, &wrong());
                for sequence in 0..400 {
                    // The other end may take itself for connected; what it sends must not be let in.
                    let _ = call.send(1 - victim, PacketKind::Rtp, &rtp(1, sequence));
                    assert!(call.send(victim, PacketKind::Rtp, &rtp(1, sequence)).is_err());
                    call.run_for(TimeDelta::ms(20));
                }
                let end = &call.ends[victim];
                assert_eq!(
                    end.state(),
                    TransportState::Failed,
                    "{client:?}, end {victim}: {:?}",
                    end.states
                );
                assert!(end.packets.is_empty());
                assert!(
                    !end.states
                        .iter()
                        .any(|(_, state)| *state == TransportState::Connected)
                );
            }
        }
    }
}

#[test]
fn fingerprints_by_longer_hashes_are_good_and_one_right_among_several_is_enough() {
    // The other end's certificate is not known beforehand, so this takes its own word and adds to it.
    let mut call = call(1, Client::Offerer, [DEFAULT, DEFAULT]);
    call.activate();
    let more = [
        ("fingerprint", wrong()),
        ("fingerprint", format!("sha-512 {}", ["00"; 64].join(":"))),
    ];
    let more: Vec<(String, String)> = more
        .into_iter()
        .map(|(name, value)| (name.into(), value))
        .collect();
    call.tell(0, &more);
    call.tell(1, &more);
    call.negotiate();
    assert!(call.connect(TimeDelta::seconds(2)));
}

#[test]
fn a_fingerprint_by_a_broken_hash_is_none() {
    let mut call = call(1, Client::Offerer, [DEFAULT, DEFAULT]);
    call.activate();
    let offer = call.ends[0].description();
    call.tell(1, &forged(&offer, &format!("sha-1 {}", ["AB"; 20].join(":"))));
    let fault = start(&mut call, 1).unwrap_err();
    assert_eq!(fault.code(), FaultCode::Unsupported);
    assert!(fault.text().contains("sha-256"), "{fault}");
}

#[test]
fn without_fingerprint_or_credentials_it_does_not_start() {
    for missing in ["fingerprint", "ice-ufrag", "ice-pwd"] {
        let mut call = call(1, Client::Offerer, [DEFAULT, DEFAULT]);
        call.activate();
        let mut offer = call.ends[0].description();
        offer.retain(|(name, _)| name != missing);
        call.tell(1, &offer);
        let fault = start(&mut call, 1).unwrap_err();
        assert_eq!(fault.code(), FaultCode::State);
        assert!(fault.text().contains(missing), "{fault}");
    }
}

#[test]
fn a_malformed_attribute_is_refused() {
    let mut call = call(1, Client::Offerer, [DEFAULT, DEFAULT]);
    call.activate();
    for (name, value) in [
        ("fingerprint", "sha-256"),
        ("fingerprint", "sha-256 AB:CD"),
        ("fingerprint", "sha-256 ZZ"),
        ("fingerprint", "sha-256 +1:+2"),
        ("ice-ufrag", "abc"),
        ("ice-ufrag", "a b c d"),
        ("ice-pwd", "too-short"),
        ("setup", "sideways"),
    ] {
        let now = call.now;
        let refused = call.ends[0].transport.set_remote_attribute(now, name, value);
        assert_eq!(
            refused.map_err(|fault| fault.code()),
            Err(FaultCode::Invalid),
            "a={name}:{value}"
        );
    }
}

#[test]
fn the_certificate_cannot_change_under_a_running_association() {
    let mut call = connected(1, Client::Offerer, [DEFAULT, DEFAULT]);
    call.tell(0, &[("fingerprint".into(), wrong())]);
    assert_eq!(start(&mut call, 0).unwrap_err().code(), FaultCode::Unsupported);
    call.send(0, PacketKind::Rtp, &rtp(1, 1))
        .expect("the association goes on as it was");
}

#[test]
fn c3_2_a_conflict_of_dtls_roles_is_refused() {
    for (role, answer) in [(DtlsRole::Client, "active"), (DtlsRole::Server, "passive")] {
        let mut call = call(1, Client::Offerer, [DEFAULT, DEFAULT]);
        call.configs[0].role = role;
        call.activate();
        let offered = call.ends[0].description();
        assert!(
            offered.contains(&("setup".into(), answer.into())),
            "{role:?}: {offered:?}"
        );
        let mut conflicting = call.ends[1].description();
        conflicting.retain(|(name, _)| name != "setup");
        conflicting.push(("setup".into(), answer.into()));
        call.tell(0, &conflicting);
        let fault = start(&mut call, 0).unwrap_err();
        assert_eq!(fault.code(), FaultCode::Invalid);
        assert!(fault.text().contains("setup"), "{fault}");
    }
}

#[test]
fn c3_2_the_answerer_takes_the_role_that_the_offerer_leaves() {
    for (offered, answered) in [
        (DtlsRole::Client, "passive"),
        (DtlsRole::Server, "active"),
        (DtlsRole::Either, "passive"),
    ] {
        let mut call = call(1, Client::Offerer, [DEFAULT, DEFAULT]);
        call.configs[0].role = offered;
        call.activate();
        let offer = call.ends[0].description();
        call.tell(1, &offer);
        assert!(
            call.ends[1]
                .description()
                .contains(&("setup".into(), answered.into())),
            "{offered:?}"
        );
        call.negotiate();
        assert!(call.connect(TimeDelta::seconds(2)));
    }
}

#[test]
fn secrets_differ_although_the_seeds_do_not() {
    let mut descriptions = (0..2).map(|_| {
        let mut call = call(7, Client::Offerer, [DEFAULT, DEFAULT]);
        call.activate();
        call.ends[0].description()
    });
    let (one, other) = (descriptions.next().unwrap(), descriptions.next().unwrap());
    for name in ["ice-ufrag", "ice-pwd", "fingerprint"] {
        let of = |description: &[(String, String)]| {
            description
                .iter()
                .find(|(known, _)| known == name)
                .unwrap()
                .1
                .clone()
        };
        assert_ne!(of(&one), of(&other), "{name}");
    }
}

#[test]
fn only_the_insecure_parameter_makes_passwords_repeat() {
    let password = || {
        let mut call = call(
            7,
            Client::Offerer,
            [|parameters| parameters.insecure_deterministic = true, DEFAULT],
        );
        call.activate();
        call.ends[0]
            .description()
            .into_iter()
            .find(|(name, _)| name == "ice-pwd")
            .unwrap()
            .1
    };
    assert_eq!(password(), password());
}

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

fn start(call: &mut Call, end: usize) -> Result<(), Fault> {
    let now = call.now;
    call.ends[end].transport.start(now, &mut Nowhere)
}
