//! Where what happens to a jitter buffer is written, and its lines.

use jackfield_core::FaultCode;
use jackfield_core::jitter_buffer::{Insertion, Operation};
use jackfield_core::time::Timestamp;

use super::Happened;
use crate::fields::{Field, jitter as fields};
use crate::lines::{Lines, ns};
use crate::sink::Identity;

/// Takes note of what happens to a jitter buffer.
pub trait EventSink: Send {
    /// Notes what happened `at`, and which handles it let go meanwhile; false if it could not. Must not allocate, lock or block where the jitter
    /// buffer stands in the path of live audio.
    fn note(&mut self, at: Timestamp, happened: &Happened, released: &[u64]) -> bool;
}

/// Writes the lines of one jitter buffer into a text.
#[derive(Debug)]
pub struct TextSink {
    lines: Lines,
    key: (u32, u32),
}

impl TextSink {
    /// Behind `lines`, for the jitter buffer of this stream and instance.
    pub fn new(lines: Lines, stream: u32, instance: u32) -> Self {
        Self {
            lines,
            key: (stream, instance),
        }
    }

    /// Writes which plugin it is.
    pub fn identify(&mut self, at: Timestamp, identity: &Identity) {
        self.lines.jitter_buffer(at, self.key, identity);
    }

    /// What has been written.
    pub fn text(&self) -> &str {
        self.lines.as_text()
    }
}

impl EventSink for TextSink {
    fn note(&mut self, at: Timestamp, happened: &Happened, released: &[u64]) -> bool {
        self.lines.jitter_happened(at, self.key, happened, released);
        true
    }
}

impl Lines {
    /// Writes which plugin the jitter buffer of this stream and instance is.
    pub fn jitter_buffer(&mut self, at: Timestamp, buffer: (u32, u32), identity: &Identity) {
        self.of_stream("jitter-buffer", at, buffer);
        self.plugin(identity);
        self.end();
    }

    /// Writes what happened to the jitter buffer of this stream and instance, and which handles it let go meanwhile.
    pub fn jitter_happened(
        &mut self,
        at: Timestamp,
        buffer: (u32, u32),
        happened: &Happened,
        released: &[u64],
    ) {
        match happened {
            Happened::Activated(config) => {
                self.of_stream("jitter-activated", at, buffer);
                self.told(fields::CONFIG, config);
            }
            Happened::TookOver(state) => {
                self.of_stream("jitter-took-over", at, buffer);
                self.told(fields::HANDOVER, state);
            }
            Happened::HandedOver => self.of_stream("jitter-handed-over", at, buffer),
            Happened::Inserted { packet, answer } => {
                self.of_stream("inserted", at, buffer);
                self.arrival(at, packet.arrival);
                self.told(fields::PACKET, packet);
                self.insertion(answer);
            }
            Happened::ToneInserted { event, answer } => {
                self.of_stream("tone-inserted", at, buffer);
                self.arrival(at, event.arrival);
                self.told(fields::TONE, event);
                self.insertion(answer);
            }
            Happened::Asked { playout, answer } => {
                self.of_stream("next", at, buffer);
                self.told(fields::PLAYOUT, playout);
                self.operation("last", playout.last);
                self.operation("greatest", playout.greatest);
                if let Some(action) = self.answered(answer) {
                    self.operation("operation", action.operation);
                    self.told(fields::ACTION, action);
                }
            }
            Happened::Delay(answer) => {
                self.of_stream("jitter-delay", at, buffer);
                if let Some(delay) = self.answered(answer) {
                    self.told(fields::DELAY, delay);
                }
            }
            Happened::Bounds { minimum, maximum } => {
                self.of_stream("jitter-bounds", at, buffer);
                self.number("minimum", i128::from(minimum.as_us()));
                self.number("maximum", i128::from(maximum.as_us()));
            }
            Happened::Parameter { index, value } => {
                self.of_stream("jitter-parameter", at, buffer);
                self.number("index", i128::from(*index));
                self.fraction("value", *value);
            }
            Happened::Reset(reason) => {
                self.of_stream("jitter-reset", at, buffer);
                self.number("reason", i128::from(reason.0));
            }
            Happened::Missing(count) => {
                self.of_stream("jitter-missing", at, buffer);
                self.number("count", i128::from(*count));
            }
        }
        if !released.is_empty() {
            self.list("released", released.iter().map(|handle| *handle as i64));
        }
        self.end();
    }

    /// Writes how a swap ended: the jitter buffer that it brought plays from now on, or had to go for a reason.
    pub fn jitter_swapped(&mut self, at: Timestamp, buffer: (u32, u32), swap: u64, why: Option<&str>) {
        self.of_stream("jitter-swapped", at, buffer);
        self.outcome(swap, why);
    }

    fn of_stream(&mut self, event: &str, at: Timestamp, (stream, instance): (u32, u32)) {
        self.begin(ns(at), event);
        for (key, number) in [("stream", stream), ("instance", instance)] {
            if number > 0 {
                self.number(key, i128::from(number));
            }
        }
    }

    /// Adds what is not zero.
    fn told<T>(&mut self, fields: &[Field<T>], of: &T) {
        for field in fields {
            let value = (field.get)(of);
            if value != 0 {
                self.number(field.key, i128::from(value));
            }
        }
    }

    /// When a packet came, if it was not told at once.
    fn arrival(&mut self, at: Timestamp, arrival: Timestamp) {
        if arrival != at {
            self.number("arrival", ns(arrival));
        }
    }

    fn insertion(&mut self, answer: &Result<Insertion, FaultCode>) {
        if let Some(insertion) = self.answered(answer)
            && *insertion != Insertion::Accepted
        {
            match fields::INSERTIONS.iter().find(|(known, _)| known == insertion) {
                Some((_, name)) => self.word("insertion", name),
                None => self.number("insertion", i128::from(insertion.0)),
            }
        }
    }

    fn operation(&mut self, key: &str, operation: Operation) {
        match fields::OPERATIONS.iter().find(|(known, _)| *known == operation) {
            Some((_, name)) => self.word(key, name),
            None => self.number(key, i128::from(operation.0)),
        }
    }

    /// What was answered; a fault is written.
    fn answered<'a, T>(&mut self, answer: &'a Result<T, FaultCode>) -> Option<&'a T> {
        match answer {
            Ok(answer) => Some(answer),
            Err(code) => {
                self.number("status", i128::from(code.status()));
                None
            }
        }
    }
}
