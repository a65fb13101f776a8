//! E9.7: an hour with a sender whose clock runs 500 ppm fast or slow, which is 1.8 s in all.

use jackfield_jitter_adaptive::AdaptiveDelay;
use jackfield_sdk::prelude::*;
use jackfield_testkit::jitter_buffer::{Played, hour_of_drift};

#[test]
fn e9_7_the_delay_stays_for_an_hour_at_500_ppm() {
    for drift_ppm in [-500.0, 500.0] {
        let mut buffer = AdaptiveDelay::create(&Environment::seeded(1)).expect("nothing to miss");
        let (listener, sent) = hour_of_drift(&mut buffer, drift_ppm);
        listener.assert_ordered();
        assert_eq!(listener.played.len() + listener.waiting(), sent);
        let concealed_ms = listener.concealed_ticks / 48;
        assert!(
            concealed_ms < 400,
            "{drift_ppm} ppm: {concealed_ms} ms made up in an hour"
        );
        for minute in 1..59 {
            let (from, to) = (
                Timestamp::from_ms(minute * 60_000),
                Timestamp::from_ms((minute + 1) * 60_000),
            );
            let waits = listener
                .played
                .iter()
                .filter(|p| p.at >= from && p.at < to)
                .map(Played::waited);
            let slowest = waits.max().expect("a running stream").as_ms_f64();
            assert!(
                slowest < 90.0,
                "{drift_ppm} ppm, minute {minute}: packets wait up to {slowest} ms for 30 ms of jitter"
            );
        }
    }
}
