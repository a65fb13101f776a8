//! Durations counted in bins, so that quantiles of any number of them take little memory and come out the same in whatever order they came.
//!
//! Bins are as wide as 1/128 of the power of two below them, and 1 µs up to 256 µs: a quantile is off by less than 0.8 % of itself, or 1 µs.
//! The mean, the smallest and the greatest are exact.

use jackfield_core::units::TimeDelta;

const BITS: u32 = 7;
const LINEAR: u64 = 1 << (BITS + 1);

/// Durations, counted. Negative ones count as zero.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram {
    counts: Vec<u32>,
    n: u64,
    sum: u64,
    least: u64,
    most: u64,
}

impl Histogram {
    /// Of nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts one.
    pub fn add(&mut self, duration: TimeDelta) {
        let us = duration.as_us().max(0) as u64;
        let bin = bin(us);
        if bin >= self.counts.len() {
            self.counts.resize(bin + 1, 0);
        }
        self.counts[bin] = self.counts[bin].saturating_add(1);
        self.least = if self.n == 0 { us } else { self.least.min(us) };
        self.most = self.most.max(us);
        self.n += 1;
        self.sum += us;
    }

    /// How many there are.
    pub fn len(&self) -> u64 {
        self.n
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.n == 0
    }

    /// The mean in milliseconds; not a number of nothing.
    pub fn mean_ms(&self) -> f64 {
        self.sum as f64 / self.n as f64 / 1e3
    }

    /// What a share `q` of them stay below, in milliseconds; not a number of nothing.
    pub fn quantile_ms(&self, q: f64) -> f64 {
        if self.n == 0 {
            return f64::NAN;
        }
        let rank = q.clamp(0.0, 1.0) * (self.n - 1) as f64;
        let mut before = 0.0;
        for (bin, count) in self.counts.iter().enumerate() {
            let count = f64::from(*count);
            if count > 0.0 && rank < before + count {
                let (low, width) = edges(bin);
                let inside = low as f64 + width as f64 * (rank - before + 0.5) / count;
                return inside.clamp(self.least as f64, self.most as f64) / 1e3;
            }
            before += count;
        }
        self.most as f64 / 1e3
    }
}

fn bin(us: u64) -> usize {
    if us < LINEAR {
        return us as usize;
    }
    let power = us.ilog2();
    let part = (us >> (power - BITS)) & ((1 << BITS) - 1);
    (LINEAR + u64::from(power - BITS - 1) * (1 << BITS) + part) as usize
}

/// The least value of a bin, and how many values it holds.
fn edges(bin: usize) -> (u64, u64) {
    let bin = bin as u64;
    if bin < LINEAR {
        return (bin, 1);
    }
    let power = (bin - LINEAR) / (1 << BITS) + u64::from(BITS) + 1;
    let part = (bin - LINEAR) % (1 << BITS);
    let width = 1 << (power - u64::from(BITS));
    ((1 << power) + part * width, width)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_lies_in_its_bin_and_bins_follow_each_other() {
        let mut last = 0;
        for us in (0..5_000).chain((1..1_000).map(|n| n * 12_345)) {
            let bin = bin(us);
            let (low, width) = edges(bin);
            assert!(low <= us && us < low + width, "{us} in {low} + {width}");
            assert!(bin >= last || us < 20_000, "bins in order");
            last = bin;
        }
    }

    #[test]
    fn quantiles_are_off_by_less_than_one_percent() {
        let mut histogram = Histogram::new();
        for us in 1..=100_000 {
            histogram.add(TimeDelta::us(us));
        }
        for q in [0.01, 0.5, 0.95, 0.99, 1.0] {
            let exact = (1.0 + q * 99_999.0) / 1e3;
            let ours = histogram.quantile_ms(q);
            assert!((ours / exact - 1.0).abs() < 0.008, "{q}: {ours} for {exact}");
        }
        assert_eq!(histogram.mean_ms(), 50.000_5);
        assert!(Histogram::new().quantile_ms(0.5).is_nan());
    }
}
