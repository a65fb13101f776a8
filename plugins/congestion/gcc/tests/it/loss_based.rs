//! The loss-based estimator: when there is an estimate, what it prefers, and what bounds it (`loss_based_bwe_v2_test.cc`).

use jackfield_congestion_gcc::loss_based::{LossSettings, LossState};
use jackfield_sdk::prelude::*;

use crate::loss_bench::{NONE, STRETCH, bold, fresh, from, kbps, short, unbounded};

const START: TimeDelta = TimeDelta::ZERO;

#[test]
fn there_is_an_estimate_after_a_start_and_feedback() {
    let mut bench = from(bold(), kbps(600));
    bench.received(START, NONE);
    assert!(bench.estimator.is_ready() && bench.rate() < NONE);
}

#[test]
fn without_a_start_there_is_none() {
    let mut bench = fresh(bold());
    bench.received(START, NONE);
    assert!(!bench.estimator.is_ready() && bench.rate() == NONE);
}

#[test]
fn until_it_is_ready_the_delay_based_estimate_holds() {
    let mut bench = fresh(bold());
    assert_eq!(bench.hear(&[], kbps(100)).rate, kbps(100));
}

#[test]
fn too_short_an_observation_is_none() {
    let mut bench = from(bold(), kbps(600));
    assert!(!bench.estimator.is_ready());
    let packets = [
        bench.packet(START, true, 15_000),
        bench.packet(TimeDelta::ms(125), true, 15_000),
    ];
    bench.hear(&packets, NONE);
    assert!(!bench.estimator.is_ready() && bench.rate() == NONE);
}

#[test]
fn it_is_ready_with_the_first_delay_based_estimate() {
    let mut bench = fresh(short());
    assert!(!bench.estimator.is_ready());
    bench.received(START, kbps(600));
    assert!(bench.estimator.is_ready());
}

#[test]
fn a_rate_that_is_set_holds_until_there_is_more_feedback() {
    let mut bench = from(bold(), kbps(600));
    assert_ne!(bench.received(START, NONE).rate, kbps(600));
    bench.estimator.start_from(kbps(600));
    assert_eq!(bench.rate(), kbps(600));
    assert_ne!(bench.received(STRETCH * 2, NONE).rate, kbps(600));
}

#[test]
fn what_gets_through_counts_with_the_next_feedback() {
    let [mut knows, mut knows_not] = [from(bold(), kbps(600)), from(bold(), kbps(600))];
    assert_eq!(knows.received(START, NONE).rate, kbps(660));
    knows_not.received(START, NONE);
    knows.acknowledge(kbps(900));
    assert_eq!(knows.rate(), kbps(660));
    assert_ne!(
        knows.received(STRETCH * 2, NONE),
        knows_not.received(STRETCH * 2, NONE)
    );
}

#[test]
fn if_everything_is_lost_the_estimate_is_fair_to_tcp() {
    assert_eq!(from(bold(), kbps(600)).lost(START, NONE).rate, kbps(100));
}

#[test]
fn without_loss_it_rises_but_not_above_the_delay_based_estimate() {
    let mut bench = from(bold(), kbps(600));
    assert!(bench.received(START, NONE).rate > kbps(600));
    assert_eq!(bench.received(STRETCH * 2, kbps(500)).rate, kbps(500));

    let mut bench = from(bold(), kbps(600));
    assert_eq!(bench.received(START, kbps(5_000)).rate, kbps(5_000));
    assert_eq!(bench.received(STRETCH * 2, kbps(5_000)).rate, kbps(5_000));
}

#[test]
fn in_an_emergency_it_falls_to_what_gets_through() {
    let mut bench = from(bold(), kbps(600));
    bench.acknowledge(kbps(300));
    bench.half_lost(START, NONE);
    assert!(bench.lost(STRETCH * 2, NONE).rate <= kbps(300));
}

#[test]
fn the_same_feedback_again_changes_nothing() {
    let mut bench = from(bold(), kbps(600));
    bench.acknowledge(kbps(300));
    let packets = [
        bench.packet(START, true, 15_000),
        bench.packet(STRETCH, true, 15_000),
    ];
    let before = bench.hear(&packets, NONE);
    assert_eq!(bench.hear(&packets, NONE), before);
}

#[test]
fn feedback_on_packets_sent_in_one_stretch_waits_for_more() {
    let mut bench = from(bold(), kbps(600));
    let before = bench.received(START, NONE);
    assert_eq!(bench.received(STRETCH - TimeDelta::ms(1), NONE), before);
}

#[test]
fn while_more_is_lost_than_the_path_loses_by_itself_it_does_not_rise() {
    let settings = LossSettings {
        candidate_factors: [1.2; 3],
        ..short()
    };
    let mut bench = from(settings, kbps(600));
    bench.tenth_lost(START, 15_000, NONE);
    assert_eq!(bench.tenth_lost(STRETCH, 15_000, NONE).rate, kbps(600));
}

#[test]
fn a_loss_below_the_threshold_prefers_high_rates_and_one_above_it_low_ones() {
    let settings = LossSettings {
        hold_above_inherent_loss: false,
        ..short()
    };
    let mut bench = from(settings, kbps(600));
    bench.tenth_lost(START, 15_000, kbps(5_000));
    assert!(bench.tenth_lost(STRETCH, 15_000, kbps(5_000)).rate > kbps(600));

    let settings = LossSettings {
        loss_threshold_of_high_bandwidth: 0.05,
        ..short()
    };
    let mut bench = from(settings, kbps(600));
    bench.tenth_lost(START, 15_000, kbps(5_000));
    assert!(bench.tenth_lost(STRETCH, 15_000, kbps(5_000)).rate < kbps(600));
}

