//! Two ends meet, talk and part: with its like and with the default transport, in every role.

use jackfield_sdk::prelude::*;
use jackfield_testkit::transport::call::rtp;

use crate::world::{Kind, PAIRS, ROLES, call, connect, connected, statistic, talk};

#[test]
fn it_talks_with_its_like_and_with_the_default_transport_in_every_role() {
    for kinds in PAIRS {
        for role in ROLES {
            let mut call = connected(kinds, role);
            for end in &mut call.ends {
                assert_eq!(end.path("dtls-version"), "1.2", "{kinds:?} {role:?}");
                assert_eq!(end.path("srtp-profile"), "SRTP_AEAD_AES_256_GCM");
            }
            assert_eq!(
                talk(&mut call, 65_500, TimeDelta::seconds(2)),
                [0, 0],
                "{kinds:?} {role:?}"
            );
        }
    }
}

#[test]
fn the_first_packet_can_leave_within_half_a_second_at_100_ms_of_round_trip() {
    for role in ROLES {
        let mut call = call(PAIRS[0], role, 1);
        call.network.delay = TimeDelta::ms(50);
        call.establish();
        connect(&mut call, TimeDelta::seconds(5));
        for end in 0..2 {
            let time = statistic(&mut call, end, "handshake_ms");
            assert!((100.0..=560.0).contains(&time), "{role:?}: {time} ms");
            let round_trip = statistic(&mut call, end, "round_trip_ms");
            assert!((100.0..=111.0).contains(&round_trip), "{round_trip} ms");
        }
    }
}

#[test]
fn candidates_may_come_late_and_one_end_s_are_enough() {
    for kinds in PAIRS {
        for late in [0, 1] {
            let mut call = call(kinds, DtlsRole::Server, 1);
            call.activate();
            let offer = call.ends[0].description();
            call.tell(1, &offer);
            let answer = call.ends[1].description();
            call.tell(0, &answer);
            call.start(1);
            call.start(0);
            call.run_for(TimeDelta::seconds(3));
            call.tell_candidates(1 - late);
            connect(&mut call, TimeDelta::seconds(2));
            call.tell_candidates(late);
            assert_eq!(talk(&mut call, 0, TimeDelta::seconds(1)), [0, 0]);
        }
    }
}

#[test]
fn addresses_may_be_of_ipv6_and_learned_from_checks() {
    for kinds in PAIRS {
        for learned in [false, true] {
            let mut call = call(kinds, DtlsRole::Server, 1);
            let spoken_to = call.ends[1].addresses[0];
            let (ours, theirs) = ("[2001:db8::1]:5000", "[2001:db8::2]:6000");
            call.ends[0].addresses.push(ours.parse().unwrap());
            call.ends[1].addresses.push(theirs.parse().unwrap());
            call.network.dead.push(spoken_to);
            call.activate();
            let offer = call.ends[0].description();
            call.tell(1, &offer);
            let answer = call.ends[1].description();
            call.tell(0, &answer);
            call.tell_candidates(usize::from(learned));
            call.start(1);
            call.start(0);
            if !learned {
                call.tell_candidates(1);
            }
            connect(&mut call, TimeDelta::seconds(3));
            assert_eq!(talk(&mut call, 0, TimeDelta::seconds(1)), [0, 0]);
            let pair = call.ends[0].path("selected-pair");
            assert_eq!(pair, format!("{ours} {theirs}"), "{kinds:?}");
        }
    }
}

#[test]
fn an_address_of_ours_that_comes_after_the_start_is_used() {
    let mut call = call([Kind::WebrtcRs, Kind::IceDtls], DtlsRole::Server, 1);
    call.establish();
    let late = ([198, 51, 100, 1], 7000).into();
    let first = call.ends[0].addresses[0];
    call.network.dead.push(first);
    call.ends[0].addresses.push(late);
    let now = call.now;
    let candidate = "2 1 udp 2130706175 198.51.100.1 7000 typ host";
    call.ends[0]
        .transport
        .add_local_candidate(now, candidate)
        .unwrap();
    connect(&mut call, TimeDelta::seconds(5));
    assert!(
        call.ends[0]
            .path("selected-pair")
            .starts_with("198.51.100.1:7000")
    );
    assert_eq!(talk(&mut call, 0, TimeDelta::seconds(1)), [0, 0]);
}

