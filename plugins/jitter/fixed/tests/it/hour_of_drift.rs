//! E9.7: an hour with a sender whose clock runs 500 ppm fast or slow, which is 1.8 s in all.

use jackfield_jitter_fixed::FixedDelay;
use jackfield_sdk::prelude::*;
use jackfield_testkit::jitter_buffer::{Played, hour_of_drift};

#[test]
fn e9_7_the_delay_stays_for_an_hour_at_500_ppm() {
    for drift_ppm in [-500.0, 500.0] {
        let mut buffer = FixedDelay::create(&Environment::seeded(1)).expect("nothing to miss");
        let (listener, sent) = hour_of_drift(&mut buffer, drift_ppm);
        listener.assert_ordered();
        assert_eq!(listener.played.len() + listener.waiting(), sent);
        assert_eq!(listener.concealed_ticks, 0, "{drift_ppm} ppm");
        for minute in 1..59 {
            let (from, to) = (
                Timestamp::from_ms(minute * 60_000),
                Timestamp::from_ms((minute + 1) * 60_000),
            );
            let fastest = listener
                .played
                .iter()
                .filter(|p| p.at >= from && p.at < to)
                .map(Played::waited)
                .max();
            let fastest = fastest.expect("a running stream").as_ms_f64();
            assert!(
                (50.0..=80.0).contains(&fastest),
                "{drift_ppm} ppm, minute {minute}: the fastest wait {fastest} ms"
            );
        }
        let corrections = listener.count(Operation::Accelerate) + listener.count(Operation::PreemptiveExpand);
        assert!(
            (250..=700).contains(&corrections),
            "{drift_ppm} ppm: {corrections} corrections of 6 ms for 1,800 ms"
        );
    }
}
