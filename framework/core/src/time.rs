//! Three kinds of time that are never mixed up: the engine's, the media's and the wall's.

use std::fmt;
use std::ops::{Add, AddAssign, Sub, SubAssign};

use jackfield_macros::scalar;

use crate::units::{SampleRate, TimeDelta};

/// Engine time: microseconds since an origin that the runtime (or the simulator) chose. Monotonic; the only `now` that a module sees.
#[scalar]
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The origin.
    pub const ZERO: Self = Self(0);
    /// Later than any other: a deadline that never comes.
    pub const NEVER: Self = Self(i64::MAX);

    /// `us` microseconds after the origin.
    pub const fn from_us(us: i64) -> Self {
        Self(us)
    }

    /// `ms` milliseconds after the origin.
    pub const fn from_ms(ms: i64) -> Self {
        Self(ms * 1_000)
    }

    /// Microseconds since the origin.
    pub const fn us(self) -> i64 {
        self.0
    }

    /// Whether this is [`Timestamp::NEVER`].
    pub const fn is_never(self) -> bool {
        self.0 == i64::MAX
    }

    /// The time since `earlier`, or zero if that lies ahead.
    pub fn since(self, earlier: Self) -> TimeDelta {
        TimeDelta::us(self.0.saturating_sub(earlier.0).max(0))
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_never() {
            f.write_str("never")
        } else {
            write!(f, "{:.3} ms", self.0 as f64 / 1e3)
        }
    }
}

impl Add<TimeDelta> for Timestamp {
    type Output = Self;
    fn add(self, delta: TimeDelta) -> Self {
        Self(self.0.saturating_add(delta.as_us()))
    }
}

impl AddAssign<TimeDelta> for Timestamp {
    fn add_assign(&mut self, delta: TimeDelta) {
        *self = *self + delta;
    }
}

impl Sub<TimeDelta> for Timestamp {
    type Output = Self;
    fn sub(self, delta: TimeDelta) -> Self {
        Self(self.0.saturating_sub(delta.as_us()))
    }
}

impl SubAssign<TimeDelta> for Timestamp {
    fn sub_assign(&mut self, delta: TimeDelta) {
        *self = *self - delta;
    }
}

impl Sub for Timestamp {
    type Output = TimeDelta;
    fn sub(self, other: Self) -> TimeDelta {
        TimeDelta::us(self.0.saturating_sub(other.0))
    }
}

/// Media time: a count of ticks of a stream's own clock, extended so that it never wraps (an RTP timestamp is its low 32 bits).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct MediaTime {
    ticks: i64,
    rate: SampleRate,
}

impl MediaTime {
    /// `ticks` of a clock that runs at `rate`.
    pub const fn new(ticks: i64, rate: SampleRate) -> Self {
        Self { ticks, rate }
    }

    /// The ticks.
    pub const fn ticks(self) -> i64 {
        self.ticks
    }

    /// The clock's rate.
    pub const fn rate(self) -> SampleRate {
        self.rate
    }

    /// The same instant as an RTP timestamp (RFC 3550 section 5.1): the low 32 bits.
    pub const fn rtp_timestamp(self) -> u32 {
        self.ticks as u32
    }

    /// This time, `ticks` later.
    #[must_use]
    pub const fn advanced_by(self, ticks: i64) -> Self {
        Self {
            ticks: self.ticks + ticks,
            rate: self.rate,
        }
    }

    /// The time from `earlier` to this, on the stream's clock; `None` if the clocks differ.
    pub fn since(self, earlier: Self) -> Option<TimeDelta> {
        (self.rate == earlier.rate).then(|| self.rate.duration(self.ticks - earlier.ticks))
    }
}

/// Wall-clock time as NTP counts it (RFC 5905 section 6): 32.32 fixed-point seconds since 1900. Only RTCP and logs speak it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct NtpTime(u64);

impl NtpTime {
    /// Seconds from the NTP era (1900) to the Unix epoch (1970).
    pub const UNIX_EPOCH_SECONDS: u64 = 2_208_988_800;

    /// From the 64-bit wire form.
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// From microseconds since the Unix epoch.
    pub const fn from_unix_us(us: u64) -> Self {
        let seconds = us / 1_000_000 + Self::UNIX_EPOCH_SECONDS;
        let fraction = ((us % 1_000_000) << 32) / 1_000_000;
        Self((seconds << 32) | fraction)
    }

    /// The 64-bit wire form.
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// The middle 32 bits, as reception reports carry them (RFC 3550 section 6.4.1, LSR).
    pub const fn compact(self) -> u32 {
        (self.0 >> 16) as u32
    }

    /// This time, `delta` later.
    #[must_use]
    pub const fn advanced_by(self, delta: TimeDelta) -> Self {
        let fixed = ((delta.as_us() as i128) << 32) / 1_000_000;
        Self((self.0 as i128 + fixed) as u64)
    }
}
