//! What somebody between the ends, or beside them, can do: nothing but waste our time.

use jackfield_sdk::prelude::*;
use jackfield_testkit::transport::call::{rtcp, rtp};

use crate::world::{PAIRS, ROLES, call, connected, statistic, talk};

#[test]
fn d4_1_packets_in_the_clear_are_never_let_in() {
    let mut call = call(PAIRS[0], DtlsRole::Server, 1);
    call.establish();
    let stranger = Route::new(call.ends[0].addresses[0], ([203, 0, 113, 5], 5).into());
    for sequence in 0..400 {
        for route in [call.route_to(0), stranger] {
            call.hand(0, &route, &rtp(7, sequence)).unwrap();
            call.hand(0, &route, &[rtcp(7), vec![0; 40]].concat()).unwrap();
            call.hand(0, &route, &rtcp(7)).unwrap();
        }
        call.run_for(TimeDelta::ms(1));
    }
    assert_eq!(call.ends[0].state(), TransportState::Connected);
    assert!(
        call.ends[0].packets.is_empty(),
        "before, during and after the handshake"
    );
    assert!(statistic(&mut call, 0, "srtp_unauthentic") > 100.0);
    assert_eq!(talk(&mut call, 0, TimeDelta::seconds(1)), [0, 0]);
}

#[test]
fn d4_2_a_packet_that_comes_again_is_refused() {
    let mut call = connected(PAIRS[0], DtlsRole::Server);
    talk(&mut call, 0, TimeDelta::seconds(1));
    let (route, packets) = (call.route_to(0), call.ends[0].packets.len());
    let recorded: Vec<Vec<u8>> = call.ends[1]
        .sent
        .iter()
        .map(|(_, _, datagram)| datagram.clone())
        .filter(|datagram| datagram[0] >= 128)
        .collect();
    for datagram in &recorded {
        call.hand(0, &route, datagram).unwrap();
    }
    assert_eq!(call.ends[0].packets.len(), packets);
    assert_eq!(statistic(&mut call, 0, "srtp_replayed"), recorded.len() as f64);
    assert_eq!(talk(&mut call, 1_000, TimeDelta::seconds(1)), [0, 0]);
}

#[test]
fn alerts_in_the_clear_and_hellos_do_not_end_a_call() {
    for role in ROLES {
        let mut call = connected(PAIRS[0], role);
        let everything: Vec<Vec<u8>> = call
            .ends
            .iter()
            .flat_map(|end| &end.sent)
            .map(|(_, _, datagram)| datagram.clone())
            .filter(|datagram| (20..64).contains(&datagram[0]))
            .collect();
        let alert =
            |level, description| vec![21, 254, 253, 0, 0, 0, 0, 0, 0, 0, 99, 0, 2, level, description];
        for end in 0..2 {
            let route = call.route_to(end);
            for datagram in everything.iter().chain(&[alert(1, 0), alert(2, 40)]) {
                call.hand(end, &route, datagram).unwrap();
            }
        }
        call.run_for(TimeDelta::seconds(1));
        assert_eq!(talk(&mut call, 0, TimeDelta::seconds(1)), [0, 0]);
        for end in &call.ends {
            assert_eq!(end.state(), TransportState::Connected);
        }
    }
}

#[test]
fn a_stranger_s_flood_is_not_answered() {
    let mut call = connected(PAIRS[0], DtlsRole::Server);
    let check = call.ends[1]
        .sent
        .iter()
        .map(|(_, _, datagram)| datagram.clone())
        .find(|datagram| datagram[..2] == [0, 1])
        .unwrap();
    let sent = call.ends[0].sent.len();
    for port in 1..2_000 {
        let stranger = Route::new(call.ends[0].addresses[0], ([203, 0, 113, 5], port).into());
        let mut forged = check.clone();
        let last = forged.len() - 20;
        forged[last] ^= 1;
        call.hand(0, &stranger, &forged).unwrap();
        call.hand(0, &stranger, &[22; 100]).unwrap();
    }
    assert_eq!(call.ends[0].sent.len(), sent);
    assert!(statistic(&mut call, 0, "dropped") >= 3_998.0);
    assert_eq!(talk(&mut call, 0, TimeDelta::seconds(1)), [0, 0]);
}
