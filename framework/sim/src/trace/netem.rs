//! Configurations of the crate netem-trace 0.5, in JSON or TOML: `StaticBwConfig`, `TraceBwConfig` and `RepeatedBwPatternConfig`, with spans and
//! rates for people ("200ms", "12Mbps") or as structures ({secs, nanos}, {gbps, bps}). Its models that draw random numbers are refused: a run
//! must not depend on their generator.

use std::fmt::Write;

use jackfield_core::units::{DataRate, TimeDelta};
use serde_json::Value;

use super::{MOST_STEPS, RateTrace, TraceError, json, rate, span};

const SPAN: &str = "a span such as \"200ms\" or { secs = 0, nanos = 200000000 }";
const RATE: &str = "a rate such as \"12Mbps\" or { gbps = 0, bps = 12000000 }";
const MODEL: &str = "one of StaticBwConfig, TraceBwConfig and RepeatedBwPatternConfig (others draw random numbers: sample them into a \
                     TraceBwConfig first)";

type Steps = Vec<(TimeDelta, DataRate)>;

impl RateTrace {
    /// Reads a configuration of netem-trace, JSON if it begins with a brace, else TOML.
    ///
    /// # Errors
    /// If it is neither, or its model is not known.
    pub fn from_netem(text: &str) -> Result<Self, TraceError> {
        if text.trim_start().starts_with('{') {
            read(&json::value(text)?)
        } else {
            read_toml(text)
        }
    }

    /// Writes a configuration of netem-trace in JSON that repeats for ever. Slots become averages over 200 ms.
    pub fn to_netem(&self) -> String {
        let mut text =
            String::from("{\"RepeatedBwPatternConfig\":{\"pattern\":[{\"TraceBwConfig\":{\"pattern\":[");
        for (index, (span, rate)) in self.steps().into_iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            let _ = write!(
                text,
                "{comma}\n[\"{}us\",[\"{}bps\"]]",
                span.as_us(),
                rate.as_bps()
            );
        }
        text.push_str("\n]}}],\"count\":0}}\n");
        text
    }
}

pub(super) fn read_toml(text: &str) -> Result<RateTrace, TraceError> {
    let value: Value = toml::from_str(text).map_err(|error| TraceError::Syntax {
        line: error.span().map_or(1, |span| {
            1 + text
                .bytes()
                .take(span.start)
                .filter(|byte| *byte == b'\n')
                .count()
        }),
        says: format!("no TOML: {}", error.message()),
    })?;
    read(&value)
}

pub(super) fn read(value: &Value) -> Result<RateTrace, TraceError> {
    let mut steps = Steps::new();
    model(value, "", &mut steps)?;
    RateTrace::of_steps(steps)
}

fn model(value: &Value, place: &str, steps: &mut Steps) -> Result<(), TraceError> {
    let (name, body) = value
        .as_object()
        .filter(|object| object.len() == 1)
        .and_then(|object| object.iter().next())
        .ok_or_else(|| TraceError::place(place, MODEL))?;
    let place = if place.is_empty() {
        name.clone()
    } else {
        format!("{place}.{name}")
    };
    match name.as_str() {
        "StaticBwConfig" => {
            let lasts = lasts(body.get("duration"), &format!("{place}.duration"))?;
            let fast = fast(body.get("bw"), &format!("{place}.bw"))?;
            push(steps, lasts, fast)
        }
        "TraceBwConfig" => {
            let place = format!("{place}.pattern");
            for (index, entry) in list(body.get("pattern"), &place)?.iter().enumerate() {
                let place = format!("{place}[{index}]");
                let lasts = lasts(entry.get(0), &format!("{place}[0]"))?;
                for (index, rate) in list(entry.get(1), &format!("{place}[1]"))?.iter().enumerate() {
                    push(steps, lasts, fast(Some(rate), &format!("{place}[1][{index}]"))?)?;
                }
            }
            Ok(())
        }
        "RepeatedBwPatternConfig" => {
            let begin = steps.len();
            let pattern_place = format!("{place}.pattern");
            for (index, part) in list(body.get("pattern"), &pattern_place)?.iter().enumerate() {
                model(part, &format!("{pattern_place}[{index}]"), steps)?;
            }
            let count = match body.get("count") {
                None => 0,
                Some(count) => count.as_u64().ok_or_else(|| {
                    TraceError::place(&format!("{place}.count"), "a whole number, 0 for ever")
                })?,
            };
            let once: Steps = steps[begin..].to_vec();
            // For ever is what a trace does anyway.
            for _ in 1..count {
                if once.is_empty() || steps.len() + once.len() > MOST_STEPS {
                    break;
                }
                steps.extend_from_slice(&once);
            }
            let wanted = (count.max(1) as u128) * once.len() as u128 + begin as u128;
            if wanted > MOST_STEPS as u128 {
                Err(TraceError::TooLong)
            } else {
                Ok(())
            }
        }
        _ => Err(TraceError::place(&place, MODEL)),
    }
}

fn push(steps: &mut Steps, lasts: TimeDelta, fast: DataRate) -> Result<(), TraceError> {
    if steps.len() >= MOST_STEPS {
        return Err(TraceError::TooLong);
    }
    steps.push((lasts, fast));
    Ok(())
}

fn list<'a>(value: Option<&'a Value>, place: &str) -> Result<&'a Vec<Value>, TraceError> {
    value
        .and_then(Value::as_array)
        .ok_or_else(|| TraceError::place(place, "a list"))
}

/// What is missing is what the crate takes for it: a second.
fn lasts(value: Option<&Value>, place: &str) -> Result<TimeDelta, TraceError> {
    let seconds = match value {
        None | Some(Value::Null) => Some(1.0),
        Some(Value::String(text)) => human(
            text,
            &[
                ("ns", 1e-9),
                ("us", 1e-6),
                ("ms", 1e-3),
                ("sec", 1.0),
                ("s", 1.0),
                ("min", 60.0),
                ("m", 60.0),
                ("h", 3_600.0),
            ],
        ),
        Some(value) => value.get("secs").and_then(Value::as_f64).map(|secs| {
            let nanos = value.get("nanos").and_then(Value::as_f64).unwrap_or(0.0);
            secs + nanos / 1e9
        }),
    };
    seconds
        .and_then(span)
        .ok_or_else(|| TraceError::place(place, SPAN))
}

/// What is missing is what the crate takes for it: 12 Mbit/s.
fn fast(value: Option<&Value>, place: &str) -> Result<DataRate, TraceError> {
    let bps = match value {
        None | Some(Value::Null) => Some(12e6),
        Some(Value::String(text)) => human(
            text,
            &[
                ("bps", 1.0),
                ("kbps", 1e3),
                ("Kbps", 1e3),
                ("Mbps", 1e6),
                ("Gbps", 1e9),
                ("Tbps", 1e12),
            ],
        ),
        Some(value) => value.get("bps").and_then(Value::as_f64).map(|bps| {
            let gbps = value.get("gbps").and_then(Value::as_f64).unwrap_or(0.0);
            gbps * 1e9 + bps
        }),
    };
    bps.and_then(rate).ok_or_else(|| TraceError::place(place, RATE))
}

/// Numbers each with its unit, added up: "1s 500ms".
fn human(text: &str, units: &[(&str, f64)]) -> Option<f64> {
    let mut rest = text.trim();
    let mut sum = None;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = rest[digits..].trim_start();
        let end = rest
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(rest.len());
        let (_, factor) = units.iter().find(|(unit, _)| *unit == &rest[..end])?;
        sum = Some(sum.unwrap_or(0.0) + number * factor);
        rest = rest[end..].trim_start();
    }
    sum
}
