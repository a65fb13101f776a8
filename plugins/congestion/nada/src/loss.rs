//! The mean interval between losses, in packets (RFC 5348 section 5.4).

/// The loss intervals that are kept beside the one that is open.
const INTERVALS: usize = 8;
/// Their weights, the youngest first.
const WEIGHTS: [f64; INTERVALS] = [1.0, 1.0, 1.0, 1.0, 0.8, 0.6, 0.4, 0.2];

/// The lengths of the intervals between losses.
#[derive(Clone, Copy, Debug, Default)]
pub struct LossIntervals {
    /// Packets since the last loss.
    open: f64,
    /// The closed intervals, the youngest first.
    closed: [f64; INTERVALS],
    known: usize,
    lost: bool,
}

impl LossIntervals {
    /// No packet yet.
    pub const fn new() -> Self {
        Self {
            open: 0.0,
            closed: [0.0; INTERVALS],
            known: 0,
            lost: false,
        }
    }

    /// A packet that came, or was lost.
    pub fn packet(&mut self, lost: bool) {
        self.open += 1.0;
        if !lost {
            return;
        }
        self.closed.copy_within(..INTERVALS - 1, 1);
        self.closed[0] = self.open;
        self.known = (self.known + 1).min(INTERVALS);
        (self.open, self.lost) = (0.0, true);
    }

    /// Packets since the last loss.
    pub fn since_loss(&self) -> f64 {
        self.open
    }

    /// The mean interval, the open one counted if that makes it longer; nothing before the first loss.
    pub fn mean(&self) -> Option<f64> {
        if !self.lost {
            return None;
        }
        let weights = &WEIGHTS[..self.known];
        let total: f64 = weights.iter().sum();
        let closed: f64 = weights.iter().zip(&self.closed).map(|(w, i)| w * i).sum();
        let with_open: f64 = weights
            .iter()
            .zip(std::iter::once(&self.open).chain(&self.closed))
            .map(|(w, i)| w * i)
            .sum();
        Some(closed.max(with_open) / total)
    }
}
