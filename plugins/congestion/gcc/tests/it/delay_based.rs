//! The delay-based estimator and its probes, check by check as libwebrtc tests them (`delay_based_bwe_unittest.cc`).

use jackfield_sdk::prelude::*;

use crate::delay_bench::{Bench, Meant};

const FIRST: Meant = Meant {
    cluster: 1,
    packets: 5,
    size: 2_000,
};
const SECOND: Meant = Meant {
    cluster: 2,
    packets: 8,
    size: 4_000,
};

fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(ms)
}

/// Packets of a probe that leave `sent` ms apart and come `received` ms apart.
fn probe(bench: &mut Bench, meant: Meant, sent: i64, received: i64) {
    for n in 1..=i64::from(meant.packets) {
        bench.wait(TimeDelta::ms(received));
        let now = bench.now;
        bench.packet(at(n * sent), now, 1_000, Some(meant));
    }
}

#[test]
fn two_probes_raise_the_estimate_to_the_second() {
    let mut bench = Bench::new(30);
    for (meant, apart) in [(FIRST, 10), (SECOND, 5)] {
        for _ in 0..meant.packets {
            bench.wait(TimeDelta::ms(apart));
            let now = bench.now;
            bench.packet(now, now, 1_000, Some(meant));
        }
        assert!(bench.updated);
    }
    assert!(bench.latest > DataRate::kbps(1_500), "{:?}", bench.latest);
}

#[test]
fn packets_between_those_of_a_probe_do_not_disturb_it() {
    let mut bench = Bench::new(30);
    for _ in 0..FIRST.packets {
        bench.wait(TimeDelta::ms(5));
        let now = bench.now;
        bench.packet(now, now, 1_000, Some(FIRST));
        bench.wait(TimeDelta::ms(5));
        bench.packet(now, now, 100, None);
    }
    assert!(
        bench.updated && bench.latest > DataRate::kbps(800),
        "{:?}",
        bench.latest
    );
}

#[test]
fn a_probe_that_comes_faster_than_it_left_says_nothing() {
    let mut bench = Bench::new(30);
    probe(&mut bench, FIRST, 10, 1);
    assert!(!bench.updated);
}

#[test]
fn a_probe_that_comes_slower_than_it_left_gives_95_percent_of_what_came() {
    for (sent, received, capacity) in [(5, 7, 1_140.0), (1, 2, 4_000.0)] {
        let mut bench = Bench::new(30);
        probe(&mut bench, SECOND, sent, received);
        let off = bench.latest.as_kbps_f64() - 0.95 * capacity;
        assert!(bench.updated && off.abs() < 10.0, "{:?}", bench.latest);
    }
}

/// Packets of 1,200 bytes every 20 ms for five seconds, the first five a probe; nothing is known before the third.
fn five_seconds(bench: &mut Bench) -> i64 {
    let meant = Meant {
        cluster: 1,
        packets: 5,
        size: 5_000,
    };
    let mut sent = 0;
    for n in 0..5 * 50 + 1 + 2 {
        if n == 2 {
            assert!(!bench.updated && bench.estimator.estimate().is_none());
        }
        let now = bench.now;
        bench.packet(at(sent), now, 1_200, (n < 5).then_some(meant));
        bench.wait(TimeDelta::ms(20));
        sent += 20;
    }
    sent
}

fn assert_near_730(bench: &Bench) {
    let off = bench.latest.as_bps() - 730_000;
    assert!(bench.updated && off.abs() <= 50_000, "{:?}", bench.latest);
}

#[test]
fn it_converges_in_five_seconds() {
    let mut bench = Bench::new(50);
    bench.wait(TimeDelta::seconds(2));
    five_seconds(&mut bench);
    assert_near_730(&bench);
    assert_eq!(bench.estimator.estimate(), Some(bench.latest));
}

#[test]
fn packets_that_overtake_each_other_change_nothing() {
    let mut bench = Bench::new(50);
    let mut sent = five_seconds(&mut bench);
    assert_near_730(&bench);
    for _ in 0..10 {
        bench.wait(TimeDelta::ms(40));
        sent += 40;
        let now = bench.now;
        bench.packet(at(sent), now, 1_000, None);
        bench.packet(at(sent - 20), now, 1_000, None);
    }
    assert_near_730(&bench);
}

#[test]
fn the_ramp_from_30_to_500_kbps_takes_exactly_617_frames() {
    let mut bench = Bench::new(30);
    let mut rate = 30_000;
    let mut frames = 0;
    while rate < 500_000 && frames < 10_000 {
        bench.frame(rate);
        rate = bench.followed(rate);
        frames += 1;
    }
    assert_eq!(frames, 617);
}

