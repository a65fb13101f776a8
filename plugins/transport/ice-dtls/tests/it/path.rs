//! The path is kept, moved and given up as the network asks.

use std::net::SocketAddr;

use jackfield_sdk::prelude::*;
use jackfield_testkit::transport::call::{Call, rtp};

use crate::world::{Client, DEFAULT, call, connected, talk};

const SECOND: fn(u8) -> SocketAddr = |last| SocketAddr::from(([198, 51, 100, last], 7000));

/// A call whose offerer has two addresses, not yet activated.
fn with_two_paths(seed: u64) -> Call {
    let mut call = call(seed, Client::Offerer, [DEFAULT, DEFAULT]);
    call.ends[0].addresses.push(SECOND(1));
    call
}

#[test]
fn a_later_nomination_is_followed_although_the_earlier_path_looks_better_from_here() {
    let mut call = with_two_paths(1);
    let [first, second] = [call.ends[0].addresses[0], call.ends[0].addresses[1]];
    // The offerer prefers its first address, which is dead at the beginning; the answerer is told to prefer the second.
    call.network.dead.push(first);
    call.activate();
    let offer = call.ends[0].description();
    call.tell(1, &offer);
    let answer = call.ends[1].description();
    call.tell(0, &answer);
    let now = call.now;
    for (address, priority) in [(first, 1_000), (second, 2_130_706_431)] {
        let candidate = format!("1 1 udp {priority} {} {} typ host", address.ip(), address.port());
        call.ends[1]
            .transport
            .add_remote_candidate(now, &candidate)
            .unwrap();
    }
    call.tell_candidates(0);
    call.start(1);
    call.start(0);
    assert!(call.connect(TimeDelta::seconds(3)));
    assert!(call.ends[1].path("selected-pair").ends_with(&second.to_string()));

    call.network.dead.clear();
    talk(&mut call, 0, TimeDelta::seconds(3));
    assert!(
        call.ends[0].path("selected-pair").starts_with(&first.to_string()),
        "the offerer has moved"
    );
    assert!(
        call.ends[1].path("selected-pair").ends_with(&first.to_string()),
        "and the answerer with it: {}",
        call.ends[1].path("selected-pair")
    );

    call.network.dead.push(second);
    for heard in talk(&mut call, 1_000, TimeDelta::seconds(20)) {
        assert_eq!(heard.lost, 0, "the path that both have left is not missed");
    }
}

#[test]
fn when_the_path_dies_both_ends_move_to_the_other_within_seconds() {
    for (dead, seed) in [(0, 1), (0, 2), (1, 3)] {
        let mut call = with_two_paths(seed);
        if dead == 1 {
            // It is the answerer that loses an address.
            call.ends[1].addresses.push(SECOND(2));
        }
        call.establish();
        assert!(call.connect(TimeDelta::seconds(3)));
        assert!(
            talk(&mut call, 0, TimeDelta::seconds(3))
                .iter()
                .all(|heard| heard.lost == 0)
        );
        let lost = call.ends[dead].addresses[0];
        assert!(
            call.ends[dead]
                .path("selected-pair")
                .starts_with(&lost.to_string())
        );
        call.network.dead.push(lost);
        for heard in talk(&mut call, 1_000, TimeDelta::seconds(20)) {
            assert!(
                heard.gap < TimeDelta::seconds(4),
                "end {dead} lost {lost}: {heard:?}"
            );
        }
        assert!(
            talk(&mut call, 3_000, TimeDelta::seconds(2))
                .iter()
                .all(|heard| heard.lost == 0)
        );
        assert_eq!(call.ends[0].state(), TransportState::Connected);

        call.network.dead.clear();
        talk(&mut call, 4_000, TimeDelta::seconds(5));
        assert!(
            call.ends[dead]
                .path("selected-pair")
                .starts_with(&lost.to_string()),
            "the better path is taken again when it recovers"
        );
        assert!(
            talk(&mut call, 5_000, TimeDelta::seconds(2))
                .iter()
                .all(|heard| heard.lost == 0)
        );
    }
}

#[test]
fn media_along_another_proven_path_is_followed_before_its_nomination_comes() {
    let mut call = with_two_paths(1);
    call.establish();
    assert!(call.connect(TimeDelta::seconds(3)));
    call.run_for(TimeDelta::seconds(3));
    // One genuine packet after a silence, along the second path: what a peer sends that has moved and whose checks were lost.
    call.network.deaf[1] = true;
    call.run_for(TimeDelta::ms(600));
    call.send(0, PacketKind::Rtp, &rtp(1, 1)).unwrap();
    let packet = call.ends[0].sent.last().unwrap().2.clone();
    let moved = Route::new(call.ends[1].addresses[0], call.ends[0].addresses[1]);
    call.hand(1, &moved, &packet).unwrap();
    assert!(
        call.ends[1]
            .path("selected-pair")
            .ends_with(&SECOND(1).to_string())
    );
}

