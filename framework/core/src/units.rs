//! Quantities that carry their unit in their type. There are named constructors and no others; operators keep dimensions:
//!
//! ```
//! use jackfield_core::units::{DataRate, DataSize, TimeDelta};
//! assert_eq!(DataRate::kbps(300) * TimeDelta::ms(20), DataSize::bytes(750));
//! assert_eq!(DataSize::bytes(750) / TimeDelta::ms(20), DataRate::kbps(300));
//! assert_eq!(DataSize::bytes(750) / DataRate::kbps(300), TimeDelta::ms(20));
//! ```
//!
//! Internal units are those in which a debugger shows a number that one recognises: microseconds, bits per second, bytes, hertz.

use std::fmt;
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub, SubAssign};

use jackfield_macros::scalar;

/// A span of time in microseconds; may be negative.
#[scalar]
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct TimeDelta(i64);

impl TimeDelta {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// Longer than any other.
    pub const INFINITE: Self = Self(i64::MAX);

    /// `us` microseconds.
    pub const fn us(us: i64) -> Self {
        Self(us)
    }

    /// `ms` milliseconds.
    pub const fn ms(ms: i64) -> Self {
        Self(ms * 1_000)
    }

    /// `seconds` seconds.
    pub const fn seconds(seconds: i64) -> Self {
        Self(seconds * 1_000_000)
    }

    /// `seconds` seconds, rounded to the microsecond.
    pub fn seconds_f64(seconds: f64) -> Self {
        Self((seconds * 1e6).round() as i64)
    }

    /// In microseconds.
    pub const fn as_us(self) -> i64 {
        self.0
    }

    /// In whole milliseconds, rounded towards zero.
    pub const fn as_ms(self) -> i64 {
        self.0 / 1_000
    }

    /// In milliseconds.
    pub fn as_ms_f64(self) -> f64 {
        self.0 as f64 / 1e3
    }

    /// In seconds.
    pub fn as_seconds_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// This span without its sign.
    #[must_use]
    pub const fn abs(self) -> Self {
        Self(self.0.saturating_abs())
    }
}

impl fmt::Debug for TimeDelta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::INFINITE {
            f.write_str("infinite")
        } else {
            write!(f, "{} ms", self.as_ms_f64())
        }
    }
}

impl Mul<i64> for TimeDelta {
    type Output = Self;
    fn mul(self, factor: i64) -> Self {
        Self(self.0.saturating_mul(factor))
    }
}

impl Mul<f64> for TimeDelta {
    type Output = Self;
    fn mul(self, factor: f64) -> Self {
        Self((self.0 as f64 * factor).round() as i64)
    }
}

impl Div<i64> for TimeDelta {
    type Output = Self;
    fn div(self, divisor: i64) -> Self {
        Self(self.0 / divisor)
    }
}

impl Div for TimeDelta {
    type Output = f64;
    fn div(self, other: Self) -> f64 {
        self.0 as f64 / other.0 as f64
    }
}

impl Neg for TimeDelta {
    type Output = Self;
    fn neg(self) -> Self {
        Self(self.0.saturating_neg())
    }
}

/// An amount of data in bytes; may be negative where it is a difference.
#[scalar]
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct DataSize(i64);

impl DataSize {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// More than any other.
    pub const INFINITE: Self = Self(i64::MAX);

    /// `bytes` bytes.
    pub const fn bytes(bytes: i64) -> Self {
        Self(bytes)
    }

    /// In bytes.
    pub const fn as_bytes(self) -> i64 {
        self.0
    }

    /// In bits.
    pub const fn as_bits(self) -> i64 {
        self.0.saturating_mul(8)
    }
}

impl fmt::Debug for DataSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} B", self.0)
    }
}

impl Mul<i64> for DataSize {
    type Output = Self;
    fn mul(self, factor: i64) -> Self {
        Self(self.0.saturating_mul(factor))
    }
}

impl Div<TimeDelta> for DataSize {
    type Output = DataRate;
    /// The rate at which this much flows in `time`; infinite if `time` is not positive.
    fn div(self, time: TimeDelta) -> DataRate {
        if time.0 <= 0 {
            return DataRate::INFINITE;
        }
        DataRate(saturate(i128::from(self.0) * 8 * 1_000_000 / i128::from(time.0)))
    }
}

