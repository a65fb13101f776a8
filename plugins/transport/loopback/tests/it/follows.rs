//! Packets go to the candidate until something is heard, and then to wherever it came from.

use jackfield_sdk::prelude::*;
use jackfield_testkit::transport::call::{Call, rtp};
use jackfield_transport_loopback::Loopback;

fn call() -> Call {
    let make = || Box::new(Loopback::create(&Environment::seeded(1)).unwrap());
    Call::new(make(), make(), 1)
}

#[test]
fn a_peer_that_moves_is_followed() {
    let mut call = call();
    call.establish();
    assert!(call.connect(TimeDelta::ms(100)));
    call.send(0, PacketKind::Rtp, &rtp(1, 1)).unwrap();
    assert_eq!(call.ends[0].sent.last().unwrap().1, call.route_to(0));

    let moved = Route::new(call.ends[0].addresses[0], ([192, 0, 2, 99], 9).into());
    call.hand(0, &moved, &rtp(2, 1)).unwrap();
    call.send(0, PacketKind::Rtp, &rtp(1, 2)).unwrap();
    assert_eq!(call.ends[0].sent.last().unwrap().1, moved);
}

#[test]
fn one_that_was_told_no_candidate_waits_to_hear_something() {
    let mut call = call();
    call.activate();
    call.tell_candidates(0);
    call.start(0);
    call.start(1);
    assert_eq!(
        [call.ends[0].state(), call.ends[1].state()],
        [TransportState::Connected, TransportState::Connecting]
    );
    call.send(0, PacketKind::Rtp, &rtp(1, 1)).unwrap();
    call.run_for(TimeDelta::ms(50));
    assert_eq!(call.ends[1].state(), TransportState::Connected);
    assert_eq!(call.ends[1].rtp(), [&rtp(1, 1)[..]]);
    call.send(1, PacketKind::Rtp, &rtp(2, 1)).unwrap();
    call.run_for(TimeDelta::ms(50));
    assert_eq!(call.ends[0].rtp(), [&rtp(2, 1)[..]]);
}

#[test]
fn a_candidate_that_comes_after_the_start_connects() {
    let mut call = call();
    call.activate();
    call.start(0);
    assert_eq!(call.ends[0].state(), TransportState::Connecting);
    call.tell_candidates(0);
    call.run_for(TimeDelta::ms(1));
    assert_eq!(call.ends[0].state(), TransportState::Connected);
}
