//! A histogram of delays that forgets.

/// Width of a bucket in ms.
pub(crate) const BUCKET_MS: i64 = 20;
/// Buckets: 0 to 2 s.
pub(crate) const BUCKETS: usize = 100;

/// How probable each delay is, by what was seen lately. Every entry fades by the forget factor when the next one comes; at the start
/// the factor is smaller, so that the first entries count in full.
#[derive(Clone, Debug)]
pub(crate) struct Histogram {
    buckets: [f64; BUCKETS],
    forget: f64,
    start_weight: f64,
    entries: u32,
}

impl Histogram {
    /// One that knows nothing. `start_weight` is how many entries it takes for the first to be half forgotten, in the beginning.
    pub(crate) fn new(forget: f64, start_weight: f64) -> Self {
        Self {
            buckets: [0.0; BUCKETS],
            forget,
            start_weight,
            entries: 0,
        }
    }

    /// Adds a delay in ms.
    pub(crate) fn add(&mut self, delay_ms: f64) {
        let bucket = ((delay_ms / BUCKET_MS as f64).max(0.0) as usize).min(BUCKETS - 1);
        self.entries = self.entries.saturating_add(1);
        let starting = 1.0 - self.start_weight / (f64::from(self.entries) + self.start_weight - 1.0).max(1.0);
        let forget = self.forget.min(starting.max(0.0));
        for (n, probability) in self.buckets.iter_mut().enumerate() {
            *probability = *probability * forget + if n == bucket { 1.0 - forget } else { 0.0 };
        }
    }

    /// The least delay in ms that covers the share `quantile` of what was seen: the upper edge of its bucket. `None` if nothing was.
    pub(crate) fn quantile_ms(&self, quantile: f64) -> Option<i64> {
        if self.entries == 0 {
            return None;
        }
        let mut sum = 0.0;
        // What rounding leaves out must not push the answer to the end.
        let wanted = quantile - 1e-9;
        let bucket = self.buckets.iter().position(|probability| {
            sum += probability;
            sum >= wanted
        });
        Some((bucket.unwrap_or(BUCKETS - 1) as i64 + 1) * BUCKET_MS)
    }

    /// The share of what was seen that lies above bucket `bucket`.
    pub(crate) fn above(&self, bucket: usize) -> f64 {
        self.buckets[(bucket + 1).min(BUCKETS)..].iter().sum()
    }

    /// Whether nothing was added yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.entries == 0
    }

    /// Starts from a delay that somebody else has found, as if it had been seen for long.
    pub(crate) fn seed(&mut self, delay_ms: i64) {
        let bucket = usize::try_from((delay_ms + BUCKET_MS - 1) / BUCKET_MS - 1)
            .unwrap_or(0)
            .min(BUCKETS - 1);
        self.buckets = [0.0; BUCKETS];
        self.buckets[bucket] = 1.0;
        self.entries = 1_000;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quantile_covers_what_was_seen() {
        let mut histogram = Histogram::new(0.983, 2.0);
        assert_eq!(histogram.quantile_ms(0.95), None);
        for n in 0..1_000 {
            histogram.add(if n % 10 == 0 { 130.0 } else { 5.0 });
        }
        assert_eq!(histogram.quantile_ms(0.95), Some(140));
        assert_eq!(histogram.quantile_ms(0.5), Some(20));
        let sum: f64 = histogram.buckets.iter().sum();
        assert!((sum - 1.0).abs() < 1e-9, "probabilities add up to {sum}");
    }

    #[test]
    fn the_first_entries_count_in_full() {
        let mut histogram = Histogram::new(0.983, 2.0);
        histogram.add(95.0);
        assert_eq!(histogram.quantile_ms(0.95), Some(100));
        for _ in 0..10 {
            histogram.add(15.0);
        }
        assert!(histogram.quantile_ms(0.9) <= Some(100));
        assert!(histogram.above(0) < 0.3);
    }

    #[test]
    fn what_is_long_ago_is_forgotten() {
        let mut histogram = Histogram::new(0.983, 2.0);
        (0..300).for_each(|_| histogram.add(500.0));
        (0..300).for_each(|_| histogram.add(5.0));
        assert_eq!(histogram.quantile_ms(0.95), Some(20));
    }

    #[test]
    fn delays_off_the_scale_fall_on_its_ends() {
        let mut histogram = Histogram::new(0.983, 2.0);
        histogram.add(-5.0);
        assert_eq!(histogram.quantile_ms(0.95), Some(20));
        (0..300).for_each(|_| histogram.add(1e12));
        assert_eq!(histogram.quantile_ms(0.95), Some(2_000));
        histogram.seed(-7);
        assert_eq!(histogram.quantile_ms(0.95), Some(20));
        histogram.seed(60);
        assert_eq!(histogram.quantile_ms(0.95), Some(60));
    }
}
