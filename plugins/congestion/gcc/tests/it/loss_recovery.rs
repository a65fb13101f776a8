//! How the loss-based estimate comes back after losses: holds, steps, padding (`loss_based_bwe_v2_test.cc`).

use jackfield_congestion_gcc::loss_based::{LossSettings, LossState};
use jackfield_sdk::prelude::*;

use crate::loss_bench::{NONE, STRETCH, bold, fresh, from, kbps, short, unbounded};

const START: TimeDelta = TimeDelta::ZERO;
/// In a window of this after a loss the estimate rises no further than to a multiple.
const WINDOW: TimeDelta = TimeDelta::ms(300);

/// Prefers high rates whatever is lost.
fn fond_of_high_rates() -> LossSettings {
    LossSettings {
        loss_threshold_of_high_bandwidth: 0.99,
        rampup_factor: 1.2,
        ..unbounded()
    }
}

#[test]
fn near_the_rate_that_was_held_it_rises_by_a_fifth() {
    let mut bench = from(short(), kbps(600));
    bench.acknowledge(kbps(100));
    let at_loss = bench.lost(START, kbps(5_000)).rate;
    bench.received_until(LossState::IncreasingWithPadding, 2, kbps(5_000));
    assert_eq!(bench.rate(), at_loss * 1.2);
}

#[test]
fn when_the_path_is_well_again_the_delay_rules() {
    let settings = LossSettings {
        candidate_factors: [100.0, 1.0, 0.5],
        max_increase: 100.0,
        hold_above_inherent_loss: false,
        ..unbounded()
    };
    let mut bench = from(settings, kbps(600));
    bench.acknowledge(kbps(300));
    assert_eq!(bench.lost(START, kbps(600)).state, LossState::Decreasing);
    for n in 1..3 {
        bench.acknowledge(kbps(600));
        assert_eq!(
            bench.received(STRETCH * n, kbps(600)).state,
            LossState::DelayBased
        );
    }
}

#[test]
fn after_a_loss_it_rises_to_a_multiple_of_what_gets_through() {
    let mut bench = from(fond_of_high_rates(), kbps(600));
    bench.acknowledge(kbps(300));
    let lowered = bench.lost(START, kbps(5_000));
    assert!(lowered.state == LossState::Decreasing && lowered.rate < kbps(600));
    bench.acknowledge(lowered.rate * 0.9);
    let next = bench.received_until(LossState::IncreasingWithPadding, 1, kbps(5_000));
    let risen = bench.rate();
    assert_eq!(risen, lowered.rate * 0.9 * 1.2);
    // Without loss it does not fall again.
    bench.acknowledge(lowered.rate * 0.9);
    assert_eq!(bench.received(STRETCH * next, kbps(5_000)).rate, risen);
}

#[test]
fn though_little_gets_through_it_begins_to_rise() {
    let mut bench = from(fond_of_high_rates(), kbps(600));
    bench.acknowledge(kbps(300));
    let lowered = bench.lost(START, kbps(5_000)).rate;
    bench.acknowledge(lowered * 0.5);
    bench.received_until(LossState::IncreasingWithPadding, 1, kbps(5_000));
    assert_eq!(bench.rate(), lowered + DataRate::bps(1));
}

#[test]
fn within_the_window_after_a_loss_it_stays() {
    let mut bench = from(bold(), kbps(600));
    bench.acknowledge(kbps(300));
    bench.received(START, kbps(5_000));
    bench.acknowledge(kbps(5_000));
    let second = bench.half_lost(WINDOW - TimeDelta::ms(2), kbps(5_000));
    assert_eq!(bench.received(WINDOW - TimeDelta::ms(1), kbps(5_000)), second);
}

#[test]
fn behind_the_window_it_goes_on_rising() {
    let mut bench = from(bold(), kbps(600));
    bench.acknowledge(kbps(300));
    bench.received(START, kbps(5_000));
    bench.acknowledge(kbps(5_000));
    let second = bench.received(WINDOW - TimeDelta::ms(1), kbps(5_000)).rate;
    assert!(bench.received(WINDOW + TimeDelta::ms(1), kbps(5_000)).rate >= second);
}

#[test]
fn what_gets_through_can_lift_it_at_once() {
    let settings = LossSettings {
        candidate_factors: [1.0; 3],
        lower_bound_by_acknowledged: 10.0,
        ..short()
    };
    let mut bench = from(settings, kbps(500));
    bench.estimator.set_bounds(kbps(10), kbps(1_000_000));
    bench.acknowledge(kbps(1));
    assert_eq!(bench.half_lost(START, NONE).state, LossState::Decreasing);
    bench.acknowledge(kbps(200));
    let estimate = bench.half_lost(STRETCH * 2, NONE);
    assert_eq!(
        (estimate.rate, estimate.state),
        (kbps(2_000), LossState::IncreasingWithPadding)
    );
}

#[test]
fn at_the_maximum_the_state_is_that_of_the_delay() {
    let mut bench = fresh(short());
    bench.estimator.set_bounds(kbps(10), kbps(1_000));
    let estimate = bench.received(START, kbps(2_000));
    assert_eq!(
        (estimate.rate, estimate.state),
        (kbps(1_000), LossState::DelayBased)
    );
    let estimate = bench.half_lost(STRETCH, kbps(2_000));
    assert!(estimate.rate < kbps(1_000) && estimate.state == LossState::Decreasing);
    bench.received_until(LossState::DelayBased, 2, kbps(2_000));
    assert_eq!(bench.rate(), kbps(1_000));
}

