//! Traces of mahimahi: each line is an instant in whole ms at which 1504 bytes may leave. The last instant is the period.

use std::fmt::Write;

use jackfield_core::units::TimeDelta;

use crate::scenario::DeliverySlots;

use super::{MOST_STEPS, RateTrace, SLOT, TraceError};

impl RateTrace {
    /// Reads a trace of mahimahi.
    ///
    /// # Errors
    /// If a line is no whole number, or less than the one before it; if the last is 0 or there is none.
    pub fn from_mahimahi(text: &str) -> Result<Self, TraceError> {
        let mut at: Vec<TimeDelta> = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() {
                continue;
            }
            let ms = line
                .parse::<u32>()
                .map_err(|_| TraceError::line(index, "a whole number of milliseconds", line))?;
            let slot = TimeDelta::ms(i64::from(ms));
            if at.last().is_some_and(|last| *last > slot) {
                return Err(TraceError::line(index, "no less than on the line before", line));
            }
            at.push(slot);
            if at.len() > MOST_STEPS {
                return Err(TraceError::TooLong);
            }
        }
        let period = at.last().copied().filter(|last| *last > TimeDelta::ZERO);
        let period = period.ok_or(TraceError::Empty)?;
        Ok(Self::Slots(DeliverySlots {
            at,
            period,
            size: SLOT,
        }))
    }

    /// Writes it as a trace of mahimahi. Of steps, each ms yields the slots that have become full by its end; what is not full at the end of
    /// the trace is left out. The period is rounded down to a slot, as the format demands.
    pub fn to_mahimahi(&self) -> String {
        let mut text = String::new();
        match self {
            Self::Slots(slots) => {
                for at in &slots.at {
                    let _ = writeln!(text, "{}", at.as_us() / 1_000);
                }
            }
            Self::Steps(steps) => {
                // In bits times microseconds per second, so that nothing is rounded.
                let full = i128::from(SLOT.as_bits()) * 1_000_000;
                let (mut begin, mut have) = (0_i128, 0_i128);
                for (span, rate) in steps {
                    let (span, rate) = (i128::from(span.as_us()), i128::from(rate.as_bps()));
                    let mut passed = 0;
                    // At a rate of 0 nothing ever becomes full.
                    while let Some(needed) = (full - have + rate - 1)
                        .checked_div(rate)
                        .filter(|needed| passed + needed <= span)
                    {
                        passed += needed;
                        have += needed * rate - full;
                        let _ = writeln!(text, "{}", (begin + passed + 999) / 1_000);
                    }
                    have += (span - passed) * rate;
                    begin += span;
                }
            }
        }
        text
    }
}
