//! Two ends connect: in both DTLS roles, with every version and profile that they have in common.

use jackfield_sdk::prelude::*;

use crate::world::{Client, DEFAULT, LEGACY, Setting, call, connected, statistic, talk};

#[test]
fn by_default_dtls_1_3_and_aes_gcm_are_agreed_upon_in_both_roles() {
    for client in [Client::Offerer, Client::Answerer] {
        let mut call = connected(1, client, [DEFAULT, DEFAULT]);
        for end in &mut call.ends {
            assert_eq!(end.path("dtls-version"), "1.3");
            assert!(
                end.path("dtls-cipher").starts_with("TLS_"),
                "{}",
                end.path("dtls-cipher")
            );
            assert_eq!(end.path("srtp-profile"), "SRTP_AEAD_AES_256_GCM");
            assert!(["connected", "completed"].contains(&end.path("ice-state").as_str()));
        }
        assert!(
            talk(&mut call, 0, TimeDelta::seconds(1))
                .iter()
                .all(|heard| heard.lost == 0)
        );
    }
}

#[test]
fn an_end_that_knows_only_dtls_1_2_is_met_with_dtls_1_2() {
    for settings in [[LEGACY, LEGACY], [LEGACY, DEFAULT], [DEFAULT, LEGACY]] {
        for client in [Client::Offerer, Client::Answerer] {
            let mut call = connected(1, client, settings);
            for end in &mut call.ends {
                assert_eq!(end.path("dtls-version"), "1.2");
                assert!(
                    end.path("dtls-cipher").contains("ECDHE_ECDSA"),
                    "{}",
                    end.path("dtls-cipher")
                );
            }
            assert!(
                talk(&mut call, 0, TimeDelta::seconds(1))
                    .iter()
                    .all(|heard| heard.lost == 0)
            );
        }
    }
}

#[test]
fn the_srtp_profile_can_be_restricted_at_either_end() {
    let gcm: Setting = |parameters| parameters.srtp_profiles = 1;
    let cm: Setting = |parameters| parameters.srtp_profiles = 2;
    for (settings, profile) in [
        ([gcm, DEFAULT], "SRTP_AEAD_AES_256_GCM"),
        ([DEFAULT, gcm], "SRTP_AEAD_AES_256_GCM"),
        ([cm, DEFAULT], "SRTP_AES128_CM_HMAC_SHA1_80"),
        ([DEFAULT, cm], "SRTP_AES128_CM_HMAC_SHA1_80"),
        ([cm, cm], "SRTP_AES128_CM_HMAC_SHA1_80"),
    ] {
        for client in [Client::Offerer, Client::Answerer] {
            let mut call = connected(1, client, settings);
            assert_eq!(call.ends[0].path("srtp-profile"), profile);
            assert_eq!(call.ends[1].path("srtp-profile"), profile);
            assert!(
                talk(&mut call, 0, TimeDelta::seconds(1))
                    .iter()
                    .all(|heard| heard.lost == 0)
            );
        }
    }
}

#[test]
fn no_profile_in_common_means_no_connection() {
    for client in [Client::Offerer, Client::Answerer] {
        let mut call = call(
            1,
            client,
            [
                |parameters| parameters.srtp_profiles = 1,
                |parameters| parameters.srtp_profiles = 2,
            ],
        );
        call.establish();
        assert!(!call.connect(TimeDelta::seconds(40)));
        assert!(
            call.ends.iter().all(|end| end.state() == TransportState::Failed),
            "{:?}",
            call.ends.each_ref().map(|end| &end.states)
        );
    }
}

#[test]
fn c4_1_the_first_packet_can_leave_after_four_round_trips_at_most() {
    for (settings, client) in [
        ([DEFAULT, DEFAULT], Client::Offerer),
        ([DEFAULT, DEFAULT], Client::Answerer),
        ([LEGACY, LEGACY], Client::Offerer),
    ] {
        let mut call = call(1, client, settings);
        call.network.delay = TimeDelta::ms(50);
        call.establish();
        assert!(call.connect(TimeDelta::seconds(5)));
        let times = [0, 1].map(|end| statistic(&mut call, end, "handshake_ms"));
        // A check and its answer, the hello and its answer, and one more exchange; DTLS 1.2 adds one for the cookie and one for its flights.
        assert!(
            times.iter().all(|time| (100.0..=430.0).contains(time)),
            "{settings:?} {client:?}: {times:?} ms"
        );
    }
}