#[test]
fn padding_tries_the_way_up() {
    let settings = LossSettings {
        padding_duration: TimeDelta::seconds(1),
        ..short()
    };
    let mut bench = from(settings, kbps(2_500));
    assert_eq!(bench.half_lost(START, NONE).state, LossState::Decreasing);
    bench.received_until(LossState::IncreasingWithPadding, 1, NONE);
}

#[test]
fn without_padding_it_just_rises() {
    let settings = LossSettings {
        padding_duration: TimeDelta::ZERO,
        ..short()
    };
    let mut bench = from(settings, kbps(2_500));
    assert_eq!(bench.half_lost(START, NONE).state, LossState::Decreasing);
    bench.received_until(LossState::Increasing, 1, NONE);
}

#[test]
fn after_a_deep_fall_it_rises_slowly() {
    let settings = LossSettings {
        padding_duration: TimeDelta::seconds(1),
        ..short()
    };
    let mut bench = from(settings, kbps(2_500));
    bench.application_limited = true;
    let lowered = bench.half_lost(START, NONE);
    assert_eq!(lowered.state, LossState::Decreasing);
    bench.received(STRETCH, NONE);
    let estimate = bench.received(STRETCH * 2, NONE);
    assert_eq!(estimate.state, LossState::IncreasingWithPadding);
    let off = (estimate.rate - lowered.rate).as_kbps_f64();
    assert!(off.abs() <= 100.0, "{estimate:?} after {lowered:?}");
}

#[test]
fn losses_of_padding_lower_it_to_what_gets_through() {
    let settings = LossSettings {
        padding_duration: TimeDelta::seconds(1),
        ..unbounded()
    };
    let mut bench = from(settings, kbps(1_000));
    bench.application_limited = true;
    let mut next = 0;
    while bench.state() != LossState::Decreasing {
        bench.lost(STRETCH * next, NONE);
        next += 1;
    }
    let next = bench.received_until(LossState::IncreasingWithPadding, next, NONE);
    assert!(bench.rate() > kbps(900), "{:?}", bench.rate());
    bench.acknowledge(kbps(100));
    let estimate = bench.lost(STRETCH * next, NONE);
    assert_eq!(
        (estimate.rate, estimate.state),
        (kbps(100), LossState::Decreasing)
    );
}

#[test]
fn padding_that_raises_nothing_ends_after_its_time() {
    let settings = LossSettings {
        padding_duration: TimeDelta::seconds(1),
        rampup_factor: 2.0,
        ..short()
    };
    let mut bench = from(settings, kbps(2_500));
    bench.acknowledge(kbps(51));
    let lowered = bench.half_lost(START, NONE);
    assert_eq!((lowered.rate, lowered.state), (kbps(51), LossState::Decreasing));
    bench.acknowledge(kbps(26));
    let began = bench.received_until(LossState::IncreasingWithPadding, 1, NONE);
    let ended = bench.received_until(LossState::Decreasing, began, NONE);
    assert_eq!(STRETCH * (ended - 1 - began), TimeDelta::seconds(1));
}

#[test]
fn a_hold_is_not_below_what_gets_through() {
    let settings = LossSettings {
        hold_duration_factor: 10.0,
        ..short()
    };
    let mut bench = from(settings, kbps(2_500));
    assert_eq!(bench.half_lost(START, NONE).state, LossState::Decreasing);
    bench.acknowledge(kbps(1_000));
    let estimate = bench.half_lost(STRETCH, NONE);
    assert_eq!(
        (estimate.rate, estimate.state),
        (kbps(1_000), LossState::Decreasing)
    );
}

#[test]
fn during_a_hold_it_does_not_rise() {
    let settings = LossSettings {
        hold_duration_factor: 10.0,
        ..short()
    };
    let mut bench = from(settings, kbps(2_500));
    bench.half_lost(START, NONE);
    bench.acknowledge(kbps(1_000));
    bench.half_lost(STRETCH, NONE);
    for n in 2..4 {
        let estimate = bench.received(STRETCH * n, NONE);
        assert!(estimate.rate <= kbps(1_500), "{estimate:?}");
    }
}

#[test]
fn it_recovers_from_what_gets_through() {
    let mut bench = from(short(), kbps(2_500));
    assert!(bench.lost(START, NONE).rate < kbps(1_000));
    bench.acknowledge(kbps(1_000));
    assert_eq!(bench.lost(STRETCH, NONE).rate, kbps(1_000));
    bench.received(STRETCH * 2, NONE);
    assert!(bench.received(STRETCH * 3, NONE).rate > kbps(1_000));
}

#[test]
fn a_delay_based_estimate_that_it_reaches_ends_the_hold() {
    let mut bench = from(short(), kbps(2_500));
    let lowered = bench.half_lost(START, NONE);
    assert_eq!(lowered.state, LossState::Decreasing);
    let delay_based = lowered.rate + kbps(10);
    bench.received(STRETCH, delay_based);
    let estimate = bench.received(STRETCH * 2, delay_based);
    assert_eq!(
        (estimate.rate, estimate.state),
        (delay_based, LossState::DelayBased)
    );
}
