//! The spans that results are counted over: the whole run, and each segment of the scenario.

use jackfield_sim::scenario::Scenario;

use crate::report::WHOLE;

/// A span in nanoseconds.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Span {
    pub(super) name: String,
    pub(super) from: u64,
    pub(super) to: u64,
}

impl Span {
    /// The windows that lie wholly in it.
    pub(super) fn windows(&self) -> std::ops::Range<usize> {
        use super::windows::WINDOW_NS;
        (self.from.div_ceil(WINDOW_NS) as usize)..((self.to / WINDOW_NS) as usize)
    }

    pub(super) fn overlap(&self, from: u64, to: u64) -> u64 {
        self.to.min(to).saturating_sub(self.from.max(from))
    }
}

/// All spans, the whole run first, and which of them hold the present.
#[derive(Clone, Debug)]
pub(super) struct Spans {
    pub(super) all: Vec<Span>,
    current: Vec<usize>,
    until: u64,
}

impl Spans {
    pub(super) fn new(scenario: &Scenario) -> Self {
        let ns = |time: jackfield_core::units::TimeDelta| time.as_us().max(0) as u64 * 1_000;
        let mut all = vec![Span {
            name: WHOLE.to_owned(),
            from: 0,
            to: ns(scenario.duration),
        }];
        all.extend(scenario.segments.iter().map(|segment| Span {
            name: segment.name.clone(),
            from: ns(segment.from),
            to: ns(segment.to),
        }));
        Self {
            all,
            current: Vec::new(),
            until: 0,
        }
    }

    /// Those that hold `at`, which must not go back. What comes after the end counts for the whole run.
    pub(super) fn at(&mut self, at: u64) -> &[usize] {
        if at >= self.until {
            self.current.clear();
            self.until = u64::MAX;
            for (index, span) in self.all.iter().enumerate() {
                if index == 0 || (span.from <= at && at < span.to) {
                    self.current.push(index);
                }
                for edge in [span.from, span.to] {
                    if edge > at {
                        self.until = self.until.min(edge);
                    }
                }
            }
        }
        &self.current
    }
}