#[test]
fn it_is_not_above_the_maximum() {
    let mut bench = from(bold(), kbps(1_000));
    bench.estimator.set_bounds(kbps(10), kbps(1_000));
    assert!(bench.received(START, NONE).rate <= kbps(1_000));
}

#[test]
fn what_gets_through_is_no_candidate_while_the_media_is_the_bound() {
    for limited in [true, false] {
        let mut bench = from(short(), kbps(600));
        bench.estimator.set_bounds(kbps(10), kbps(1_000_000));
        bench.application_limited = limited;
        bench.acknowledge(kbps(100));
        let rate = bench.lost(START, kbps(5_000)).rate;
        if limited {
            assert!(rate > kbps(100) && rate < kbps(600), "{rate:?}");
        } else {
            assert_eq!(rate, kbps(100));
        }
    }
}

#[test]
fn it_does_not_fall_below_what_gets_through_unless_told_so() {
    for (factor, below) in [(1.0, false), (0.0, true)] {
        let settings = LossSettings {
            lower_bound_by_acknowledged: factor,
            ..short()
        };
        let mut bench = from(settings, kbps(600));
        bench.estimator.set_bounds(kbps(10), kbps(1_000_000));
        bench.acknowledge(kbps(500));
        let rate = bench.lost(START, NONE).rate;
        assert_eq!((rate < kbps(500), rate == kbps(500)), (below, !below), "{rate:?}");
    }
}

#[test]
fn much_loss_bounds_it_at_once() {
    let settings = LossSettings {
        candidate_factors: [1.0; 3],
        instant_upper_bound_balance: kbps(10),
        ..short()
    };
    let mut bench = from(settings, kbps(500));
    bench.estimator.set_bounds(kbps(10), kbps(1_000_000));
    bench.acknowledge(kbps(100));
    let estimate = bench.tenth_lost(START, 15_000, NONE);
    assert_eq!(
        (estimate.rate, estimate.state),
        (kbps(200), LossState::Decreasing)
    );
}

#[test]
fn bytes_count_and_not_packets() {
    let mut bench = from(short(), kbps(500));
    // A tenth of the packets, but more than half of the bytes.
    let estimate = bench.tenth_lost(START, 15_000 * 20, NONE);
    assert_eq!(estimate.state, LossState::Decreasing);
    assert!(estimate.rate < kbps(160), "{:?}", estimate.rate);
}

#[test]
fn a_spike_of_loss_is_left_out_but_not_two() {
    let settings = LossSettings {
        observation_window: 5,
        ..LossSettings::default()
    };
    let delay_based = kbps(500);
    let mut bench = from(settings, delay_based);
    for n in 0..5 {
        bench.received(STRETCH * n, delay_based);
    }
    bench.lost(STRETCH * 5, delay_based);
    let estimate = bench.received(STRETCH * 6, delay_based);
    assert_eq!(
        (estimate.rate, estimate.state),
        (delay_based, LossState::DelayBased)
    );
    let estimate = bench.lost(STRETCH * 7, delay_based);
    assert!(
        estimate.rate < delay_based && estimate.state == LossState::Decreasing,
        "{estimate:?}"
    );
}

#[test]
fn a_spike_while_suddenly_more_is_sent_counts() {
    let settings = LossSettings {
        observation_window: 5,
        ..LossSettings::default()
    };
    let delay_based = kbps(500);
    let mut bench = from(settings, delay_based);
    for n in 0..5 {
        bench.received(STRETCH * n, delay_based);
    }
    let at = STRETCH * 5;
    let mut burst: Vec<_> = (0..4)
        .map(|n| bench.packet(at + TimeDelta::ms(10) * n, false, 15_000))
        .collect();
    burst.push(bench.packet(at + STRETCH, false, 15_000));
    let estimate = bench.hear(&burst, delay_based);
    assert!(
        estimate.rate <= delay_based && estimate.state == LossState::Decreasing,
        "{estimate:?}"
    );
}

#[test]
fn a_packet_that_turns_up_in_the_next_feedback_was_not_lost() {
    let rate = kbps(2_500);
    let mut bench = from(short(), rate);
    let first = [
        bench.packet(START, true, 15_000),
        bench.packet(START, false, 15_000),
        bench.packet(START, true, 15_000),
    ];
    let mut late = first[1];
    late.received = Timestamp::from_ms(10);
    let second = [
        late,
        bench.packet(STRETCH, true, 15_000),
        bench.packet(START, true, 15_000),
    ];
    bench.hear(&first, rate);
    assert_eq!(bench.hear(&second, rate).rate, rate);
}

#[test]
fn of_candidates_that_are_equally_likely_the_higher_wins() {
    let mut bench = from(short(), kbps(1_000));
    bench.received(START, kbps(1_000));
    let delay_based = DataRate::bps(1_020_008);
    assert_eq!(bench.received(STRETCH, delay_based).rate, delay_based);
}

#[test]
fn without_a_delay_based_estimate_the_state_stays_that_of_loss() {
    let settings = LossSettings {
        candidate_factors: [100.0, 1.0, 0.5],
        max_increase: 100.0,
        ..unbounded()
    };
    let mut bench = from(settings, kbps(600));
    assert_eq!(bench.lost(START, NONE).state, LossState::Decreasing);
    bench.acknowledge(kbps(600));
    assert_ne!(bench.received(STRETCH, NONE).state, LossState::DelayBased);
}
