//! The machine's clock: the one place where it is read.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use jackfield_core::time::{NtpTime, Timestamp};
use jackfield_graph::network::NtpClock;
use jackfield_graph::stopwatch::Stopwatch;

/// Engine time by the machine's monotonic clock. Copies show the same time.
///
/// ```
/// use jackfield_runtime::clock::Clock;
/// let clock = Clock::new();
/// let before = clock.now();
/// assert!(clock.now() >= before);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    origin: Instant,
    unix_us_at_origin: i64,
}

impl Clock {
    /// A clock that starts now, at zero.
    #[allow(
        clippy::new_without_default,
        reason = "two of them differ, and a default does not say so"
    )]
    pub fn new() -> Self {
        Self {
            origin: Instant::now(),
            unix_us_at_origin: unix_us(),
        }
    }

    /// Engine time. \[any\]
    pub fn now(&self) -> Timestamp {
        Timestamp::from_us(self.origin.elapsed().as_micros() as i64)
    }

    /// The wall clock, as microseconds since 1970. It may be stepped by whoever sets it. \[any\]
    #[allow(clippy::unused_self, reason = "time is asked of a clock")]
    pub fn unix_us(&self) -> i64 {
        unix_us()
    }

    /// How engine time lies to the wall clock, as it did when this clock was made: a later step disturbs no running stream.
    pub fn ntp(&self) -> NtpClock {
        NtpClock::new(
            Timestamp::ZERO,
            NtpTime::from_unix_us(self.unix_us_at_origin.max(0) as u64),
        )
    }

    /// How long to wait for `deadline`, from `now` on; `None` if it never comes.
    pub fn until(now: Timestamp, deadline: Timestamp) -> Option<Duration> {
        (!deadline.is_never()).then(|| Duration::from_micros(deadline.since(now).as_us().max(0) as u64))
    }
}

impl Stopwatch for Clock {
    fn us(&mut self) -> f64 {
        self.origin.elapsed().as_nanos() as f64 / 1e3
    }
}

fn unix_us() -> i64 {
    // A machine whose clock stands before 1970 gets 1970.
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_micros() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the wall clock shows by the pair, in µs since 1970.
    fn told(clock: &Clock, now: Timestamp) -> i64 {
        let bits = clock.ntp().ntp(now).bits();
        let seconds = (bits >> 32) - NtpTime::UNIX_EPOCH_SECONDS;
        let fraction = ((bits & 0xFFFF_FFFF) * 1_000_000) >> 32;
        (seconds * 1_000_000 + fraction) as i64
    }

    /// How far that lies from what the machine's wall clock shows, in µs.
    fn distance(clock: &Clock) -> i64 {
        let before = unix_us();
        let told = told(clock, clock.now());
        let after = unix_us();
        if told < before {
            before - told
        } else {
            (told - after).max(0)
        }
    }

    #[test]
    fn e28_1_the_machines_two_clocks_name_the_same_instant() {
        let clock = Clock::new();
        // Between the two readings at its making lies less than this, unless the thread was held up.
        assert!((0..10).map(|_| distance(&Clock::new())).min() < Some(1_000));
        // And as time goes on they stay together: engine time advances as the wall clock does.
        let begin = clock.now();
        while clock.now().since(begin).as_ms() < 50 {
            std::hint::spin_loop();
        }
        let now = clock.now();
        let passed = told(&clock, now) - told(&clock, begin);
        assert!((passed - now.since(begin).as_us()).abs() <= 2, "{passed} us");
        assert!((0..10).map(|_| distance(&clock)).min() < Some(20_000));
    }

    #[test]
    fn e28_1_engine_time_never_runs_back() {
        let clock = Clock::new();
        let times: Vec<_> = (0..10_000).map(|_| clock.now()).collect();
        assert!(times.is_sorted());
        assert!(
            clock.unix_us() > 1_700_000_000_000_000,
            "the machine's date is set"
        );
    }
}
