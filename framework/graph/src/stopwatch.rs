//! Measuring how long a call takes, without a clock of our own: whoever runs the executor brings one.

/// Counts real microseconds since some origin. Only for measuring: nothing that is decided by it may change what is heard, except that a
/// module which overruns its deadline is taken out.
pub trait Stopwatch {
    /// Microseconds since the origin.
    fn us(&mut self) -> f64;
}

/// Virtual time: calls take no time at all.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoStopwatch;

impl Stopwatch for NoStopwatch {
    fn us(&mut self) -> f64 {
        0.0
    }
}
