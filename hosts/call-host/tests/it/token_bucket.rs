//! A bucket lets a burst through after a rest, and the steady rate for ever.

use std::time::{Duration, Instant};

use jackfield_call_host::rate::{Bucket, Rate};
use proptest::prelude::*;

const RATE: Rate = Rate {
    per_second: 10.0,
    burst: 5.0,
};

#[test]
fn a_burst_passes_and_then_the_steady_rate() {
    let start = Instant::now();
    let mut bucket = Bucket::new(RATE, start);
    assert_eq!((0..20).filter(|_| bucket.take(start)).count(), 5);
    let mut passed = 0;
    for millisecond in 1..=10_000 {
        passed += usize::from(bucket.take(start + Duration::from_millis(millisecond)));
    }
    assert_eq!(passed, 100);
    let rested = start + Duration::from_secs(1_000_000);
    assert_eq!(
        (0..20).filter(|_| bucket.take(rested)).count(),
        5,
        "a long rest fills it no more than full"
    );
}

proptest! {
    #[test]
    fn never_more_than_burst_and_rate_allow(gaps in prop::collection::vec(0_u64..400, 1..200)) {
        let start = Instant::now();
        let mut bucket = Bucket::new(RATE, start);
        let (mut at, mut passed) = (0, 0);
        for gap in gaps {
            at += gap;
            passed += u64::from(bucket.take(start + Duration::from_millis(at)));
        }
        prop_assert!(passed as f64 <= RATE.burst + at as f64 / 1000.0 * RATE.per_second + 1e-6);
    }
}