impl Div<DataRate> for DataSize {
    type Output = TimeDelta;
    /// How long this much takes at `rate`; infinite if `rate` is not positive.
    fn div(self, rate: DataRate) -> TimeDelta {
        if rate.0 <= 0 {
            return TimeDelta::INFINITE;
        }
        TimeDelta(saturate(i128::from(self.0) * 8 * 1_000_000 / i128::from(rate.0)))
    }
}

/// A flow of data in bits per second.
#[scalar]
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct DataRate(i64);

impl DataRate {
    /// Nothing flows.
    pub const ZERO: Self = Self(0);
    /// Faster than any other.
    pub const INFINITE: Self = Self(i64::MAX);

    /// `bps` bits per second.
    pub const fn bps(bps: i64) -> Self {
        Self(bps)
    }

    /// `kbps` thousand bits per second.
    pub const fn kbps(kbps: i64) -> Self {
        Self(kbps * 1_000)
    }

    /// In bits per second.
    pub const fn as_bps(self) -> i64 {
        self.0
    }

    /// In thousands of bits per second.
    pub fn as_kbps_f64(self) -> f64 {
        self.0 as f64 / 1e3
    }
}

impl fmt::Debug for DataRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} kbit/s", self.as_kbps_f64())
    }
}

impl Mul<TimeDelta> for DataRate {
    type Output = DataSize;
    fn mul(self, time: TimeDelta) -> DataSize {
        DataSize(saturate(i128::from(self.0) * i128::from(time.0) / 8_000_000))
    }
}

impl Mul<f64> for DataRate {
    type Output = Self;
    fn mul(self, factor: f64) -> Self {
        Self((self.0 as f64 * factor).round() as i64)
    }
}

impl Div for DataRate {
    type Output = f64;
    fn div(self, other: Self) -> f64 {
        self.0 as f64 / other.0 as f64
    }
}

macro_rules! additive {
    ($($unit:ident),*) => {$(
        impl Add for $unit {
            type Output = Self;
            fn add(self, other: Self) -> Self {
                Self(self.0.saturating_add(other.0))
            }
        }
        impl AddAssign for $unit {
            fn add_assign(&mut self, other: Self) {
                *self = *self + other;
            }
        }
        impl Sub for $unit {
            type Output = Self;
            fn sub(self, other: Self) -> Self {
                Self(self.0.saturating_sub(other.0))
            }
        }
        impl SubAssign for $unit {
            fn sub_assign(&mut self, other: Self) {
                *self = *self - other;
            }
        }
    )*};
}
additive!(TimeDelta, DataSize, DataRate);

/// The rate of a sampled signal or of an RTP clock, in hertz.
#[scalar]
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct SampleRate(u32);

impl SampleRate {
    /// 48 kHz, at which the host mixes.
    pub const HZ_48000: Self = Self(48_000);
    /// 16 kHz, wideband speech.
    pub const HZ_16000: Self = Self(16_000);
    /// 8 kHz, narrowband speech.
    pub const HZ_8000: Self = Self(8_000);

    /// `hz` samples, or ticks, per second.
    pub const fn hz(hz: u32) -> Self {
        Self(hz)
    }

    /// In hertz.
    pub const fn as_hz(self) -> u32 {
        self.0
    }

    /// How many samples `time` holds, rounded down.
    pub const fn samples(self, time: TimeDelta) -> i64 {
        ((self.0 as i128 * time.0 as i128) / 1_000_000) as i64
    }

    /// How long `samples` last, rounded towards zero to the microsecond.
    pub const fn duration(self, samples: i64) -> TimeDelta {
        if self.0 == 0 {
            return TimeDelta::ZERO;
        }
        TimeDelta(((samples as i128 * 1_000_000) / self.0 as i128) as i64)
    }
}

impl fmt::Debug for SampleRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} Hz", self.0)
    }
}

impl fmt::Display for SampleRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} Hz", self.0)
    }
}

fn saturate(wide: i128) -> i64 {
    wide.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
}
