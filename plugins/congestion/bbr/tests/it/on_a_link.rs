//! What it reaches on a link of its own, what it lets stand in the queue, and how it follows.

use jackfield_congestion_bbr::Bbr;
use jackfield_sdk::prelude::*;

use crate::link::{BOUNDS, LinkSpec, Record, World};

const SEEDS: u64 = 30;

/// Runs `spec` with each seed.
fn each(spec: &LinkSpec, ms: i64, mut check: impl FnMut(&Record, u64)) {
    for seed in 0..SEEDS {
        let mut world = World::new(spec.clone(), seed);
        world.run_until(ms);
        check(&world.record, seed);
    }
}

#[track_caller]
fn assert_rate(record: &Record, from: i64, to: i64, least: f64, seed: u64) {
    let (rate, _) = record.rate(from, to);
    assert!(
        rate >= least,
        "seed {seed}: {rate:.0} kbit/s from {from} ms to {to} ms, at least {least:.0} is wanted"
    );
}

#[track_caller]
fn assert_queue(record: &Record, from: i64, to: i64, most: f64, seed: u64) {
    let queued = record.queued(from, to, 0.95);
    assert!(
        queued <= most,
        "seed {seed}: 95 % queue less than {queued:.1} ms from {from} ms to {to} ms, at most {most} ms is wanted"
    );
}

#[test]
fn e17_3_it_fills_a_link_of_2_mbit_with_little_queue() {
    each(&LinkSpec::steady(2_000, 50), 30_000, |record, seed| {
        assert_rate(record, 0, 30_000, 1_700.0, seed);
        assert_rate(record, 3_000, 30_000, 1_850.0, seed);
        assert_queue(record, 0, 30_000, 100.0, seed);
        assert_eq!(record.lost.len(), 0, "seed {seed}");
        let (_, padding) = record.rate(5_000, 30_000);
        assert!(padding < 0.06, "seed {seed}: {padding:.3} is padding");
    });
}

#[test]
fn e17_3_it_follows_the_capacity_down_and_up() {
    let mut spec = LinkSpec::steady(1_000, 50);
    spec.capacity = vec![(0, 1_000), (20_000, 400), (40_000, 1_500)];
    each(&spec, 60_000, |record, seed| {
        assert_rate(record, 3_000, 20_000, 850.0, seed);
        assert_rate(record, 22_000, 40_000, 340.0, seed);
        assert_rate(record, 46_000, 60_000, 1_275.0, seed);
        for (from, to) in [(0, 20_000), (22_000, 40_000), (40_000, 60_000)] {
            assert_queue(record, from, to, 100.0, seed);
        }
    });
}

#[test]
fn e17_3_short_and_long_paths_and_slow_links_are_filled_too() {
    for (kbps, one_way) in [(2_000, 5), (1_000, 150), (150, 50), (4_500, 25)] {
        each(&LinkSpec::steady(kbps, one_way), 30_000, |record, seed| {
            assert_rate(record, 8_000, 30_000, kbps as f64 * 0.8, seed);
            assert_queue(record, 8_000, 30_000, 130.0, seed);
        });
    }
}

#[test]
fn e17_3_random_loss_does_not_stop_it() {
    for (percent, share) in [(1.0, 0.8), (5.0, 0.6)] {
        let mut spec = LinkSpec::steady(2_000, 50);
        spec.loss = percent;
        each(&spec, 30_000, |record, seed| {
            assert_rate(record, 5_000, 30_000, 2_000.0 * share, seed);
        });
    }
}

