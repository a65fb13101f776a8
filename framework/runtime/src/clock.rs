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
