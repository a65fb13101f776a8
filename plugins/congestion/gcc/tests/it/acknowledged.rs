//! What gets through, case by case (`robust_throughput_estimator_unittest.cc`).

use jackfield_congestion_gcc::acknowledged::{Acknowledged, Throughput};
use jackfield_sdk::prelude::*;

/// 100,000 bytes per second.
const RATE: DataRate = DataRate::kbps(800);

struct Path {
    throughput: Throughput,
    sent: Timestamp,
    received: Timestamp,
}

fn path(shortest: TimeDelta) -> Path {
    Path {
        throughput: Throughput::new(shortest),
        sent: Timestamp::from_ms(100_000),
        received: Timestamp::from_ms(10_000),
    }
}

fn seconds(seconds: i64) -> TimeDelta {
    TimeDelta::seconds(seconds)
}

impl Path {
    fn packets(&mut self, count: usize, sent: DataRate, received: DataRate) -> Vec<Acknowledged> {
        let size = DataSize::bytes(1_000);
        (0..count)
            .map(|_| {
                let at = self.sent;
                self.sent += size / sent;
                self.received += size / received;
                Acknowledged {
                    sent: at,
                    received: self.received,
                    size,
                }
            })
            .collect()
    }

    fn add(&mut self, count: usize, sent: DataRate, received: DataRate) -> Option<DataRate> {
        let packets = self.packets(count, sent, received);
        self.hear(packets)
    }

    fn hear(&mut self, packets: Vec<Acknowledged>) -> Option<DataRate> {
        self.throughput.add(packets.into_iter());
        self.throughput.rate()
    }
}

fn assert_near(found: Option<DataRate>, expected: DataRate) {
    let ratio = found.expect("a rate") / expected;
    assert!((ratio - 1.0).abs() <= 0.05, "{found:?}, not {expected:?}");
}

#[test]
fn ten_packets_give_a_rate_and_it_stays() {
    let mut path = path(seconds(1));
    assert_eq!(path.add(9, RATE, RATE), None);
    assert_eq!(path.add(1, RATE, RATE), Some(RATE));
    assert_eq!(path.add(15, RATE, RATE), Some(RATE));
}

#[test]
fn it_follows_what_gets_through() {
    let mut path = path(seconds(1));
    for _ in 0..10 {
        assert_eq!(path.add(10, RATE, RATE), Some(RATE));
    }
    let double = RATE * 2.0;
    for _ in 0..20 {
        let found = path.add(10, double, double).expect("a rate");
        assert!((RATE..=double).contains(&found), "{found:?}");
    }
    assert_eq!(path.add(200, double, double), Some(double));
    let half = RATE * 0.5;
    for _ in 0..5 {
        let found = path.add(10, half, half).expect("a rate");
        assert!((half..=double).contains(&found), "{found:?}");
    }
    assert_eq!(path.add(50, half, half), Some(half));
}

#[test]
fn it_is_neither_above_what_leaves_nor_above_what_comes() {
    assert_near(path(seconds(1)).add(20, RATE, RATE * 0.25), RATE * 0.25);
    assert_near(path(seconds(1)).add(20, RATE * 0.5, RATE), RATE * 0.5);
}

#[test]
fn a_stall_does_not_lower_it_nor_the_burst_behind_it_raise_it() {
    let mut path = path(TimeDelta::ms(500));
    assert_eq!(path.add(20, RATE, RATE), Some(RATE));
    path.received += TimeDelta::ms(250);
    for _ in 0..30 {
        assert_near(path.add(1, RATE, RATE * 6.0), RATE);
    }
    for _ in 0..20 {
        assert_near(path.add(5, RATE, RATE), RATE);
    }
}

#[test]
fn half_lost_is_half_the_rate() {
    let mut path = path(seconds(1));
    let packets = path.packets(20, RATE, RATE);
    let kept = packets.into_iter().step_by(2).collect();
    assert_near(path.hear(kept), RATE * 0.5);
}

#[test]
fn feedback_that_is_overtaken_is_made_up_for() {
    let mut path = path(seconds(1));
    assert_eq!(path.add(20, RATE, RATE), Some(RATE));
    let delayed = path.packets(10, RATE, RATE);
    let found = path.add(10, RATE, RATE).expect("a rate");
    assert!(found < RATE, "{found:?}");
    assert_eq!(path.hear(delayed), Some(RATE));
    for _ in 0..10 {
        assert_eq!(path.add(15, RATE, RATE), Some(RATE));
    }
}

#[test]
fn one_packet_that_comes_far_too_late_changes_little() {
    let mut path = path(TimeDelta::ms(500));
    let mut late = path.packets(1, RATE, RATE);
    for _ in 0..10 {
        assert_eq!(path.add(10, RATE, RATE), Some(RATE));
    }
    // It comes now, among those of now.
    path.received += DataSize::bytes(1_000) / RATE;
    late[0].received = path.received;
    assert_near(path.hear(late), RATE);
    for _ in 0..10 {
        assert_near(path.add(10, RATE, RATE), RATE);
    }
}

#[test]
fn after_the_remote_clock_is_set_it_starts_anew() {
    for by in [seconds(30), seconds(-30)] {
        let mut path = path(seconds(1));
        for _ in 0..10 {
            assert_eq!(path.add(10, RATE, RATE), Some(RATE));
        }
        path.received += by;
        path.add(10, RATE, RATE);
        path.add(100, RATE, RATE);
        assert_near(path.add(100, RATE, RATE), RATE);
    }
}

#[test]
fn after_a_long_silence_the_old_rate_does_not_count() {
    let mut path = path(seconds(1));
    path.add(100, RATE, RATE);
    path.sent += seconds(60);
    path.received += seconds(60);
    assert_near(path.add(20, RATE * 0.5, RATE * 0.5), RATE * 0.5);
}
