//! What somebody between the ends, or beside them, can do: nothing but waste our time.

use jackfield_sdk::prelude::*;
use jackfield_testkit::transport::call::{Call, rtcp, rtp};

use crate::world::{Client, DEFAULT, LEGACY, Setting, call, connected, statistic, talk};

const CM: Setting = |parameters| parameters.srtp_profiles = 2;

/// The media datagrams that an end has sent.
fn media(call: &Call, end: usize) -> Vec<Vec<u8>> {
    call.ends[end]
        .sent
        .iter()
        .map(|(_, _, datagram)| datagram.clone())
        .filter(|datagram| (128..192).contains(&datagram[0]))
        .collect()
}

#[test]
fn d4_1_packets_in_the_clear_are_never_let_in() {
    for setting in [DEFAULT, LEGACY, CM] {
        let mut call = call(1, Client::Offerer, [setting, setting]);
        call.establish();
        let stranger = Route::new(call.ends[0].addresses[0], ([203, 0, 113, 5], 5).into());
        let mut thrown = 0;
        while thrown < 400 {
            for route in [call.route_to(0), stranger] {
                call.hand(0, &route, &rtp(7, thrown)).unwrap();
                call.hand(0, &route, &[rtcp(7), vec![0; 40]].concat()).unwrap();
                call.hand(0, &route, &rtcp(7)).unwrap();
            }
            thrown += 1;
            call.run_for(TimeDelta::ms(1));
        }
        assert_eq!(call.ends[0].state(), TransportState::Connected);
        assert!(
            call.ends[0].packets.is_empty(),
            "before, during and after the handshake"
        );
        assert!(statistic(&mut call, 0, "srtp_unauthentic") > 100.0);
        assert!(
            talk(&mut call, 0, TimeDelta::seconds(1))
                .iter()
                .all(|heard| heard.lost == 0)
        );
    }
}

#[test]
fn d4_1_nothing_ever_leaves_in_the_clear() {
    for setting in [DEFAULT, LEGACY, CM] {
        let mut call = call(1, Client::Offerer, [setting, setting]);
        call.establish();
        for sequence in 0..500 {
            let _ = call.send(0, PacketKind::Rtp, &rtp(7, sequence));
            let _ = call.send(0, PacketKind::Rtcp, &[rtcp(7), vec![0x5a; 64]].concat());
            call.run_for(TimeDelta::ms(1));
        }
        let secret = &rtp(7, 300)[12..];
        assert!(media(&call, 0).len() > 500);
        for datagram in media(&call, 0) {
            assert!(
                !datagram
                    .windows(16)
                    .any(|window| window == &secret[..16] || window == [0x5a; 16]),
                "encrypted"
            );
        }
        call.run_for(TimeDelta::ms(100));
        assert!(
            call.ends[1].rtp().contains(&&rtp(7, 499)[..]),
            "and decrypted at the other end"
        );
    }
}

#[test]
fn d4_2_a_packet_that_comes_again_is_refused() {
    for setting in [DEFAULT, LEGACY, CM] {
        let mut call = connected(1, Client::Offerer, [setting, setting]);
        talk(&mut call, 65_400, TimeDelta::seconds(5));
        for _ in 0..20 {
            call.send(1, PacketKind::Rtcp, &rtcp(9)).unwrap();
        }
        call.run_for(TimeDelta::ms(100));
        let (packets, recorded) = (call.ends[0].packets.len(), media(&call, 1));
        let route = call.route_to(0);
        for datagram in recorded.iter().rev().chain(&recorded) {
            call.hand(0, &route, datagram).unwrap();
        }
        assert_eq!(
            call.ends[0].packets.len(),
            packets,
            "not one of {} was let in twice",
            recorded.len()
        );
        assert!(statistic(&mut call, 0, "srtp_replayed") >= recorded.len() as f64);
        assert!(
            talk(&mut call, 1_000, TimeDelta::seconds(1))
                .iter()
                .all(|heard| heard.lost == 0)
        );
    }
}

