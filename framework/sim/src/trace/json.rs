//! Which JSON it is, and the traces of AlphaRTC.

use serde_json::Value;

use super::{RateTrace, TraceError, netem, rate, span};

pub(super) fn read(text: &str) -> Result<RateTrace, TraceError> {
    let value = value(text)?;
    if value.get("uplink").is_some() || value.get("downlink").is_some() {
        return alphartc(&value, "uplink");
    }
    netem::read(&value)
}

pub(super) fn value(text: &str) -> Result<Value, TraceError> {
    serde_json::from_str(text).map_err(|error| TraceError::Syntax {
        line: error.line(),
        says: format!("no JSON: {error}"),
    })
}

impl RateTrace {
    /// Reads the `uplink` of a trace of AlphaRTC's gym: `trace_pattern` with `capacity` in kbit/s and `duration` in ms. Its loss, round trip and
    /// jitter are not part of a rate and are left to the scenario.
    ///
    /// # Errors
    /// If it is no JSON, or has no such pattern.
    pub fn from_alphartc(text: &str) -> Result<Self, TraceError> {
        alphartc(&value(text)?, "uplink")
    }
}

fn alphartc(value: &Value, direction: &str) -> Result<RateTrace, TraceError> {
    let place = format!("{direction}.trace_pattern");
    let pattern = value
        .get(direction)
        .and_then(|link| link.get("trace_pattern"))
        .and_then(Value::as_array)
        .ok_or_else(|| TraceError::place(&place, "a list of steps"))?;
    let mut steps = Vec::with_capacity(pattern.len());
    for (index, step) in pattern.iter().enumerate() {
        let number = |key: &str| step.get(key).and_then(Value::as_f64);
        let lasts = number("duration").and_then(|ms| span(ms / 1e3)).ok_or_else(|| {
            TraceError::place(&format!("{place}[{index}].duration"), "a number of ms above 0")
        })?;
        let fast = number("capacity")
            .and_then(|kbps| rate(kbps * 1e3))
            .ok_or_else(|| {
                TraceError::place(
                    &format!("{place}[{index}].capacity"),
                    "a number of kbit/s, 0 or more",
                )
            })?;
        steps.push((lasts, fast));
    }
    RateTrace::of_steps(steps)
}