/// After ten seconds at 1 Mbit/s the link bears half of that, and the remote clock is set: how long until the estimate is there.
fn reaction(clock_set_by: TimeDelta) -> TimeDelta {
    let mut bench = Bench::new(30);
    let mut rate = 900_000;
    let mut fell = false;
    for _ in 0..300 {
        if bench.frame(rate) {
            assert!(
                (800_000..1_100_000).contains(&bench.latest.as_bps()),
                "{:?}",
                bench.latest
            );
            fell = true;
        }
        rate = bench.followed(rate);
        if fell && rate > 1_000_000 {
            break;
        }
    }
    assert!(fell && (rate - 1_000_000).abs() <= 180_000, "{rate}");
    bench.latest = DataRate::INFINITE;
    bench.remote_offset += clock_set_by;
    bench.capacity = 500_000;
    let changed = bench.now;
    let mut reacted = None;
    for _ in 0..100 {
        bench.frame(rate);
        if reacted.is_none() && bench.latest <= DataRate::kbps(500) {
            reacted = Some(bench.now - changed);
        }
        rate = bench.followed(rate);
    }
    reacted.expect("the estimate falls")
}

fn assert_reacts_in(expected_ms: i64, clock_set_by: TimeDelta) {
    let reacted = reaction(clock_set_by).as_ms();
    assert!(
        (reacted - expected_ms).abs() <= 33,
        "{reacted} ms, not {expected_ms}"
    );
}

#[test]
fn half_the_capacity_is_noticed_in_half_a_second() {
    assert_reacts_in(500, TimeDelta::ZERO);
}

/// Times that wrap are unwrapped before they come here, so that libwebrtc's case of a wrap is the plain one; it expects 533 ms of it.
#[test]
fn half_the_capacity_is_noticed_as_soon_where_times_wrap() {
    assert_reacts_in(533, TimeDelta::ZERO);
}

#[test]
fn half_the_capacity_is_noticed_though_the_remote_clock_is_set_forward() {
    assert_reacts_in(867, TimeDelta::seconds(30));
}

#[test]
fn half_the_capacity_is_noticed_though_the_remote_clock_is_set_back() {
    assert_reacts_in(933, TimeDelta::seconds(-30));
}

#[test]
fn packets_that_left_together_are_judged_together() {
    let mut bench = Bench::new(50);
    let mut sent = 0;
    for _ in 0..=6 * 50 {
        let now = bench.now;
        bench.packet(at(sent), now, 1_000, None);
        bench.wait(TimeDelta::ms(20));
        sent += 20;
    }
    assert!(
        bench.updated && bench.latest >= DataRate::kbps(400),
        "{:?}",
        bench.latest
    );
    for _ in 0..100 {
        for _ in 0..15 {
            let now = bench.now;
            bench.packet(at(sent), now, 100, None);
            bench.wait(TimeDelta::ms(1));
            sent += 1;
        }
        bench.wait(TimeDelta::ms(10));
        sent += 5;
    }
    assert!(bench.latest < DataRate::kbps(400), "{:?}", bench.latest);
}

#[test]
fn somebody_who_comes_back_after_a_silence_is_judged_anew() {
    for silence in [35, 640] {
        let mut bench = Bench::new(100);
        let mut sent = 0;
        for _ in 0..3_000 {
            let now = bench.now;
            bench.packet(at(sent), now, 1_000, None);
            bench.wait(TimeDelta::ms(10));
            sent += 10;
        }
        let before = bench.estimator.estimate();
        bench.wait(TimeDelta::seconds(silence));
        sent += silence * 1_000;
        for _ in 0..24 {
            let now = bench.now;
            bench.packet(at(sent), now, 1_000, None);
            bench.wait(TimeDelta::ms(20));
            sent += 10;
        }
        assert!(bench.estimator.estimate() < before, "{silence} s");
    }
}

#[test]
fn an_overuse_at_the_very_beginning_lowers_the_estimate_below_the_capacity() {
    let mut bench = Bench::new(90);
    bench.capacity = 200_000;
    bench.estimator.rate_control.start(DataRate::kbps(300));
    let mut rate = 300_000;
    let overused = (0..40).any(|_| {
        let overused = bench.frame(rate);
        if !overused {
            rate = bench.followed(rate);
        }
        overused
    });
    let latest = bench.latest.as_bps();
    assert!(overused && latest > 160_000 && latest <= 200_000, "{latest}");
}

#[test]
fn fractions_of_a_millisecond_are_no_trend() {
    let mut bench = Bench::new(50);
    let mut last = bench.latest;
    for _ in 0..1_000 {
        bench.wait(TimeDelta::us(500));
        let now = bench.now;
        bench.packet(now - TimeDelta::us(500), now, 1_000, None);
        bench.wait(TimeDelta::us(9_500));
        let now = bench.now;
        bench.packet(now - TimeDelta::us(250), now, 1_000, None);
        bench.wait(TimeDelta::ms(10));
        assert!(bench.latest >= last, "{:?} after {last:?}", bench.latest);
        last = bench.latest;
    }
}
