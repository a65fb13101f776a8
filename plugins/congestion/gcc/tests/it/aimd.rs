//! The rate that the delay allows (`aimd_rate_control_unittest.cc`).

use jackfield_congestion_gcc::aimd::RateControl;
use jackfield_congestion_gcc::path_estimate::PathEstimate;
use jackfield_congestion_gcc::trendline::Usage;
use jackfield_sdk::prelude::*;

const FIRST: Timestamp = Timestamp::from_ms(123_456);

fn at(estimate: i64) -> RateControl {
    let mut control = RateControl::new();
    control.set_estimate(FIRST, DataRate::bps(estimate));
    control
}

/// A hundred updates of a steady delay, 100 ms apart.
fn ten_seconds(control: &mut RateControl, from: Timestamp, throughput: Option<DataRate>) -> Timestamp {
    let mut now = from;
    for _ in 0..100 {
        control.update(now, Usage::Normal, throughput);
        now += TimeDelta::ms(100);
    }
    now
}

#[test]
fn near_the_capacity_it_grows_by_a_packet_per_response_time_and_at_least_4_kbps_a_second() {
    for (estimate, round_trip, growth) in [
        (30_000, 200, 4_000.0),
        (90_000, 200, 5_000.0),
        (60_000, 100, 5_000.0),
    ] {
        let mut control = at(estimate);
        control.set_round_trip(TimeDelta::ms(round_trip));
        assert_eq!(control.growth_near_capacity(), growth);
    }
    let mut control = at(300_000);
    control.update(FIRST, Usage::Overusing, Some(DataRate::kbps(300)));
    assert!((control.growth_near_capacity() - 14_000.0).abs() <= 1_000.0);
}

#[test]
fn it_grows_to_one_and_a_half_times_the_throughput_and_10_kbps() {
    let through = DataRate::kbps(10);
    let mut control = at(10_000);
    let now = ten_seconds(&mut control, FIRST, Some(through));
    let now = ten_seconds(&mut control, now, Some(through));
    assert_eq!(control.rate(), DataRate::kbps(25));
    // It does not fall with the throughput, but neither does it grow.
    control.update(now, Usage::Normal, Some(DataRate::kbps(5)));
    assert_eq!(control.rate(), DataRate::kbps(25));
}

#[test]
fn an_overuse_leaves_85_percent_of_the_throughput_less_5_kbps() {
    let mut control = at(264_000);
    let through = DataRate::bps((221_000.0_f64 / 0.85).round() as i64);
    control.update(FIRST + TimeDelta::ms(100), Usage::Overusing, Some(through));
    assert_eq!(control.rate(), DataRate::kbps(216));
    assert_eq!(control.growth_near_capacity(), 12_000.0);
}

#[test]
fn without_a_start_the_throughput_becomes_the_estimate_after_five_seconds() {
    let through = DataRate::kbps(123);
    let mut control = RateControl::new();
    control.update(FIRST, Usage::Normal, Some(through));
    assert!(!control.is_initialized());
    let now = FIRST + TimeDelta::ms(5_001);
    control.update(now, Usage::Normal, Some(through));
    ten_seconds(&mut control, now, None);
    assert!(
        control.is_initialized() && control.rate() <= DataRate::bps(194_500),
        "{:?}",
        control.rate()
    );
}

#[test]
fn it_holds_while_the_media_is_the_bound_if_told_to() {
    for (limited, holds) in [(true, true), (false, false)] {
        let mut control = at(123_000);
        control.hold_in_application_limit = true;
        control.set_application_limited(limited);
        control.update(FIRST, Usage::Normal, Some(DataRate::kbps(123)));
        ten_seconds(&mut control, FIRST, None);
        assert_eq!(control.rate() == DataRate::kbps(123), holds);
        control.set_estimate(FIRST, DataRate::kbps(400));
        assert_eq!(control.rate(), DataRate::kbps(400), "probes still raise it");
    }
}

#[test]
fn what_is_known_of_the_link_bounds_it() {
    let upper = |kbps| PathEstimate {
        upper: Some(DataRate::kbps(kbps)),
        ..PathEstimate::default()
    };
    let lower = |kbps| PathEstimate {
        lower: Some(DataRate::kbps(kbps)),
        ..PathEstimate::default()
    };
    for (before, path, wanted, got) in [
        (300, upper(400), 500, 400),
        (500, upper(300), 700, 500),
        (30_000, lower(400), 100, 340),
        (200, lower(400), 100, 200),
    ] {
        let mut control = at(before * 1_000);
        control.set_path(path);
        control.set_estimate(FIRST, DataRate::kbps(wanted));
        assert_eq!(control.rate(), DataRate::kbps(got), "{before} {path:?} {wanted}");
    }
}