#[test]
fn d4_2_every_bit_of_a_packet_is_protected() {
    for setting in [DEFAULT, CM] {
        let mut call = connected(1, Client::Offerer, [setting, DEFAULT]);
        talk(&mut call, 0, TimeDelta::seconds(1));
        call.network.deaf = [true; 2];
        call.send(1, PacketKind::Rtp, &rtp(1, 500)).unwrap();
        call.send(1, PacketKind::Rtcp, &rtcp(1)).unwrap();
        let fresh = media(&call, 1).split_off(50);
        assert_eq!(fresh.len(), 2);
        let route = call.route_to(0);
        call.ends[0].packets.clear();
        for datagram in &fresh {
            for bit in 0..datagram.len() * 8 {
                let mut changed = datagram.clone();
                changed[bit / 8] ^= 1 << (bit % 8);
                call.hand(0, &route, &changed).unwrap();
            }
            call.hand(0, &route, &datagram[..datagram.len() - 1]).unwrap();
            call.hand(0, &route, &[&datagram[..], &[0]].concat()).unwrap();
            assert!(call.ends[0].packets.is_empty());
        }
        for datagram in &fresh {
            call.hand(0, &route, datagram).unwrap();
        }
        assert_eq!(call.ends[0].packets.len(), 2, "and unchanged they are let in");
    }
}

#[test]
fn a_forged_first_packet_does_not_spoil_a_source() {
    let mut call = connected(1, Client::Offerer, [DEFAULT, DEFAULT]);
    let route = call.route_to(0);
    for source in 0..2_000_u32 {
        call.hand(0, &route, &rtp(source, 60_000)).unwrap();
        call.hand(0, &route, &[&rtcp(source)[..], &[0xff; 40]].concat())
            .unwrap();
    }
    assert!(
        talk(&mut call, 100, TimeDelta::seconds(2))
            .iter()
            .all(|heard| heard.lost == 0)
    );
}

#[test]
fn a_stranger_who_knows_no_password_is_not_listened_to() {
    let mut call = connected(1, Client::Offerer, [DEFAULT, DEFAULT]);
    talk(&mut call, 0, TimeDelta::seconds(1));
    let genuine: Vec<Vec<u8>> = call.ends[1]
        .sent
        .iter()
        .map(|(_, _, datagram)| datagram.clone())
        .filter(|datagram| !(0..4).contains(&datagram[0]))
        .collect();
    let stranger = Route::new(call.ends[0].addresses[0], ([203, 0, 113, 5], 5).into());
    let (packets, sent) = (call.ends[0].packets.len(), call.ends[0].sent.len());
    for datagram in &genuine {
        call.hand(0, &stranger, datagram).unwrap();
    }
    assert_eq!(
        (call.ends[0].packets.len(), call.ends[0].sent.len()),
        (packets, sent)
    );
    assert!(statistic(&mut call, 0, "dropped") >= genuine.len() as f64);
}

#[test]
fn an_alert_in_the_clear_does_not_end_an_association() {
    let alert = |description| [21, 254, 253, 0, 0, 0, 0, 0, 0, 0, 200, 0, 2, 2, description];
    for setting in [DEFAULT, LEGACY] {
        let mut call = connected(1, Client::Offerer, [setting, setting]);
        for end in 0..2 {
            let route = call.route_to(end);
            for description in [0, 10, 40, 80, 90] {
                call.hand(end, &route, &alert(description)).unwrap();
            }
        }
        assert!(
            talk(&mut call, 0, TimeDelta::seconds(1))
                .iter()
                .all(|heard| heard.lost == 0)
        );
    }
}

#[test]
fn damaged_handshakes_do_not_keep_a_connection_from_being_made() {
    // Beside every genuine DTLS datagram comes one that was cut short.
    for setting in [DEFAULT, LEGACY] {
        for client in [Client::Offerer, Client::Answerer] {
            let mut call = call(1, client, [setting, setting]);
            call.establish();
            let mut seen = [0, 0];
            let done = |call: &Call| {
                call.ends
                    .iter()
                    .all(|end| end.state() == TransportState::Connected)
            };
            for _ in 0..2_000 {
                if done(&call) {
                    break;
                }
                call.run_for(TimeDelta::ms(1));
                for (end, seen) in seen.iter_mut().enumerate() {
                    let route = call.route_to(1 - end);
                    let new: Vec<Vec<u8>> = call.ends[end].sent[*seen..]
                        .iter()
                        .map(|(_, _, datagram)| datagram.clone())
                        .collect();
                    *seen = call.ends[end].sent.len();
                    for datagram in new.iter().filter(|datagram| (20..64).contains(&datagram[0])) {
                        for cut in [1, 13, 20, datagram.len() / 2] {
                            call.hand(1 - end, &route, &datagram[..datagram.len().saturating_sub(cut)])
                                .unwrap();
                        }
                    }
                }
            }
            assert!(
                done(&call),
                "{client:?}: {:?} {:?}",
                call.ends[0].states,
                call.ends[1].states
            );
        }
    }
}
