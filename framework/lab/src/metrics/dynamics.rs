//! How a flow follows what is available: errors, ramps, settling, reaction, overshoot, oscillation. All from windows of 100 ms.

use std::ops::Range;

use super::counts::Flow;
use super::windows::{WINDOW, WINDOW_NS};

/// Windows in a second.
const SECOND: usize = 10;
/// What settles stays in its band for so long.
const SETTLED: usize = 5 * SECOND;
const BAND: f64 = 0.1;
/// Below this much nothing can be divided by what is available, in bit/s.
const NOTHING: f64 = 1_000.0;

/// A flow over the windows of a span in which it is active.
pub(super) struct Course<'a> {
    pub(super) flow: &'a Flow,
    /// In order; pauses leave gaps.
    pub(super) windows: Vec<usize>,
}

/// How far the target is from what is available.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct RateErrors {
    pub(super) error: f64,
    pub(super) over: f64,
    pub(super) squared: f64,
}

impl<'a> Course<'a> {
    pub(super) fn new(flow: &'a Flow, span: Range<usize>) -> Self {
        Self {
            flow,
            windows: span.filter(|window| is_active(&flow.active, *window)).collect(),
        }
    }

    pub(super) fn seconds(&self) -> f64 {
        self.windows.len() as f64 * WINDOW
    }

    fn received(&self, window: usize) -> f64 {
        self.flow.received.at(window) * 8.0 / WINDOW
    }

    fn sent(&self, window: usize) -> f64 {
        self.flow.sent.at(window) * 8.0 / WINDOW
    }

    /// What was used and what was available, in bits. No second counts for more than was available in it: what a flow takes from others does
    /// not make up for what it leaves at another time.
    pub(super) fn used_and_available(&self) -> (f64, f64) {
        let mut sums = (0.0, 0.0);
        for second in self.windows.chunks(SECOND) {
            let known = || {
                second
                    .iter()
                    .filter(|window| self.flow.available.at(**window).is_finite())
            };
            let used: f64 = known().map(|window| self.received(*window) * WINDOW).sum();
            let available: f64 = known()
                .map(|window| self.flow.available.at(*window) * WINDOW)
                .sum();
            sums = (sums.0 + used.min(available), sums.1 + available);
        }
        sums
    }

    /// Nothing if there is no window with both a target and something available.
    pub(super) fn rate_errors(&self) -> Option<RateErrors> {
        let mut sum = RateErrors::default();
        let mut n = 0.0;
        for window in &self.windows {
            let (target, available) = (self.flow.target.at(*window), self.flow.available.at(*window));
            if target.is_nan() || available.is_nan() || available < NOTHING {
                continue;
            }
            let difference = target.min(self.flow.maximum) - available;
            let relative = difference / available;
            sum.error += relative.abs().min(1.0);
            sum.over += relative.max(0.0);
            sum.squared += difference * difference / 1e12;
            n += 1.0;
        }
        (n > 0.0).then(|| RateErrors {
            error: sum.error / n,
            over: sum.over / n,
            squared: sum.squared / n,
        })
    }

    pub(super) fn mean_target(&self) -> f64 {
        mean(self.windows.iter().map(|window| self.flow.target.at(*window)))
    }

    /// The mean over the second that ends with a place, or over what there is of it since the beginning; of the rate and of what is available.
    fn over_a_second(&self, place: usize, rate: impl Fn(usize) -> f64) -> (f64, f64) {
        let windows = &self.windows[(place + 1).saturating_sub(SECOND)..=place];
        (
            mean(windows.iter().map(|window| rate(*window))),
            mean(windows.iter().map(|window| self.flow.available.at(*window))),
        )
    }

    /// In seconds from the first window; all of the span if never.
    pub(super) fn time_to_90(&self) -> f64 {
        self.first(|place| {
            let (rate, available) = self.over_a_second(place, |window| self.received(window));
            place > 0 && rate >= 0.9 * available
        })
    }

    /// In seconds from the first window; all of the span if never.
    pub(super) fn settling_time(&self) -> f64 {
        let inside: Vec<bool> = (0..self.windows.len())
            .map(|place| {
                let (rate, available) = self.over_a_second(place, |window| self.received(window));
                (rate - available).abs() <= BAND * available
            })
            .collect();
        let mut since = 0;
        for (place, inside) in inside.iter().enumerate() {
            if !inside {
                since = place + 1;
            } else if place + 1 - since >= SETTLED.min(self.windows.len()) {
                return since as f64 * WINDOW;
            }
        }
        self.seconds()
    }

    /// From the first window until the target has passed the middle between `before` and what is available then; nothing if that is no step.
    pub(super) fn reaction_time(&self, before: f64) -> Option<f64> {
        let after = self.flow.available.at(*self.windows.first()?);
        if before.is_nan() || after.is_nan() || (after - before).abs() < 0.05 * before {
            return None;
        }
        let middle = 0.5 * (before + after);
        Some(self.first(|place| {
            let target = self.flow.target.at(self.windows[place]);
            if after > before {
                target >= middle
            } else {
                target <= middle
            }
        }))
    }

    pub(super) fn overshoot(&self) -> f64 {
        (SECOND - 1..self.windows.len())
            .filter_map(|place| {
                let (rate, available) = self.over_a_second(place, |window| self.sent(window));
                (available >= NOTHING).then(|| rate / available - 1.0)
            })
            .fold(0.0, f64::max)
    }

    /// Passages per minute between a tenth below and a tenth above the mean.
    pub(super) fn oscillation(&self) -> f64 {
        let centre = mean(self.windows.iter().map(|window| self.sent(*window)));
        let mut high = None;
        let mut passages = 0_u32;
        for half_second in self.windows.chunks_exact(SECOND / 2) {
            let rate = mean(half_second.iter().map(|window| self.sent(*window)));
            let now = if rate > (1.0 + BAND) * centre {
                Some(true)
            } else if rate < (1.0 - BAND) * centre {
                Some(false)
            } else {
                None
            };
            if now.is_some() {
                passages += u32::from(high.is_some() && high != now);
                high = now;
            }
        }
        60.0 * f64::from(passages) / self.seconds()
    }

    fn first(&self, reached: impl Fn(usize) -> bool) -> f64 {
        (0..self.windows.len())
            .find(|place| reached(*place))
            .map_or(self.seconds(), |place| (place + 1) as f64 * WINDOW)
    }
}

/// Whether a window lies wholly in one of the spans.
pub(super) fn is_active(spans: &[super::spans::Span], window: usize) -> bool {
    let from = window as u64 * WINDOW_NS;
    spans
        .iter()
        .any(|span| span.from <= from && from + WINDOW_NS <= span.to)
}

/// The mean of what is a number; not a number of nothing.
pub(super) fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, n) = values
        .filter(|value| value.is_finite())
        .fold((0.0, 0.0), |(sum, n), value| (sum + value, n + 1.0));
    sum / n
}
