//! Traces of a link's rate, measured by others or made by [`model`]: read, written, and turned into the schedule of a link.
//!
//! | format | read | written |
//! |---|---|---|
//! | mahimahi: one whole number of ms per line, each a slot of 1504 bytes | [`RateTrace::from_mahimahi`] | [`RateTrace::to_mahimahi`] |
//! | two columns: seconds and Mbit/s | [`RateTrace::from_columns`] | [`RateTrace::to_columns`] |
//! | netem-trace 0.5, JSON or TOML | [`RateTrace::from_netem`] | [`RateTrace::to_netem`] |
//! | AlphaRTC, JSON: `uplink.trace_pattern` | [`RateTrace::from_alphartc`] | |
//!
//! [`RateTrace::parse`] looks at the text to tell which it is. Traces begin anew when they are over. Of another kind are [`FrameTrace`]s: how big the
//! frames of a video are that was really encoded.
//!
//! ```
//! use jackfield_core::units::{DataRate, TimeDelta};
//! use jackfield_sim::trace::RateTrace;
//!
//! let trace = RateTrace::parse("0.0 1.5\n2.0 3.0\n4.0 0.5\n")?;
//! assert_eq!(trace.duration(), TimeDelta::seconds(6));
//! assert_eq!(trace.average(), DataRate::bps(1_666_666));
//! let error = RateTrace::parse("1\n2\nthree\n").unwrap_err();
//! assert_eq!(error.to_string(), "line 3: expected a whole number of milliseconds, found \"three\"");
//! # Ok::<(), jackfield_sim::trace::TraceError>(())
//! ```

mod columns;
mod error;
mod frames;
mod json;
mod mahimahi;
pub mod model;
mod netem;

use std::sync::Arc;

use jackfield_core::units::{DataRate, DataSize, TimeDelta};

use crate::scenario::{DeliverySlots, RateSpec};

pub use error::TraceError;
pub use frames::{FrameLadder, FrameTrace, LadderError};

/// More steps or slots than this no trace has: repetitions of repetitions would grow beyond all bounds.
pub const MOST_STEPS: usize = 2_000_000;
/// No rate of a trace is higher: 1 Tbit/s.
const FASTEST_BPS: f64 = 1e12;
/// No step of a trace is longer: a year.
const LONGEST_S: f64 = 31_536_000.0;

/// How fast a link sends, over time; begins anew when it is over.
#[derive(Clone, Debug, PartialEq)]
pub enum RateTrace {
    /// Delivery slots.
    Slots(DeliverySlots),
    /// For so long, so fast. Never empty, and no step lasts no time.
    Steps(Vec<(TimeDelta, DataRate)>),
}

impl RateTrace {
    /// Reads a trace of whichever format.
    ///
    /// # Errors
    /// If it is none of them: what was expected where.
    pub fn parse(text: &str) -> Result<Self, TraceError> {
        let begin = text.trim_start();
        if begin.starts_with('{') {
            return json::read(begin);
        }
        let first = begin.lines().next().unwrap_or_default();
        if first.starts_with('[') || first.contains('=') {
            return netem::read_toml(text);
        }
        if first
            .split([' ', '\t', ','])
            .filter(|word| !word.is_empty())
            .count()
            > 1
        {
            return Self::from_columns(text);
        }
        Self::from_mahimahi(text)
    }

    /// How long it lasts before it begins anew.
    pub fn duration(&self) -> TimeDelta {
        match self {
            Self::Slots(slots) => slots.period,
            Self::Steps(steps) => steps.iter().fold(TimeDelta::ZERO, |sum, (span, _)| sum + *span),
        }
    }

    /// The rate over its whole duration.
    pub fn average(&self) -> DataRate {
        let bits = match self {
            Self::Slots(slots) => slots.at.len() as i128 * i128::from(slots.size.as_bits()) * 1_000_000,
            Self::Steps(steps) => steps
                .iter()
                .map(|(span, rate)| i128::from(span.as_us()) * i128::from(rate.as_bps()))
                .sum(),
        };
        DataRate::bps((bits / i128::from(self.duration().as_us().max(1))) as i64)
    }

    /// The schedule of a link for a run of `duration`: slots come again by themselves, steps are repeated until then.
    pub fn schedule(&self, duration: TimeDelta) -> RateSpec {
        let steps = match self {
            Self::Slots(slots) => return RateSpec::Slots(Arc::new(slots.clone())),
            Self::Steps(steps) => steps,
        };
        let mut schedule: Vec<(TimeDelta, DataRate)> = Vec::new();
        let mut at = TimeDelta::ZERO;
        for (span, rate) in steps.iter().cycle() {
            if at >= duration && !schedule.is_empty() {
                break;
            }
            if schedule.last().is_none_or(|(_, last)| last != rate) {
                schedule.push((at, *rate));
            }
            at += *span;
        }
        RateSpec::Steps(schedule)
    }

    fn of_steps(steps: Vec<(TimeDelta, DataRate)>) -> Result<Self, TraceError> {
        if steps.is_empty() {
            return Err(TraceError::Empty);
        }
        if steps.len() > MOST_STEPS {
            return Err(TraceError::TooLong);
        }
        Ok(Self::Steps(steps))
    }
}

/// A rate in bits per second, if it can be one.
fn rate(bps: f64) -> Option<DataRate> {
    (0.0..=FASTEST_BPS)
        .contains(&bps)
        .then(|| DataRate::bps((bps + 0.5) as i64))
}

/// A span in seconds, if it can be that of a step.
fn span(seconds: f64) -> Option<TimeDelta> {
    let us = (seconds * 1e6 + 0.5) as i64;
    (seconds <= LONGEST_S && us > 0).then(|| TimeDelta::us(us))
}

/// What mahimahi delivers in a slot.
const SLOT: DataSize = DataSize::bytes(1_504);
