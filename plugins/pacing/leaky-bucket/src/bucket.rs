//! The bucket: what has left faster than the rates allow, and how long it takes to leak out.

use jackfield_sdk::prelude::*;

/// A bucket is never fuller than what leaks out in so long (libwebrtc's `kMaxDebtInTime`).
const LONGEST: TimeDelta = TimeDelta::ms(500);

/// No burst is larger (libwebrtc's `kMaxBurstSize`): more might overfill the socket.
const LARGEST_BURST: DataSize = DataSize::bytes(63_000);
/// Padding is asked for in pieces of what its rate allows in so long (libwebrtc's `kTargetPaddingDuration`).
const PADDING_PIECE: TimeDelta = TimeDelta::ms(5);

/// What has left of media and padding, and the rates at which that leaks.
#[derive(Default)]
pub(crate) struct Bucket {
    /// The rate at which media leaves.
    pub(crate) rate: DataRate,
    padding_rate: DataRate,
    /// Up to when both have leaked.
    pub(crate) last: Timestamp,
    media: Debt,
    padding: Debt,
    /// Padding that was asked for and counted, and has not come yet.
    counted: DataSize,
}

impl Bucket {
    /// Both are empty.
    pub(crate) fn empty(&mut self) {
        self.media = Debt::default();
        self.padding = Debt::default();
        self.counted = DataSize::ZERO;
    }

    /// Padding leaks at another rate from now on.
    pub(crate) fn set_padding_rate(&mut self, now: Timestamp, rate: DataRate, idle: bool) {
        if rate != self.padding_rate {
            if idle {
                self.leak_and_forget(now);
            }
            self.padding_rate = rate;
        }
    }

    /// Time has passed. What media was allowed and did not use in less than a microsecond is kept.
    pub(crate) fn leak_to(&mut self, at: Timestamp) {
        let time = at.since(self.last);
        self.media.leak(self.rate, time);
        self.padding.leak(self.padding_rate, time);
        self.padding.forget_credit();
        self.last = self.last.max(at);
    }

    /// Time has passed in which nothing waited: nobody could use what was allowed.
    pub(crate) fn leak_and_forget(&mut self, at: Timestamp) {
        self.leak_to(at);
        self.media.forget_credit();
    }

    /// What of media is in it.
    pub(crate) fn media(&self) -> DataSize {
        self.media.size()
    }

    /// When the next packet that is paced may leave, if so much of the rate may leave at once.
    pub(crate) fn due(&self, window: TimeDelta) -> Timestamp {
        if self.rate <= DataRate::ZERO {
            return Timestamp::NEVER;
        }
        let time = self.media.time(self.rate);
        if time == TimeDelta::ZERO || time < window.min(LARGEST_BURST / self.rate) {
            self.last
        } else {
            self.last + time
        }
    }

    /// When padding may leave, if nothing else does; never if there is no rate for it.
    pub(crate) fn padding_due(&self) -> Timestamp {
        if self.padding_rate <= DataRate::ZERO || self.rate <= DataRate::ZERO {
            return Timestamp::NEVER;
        }
        let media = self.media.time(self.rate);
        self.last + media.max(self.padding.time(self.padding_rate))
    }

    /// Counts a piece of padding as if it had left, and gives its size.
    pub(crate) fn ask_for_padding(&mut self) -> DataSize {
        let piece = (self.padding_rate * PADDING_PIECE).max(DataSize::bytes(1));
        self.padding.add(piece, self.padding_rate);
        self.counted = piece;
        piece
    }

    /// A packet has left. Padding that was asked for is counted already; what is not paced counts for padding alone.
    pub(crate) fn add(&mut self, size: DataSize, paced: bool, is_padding: bool) {
        if paced {
            self.media.add(size, self.rate);
        }
        let counted = if is_padding {
            size.min(self.counted)
        } else {
            DataSize::ZERO
        };
        self.counted -= counted;
        self.padding.add(size - counted, self.padding_rate);
    }
}

/// What has been sent ahead of time, in bits times microseconds per second, so that nothing is lost to rounding.
#[derive(Clone, Copy, Default)]
struct Debt(i64);

impl Debt {
    /// Something has left.
    fn add(&mut self, size: DataSize, rate: DataRate) {
        let most = speed(rate).saturating_mul(LONGEST.as_us());
        self.0 = self
            .0
            .saturating_add(size.as_bits().saturating_mul(1_000_000))
            .min(most);
    }

    /// Time has passed. May leave less than nothing: what was allowed between the last two microseconds.
    fn leak(&mut self, rate: DataRate, time: TimeDelta) {
        self.0 = self.0.saturating_sub(speed(rate).saturating_mul(time.as_us()));
    }

    /// Gives up what is left of an allowance that nobody used.
    fn forget_credit(&mut self) {
        self.0 = self.0.max(0);
    }

    /// What is in it.
    fn size(self) -> DataSize {
        DataSize::bytes(self.0.max(0) / 8_000_000)
    }

    /// How long until it is empty; infinite if nothing leaks.
    fn time(self, rate: DataRate) -> TimeDelta {
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
