//! How often someone may do something: a bucket that fills steadily and is emptied by use.

use std::time::{Duration, Instant};

/// How fast a bucket fills, and how much it holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// How many uses a second last for ever.
    pub per_second: f64,
    /// How many uses at once after a rest.
    pub burst: f64,
}

/// Counts uses against a [`Rate`].
#[derive(Clone, Debug)]
pub struct Bucket {
    rate: Rate,
    level: f64,
    filled: Instant,
}

impl Bucket {
    /// Full at `now`.
    #[must_use]
    pub fn new(rate: Rate, now: Instant) -> Self {
        Self {
            rate,
            level: rate.burst,
            filled: now,
        }
    }

    /// Takes one use out of the bucket at `now`; false if it is empty.
    pub fn take(&mut self, now: Instant) -> bool {
        let rested = now
            .saturating_duration_since(self.filled)
            .min(Duration::from_secs(3600));
        self.filled = now;
        self.level = (self.level + rested.as_secs_f64() * self.rate.per_second).min(self.rate.burst);
        let there = self.level >= 1.0;
        if there {
            self.level -= 1.0;
        }
        there
    }
}