#[test]
fn b1_3_candidates_may_come_late_and_one_end_s_are_enough() {
    for late in [0, 1] {
        let mut call = call(1, Client::Offerer, [DEFAULT, DEFAULT]);
        call.activate();
        let offer = call.ends[0].description();
        call.tell(1, &offer);
        let answer = call.ends[1].description();
        call.tell(0, &answer);
        call.start(1);
        call.start(0);
        call.run_for(TimeDelta::seconds(3));
        call.tell_candidates(1 - late);
        assert!(
            call.connect(TimeDelta::seconds(2)),
            "one end's candidates are enough: the other learns from the checks"
        );
        call.tell_candidates(late);
        assert!(
            talk(&mut call, 0, TimeDelta::seconds(1))
                .iter()
                .all(|heard| heard.lost == 0)
        );
    }
}

#[test]
fn checks_that_come_before_the_answer_are_answered_after_it() {
    let mut call = call(1, Client::Offerer, [DEFAULT, DEFAULT]);
    call.activate();
    let offer = call.ends[0].description();
    call.tell(1, &offer);
    call.tell_candidates(1);
    call.start(1);
    call.run_for(TimeDelta::ms(200));
    let answer = call.ends[1].description();
    call.tell(0, &answer);
    call.start(0);
    assert!(call.connect(TimeDelta::seconds(1)));
}

#[test]
fn an_idle_call_stays_up_for_an_hour() {
    let mut call = connected(1, Client::Offerer, [DEFAULT, DEFAULT]);
    call.run_for(TimeDelta::seconds(3_600));
    for end in &call.ends {
        assert_eq!(end.state(), TransportState::Connected);
        assert_eq!(
            end.states
                .iter()
                .filter(|(_, state)| *state == TransportState::Connected)
                .count(),
            1,
            "{:?}",
            end.states
        );
    }
    assert!(
        talk(&mut call, 0, TimeDelta::seconds(1))
            .iter()
            .all(|heard| heard.lost == 0)
    );
}

#[test]
fn the_sequence_number_of_rtp_may_wrap_and_packets_may_overtake_each_other() {
    for setting in [DEFAULT, (|parameters| parameters.srtp_profiles = 2) as Setting] {
        let mut call = connected(1, Client::Offerer, [setting, DEFAULT]);
        call.network.jitter = TimeDelta::ms(200);
        assert!(
            talk(&mut call, 65_500, TimeDelta::seconds(10))
                .iter()
                .all(|heard| heard.lost < 5)
        );
        call.run_for(TimeDelta::ms(500));
        assert!(
            call.ends.iter().all(|end| end.packets.len() == 500),
            "none was taken for a replay"
        );
    }
}

#[test]
fn an_ice_lite_end_connects_and_keeps_the_consent() {
    let mut call = call(1, Client::Offerer, [DEFAULT, DEFAULT]);
    call.configs[1].lite = 1;
    call.establish();
    assert!(
        call.connect(TimeDelta::seconds(2)),
        "{:?} {:?}",
        call.ends[0].states,
        call.ends[1].states
    );
    call.run_for(TimeDelta::seconds(120));
    assert!(
        talk(&mut call, 0, TimeDelta::seconds(1))
            .iter()
            .all(|heard| heard.lost == 0)
    );
}

#[test]
fn d7_4_two_controlling_ends_agree_who_controls_and_whoever_stays_so_answers_487() {
    // Error response of a Binding (RFC 8489 section 5) with ERROR-CODE 487 (section 14.8; RFC 8445 section 7.3.1.1).
    let refuses = |datagram: &[u8]| {
        datagram.starts_with(&[1, 0x11])
            && datagram
                .windows(8)
                .any(|window| window[..2] == [0, 9] && window[4..] == [0, 0, 4, 87])
    };
    let mut refused = 0;
    for seed in 0..8 {
        let mut call = call(seed, Client::Offerer, [DEFAULT, DEFAULT]);
        call.configs[1].controlling = 1;
        call.establish();
        assert!(call.connect(TimeDelta::seconds(5)), "seed {seed}");
        let refusing = call.ends.each_ref().map(|end| {
            let mut sent = end.sent.iter();
            sent.any(|(_, _, datagram)| refuses(datagram))
        });
        assert_ne!(refusing, [true; 2], "seed {seed}: one of both gives way");
        refused += usize::from(refusing.contains(&true));
        assert!(
            talk(&mut call, 0, TimeDelta::seconds(1))
                .iter()
                .all(|heard| heard.lost == 0)
        );
    }
    // Where there is none, the end that gives way has heard the other's check before its own was answered.
    assert!(refused > 0);
}
