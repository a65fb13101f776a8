//! What happened in windows of 100 ms: the grid that dynamics, fairness and plots are made of. As many windows as the scenario has, however
//! many packets there are.

/// The length of a window in nanoseconds.
pub(super) const WINDOW_NS: u64 = 100_000_000;
/// The same in seconds.
pub(super) const WINDOW: f64 = 0.1;

/// Amounts by window.
#[derive(Clone, Debug)]
pub(super) struct Amounts {
    windows: Vec<f64>,
}

impl Amounts {
    pub(super) fn new(windows: usize) -> Self {
        Self {
            windows: vec![0.0; windows],
        }
    }

    /// What comes behind the last window counts there.
    pub(super) fn add(&mut self, at: u64, amount: f64) {
        let last = self.windows.len() - 1;
        self.windows[((at / WINDOW_NS) as usize).min(last)] += amount;
    }

    pub(super) fn raise(&mut self, at: u64, amount: f64) {
        let last = self.windows.len() - 1;
        let window = &mut self.windows[((at / WINDOW_NS) as usize).min(last)];
        *window = window.max(amount);
    }

    pub(super) fn at(&self, window: usize) -> f64 {
        self.windows.get(window).copied().unwrap_or(0.0)
    }

    /// The sum over windows.
    pub(super) fn sum(&self, windows: std::ops::Range<usize>) -> f64 {
        let end = windows.end.min(self.windows.len());
        self.windows[windows.start.min(end)..end].iter().sum()
    }
}

/// A value that holds until it changes; its mean by window.
#[derive(Clone, Debug)]
pub(super) struct Steps {
    means: Vec<f64>,
    known: Vec<f64>,
    since: u64,
    value: f64,
}

impl Steps {
    /// Of nothing known.
    pub(super) fn new(windows: usize) -> Self {
        Self {
            means: vec![0.0; windows],
            known: vec![0.0; windows],
            since: 0,
            value: f64::NAN,
        }
    }

    /// From now on it is `value`.
    pub(super) fn set(&mut self, at: u64, value: f64) {
        self.hold(at);
        self.value = value;
    }

    /// It has been the same until now.
    pub(super) fn hold(&mut self, until: u64) {
        let end = until.min(self.means.len() as u64 * WINDOW_NS);
        let mut from = self.since;
        if self.value.is_finite() {
            while from < end {
                let window = (from / WINDOW_NS) as usize;
                let to = end.min((window as u64 + 1) * WINDOW_NS);
                let share = (to - from) as f64 / WINDOW_NS as f64;
                self.means[window] += share * self.value;
                self.known[window] += share;
                from = to;
            }
        }
        self.since = self.since.max(until);
    }

    /// The mean over the part of a window in which it is known; not a number if it never is.
    pub(super) fn at(&self, window: usize) -> f64 {
        match self.known.get(window) {
            Some(known) if *known > 0.0 => self.means[window] / known,
            _ => f64::NAN,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_changes_within_a_window_counts_by_time() {
        let mut steps = Steps::new(4);
        steps.set(WINDOW_NS / 2, 10.0);
        steps.set(WINDOW_NS + WINDOW_NS / 4, 30.0);
        steps.hold(3 * WINDOW_NS);
        assert_eq!(steps.at(0), 10.0);
        assert_eq!(steps.at(1), 25.0);
        assert_eq!(steps.at(2), 30.0);
        assert!(steps.at(3).is_nan() && steps.at(9).is_nan());
    }
}
