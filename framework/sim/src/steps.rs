//! Values that change at given instants.

use jackfield_core::units::TimeDelta;

use crate::clock::VirtualTime;

/// A piecewise constant function of time, asked in the order of time.
#[derive(Clone, Debug)]
pub(crate) struct Steps<T> {
    steps: Vec<(VirtualTime, T)>,
    current: usize,
}

impl<T: Copy> Steps<T> {
    /// `steps` is not empty and stands in order; its first value holds before its first instant too.
    pub(crate) fn new(steps: impl IntoIterator<Item = (VirtualTime, T)>) -> Self {
        Self {
            steps: steps.into_iter().collect(),
            current: 0,
        }
    }

    /// The value at `now`, which does not go back beyond the step that was asked for last.
    pub(crate) fn at(&mut self, now: VirtualTime) -> T {
        while let Some((next, _)) = self.steps.get(self.current + 1)
            && *next <= now
        {
            self.current += 1;
        }
        self.steps[self.current].1
    }

    /// When the value changes after the step that was asked for last.
    pub(crate) fn next_change(&self) -> Option<VirtualTime> {
        self.steps.get(self.current + 1).map(|(at, _)| *at)
    }

    /// The steps.
    pub(crate) fn all(&self) -> &[(VirtualTime, T)] {
        &self.steps
    }

    /// From the step of the last question on.
    pub(crate) fn ahead(&self) -> &[(VirtualTime, T)] {
        &self.steps[self.current..]
    }
}

/// Nanoseconds of a span; nothing below zero.
pub(crate) fn ns(delta: TimeDelta) -> u64 {
    (delta.as_us().max(0) as u64).saturating_mul(1_000)
}

/// The instant so long after the beginning.
pub(crate) fn instant(delta: TimeDelta) -> VirtualTime {
    VirtualTime::from_ns(ns(delta))
}