#[test]
fn an_ice_lite_peer_is_met_and_none_is_played() {
    let mut call = call([Kind::WebrtcRs, Kind::IceDtls], DtlsRole::Server, 1);
    call.configs[1].lite = 1;
    call.establish();
    connect(&mut call, TimeDelta::seconds(2));
    call.run_for(TimeDelta::seconds(60));
    assert_eq!(talk(&mut call, 0, TimeDelta::seconds(1)), [0, 0]);

    call.configs[0].lite = 1;
    let now = call.now;
    let refused = call.ends[0].transport.activate(now, &call.configs[0]);
    assert_eq!(refused.map_err(|fault| fault.code()), Err(FaultCode::Unsupported));
}

#[test]
fn an_idle_call_stays_up_for_ten_minutes() {
    for kinds in PAIRS {
        let mut call = connected(kinds, DtlsRole::Server);
        call.run_for(TimeDelta::seconds(600));
        for end in &call.ends {
            assert_eq!(
                end.states.last().map(|(_, state)| *state),
                Some(TransportState::Connected)
            );
            assert!(
                !end.states
                    .iter()
                    .any(|(_, state)| *state == TransportState::Disconnected)
            );
        }
        assert_eq!(talk(&mut call, 0, TimeDelta::seconds(1)), [0, 0]);
    }
}

#[test]
fn c3_2_at_30_percent_loss_every_handshake_succeeds() {
    for kinds in PAIRS {
        for role in ROLES {
            for seed in 0..15 {
                let mut call = call(kinds, role, seed);
                call.network.loss = 0.3;
                call.network.delay = TimeDelta::ms(25);
                call.network.jitter = TimeDelta::ms(10);
                call.establish();
                let both = |call: &jackfield_testkit::transport::call::Call| {
                    call.ends.iter().all(|end| {
                        end.states
                            .iter()
                            .any(|(_, state)| *state == TransportState::Connected)
                    })
                };
                assert!(
                    call.run_until(TimeDelta::seconds(25), both),
                    "{kinds:?} {role:?} seed {seed}: {:?} {:?}",
                    call.ends[0].states,
                    call.ends[1].states
                );
                call.network.loss = 0.0;
                call.run_for(TimeDelta::seconds(1));
                assert_eq!(
                    talk(&mut call, 0, TimeDelta::ms(200)),
                    [0, 0],
                    "{kinds:?} {role:?} seed {seed}"
                );
            }
        }
    }
}

#[test]
fn c5_1_a_goodbye_closes_the_other_end_too_and_leaves_nothing_to_do() {
    for kinds in PAIRS {
        for role in ROLES {
            for first in [0, 1] {
                let mut call = connected(kinds, role);
                call.close(first).unwrap();
                call.run_for(TimeDelta::ms(50));
                for end in 0..2 {
                    assert_eq!(
                        call.ends[end].state(),
                        TransportState::Closed,
                        "{kinds:?} {role:?}, end {first} closed: end {end}"
                    );
                    assert!(call.send(end, PacketKind::Rtp, &rtp(1, 1)).is_err());
                    assert_eq!(call.ends[end].transport.deadline(), Ok(Timestamp::NEVER));
                }
                let sent = call.ends.each_ref().map(|end| end.sent.len());
                call.run_for(TimeDelta::seconds(60));
                assert_eq!(call.ends.each_ref().map(|end| end.sent.len()), sent, "silence");
            }
        }
    }
}

#[test]
fn closing_in_the_middle_of_the_handshake_is_possible_at_every_moment() {
    for role in ROLES {
        for ms in 0..150 {
            let mut call = call(PAIRS[0], role, 1);
            call.establish();
            call.run_for(TimeDelta::ms(ms));
            for end in 0..2 {
                call.close(end).unwrap();
                assert_eq!(call.ends[end].state(), TransportState::Closed);
            }
            call.run_for(TimeDelta::seconds(1));
        }
    }
}
