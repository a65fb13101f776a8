//! The trend of the delay: packets every 20 ms that come at the same pace, slower or faster.

use jackfield_congestion_gcc::inter_arrival::Deltas;
use jackfield_congestion_gcc::trendline::{Trendline, Usage};
use jackfield_sdk::prelude::*;

const PACKETS: i64 = 25;

/// Feeds packets that come `percent` of 20 ms apart until what the trend says changes; gives what it says and how many packets that took.
fn until_it_changes(trendline: &mut Trendline, first: i64, percent: i64) -> (Usage, i64) {
    let before = trendline.usage();
    let arrival = |n: i64| 987_654_321 + n * 20 * percent / 100;
    for n in first..PACKETS {
        let deltas = Deltas {
            sent: TimeDelta::ms(20),
            arrived: TimeDelta::ms(arrival(n) - arrival(n - 1)),
            size: DataSize::ZERO,
        };
        trendline.update(&deltas, Timestamp::from_ms(arrival(n)));
        if trendline.usage() != before {
            return (trendline.usage(), n);
        }
    }
    (trendline.usage(), PACKETS)
}

#[test]
fn a_steady_delay_is_normal() {
    let mut trendline = Trendline::new();
    assert_eq!(until_it_changes(&mut trendline, 1, 100), (Usage::Normal, PACKETS));
}

#[test]
fn a_growing_delay_is_overuse_and_stays_so() {
    let mut trendline = Trendline::new();
    let (usage, at) = until_it_changes(&mut trendline, 1, 110);
    assert_eq!(usage, Usage::Overusing);
    assert_eq!(
        until_it_changes(&mut trendline, at, 110),
        (Usage::Overusing, PACKETS)
    );
    assert!(trendline.trend() > trendline.threshold());
}

#[test]
fn a_falling_delay_is_underuse_and_stays_so() {
    let mut trendline = Trendline::new();
    let (usage, at) = until_it_changes(&mut trendline, 1, 85);
    assert_eq!(usage, Usage::Underusing);
    assert_eq!(
        until_it_changes(&mut trendline, at, 85),
        (Usage::Underusing, PACKETS)
    );
}

#[test]
fn the_threshold_falls_while_all_is_quiet_and_stays_in_its_range() {
    let mut trendline = Trendline::new();
    for n in 1..2_000 {
        let deltas = Deltas {
            sent: TimeDelta::ms(20),
            arrived: TimeDelta::ms(20),
            size: DataSize::ZERO,
        };
        trendline.update(&deltas, Timestamp::from_ms(n * 20));
    }
    assert_eq!(trendline.threshold(), 6.0);
}

#[test]
fn after_a_restart_nothing_of_the_past_counts() {
    let mut trendline = Trendline::new();
    until_it_changes(&mut trendline, 1, 110);
    trendline.restart();
    assert_eq!((trendline.usage(), trendline.threshold()), (Usage::Normal, 12.5));
    assert_eq!(until_it_changes(&mut trendline, 1, 100), (Usage::Normal, PACKETS));
}