#[test]
fn c6_1_a_peer_that_vanishes_is_missed_within_3_seconds_and_found_again() {
    for busy in [false, true] {
        let mut call = connected(1, Client::Offerer, [DEFAULT, DEFAULT]);
        if busy {
            talk(&mut call, 0, TimeDelta::seconds(2));
        } else {
            call.run_for(TimeDelta::seconds(60));
        }
        call.network.deaf = [true; 2];
        let vanished = call.now;
        assert!(call.run_until(TimeDelta::seconds(10), |call| call.ends[0].state()
            == TransportState::Disconnected));
        assert!(
            call.now.since(vanished) <= TimeDelta::seconds(3),
            "missed after {:?}",
            call.now.since(vanished)
        );
        call.send(0, PacketKind::Rtp, &rtp(1, 1))
            .expect("what is disconnected may still be sent to, while the consent lasts");

        call.network.deaf = [false; 2];
        assert!(call.connect(TimeDelta::seconds(2)), "back within two seconds");
    }
}

#[test]
fn b2_5_media_stops_when_the_consent_expires() {
    let mut call = connected(1, Client::Offerer, [DEFAULT, DEFAULT]);
    call.run_for(TimeDelta::seconds(30));
    // The offerer hears nothing any more, and so neither do its answers reach the other.
    call.network.deaf[0] = true;
    let deaf = call.now;
    for sequence in 0..2_000 {
        for end in 0..2 {
            let _ = call.send(end, PacketKind::Rtp, &rtp(end as u32, sequence));
        }
        call.run_for(TimeDelta::ms(20));
    }
    for end in &call.ends {
        let last = end.sent.last().unwrap().0.since(deaf);
        assert!(
            last > TimeDelta::seconds(28) && last <= TimeDelta::ms(30_050),
            "the last datagram left after {last:?}"
        );
        assert_eq!(end.state(), TransportState::Failed);
    }
    for end in 0..2 {
        let refused = call.send(end, PacketKind::Rtp, &rtp(1, 1));
        assert_eq!(refused.map_err(|fault| fault.code()), Err(FaultCode::State));
        assert_eq!(
            call.ends[end].transport.deadline(),
            Ok(Timestamp::NEVER),
            "and nothing is left to be done"
        );
    }
}

#[test]
fn b2_5_a_peer_that_sends_but_never_consents_is_not_sent_to() {
    // Requests of the peer's are no consent: only its answers are (RFC 7675 section 5.1).
    let mut call = connected(1, Client::Offerer, [DEFAULT, DEFAULT]);
    call.run_for(TimeDelta::seconds(5));
    call.network.deaf = [true; 2];
    let silent = call.now;
    let route = call.route_to(0);
    let mut handed = call.ends[1].sent.len();
    while call.now.since(silent) < TimeDelta::seconds(35) {
        call.run_for(TimeDelta::ms(100));
        let requests: Vec<Vec<u8>> = call.ends[1].sent[handed..]
            .iter()
            .map(|(_, _, datagram)| datagram.clone())
            .filter(|datagram| datagram[..2] == [0, 1])
            .collect();
        handed = call.ends[1].sent.len();
        for request in requests {
            call.hand(0, &route, &request).unwrap();
        }
    }
    assert_eq!(call.ends[0].state(), TransportState::Failed);
    assert!(call.ends[0].sent.last().unwrap().0.since(silent) <= TimeDelta::ms(30_050));
}

#[test]
fn without_any_path_it_fails_after_the_time_that_was_set() {
    let mut call = call(
        1,
        Client::Offerer,
        [|parameters| parameters.failed_ms = 10_000, DEFAULT],
    );
    call.network.deaf = [true; 2];
    call.establish();
    call.run_for(TimeDelta::seconds(9));
    assert_eq!(call.ends[0].state(), TransportState::Connecting);
    call.run_for(TimeDelta::seconds(2));
    assert_eq!(call.ends[0].state(), TransportState::Failed);
    assert_eq!(
        call.ends[1].state(),
        TransportState::Connecting,
        "the other end has its own patience"
    );
}
