//! A handshake gets through a bad network, whoever speaks first and whichever version is spoken.

use jackfield_sdk::prelude::*;

use crate::world::{Client, DEFAULT, LEGACY, Setting, call, talk};

/// Tries `seeds` calls and returns the times to connect, in milliseconds, sorted.
fn handshakes(loss: f64, client: Client, settings: [Setting; 2], seeds: u64, limit: TimeDelta) -> Vec<i64> {
    let mut times: Vec<i64> = (0..seeds)
        .map(|seed| {
            let mut call = call(seed, client, settings);
            call.network.loss = loss;
            call.network.delay = TimeDelta::ms(25);
            call.network.jitter = TimeDelta::ms(10);
            call.establish();
            let begun = call.now;
            let both = |call: &jackfield_testkit::transport::call::Call| {
                call.ends.iter().all(|end| {
                    end.states
                        .iter()
                        .any(|(_, state)| *state == TransportState::Connected)
                })
            };
            assert!(
                call.run_until(limit, both),
                "{loss} loss, {client:?}, seed {seed}: {:?} {:?}",
                call.ends[0].states,
                call.ends[1].states
            );
            let time = call.now.since(begun).as_ms();
            call.network.loss = 0.0;
            call.run_for(TimeDelta::seconds(1));
            assert!(
                talk(&mut call, 0, TimeDelta::ms(200))
                    .iter()
                    .all(|heard| heard.lost == 0),
                "seed {seed}"
            );
            time
        })
        .collect();
    times.sort_unstable();
    times
}

#[test]
fn c3_2_at_10_percent_loss_every_handshake_succeeds_dtls_1_3() {
    for client in [Client::Offerer, Client::Answerer] {
        let times = handshakes(0.1, client, [DEFAULT, DEFAULT], 40, TimeDelta::seconds(10));
        assert!(times[20] < 800, "half of them within 800 ms: {times:?}");
    }
}

#[test]
fn c3_2_at_10_percent_loss_every_handshake_succeeds_dtls_1_2() {
    for client in [Client::Offerer, Client::Answerer] {
        let times = handshakes(0.1, client, [LEGACY, LEGACY], 40, TimeDelta::seconds(10));
        assert!(times[20] < 800, "half of them within 800 ms: {times:?}");
    }
}

#[test]
fn c3_2_at_30_percent_loss_every_handshake_succeeds_dtls_1_3() {
    for client in [Client::Offerer, Client::Answerer] {
        handshakes(0.3, client, [DEFAULT, DEFAULT], 40, TimeDelta::seconds(25));
    }
}

#[test]
fn c3_2_at_30_percent_loss_every_handshake_succeeds_dtls_1_2() {
    for client in [Client::Offerer, Client::Answerer] {
        handshakes(0.3, client, [LEGACY, LEGACY], 40, TimeDelta::seconds(25));
    }
}

#[test]
fn c3_2_at_30_percent_loss_every_handshake_succeeds_between_versions() {
    for settings in [[DEFAULT, LEGACY], [LEGACY, DEFAULT]] {
        for client in [Client::Offerer, Client::Answerer] {
            handshakes(0.3, client, settings, 20, TimeDelta::seconds(25));
        }
    }
}
