//! Products and roundings of quantities as libwebrtc's unit classes do them: infinity stays infinity, and a count in a larger unit is
//! rounded to the nearest whole one.

use jackfield_sdk::prelude::*;

/// Below this no rate is ever set (libwebrtc's `kCongestionControllerMinBitrate`).
pub(crate) const LOWEST_RATE: DataRate = DataRate::kbps(5);

/// Whether `rate` is a rate that one can compute with.
pub(crate) fn is_finite(rate: DataRate) -> bool {
    rate < DataRate::INFINITE
}

/// `rate` times `factor`; infinite stays infinite.
pub(crate) fn scaled(rate: DataRate, factor: f64) -> DataRate {
    if is_finite(rate) { rate * factor } else { rate }
}

/// What flows at `rate` in `time`, to the nearest byte.
pub(crate) fn flowing(rate: DataRate, time: TimeDelta) -> DataSize {
    let bits = i128::from(rate.as_bps()) * i128::from(time.as_us());
    let bytes = (bits + 4_000_000) / 8_000_000;
    DataSize::bytes(bytes.clamp(0, i128::from(i64::MAX)) as i64)
}

/// In whole thousands of bits per second, to the nearest.
pub(crate) fn whole_kbps(rate: DataRate) -> i64 {
    nearest_thousand(rate.as_bps())
}

/// In whole milliseconds, to the nearest.
pub(crate) fn whole_ms(time: TimeDelta) -> i64 {
    nearest_thousand(time.as_us())
}

/// A moment in whole milliseconds, to the nearest.
pub(crate) fn moment_ms(at: Timestamp) -> i64 {
    nearest_thousand(at.us())
}

fn nearest_thousand(value: i64) -> i64 {
    let half = if value < 0 { -500 } else { 500 };
    value.saturating_add(half) / 1_000
}

/// Whether at least `span` went by since `then`; yes if `then` never was.
pub(crate) fn passed(now: Timestamp, then: Option<Timestamp>, span: TimeDelta) -> bool {
    then.is_none_or(|then| now - then >= span)
}