#[test]
fn e17_3_a_queue_of_20_ms_is_not_flooded_and_one_of_2_s_not_filled() {
    let mut shallow = LinkSpec::steady(2_000, 50);
    shallow.queue = TimeDelta::ms(20);
    each(&shallow, 30_000, |record, seed| {
        assert_rate(record, 5_000, 30_000, 1_600.0, seed);
        let lost = record.lost_between(5_000, 30_000) as f64;
        let share = lost / (record.came.len() as f64 + lost);
        assert!(share < 0.035, "seed {seed}: {share:.3} lost");
    });
    let mut deep = LinkSpec::steady(2_000, 50);
    deep.queue = TimeDelta::seconds(2);
    each(&deep, 30_000, |record, seed| {
        assert_queue(record, 0, 30_000, 100.0, seed);
    });
}

#[test]
fn e17_3_it_makes_room_for_others_and_takes_it_back() {
    let mut spec = LinkSpec::steady(2_000, 50);
    spec.others = vec![(0, 0), (15_000, 1_200), (35_000, 0)];
    each(&spec, 50_000, |record, seed| {
        assert_rate(record, 18_000, 35_000, 560.0, seed);
        assert_queue(record, 20_000, 35_000, 150.0, seed);
        assert_rate(record, 41_000, 50_000, 1_700.0, seed);
    });
}

#[test]
fn e17_3_the_session_s_maximum_is_reached_and_not_passed() {
    each(&LinkSpec::steady(50_000, 20), 10_000, |record, seed| {
        let last = record.targets.last().unwrap().1;
        assert_eq!(last, BOUNDS.maximum, "seed {seed}");
        let (_, padding) = record.rate(5_000, 10_000);
        assert!(
            padding < 0.02,
            "seed {seed}: {padding:.3} is padding, for nothing"
        );
    });
}

#[test]
fn e17_3_a_host_that_makes_no_padding_gets_there_too() {
    for seed in 0..SEEDS {
        let mut world = World::new(LinkSpec::steady(2_000, 50), seed);
        world.pads = false;
        world.run_until(40_000);
        assert_rate(&world.record, 20_000, 40_000, 1_600.0, seed);
        assert_queue(&world.record, 20_000, 40_000, 120.0, seed);
    }
}

#[test]
fn e17_3_without_feedback_it_goes_down_and_comes_back() {
    let mut spec = LinkSpec::steady(2_000, 50);
    spec.silence = (10_000, 15_000);
    each(&spec, 30_000, |record, seed| {
        let at = |ms| {
            let before = record
                .targets
                .iter()
                .rev()
                .find(|(at, _)| *at <= Timestamp::from_ms(ms));
            before.unwrap().1
        };
        assert!(at(14_900) < DataRate::kbps(600), "seed {seed}: {:?}", at(14_900));
        assert_rate(record, 21_000, 30_000, 1_600.0, seed);
    });
}

#[test]
fn e17_3_a_remote_clock_that_is_set_moves_nothing() {
    for set in [30_000, -30_000] {
        let mut spec = LinkSpec::steady(1_000, 50);
        spec.clock = (10_000, set);
        each(&spec, 20_000, |record, seed| {
            assert_rate(record, 10_000, 20_000, 800.0, seed);
        });
    }
}

#[test]
fn e17_6_a_successor_goes_on_where_its_predecessor_was() {
    for seed in 0..SEEDS {
        let mut world = World::new(LinkSpec::steady(2_000, 50), seed);
        world.run_until(15_000);
        let now = Timestamp::from_ms(15_000);
        let state = world.bbr.hand_over(now).unwrap();
        let mut young = Bbr::create(&Environment::seeded(seed + 100)).unwrap();
        young.activate(now, &BOUNDS).unwrap();
        young.take_over(now, &state).unwrap();
        world.bbr = young;
        world.run_until(25_000);
        let after = world
            .record
            .targets
            .iter()
            .filter(|(at, _)| *at > now && *at < now + TimeDelta::seconds(1));
        for (at, target) in after {
            let jump = *target / state.target;
            assert!(
                (0.8..=1.2).contains(&jump),
                "seed {seed}: {target:?} at {at:?} after {:?}",
                state.target
            );
        }
        assert_rate(&world.record, 15_000, 25_000, 1_700.0, seed);
    }
}
