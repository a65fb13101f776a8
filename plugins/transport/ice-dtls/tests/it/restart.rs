//! ICE restarts: new credentials, perhaps a new path, the same keys.

use jackfield_sdk::prelude::*;
use jackfield_testkit::transport::call::Call;

use crate::world::{Client, DEFAULT, LEGACY, call, connected, talk};

fn attribute(call: &mut Call, end: usize, name: &str) -> String {
    call.ends[end]
        .description()
        .into_iter()
        .find(|(known, _)| known == name)
        .unwrap()
        .1
}

/// A restart that `initiator` begins, with 60 ms for each way of the signalling and talk all the while. Returns what was lost.
fn restart(call: &mut Call, initiator: usize, first: u16) -> usize {
    let responder = 1 - initiator;
    let now = call.now;
    call.ends[initiator].transport.restart(now).unwrap();
    let offer = call.ends[initiator].description();
    let mut lost = total(&talk(call, first, TimeDelta::ms(60)));
    call.tell(responder, &offer);
    let answer = call.ends[responder].description();
    call.start(responder);
    call.tell_candidates(responder);
    lost += total(&talk(call, first + 100, TimeDelta::ms(60)));
    call.tell(initiator, &answer);
    call.start(initiator);
    call.tell_candidates(initiator);
    lost += total(&talk(call, first + 200, TimeDelta::seconds(3)));
    lost
}

fn total(heard: &[crate::world::Heard; 2]) -> usize {
    heard.iter().map(|heard| heard.lost).sum()
}

#[test]
fn a4_4_a_restart_loses_nothing_whoever_begins_it() {
    for settings in [[DEFAULT, DEFAULT], [LEGACY, LEGACY]] {
        for initiator in [0, 1] {
            let mut call = connected(1, Client::Offerer, settings);
            talk(&mut call, 0, TimeDelta::seconds(1));
            let old = [0, 1].map(|end| attribute(&mut call, end, "ice-ufrag"));
            assert_eq!(restart(&mut call, initiator, 1_000), 0);
            let new = [0, 1].map(|end| attribute(&mut call, end, "ice-ufrag"));
            assert!(
                old[0] != new[0] && old[1] != new[1],
                "both ends have new credentials"
            );
            for end in &call.ends {
                assert_eq!(end.state(), TransportState::Connected);
                assert!(
                    !end.states
                        .iter()
                        .any(|(_, state)| *state == TransportState::Disconnected),
                    "{:?}",
                    end.states
                );
            }
        }
    }
}

#[test]
fn a_restart_can_follow_a_restart() {
    let mut call = connected(1, Client::Answerer, [DEFAULT, DEFAULT]);
    for round in 0..5 {
        assert_eq!(
            restart(&mut call, usize::from(round % 2 == 1), 1_000 * (round + 1)),
            0,
            "round {round}"
        );
    }
}

#[test]
fn after_a_restart_the_old_password_opens_nothing() {
    let mut call = connected(1, Client::Offerer, [DEFAULT, DEFAULT]);
    let old: Vec<Vec<u8>> = call.ends[1]
        .sent
        .iter()
        .map(|(_, _, datagram)| datagram.clone())
        .filter(|datagram| datagram[..2] == [0, 1])
        .collect();
    assert!(!old.is_empty());
    restart(&mut call, 0, 1_000);
    let route = call.route_to(0);
    for check in old {
        let before = call.ends[0].sent.len();
        call.hand(0, &route, &check).unwrap();
        assert!(
            call.ends[0].sent[before..]
                .iter()
                .all(|(_, _, datagram)| datagram[..2] != [1, 1]),
            "no answer"
        );
    }
}

#[test]
fn a_restart_brings_a_failed_call_back_with_the_keys_that_it_has() {
    let mut call = connected(1, Client::Offerer, [DEFAULT, DEFAULT]);
    call.network.deaf = [true; 2];
    call.run_for(TimeDelta::seconds(40));
    assert!(call.ends.iter().all(|end| end.state() == TransportState::Failed));
    call.network.deaf = [false; 2];

    let now = call.now;
    call.ends[0].transport.restart(now).unwrap();
    call.negotiate();
    assert!(
        call.connect(TimeDelta::seconds(3)),
        "{:?} {:?}",
        call.ends[0].states,
        call.ends[1].states
    );
    let handshakes = call.ends[0]
        .sent
        .iter()
        .filter(|(at, _, datagram)| *at >= now && (20..64).contains(&datagram[0]))
        .count();
    assert_eq!(handshakes, 0, "DTLS had nothing to do");
    assert_eq!(total(&talk(&mut call, 0, TimeDelta::seconds(1))), 0);
}

#[test]
fn a_restart_before_anything_was_connected_is_as_good_as_a_start() {
    let mut call = call(1, Client::Offerer, [DEFAULT, DEFAULT]);
    call.network.deaf = [true; 2];
    call.establish();
    call.run_for(TimeDelta::seconds(2));
    call.network.deaf = [false; 2];
    let now = call.now;
    call.ends[0].transport.restart(now).unwrap();
    call.negotiate();
    assert!(call.connect(TimeDelta::seconds(3)));
    assert_eq!(total(&talk(&mut call, 0, TimeDelta::seconds(1))), 0);
}

#[test]
fn credentials_that_are_made_anew_before_the_start_are_the_ones_in_force() {
    let mut call = call(1, Client::Offerer, [DEFAULT, DEFAULT]);
    call.activate();
    let now = call.now;
    for end in 0..2 {
        call.ends[end].transport.restart(now).unwrap();
    }
    call.negotiate();
    assert!(call.connect(TimeDelta::seconds(2)));
}
