//! ICE restarts: new credentials, perhaps a new path, the same keys.

use jackfield_sdk::prelude::*;
use jackfield_testkit::transport::call::Call;
use jackfield_testkit::transport::restarts;

use crate::world::{self, PAIRS, ROLES, call, connected};

fn talk(call: &mut Call, first: u16, time: TimeDelta) -> usize {
    world::talk(call, first, time).iter().sum()
}

#[test]
fn a_restart_loses_nothing_whoever_begins_it_and_can_follow_a_restart() {
    for kinds in PAIRS {
        for role in ROLES {
            let mut call = connected(kinds, role);
            for round in 0..4 {
                restarts::loses_nothing(&mut call, usize::from(round % 2 == 1), 1_000 * (round + 1), talk);
            }
        }
    }
}

#[test]
fn after_a_restart_the_old_password_opens_nothing() {
    let mut call = connected(PAIRS[0], DtlsRole::Server);
    restarts::after_it_the_old_password_opens_nothing(&mut call, talk);
}

#[test]
fn a_restart_brings_a_failed_call_back_with_the_keys_that_it_has() {
    for kinds in PAIRS {
        let mut call = connected(kinds, DtlsRole::Server);
        restarts::brings_a_failed_call_back_with_the_keys_that_it_has(&mut call, talk);
    }
}

#[test]
fn a_restart_before_anything_was_connected_is_as_good_as_a_start() {
    let mut call = call(PAIRS[0], DtlsRole::Server, 1);
    restarts::before_anything_was_connected_is_as_good_as_a_start(&mut call, talk);
}
