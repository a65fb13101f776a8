//! Lines of jitter buffers, read.

use jackfield_core::FaultCode;
use jackfield_core::jitter_buffer::{
    Action, EventArrival, Insertion, JitterConfig, JitterDelay, JitterHandover, Operation, PacketArrival,
    Playout,
};
use jackfield_core::module::ResetReason;
use jackfield_core::time::Timestamp;
use jackfield_core::units::{SampleRate, TimeDelta};
use serde_json::Value;

use super::{Happened, Step};
use crate::fields::jitter as fields;
use crate::line::Line;

/// The step that a line of this event tells; none if it is not one of a jitter buffer. Errors are the end of a sentence about the line.
pub(crate) fn step(line: &Line<'_>, event: &str, at: Timestamp) -> Result<Option<Step>, String> {
    let what = match event {
        "jitter-activated" => {
            let mut config = JitterConfig::new(SampleRate::hz(0), 0);
            line.fields(fields::CONFIG, &mut config)?;
            Happened::Activated(config)
        }
        "jitter-took-over" => {
            let mut state = JitterHandover::default();
            line.fields(fields::HANDOVER, &mut state)?;
            Happened::TookOver(state)
        }
        "jitter-handed-over" => Happened::HandedOver,
        "inserted" => {
            let mut packet = PacketArrival {
                arrival: line.time("arrival")?.unwrap_or(at),
                handle: 0,
                sequence_number: 0,
                timestamp: 0,
                ticks: 0,
                redundancy: 0,
                dtx: 0,
                marker: 0,
            };
            line.fields(fields::PACKET, &mut packet)?;
            Happened::Inserted {
                packet,
                answer: insertion(line)?,
            }
        }
        "tone-inserted" => {
            let mut event = EventArrival {
                size: size_of::<EventArrival>() as u32,
                event: 0,
                arrival: line.time("arrival")?.unwrap_or(at),
                handle: 0,
                sequence_number: 0,
                timestamp: 0,
                ticks: 0,
                ended: 0,
            };
            line.fields(fields::TONE, &mut event)?;
            Happened::ToneInserted {
                event,
                answer: insertion(line)?,
            }
        }
        "next" => {
            let mut playout = Playout {
                last: operation(line, "last")?,
                greatest: operation(line, "greatest")?,
                ..Playout::START
            };
            line.fields(fields::PLAYOUT, &mut playout)?;
            let mut action = Action {
                operation: operation(line, "operation")?,
                ticks: 0,
                handle: 0,
                back: TimeDelta::ZERO,
            };
            line.fields(fields::ACTION, &mut action)?;
            Happened::Asked {
                playout,
                answer: answered(line, action)?,
            }
        }
        "jitter-delay" => {
            let mut delay = JitterDelay::default();
            line.fields(fields::DELAY, &mut delay)?;
            Happened::Delay(answered(line, delay)?)
        }
        "jitter-bounds" => Happened::Bounds {
            minimum: TimeDelta::us(line.whole("minimum")?.unwrap_or(0)),
            maximum: TimeDelta::us(line.whole("maximum")?.unwrap_or(0)),
        },
        "jitter-parameter" => Happened::Parameter {
            index: line.count("index")?,
            value: line.fraction("value")?,
        },
        "jitter-reset" => Happened::Reset(ResetReason(line.count("reason")?)),
        "jitter-missing" => Happened::Missing(u64::from(line.count("count")?)),
        _ => return Ok(None),
    };
    let released = released(line)?;
    Ok(Some(Step { at, what, released }))
}

fn released(line: &Line<'_>) -> Result<Vec<u64>, String> {
    match line.0.get("released") {
        None => Ok(Vec::new()),
        Some(Value::Array(handles)) => handles
            .iter()
            .map(|handle| {
                let whole = handle.as_i64().map(|handle| handle as u64);
                whole.ok_or_else(|| format!("has a handle that is none: {handle}"))
            })
            .collect(),
        Some(_) => Err("has `released` that is no list".to_owned()),
    }
}

fn insertion(line: &Line<'_>) -> Result<Result<Insertion, FaultCode>, String> {
    let insertion = match line.text("insertion") {
        Some(name) => {
            let known = fields::INSERTIONS.iter().find(|(_, known)| *known == name);
            known
                .map(|(insertion, _)| *insertion)
                .ok_or_else(|| format!("tells of an unknown insertion, `{name}`"))?
        }
        None => Insertion(line.count("insertion")?),
    };
    answered(line, insertion)
}

fn operation(line: &Line<'_>, key: &str) -> Result<Operation, String> {
    match line.text(key) {
        Some(name) => {
            let known = fields::OPERATIONS.iter().find(|(_, known)| *known == name);
            known
                .map(|(operation, _)| *operation)
                .ok_or_else(|| format!("tells of an unknown operation, `{name}`"))
        }
        None => Ok(Operation(line.count(key)?)),
    }
}

/// The answer, unless the line has a status.
fn answered<T>(line: &Line<'_>, answer: T) -> Result<Result<T, FaultCode>, String> {
    Ok(match line.status()? {
        0 => Ok(answer),
        status => Err(FaultCode::from_status(status)),
    })
}
