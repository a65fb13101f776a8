//! Whether the media fills the estimate (`alr_detector_unittest.cc`).

use jackfield_congestion_gcc::alr::{AlrDetector, AlrSettings};
use jackfield_sdk::prelude::*;

const ESTIMATE: DataRate = DataRate::kbps(300);

struct Sender {
    detector: AlrDetector,
    now: Timestamp,
}

fn sender(settings: AlrSettings) -> Sender {
    let mut detector = AlrDetector::new(settings);
    detector.set_estimate(ESTIMATE);
    Sender {
        detector,
        now: Timestamp::from_ms(1_000),
    }
}

impl Sender {
    /// Sends at so much of 300 kbit/s for so long; whether the media does not fill the estimate then.
    fn send(&mut self, percent: i64, ms: i64) -> bool {
        for _ in 0..ms / 10 {
            self.now += TimeDelta::ms(10);
            let size = DataSize::bytes(ESTIMATE.as_bps() / 100 * percent / 800);
            self.detector.sent(self.now, size);
        }
        self.detector.started().is_some()
    }
}

#[test]
fn e17_8_the_region_begins_when_little_is_sent_and_ends_when_much_is() {
    let mut sender = sender(AlrSettings::default());
    assert!(!sender.send(90, 1_000));
    assert!(sender.send(20, 1_500));
    assert!(!sender.send(100, 4_000));
}

#[test]
fn e17_8_a_short_spike_does_not_end_it() {
    let mut sender = sender(AlrSettings::default());
    assert!(sender.send(20, 1_000));
    assert!(sender.send(150, 100));
    assert!(!sender.send(100, 3_000));
}

#[test]
fn e17_8_a_drop_of_the_estimate_ends_it_only_shortly_afterwards() {
    let mut sender = sender(AlrSettings::default());
    assert!(sender.send(20, 1_000));
    sender.detector.set_estimate(DataRate::kbps(60));
    assert!(sender.detector.started().is_some());
    assert!(!sender.send(50, 1_000));
}

#[test]
fn e17_8_where_it_begins_and_ends_can_be_set() {
    let mut sender = sender(AlrSettings {
        usage: 0.9,
        start: 0.0,
        stop: -0.1,
    });
    assert!(!sender.send(100, 1_000));
    assert!(sender.send(85, 2_100));
}
