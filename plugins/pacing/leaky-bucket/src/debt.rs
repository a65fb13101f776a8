//! The bucket: what has left faster than its rate allows, and how long it takes to leak out.

use jackfield_sdk::prelude::*;

/// A bucket is never fuller than what leaks out in so long (libwebrtc's `kMaxDebtInTime`).
const LONGEST: TimeDelta = TimeDelta::ms(500);

/// What has been sent ahead of time, in bits times microseconds per second, so that nothing is lost to rounding.
#[derive(Clone, Copy, Default)]
pub(crate) struct Debt(i64);

impl Debt {
    /// Something has left.
    pub(crate) fn add(&mut self, size: DataSize, rate: DataRate) {
        let most = speed(rate).saturating_mul(LONGEST.as_us());
        self.0 = self
            .0
            .saturating_add(size.as_bits().saturating_mul(1_000_000))
            .min(most);
    }

    /// Time has passed. May leave less than nothing: what was allowed between the last two microseconds.
    pub(crate) fn leak(&mut self, rate: DataRate, time: TimeDelta) {
        self.0 = self.0.saturating_sub(speed(rate).saturating_mul(time.as_us()));
    }

    /// Gives up what is left of an allowance that nobody used.
    pub(crate) fn forget_credit(&mut self) {
        self.0 = self.0.max(0);
    }

    /// What is in it.
    pub(crate) fn size(self) -> DataSize {
        DataSize::bytes(self.0.max(0) / 8_000_000)
    }

    /// How long until it is empty; infinite if nothing leaks.
    pub(crate) fn time(self, rate: DataRate) -> TimeDelta {
        match (self.0, speed(rate)) {
            (..=0, _) => TimeDelta::ZERO,
            (_, 0) => TimeDelta::INFINITE,
            (debt, speed) => TimeDelta::us(debt / speed + i64::from(debt % speed != 0)),
        }
    }
}

fn speed(rate: DataRate) -> i64 {
    rate.as_bps().max(0)
}
