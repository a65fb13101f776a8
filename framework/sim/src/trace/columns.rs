//! Two columns, seconds and Mbit/s, as Pensieve's "cooked" traces have them: each rate holds until the next line, the last one for as long as
//! the one before it.

use std::fmt::Write;

use jackfield_core::units::{DataRate, TimeDelta};

use super::{RateTrace, TraceError, rate, span};

/// How long a step is that is the only one.
const ALONE: TimeDelta = TimeDelta::seconds(1);

impl RateTrace {
    /// Reads two columns, with blanks, tabs or commas between them. Lines that begin with `#` or `%` are skipped. The first instant counts as 0.
    ///
    /// # Errors
    /// If a line has no two numbers, or an instant not after the one before; if there is no line.
    pub fn from_columns(text: &str) -> Result<Self, TraceError> {
        let mut steps: Vec<(TimeDelta, DataRate)> = Vec::new();
        let mut before: Option<(f64, DataRate)> = None;
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with(['#', '%']) {
                continue;
            }
            let error = |expected| TraceError::line(index, expected, line);
            let mut words = line.split([' ', '\t', ',']).filter(|word| !word.is_empty());
            let (Some(seconds), Some(mbps), None) = (words.next(), words.next(), words.next()) else {
                return Err(error("two columns, seconds and Mbit/s"));
            };
            let seconds: f64 = seconds
                .parse()
                .ok()
                .filter(|seconds: &f64| seconds.is_finite())
                .ok_or_else(|| error("a number of seconds in the first column"))?;
            let fast = mbps
                .parse::<f64>()
                .ok()
                .and_then(|mbps| rate(mbps * 1e6))
                .ok_or_else(|| error("0 to 1000000 Mbit/s in the second column"))?;
            if let Some((since, old)) = before {
                let lasted =
                    span(seconds - since).ok_or_else(|| error("an instant after that of the line before"))?;
                steps.push((lasted, old));
            }
            before = Some((seconds, fast));
        }
        if let Some((_, last)) = before {
            let lasted = steps.last().map_or(ALONE, |(span, _)| *span);
            steps.push((lasted, last));
        }
        Self::of_steps(steps)
    }

    /// Writes two columns. Slots become averages over 200 ms.
    pub fn to_columns(&self) -> String {
        let mut text = String::new();
        let mut at = TimeDelta::ZERO;
        let mut steps = self.steps();
        end_evenly(&mut steps);
        for (span, rate) in steps {
            let _ = writeln!(
                text,
                "{:.6} {:.6}",
                at.as_seconds_f64(),
                rate.as_bps() as f64 / 1e6
            );
            at += span;
        }
        text
    }

    /// As steps; of slots, the averages over 200 ms.
    pub(super) fn steps(&self) -> Vec<(TimeDelta, DataRate)> {
        const SPAN: TimeDelta = TimeDelta::ms(200);
        let slots = match self {
            Self::Steps(steps) => return steps.clone(),
            Self::Slots(slots) => slots,
        };
        let mut steps = Vec::new();
        let (mut from, mut next) = (TimeDelta::ZERO, 0);
        while let Some(at) = slots.at.get(next).filter(|_| from < slots.period) {
            // Spans without a slot are one step, for a trace may say nothing for days.
            let empty = SPAN * ((*at - from).as_us().saturating_sub(1).max(0) / SPAN.as_us());
            if empty > TimeDelta::ZERO {
                steps.push((empty, DataRate::ZERO));
                from += empty;
            }
            let to = (from + SPAN).min(slots.period);
            // A slot at the very end of a span belongs to it: the last one stands at the period.
            let count = slots.at[next..].partition_point(|at| *at <= to);
            next += count;
            let bits = count as i64 * slots.size.as_bits();
            let bps = i128::from(bits) * 1_000_000 / i128::from((to - from).as_us().max(1));
            steps.push((to - from, DataRate::bps(bps as i64)));
            from = to;
        }
        steps
    }
}

/// Makes the last step as long as the one before it, for that is how long it is read to be: the longer of the two is divided.
fn end_evenly(steps: &mut Vec<(TimeDelta, DataRate)>) {
    let Some((last, rate)) = steps.pop() else { return };
    match steps.last_mut() {
        Some((before, _)) if *before == last => {}
        None if last == ALONE => {}
        Some((before, old)) if *before > last => {
            *before -= last;
            let old = *old;
            steps.push((last, old));
        }
        _ => {
            let half = last / 2;
            steps.push((last - half, rate));
            steps.push((half, rate));
            return;
        }
    }
    steps.push((last, rate));
}
