//! Reading event logs. They come from outside: nothing here panics on any bytes.

use std::collections::BTreeMap;

use jackfield_core::FaultCode;
use jackfield_core::congestion_controller::{CongestionHandover, CongestionUpdate};
use jackfield_core::module::ResetReason;
use jackfield_core::time::Timestamp;
use serde_json::{Map, Value};

use crate::fields;
use crate::jitter::{self, BufferLog, Happened};
use crate::line::Line;
use crate::lines::SCHEMA;
use crate::log::{ControllerLog, EventLog, Step, Told, What};

/// Why bytes are not an event log that this program reads.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The first line is not that of an event log.
    #[error("this is not an event log: its first line must be {{\"schema\": \"{SCHEMA}\", …}}")]
    NoLog,
    /// It was written by a version whose lines mean something else.
    #[error(
        "the event log has the schema `{found}`, and this program reads `{SCHEMA}`; read it with the version that wrote it"
    )]
    Schema {
        /// What the first line says.
        found: String,
    },
    /// A line cannot be understood.
    #[error(
        "line {line} of the event log {reason}; if the file was edited or joined with another, cut the log off before that line"
    )]
    Line {
        /// Its number, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
}

impl EventLog {
    /// Reads a log. A last line that is torn is left out and noted; everything before it must be whole.
    ///
    /// # Errors
    /// If it is no log, one of another schema, or a line before the last cannot be understood.
    pub fn parse(bytes: &[u8]) -> Result<Self, ReadError> {
        let whole = bytes.ends_with(b"\n");
        let mut lines = bytes.split(|byte| *byte == b'\n').enumerate().peekable();
        let mut log = Self::default();
        let (_, first) = lines.next().unwrap_or((0, &[]));
        log.first_line(first)?;
        let mut reader = Reader {
            log,
            controllers: BTreeMap::new(),
            buffers: BTreeMap::new(),
            touched: None,
        };
        while let Some((number, line)) = lines.next() {
            if line.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            let fault = |reason: String| ReadError::Line {
                line: number + 1,
                reason,
            };
            let is_last = lines.peek().is_none() && !whole;
            match serde_json::from_slice::<Map<String, Value>>(line) {
                Ok(object) => reader.line(&object).map_err(fault)?,
                Err(_) if is_last => reader.tear(),
                Err(error) => return Err(fault(format!("is no object of JSON ({error})"))),
            }
        }
        Ok(reader.finish())
    }

    fn first_line(&mut self, line: &[u8]) -> Result<(), ReadError> {
        let object: Map<String, Value> = serde_json::from_slice(line).map_err(|_| ReadError::NoLog)?;
        let schema = object
            .get("schema")
            .and_then(Value::as_str)
            .ok_or(ReadError::NoLog)?;
        if schema != SCHEMA {
            return Err(ReadError::Schema {
                found: schema.chars().take(64).collect(),
            });
        }
        self.origin = object
            .iter()
            .filter(|(key, _)| *key != "schema")
            .map(|(key, value)| {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                (key.clone(), text)
            })
            .collect();
        Ok(())
    }
}

struct Reader {
    log: EventLog,
    controllers: BTreeMap<(u32, u32), (ControllerLog, CongestionUpdate)>,
    buffers: BTreeMap<(u32, u32), BufferLog>,
    /// Whose line was the last.
    touched: Option<(u32, u32)>,
}

impl Reader {
    fn line(&mut self, object: &Map<String, Value>) -> Result<(), String> {
        let line = Line(object);
        let at = line.time("at")?.ok_or("has no `at`")?;
        let event = line.text("event").ok_or("has no `event`")?;
        let key = (line.count("flow")?, line.count("instance")?);
        let what = match event {
            "controller" => {
                self.of(key).0.identity = Some(line.identity()?);
                return Ok(());
            }
            "activated" => What::Activated(line.constraints()?),
            "took-over" => {
                let mut state = CongestionHandover::default();
                line.fields(fields::HANDOVER, &mut state)?;
                What::TookOver(state)
            }
            "handed-over" => What::HandedOver,
            "told" => {
                let event = line.event(at)?;
                let packets = line.packets()?;
                let (_, last) = self.of(key);
                What::Told(Box::new(Told {
                    event,
                    packets,
                    probes: Vec::new(),
                    answer: Ok(*last),
                }))
            }
            "decided" => {
                let update = line.update()?;
                let (log, last) = self.of(key);
                *last = update;
                match log.last_told(at) {
                    Some(told) => {
                        told.answer = Ok(update);
                        return Ok(());
                    }
                    None => What::Decided(update),
                }
            }
            "probe" => {
                let cluster = line.probe()?;
                if let Some(told) = self.of(key).0.last_told(at) {
                    told.probes.push(cluster);
                }
                return Ok(());
            }
            "failed" => {
                let status = line.status()?;
                let (log, _) = self.of(key);
                if let Some(told) = log.last_told(at) {
                    told.answer = Err(FaultCode::from_status(status));
                }
                return Ok(());
            }
            "parameter" => What::Parameter {
                index: line.count("index")?,
                value: line.fraction("value")?,
            },
            "reset" => What::Reset(ResetReason(line.count("reason")?)),
            "missing" => {
                let count = u64::from(line.count("count")?);
                self.of(key).0.missing += count;
                What::Missing(count)
            }
            "swapped" => {
                self.log.swaps.push(line.swapped(at, key)?);
                return Ok(());
            }
            "stopped" => {
                self.log.stopped = Some(line.text("why").unwrap_or_default().to_owned());
                return Ok(());
            }
            _ => return self.of_jitter_buffer(&line, event, at),
        };
        self.touched = Some(key);
        self.of(key).0.steps.push(Step { at, what });
        Ok(())
    }

    /// A line that is none of a controller's.
    fn of_jitter_buffer(&mut self, line: &Line<'_>, event: &str, at: Timestamp) -> Result<(), String> {
        let key = || Ok::<_, String>((line.count("stream")?, line.count("instance")?));
        match event {
            "jitter-buffer" => {
                let identity = line.identity()?;
                self.of_stream(key()?).identity = Some(identity);
            }
            "jitter-swapped" => self.log.jitter_swaps.push(line.swapped(at, key()?)?),
            _ => match jitter::step(line, event, at)? {
                Some(step) => {
                    let log = self.of_stream(key()?);
                    if let Happened::Missing(count) = step.what {
                        log.missing += count;
                    }
                    log.steps.push(step);
                }
                // Whatever it tells.
                None => self.log.others += 1,
            },
        }
        Ok(())
    }

    fn of_stream(&mut self, key: (u32, u32)) -> &mut BufferLog {
        self.buffers.entry(key).or_insert_with(|| BufferLog {
            stream: key.0,
            instance: key.1,
            ..BufferLog::default()
        })
    }

    fn of(&mut self, key: (u32, u32)) -> &mut (ControllerLog, CongestionUpdate) {
        self.controllers.entry(key).or_insert_with(|| {
            let log = ControllerLog {
                flow: key.0,
                instance: key.1,
                ..ControllerLog::default()
            };
            (log, CongestionUpdate::default())
        })
    }

    fn tear(&mut self) {
        self.log.torn = true;
        if let Some((log, _)) = self.touched.and_then(|key| self.controllers.get_mut(&key)) {
            log.steps.pop_if(|step| matches!(step.what, What::Told(_)));
        }
    }

    fn finish(self) -> EventLog {
        EventLog {
            controllers: self.controllers.into_values().map(|(log, _)| log).collect(),
            jitter_buffers: self.buffers.into_values().collect(),
            ..self.log
        }
    }
}
