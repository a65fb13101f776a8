//! The links of libwebrtc's `scream_v2_unittest.cc` (f3ae3eb): packets of 255 bytes, start at 100 kbit/s, and the bounds that are asserted
//! there. Where something is drawn, with thirty seeds.

use jackfield_sdk::prelude::*;

use super::driver::{Driver, ROUND_TRIP, WIDE};
use super::road::Road;

/// The least and the most target in kbit/s, and the longest smoothed round trip in ms.
fn extremes(road: Road, adaption: TimeDelta, time: TimeDelta, seed: u64) -> (f64, f64, f64) {
    let mut driver = Driver::new(road, &WIDE, seed);
    driver.run(adaption, |_| {});
    let (mut least, mut most, mut round_trip) = (f64::INFINITY, 0.0_f64, 0.0_f64);
    driver.run(time, |driver| {
        let target = driver.last.target.as_kbps_f64();
        (least, most) = (least.min(target), most.max(target));
        round_trip = round_trip.max(driver.statistic(ROUND_TRIP));
    });
    (least, most, round_trip)
}

fn assert_within(road: Road, adaption: i64, target: (f64, f64), longest: f64, seed: u64) {
    let (adaption, time) = (TimeDelta::seconds(adaption), TimeDelta::seconds(5));
    let (least, most, round_trip) = extremes(road, adaption, time, seed);
    assert!(
        least > target.0 && most < target.1 && round_trip < longest,
        "seed {seed}: {least} to {most} kbit/s, {round_trip} ms"
    );
}

const SMALL: Road = Road {
    packet: DataSize::bytes(255),
    ..Road::FREE
};

#[test]
fn e17_5_marks_alone_lead_to_a_link_of_1_mbit_per_second() {
    let road = Road {
        capacity: DataRate::kbps(1_000),
        delay: TimeDelta::ms(25),
        ..SMALL
    };
    for seed in 0..30 {
        assert_within(road, 4, (650.0, 1_100.0), 75.0, seed);
    }
}

#[test]
fn e17_2_losses_alone_lead_to_a_link_of_5_mbit_per_second_with_room_for_three_packets() {
    let road = Road {
        capacity: DataRate::kbps(5_000),
        delay: TimeDelta::ms(10),
        queue: 3,
        marks: false,
        ..SMALL
    };
    assert_within(road, 10, (1_500.0, 5_400.0), 60.0, 0);
}

const DELAY_ONLY: Road = Road {
    capacity: DataRate::kbps(2_000),
    delay: TimeDelta::ms(10),
    marks: false,
    ..SMALL
};

#[test]
fn e17_2_delay_alone_leads_to_a_link_of_2_mbit_per_second() {
    assert_within(DELAY_ONLY, 10, (1_500.0, 2_500.0), 80.0, 0);
}

#[test]
fn e17_2_packets_that_overtake_each_other_do_not_disturb_that() {
    let road = Road {
        jitter: TimeDelta::ms(5),
        ..DELAY_ONLY
    };
    for seed in 0..30 {
        assert_within(road, 10, (1_500.0, 2_500.0), 80.0, seed);
    }
}

#[test]
fn e17_2_the_round_trip_stays_short_for_a_quarter_of_an_hour() {
    let (adaption, time) = (TimeDelta::seconds(5), TimeDelta::seconds(15 * 60));
    let (_, _, round_trip) = extremes(DELAY_ONLY, adaption, time, 0);
    assert!(round_trip < 80.0, "{round_trip} ms");
}

#[test]
fn e17_4_transport_wide_feedback_which_does_not_tell_the_hold_does_too() {
    let road = Road {
        tells_hold: false,
        ..DELAY_ONLY
    };
    assert_within(road, 10, (1_500.0, 2_500.0), 105.0, 0);
}

#[test]
fn e17_2_without_a_bottleneck_the_maximum_is_reached_within_a_hundred_feedbacks() {
    let road = Road {
        delay: TimeDelta::ms(25),
        ..Road::FREE
    };
    let bounds = RateConstraints {
        maximum: DataRate::kbps(2_000),
        start: DataRate::kbps(300),
        ..WIDE
    };
    let mut driver = Driver::new(road, &bounds, 0);
    let mut rate = DataRate::kbps(100);
    for _ in 0..100 {
        rate = driver.send(rate).target;
    }
    assert_eq!(rate, bounds.maximum);
}

#[test]
fn e17_2_the_rate_that_was_asked_for_is_the_one_that_it_starts_with() {
    let road = Road {
        capacity: DataRate::kbps(5_000),
        delay: TimeDelta::ms(50),
        ..Road::FREE
    };
    let bounds = RateConstraints {
        start: DataRate::kbps(3_000),
        ..WIDE
    };
    let mut driver = Driver::new(road, &bounds, 0);
    let target = driver.send(DataRate::kbps(100)).target.as_kbps_f64();
    assert!((2_980.0..3_300.0).contains(&target), "{target}");
}

#[test]
fn e17_2_a_route_change_without_a_start_rate_keeps_the_rate() {
    for (before, after) in [(10, 100), (50, 10)] {
        let road = Road {
            capacity: DataRate::kbps(2_000),
            delay: TimeDelta::ms(before),
            ..Road::FREE
        };
        let bounds = RateConstraints {
            maximum: DataRate::kbps(3_000),
            ..WIDE
        };
        for seed in 0..30 {
            let mut driver = Driver::new(road, &bounds, seed);
            driver.open(DataRate::ZERO);
            for _ in 0..100 {
                driver.send(driver.last.target);
            }
            assert!(driver.last.target > DataRate::kbps(1_300), "{:?}", driver.last);
            driver.event(CongestionEventKind::RouteChange, |event| {
                event.constraints = RateConstraints {
                    start: DataRate::ZERO,
                    ..bounds
                };
            });
            let now = driver.traffic.now;
            let road = Road {
                delay: TimeDelta::ms(after),
                ..road
            };
            driver.traffic = super::road::Traffic::new(road, now, seed);
            for _ in 0..20 {
                let target = driver.send(driver.last.target).target;
                assert!(
                    target > DataRate::kbps(500),
                    "{before} to {after} ms, seed {seed}: {target:?}"
                );
            }
        }
    }
}
