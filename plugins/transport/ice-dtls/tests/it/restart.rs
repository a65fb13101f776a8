//! ICE restarts: new credentials, perhaps a new path, the same keys.

use jackfield_sdk::prelude::*;
use jackfield_testkit::transport::call::Call;
use jackfield_testkit::transport::restarts;

use crate::world::{self, Client, DEFAULT, LEGACY, call, connected};

fn talk(call: &mut Call, first: u16, time: TimeDelta) -> usize {
    world::talk(call, first, time)
        .iter()
        .map(|heard| heard.lost)
        .sum()
}

#[test]
fn a4_4_a_restart_loses_nothing_whoever_begins_it() {
    for settings in [[DEFAULT, DEFAULT], [LEGACY, LEGACY]] {
        for initiator in [0, 1] {
            let mut call = connected(1, Client::Offerer, settings);
            talk(&mut call, 0, TimeDelta::seconds(1));
            restarts::loses_nothing(&mut call, initiator, 1_000, talk);
        }
    }
}

#[test]
fn a_restart_can_follow_a_restart() {
    let mut call = connected(1, Client::Answerer, [DEFAULT, DEFAULT]);
    for round in 0..5 {
        restarts::loses_nothing(&mut call, usize::from(round % 2 == 1), 1_000 * (round + 1), talk);
    }
}

#[test]
fn after_a_restart_the_old_password_opens_nothing() {
    let mut call = connected(1, Client::Offerer, [DEFAULT, DEFAULT]);
    restarts::after_it_the_old_password_opens_nothing(&mut call, talk);
}

#[test]
fn a_restart_brings_a_failed_call_back_with_the_keys_that_it_has() {
    let mut call = connected(1, Client::Offerer, [DEFAULT, DEFAULT]);
    restarts::brings_a_failed_call_back_with_the_keys_that_it_has(&mut call, talk);
}

#[test]
fn a_restart_before_anything_was_connected_is_as_good_as_a_start() {
    let mut call = call(1, Client::Offerer, [DEFAULT, DEFAULT]);
    restarts::before_anything_was_connected_is_as_good_as_a_start(&mut call, talk);
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
