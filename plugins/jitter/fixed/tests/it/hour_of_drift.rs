//! E9.7: an hour with a sender whose clock runs 500 ppm fast or slow, which is 1.8 s in all.

use jackfield_jitter_fixed::FixedDelay;
use jackfield_sdk::prelude::*;
use jackfield_testkit::jitter_buffer::{Listener, Played, Stream, network};

#[test]
fn e9_7_the_delay_stays_for_an_hour_at_500_ppm() {
    for drift_ppm in [-500.0, 500.0] {
        let mut buffer = FixedDelay::create(&Environment::seeded(1)).expect("nothing to miss");
        buffer
            .activate(&JitterConfig::new(SampleRate::HZ_48000, 200))
            .expect("a usual setup");
        let mut listener = Listener::new(SampleRate::HZ_48000);
        let mut stream = Stream {
            drift_ppm,
            ..Stream::new()
        };
        let (base, jitter) = (TimeDelta::ms(20), TimeDelta::ms(30));
        let arrivals = stream.speak(TimeDelta::seconds(3_600), network(4, base, jitter, 0.0));
        listener.run(&mut buffer, &arrivals, stream.now());
        listener.assert_ordered();
        assert_eq!(listener.played.len() + listener.waiting(), arrivals.len());
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
