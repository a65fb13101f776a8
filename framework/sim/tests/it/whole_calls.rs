//! Whole calls in virtual time: one clock for rooms, transports and links, the same bytes in every run, and the time to the first sound.

use std::sync::atomic::Ordering::Relaxed;

use jackfield_core::audio::level_dbov;
use jackfield_core::time::Timestamp;
use jackfield_core::transport::TransportState;
use jackfield_core::units::TimeDelta;
use jackfield_sim::LinkConfig;

use crate::call::{By, Call, heard};

fn weather() -> LinkConfig {
    LinkConfig {
        delay: TimeDelta::ms(30),
        jitter: TimeDelta::ms(10),
        loss: 0.02,
        ..LinkConfig::PERFECT
    }
}

fn clear(delay: TimeDelta) -> LinkConfig {
    LinkConfig {
        delay,
        ..LinkConfig::PERFECT
    }
}

/// The loudest 10 ms of each second, in dBov.
fn loudest_of_each_second(sound: &[f32]) -> Vec<f32> {
    sound
        .chunks_exact(48_000)
        .map(|second| second.chunks_exact(480).map(level_dbov).fold(-127.0, f32::max))
        .collect()
}

#[test]
fn e1_3_one_simulated_clock_drives_rooms_secure_transports_and_links() {
    let mut call = Call::new(By::IceDtls, clear(TimeDelta::ms(30)), 1);
    let wall = call.executor.clock().wall();
    call.run_for(TimeDelta::seconds(30));
    assert_eq!(call.executor.clock().now(), Timestamp::from_ms(30_000));
    assert_eq!(
        call.executor.clock().wall(),
        wall.advanced_by(TimeDelta::seconds(30)),
        "the wall clock is the same clock"
    );
    for (end, stats) in call.stats.iter().enumerate() {
        assert_eq!(stats.state(), TransportState::Connected);
        assert_eq!(stats.packets_lost.load(Relaxed), 0);
        let round_trip = stats.round_trip_ms().expect("reports have gone both ways");
        assert!(
            (59.9..60.1).contains(&round_trip),
            "the links are in the same time: {round_trip}"
        );
        let sound = heard(end);
        // Tick 0 and every 10 ms after it, the last instant included.
        assert_eq!(sound.len(), 3_001 * 480, "the rooms have ticked by it");
        let silent = loudest_of_each_second(&sound)[1..]
            .iter()
            .filter(|level| **level < -60.0)
            .count();
        assert!(silent <= 6, "somebody is heard in most seconds: {silent} silent");
    }
}

#[test]
fn encoders_keep_to_what_the_congestion_controller_allows() {
    let mut call = Call::at_rates(By::IceDtls, clear(TimeDelta::ms(30)), 1, [128.0, 40.0]);
    call.run_for(TimeDelta::seconds(30));
    let [wide, narrow] = call
        .stats
        .each_ref()
        .map(|stats| stats.bytes_sent.load(Relaxed) as f64 * 8.0 / 30_000.0);
    // Of 40 kbit/s on the wire the headers, 50 bytes every 20 ms, take half.
    assert!(narrow < 20.0, "{narrow} kbit/s of payload");
    assert!(wide > 1.3 * narrow, "{wide} kbit/s where there is room");
    let sound = heard(0);
    let silent = loudest_of_each_second(&sound)[1..]
        .iter()
        .filter(|level| **level < -60.0)
        .count();
    assert!(silent <= 6, "the voice is heard: {silent} seconds of silence");
}

#[test]
fn e25_2_a_whole_call_is_the_same_byte_for_byte_in_every_run() {
    let run = |seed| {
        let mut call = Call::new(By::Loopback, weather(), seed);
        call.run_for(TimeDelta::seconds(20));
        let lost = call
            .stats
            .each_ref()
            .map(|stats| stats.packets_lost.load(Relaxed));
        (call.executor.digest(), [0, 1].map(heard), lost)
    };
    let first = run(7);
    assert!(
        first.2.iter().all(|lost| *lost > 5),
        "the weather is felt: {:?}",
        first.2
    );
    let again = run(7);
    assert_eq!(first.0, again.0, "every datagram, and when it came");
    assert!(first.1 == again.1, "every sample that was heard");
    assert_eq!(first.2, again.2);
    let other = run(8);
    assert_ne!(first.0, other.0);
    assert!(first.1 != other.1, "other weather is heard");
}

#[test]
fn e25_2_over_dtls_the_keys_differ_and_what_is_heard_does_not() {
    let run = || {
        let mut call = Call::new(By::IceDtls, weather(), 7);
        call.run_for(TimeDelta::seconds(10));
        (call.executor.digest(), [0, 1].map(heard))
    };
    let (first, again) = (run(), run());
    assert_ne!(
        first.0, again.0,
        "key exchange and signatures draw from the system whatever the seed"
    );
    assert!(first.1 == again.1);
}

#[test]
fn c4_1_the_first_sound_is_heard_within_its_budget_through_jitter_buffer_and_decoder() {
    // Checks, DTLS and the first packet take six one-way delays; a packet and the jitter buffer about 100 ms; a check that was lost because
    // there was no network yet is sent again after 50 to 100 ms.
    for (delay, budget) in [(10, 500), (50, 750), (100, 1_100)] {
        let mut call = Call::new(By::IceDtls, clear(TimeDelta::ms(delay)), 1);
        call.run_for(TimeDelta::seconds(4));
        for end in [0, 1] {
            let first = heard(end)
                .chunks_exact(480)
                .position(|block| level_dbov(block) > -60.0)
                .expect("something is heard");
            let ms = first * 10;
            println!("{delay} ms one way: end {end} hears the first sound after {ms} ms");
            assert!(ms <= budget, "{delay} ms one way: {ms} ms, at most {budget}");
        }
    }
}
