//! Counters that wrap are extended so that they never do, and a restarted sender is told from loss.

use jackfield_rtp::sequence::{
    Continuity, MAX_DROPOUT, SequenceExtender, SequenceTracker, TimestampExtender, is_newer,
};
use proptest::prelude::*;

proptest! {
    #[test]
    fn e25_3_any_walk_of_less_than_half_the_circle_is_followed(
        start in any::<u16>(),
        steps in prop::collection::vec(-0x7FFF_i64..=0x7FFF, 0..200),
    ) {
        let mut extender = SequenceExtender::new();
        let mut truth = i64::from(start);
        prop_assert_eq!(extender.extend(start), truth);
        for step in steps {
            truth += step;
            prop_assert_eq!(extender.extend(truth as u16), truth);
        }
    }

    #[test]
    fn e25_3_timestamps_are_followed_likewise(
        start in any::<u32>(),
        steps in prop::collection::vec(-0x7FFF_FFFF_i64..=0x7FFF_FFFF, 0..200),
    ) {
        let mut extender = TimestampExtender::new();
        let mut truth = i64::from(start);
        prop_assert_eq!(extender.extend(start), truth);
        for step in steps {
            truth += step;
            prop_assert_eq!(extender.extend(truth as u32), truth);
        }
    }

    #[test]
    fn e25_3_peeking_changes_nothing(numbers in prop::collection::vec(any::<u16>(), 1..50)) {
        let mut extender = SequenceExtender::new();
        for number in numbers {
            let peeked = extender.peek(number);
            prop_assert_eq!(extender.peek(number), peeked);
            prop_assert_eq!(extender.extend(number), peeked);
        }
    }

    #[test]
    fn e25_3_of_two_different_numbers_exactly_one_is_newer(a in any::<u16>(), b in any::<u16>()) {
        prop_assert_eq!(is_newer(a, b) || is_newer(b, a), a != b);
        prop_assert!(!(is_newer(a, b) && is_newer(b, a)));
    }

    #[test]
    fn e25_3_the_tracker_never_falls_back(numbers in prop::collection::vec(any::<u16>(), 1..300)) {
        let mut tracker = SequenceTracker::new();
        let mut highest = i64::MIN;
        for number in numbers {
            let (extended, continuity) = tracker.track(number);
            prop_assert_eq!(extended as u16, number);
            if matches!(continuity, Continuity::First | Continuity::Advanced { .. } | Continuity::Restarted) {
                prop_assert!(extended > highest);
                highest = extended;
            }
            prop_assert_eq!(tracker.highest(), Some(highest));
            prop_assert!(tracker.expected() >= 1);
        }
    }
}

#[test]
fn a_round_is_counted_and_a_late_packet_stays_in_the_old_one() {
    let mut tracker = SequenceTracker::new();
    assert_eq!(tracker.track(65_534), (65_534, Continuity::First));
    assert_eq!(tracker.track(1), (65_537, Continuity::Advanced { missing: 2 }));
    assert_eq!(tracker.track(65_535), (65_535, Continuity::Late));
    assert_eq!(tracker.expected(), 4);
}

#[test]
fn a_stray_packet_far_away_changes_nothing() {
    let mut tracker = SequenceTracker::new();
    tracker.track(100);
    assert_eq!(tracker.track(20_000).1, Continuity::Suspect);
    assert_eq!(tracker.track(101), (101, Continuity::Advanced { missing: 0 }));
    assert_eq!(tracker.expected(), 2);
}

#[test]
fn two_packets_in_a_row_far_away_are_a_restart() {
    let mut tracker = SequenceTracker::new();
    tracker.track(40_000);
    assert_eq!(tracker.track(7).1, Continuity::Suspect);
    let (extended, continuity) = tracker.track(8);
    assert_eq!((extended, continuity), (65_536 + 8, Continuity::Restarted));
    assert_eq!(tracker.expected(), 1, "counting starts anew");
    assert_eq!(
        tracker.track(9),
        (65_536 + 9, Continuity::Advanced { missing: 0 })
    );
}

#[test]
fn the_longest_gap_that_is_still_a_loss() {
    let mut tracker = SequenceTracker::new();
    tracker.track(0);
    let longest = (MAX_DROPOUT - 1) as u16;
    assert_eq!(
        tracker.track(longest).1,
        Continuity::Advanced {
            missing: u32::from(longest) - 1
        }
    );
    assert_eq!(tracker.track(longest + MAX_DROPOUT as u16).1, Continuity::Suspect);
}
