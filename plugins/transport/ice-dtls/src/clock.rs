//! Turns engine time into the `Instant`s that the libraries below want, and back.

use std::time::{Duration, Instant};

use jackfield_sdk::prelude::*;

/// Maps the engine's `Timestamp`s to `Instant`s. An `Instant` has no other constructor than "now", so one is taken when the plugin is
/// activated and serves as a mere origin: only differences from it are ever used, and it reaches no output.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    origin: Instant,
    zero: Timestamp,
}

impl Clock {
    /// A clock on which `now` is the origin.
    pub(crate) fn starting_at(now: Timestamp) -> Self {
        #[allow(
            clippy::disallowed_methods,
            reason = "an arbitrary origin for a type that has no other constructor; its value is never used"
        )]
        let origin = Instant::now();
        Self { origin, zero: now }
    }

    /// The instant that stands for `now`; what lies before the activation stands for the activation.
    pub(crate) fn instant(&self, now: Timestamp) -> Instant {
        self.origin + Duration::from_micros(now.since(self.zero).as_us().unsigned_abs())
    }

    /// The first whole microsecond that is not before `instant`, so that a deadline which has come has come for the library as well.
    pub(crate) fn timestamp(&self, instant: Instant) -> Timestamp {
        let nanos = instant.saturating_duration_since(self.origin).as_nanos();
        self.zero + TimeDelta::us(i64::try_from(nanos.div_ceil(1_000)).unwrap_or(i64::MAX))
    }
}
