//! How often something took how long: buckets that are counted up without a lock and without allocating.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::view::HistogramView;

/// The upper bounds of the buckets in µs: three to a decade, from what a clock can tell to twice a tick. What is longer goes into one more.
pub(crate) const BOUNDS_US: [u64; 14] = [
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000,
];

/// A histogram of durations. One thread records, any may read.
#[derive(Debug, Default)]
pub(crate) struct Histogram {
    buckets: [AtomicU64; BOUNDS_US.len() + 1],
    sum_ns: AtomicU64,
}

impl Histogram {
    /// Counts a duration. What is no duration (negative, not a number) counts as none. \[any\]
    pub(crate) fn record(&self, us: f64) {
        let us = us.max(0.0);
        let place = BOUNDS_US.partition_point(|bound| (*bound as f64) < us);
        self.buckets[place].fetch_add(1, Relaxed);
        self.sum_ns.fetch_add((us * 1e3) as u64, Relaxed);
    }

    /// What has been counted. While others record, the sum may be ahead of the buckets by the last of them.
    pub(crate) fn read(&self) -> HistogramView {
        let mut count = 0;
        let up_to = self.buckets.iter().map(|bucket| {
            count += bucket.load(Relaxed);
            count
        });
        let mut up_to: Vec<u64> = up_to.collect();
        let count = up_to.pop().unwrap_or(0);
        HistogramView {
            bounds_us: BOUNDS_US.to_vec(),
            up_to,
            count,
            sum_us: self.sum_ns.load(Relaxed) as f64 / 1e3,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn e28_2_a_duration_falls_into_the_bucket_whose_bound_it_does_not_exceed() {
        let histogram = Histogram::default();
        for us in [0.0, 1.0, 1.001, 50.0, 51.0, 20_000.0, 20_000.1, 1e9] {
            histogram.record(us);
        }
        let view = histogram.read();
        let within = |us: u64| {
            let at = view.bounds_us.iter().position(|bound| *bound == us).unwrap();
            view.up_to[at]
        };
        assert_eq!([1, 2, 50, 100, 20_000].map(within), [2, 3, 4, 5, 6]);
        assert_eq!(view.count, 8);
        assert!((view.sum_us - 1_000_040_103.101).abs() < 1.0, "{}", view.sum_us);
    }

    #[test]
    fn e28_2_what_is_no_duration_is_counted_as_none() {
        let histogram = Histogram::default();
        for us in [-1.0, f64::NAN, f64::NEG_INFINITY] {
            histogram.record(us);
        }
        let view = histogram.read();
        assert_eq!((view.up_to[0], view.count, view.sum_us), (3, 3, 0.0));
    }

    #[test]
    fn e28_2_several_threads_lose_no_count() {
        let histogram = Histogram::default();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..10_000).for_each(|n| histogram.record(f64::from(n))));
            }
        });
        assert_eq!(histogram.read().count, 40_000);
    }

    proptest! {
        #[test]
        fn e28_2_the_counts_never_fall_and_end_in_the_number_of_durations(
            durations in proptest::collection::vec(0.0..50_000.0_f64, 0..200),
        ) {
            let histogram = Histogram::default();
            durations.iter().for_each(|us| histogram.record(*us));
            let view = histogram.read();
            prop_assert!(view.up_to.is_sorted());
            prop_assert!(view.up_to.iter().all(|count| *count <= view.count));
            prop_assert_eq!(view.count, durations.len() as u64);
            for (bound, count) in view.bounds_us.iter().zip(&view.up_to) {
                let expected = durations.iter().filter(|us| **us <= *bound as f64).count() as u64;
                prop_assert_eq!(*count, expected);
            }
        }
    }
}
