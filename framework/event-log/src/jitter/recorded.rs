//! A jitter buffer with an observer around it.

use jackfield_core::Fault;
use jackfield_core::jitter_buffer::{
    Action, EventArrival, HandleSink, Insertion, JitterBuffer, JitterConfig, JitterDelay, JitterHandover,
    PacketArrival, Playout,
};
use jackfield_core::module::{Latency, Module, ResetReason};
use jackfield_core::time::Timestamp;
use jackfield_core::units::TimeDelta;

use super::{EventSink, Happened};
use crate::recorded::Missing;

/// Handles that are noted of one call; a buffer that lets more go at once is passed on and not noted beyond these.
const RELEASED: usize = 256;

/// Passes every call on to a jitter buffer, and notes it. What the jitter buffer decides is not touched.
///
/// Noting allocates nothing and takes no lock unless the sink does.
pub struct Recorded<B: ?Sized> {
    sink: Box<dyn EventSink>,
    now: Timestamp,
    missing: Missing,
    released: Vec<u64>,
    buffer: Box<B>,
}

impl<B: JitterBuffer + ?Sized> Recorded<B> {
    /// Notes what happens to `buffer`, to which nothing has happened yet.
    pub fn new(buffer: Box<B>, sink: Box<dyn EventSink>) -> Self {
        Self {
            sink,
            now: Timestamp::ZERO,
            missing: Missing::default(),
            released: Vec::with_capacity(RELEASED),
            buffer,
        }
    }

    /// Calls what may let handles go, and gives what it answers.
    fn call<T>(
        &mut self,
        now: Timestamp,
        released: &mut dyn HandleSink,
        call: impl FnOnce(&mut B, &mut Tee<'_>) -> T,
    ) -> T {
        self.now = now;
        self.released.clear();
        let mut tee = Tee {
            seen: &mut self.released,
            released,
        };
        call(&mut self.buffer, &mut tee)
    }

    fn note(&mut self, happened: Happened) {
        self.released.clear();
        self.note_with_released(happened);
    }

    fn note_with_released(&mut self, happened: Happened) {
        let (now, released) = (self.now, &self.released[..]);
        self.missing.note(
            &mut *self.sink,
            |sink, count| sink.note(now, &Happened::Missing(count), &[]),
            |sink| sink.note(now, &happened, released),
        );
    }
}

impl<B: JitterBuffer + ?Sized> JitterBuffer for Recorded<B> {
    fn activate(&mut self, config: &JitterConfig) -> Result<(), Fault> {
        self.note(Happened::Activated(*config));
        self.buffer.activate(config)
    }

    fn insert(
        &mut self,
        now: Timestamp,
        packet: &PacketArrival,
        released: &mut dyn HandleSink,
    ) -> Result<Insertion, Fault> {
        let answer = self.call(now, released, |buffer, tee| buffer.insert(now, packet, tee));
        self.note_with_released(Happened::Inserted {
            packet: *packet,
            answer: answer.as_ref().copied().map_err(Fault::code),
        });
        answer
    }

    fn next(
        &mut self,
        now: Timestamp,
        playout: &Playout,
        released: &mut dyn HandleSink,
    ) -> Result<Action, Fault> {
        let answer = self.call(now, released, |buffer, tee| buffer.next(now, playout, tee));
        self.note_with_released(Happened::Asked {
            playout: *playout,
            answer: answer.as_ref().copied().map_err(Fault::code),
        });
        answer
    }

    fn set_bounds(&mut self, minimum: TimeDelta, maximum: TimeDelta) -> Result<(), Fault> {
        self.note(Happened::Bounds { minimum, maximum });
        self.buffer.set_bounds(minimum, maximum)
    }

    fn delay(&mut self, now: Timestamp) -> Result<JitterDelay, Fault> {
        self.now = now;
        let answer = self.buffer.delay(now);
        self.note(Happened::Delay(answer.as_ref().copied().map_err(Fault::code)));
        answer
    }

    fn hand_over(&mut self, now: Timestamp) -> Result<JitterHandover, Fault> {
        self.now = now;
        self.note(Happened::HandedOver);
        self.buffer.hand_over(now)
    }

    fn take_over(&mut self, now: Timestamp, state: &JitterHandover) -> Result<(), Fault> {
        self.now = now;
        self.note(Happened::TookOver(*state));
        self.buffer.take_over(now, state)
    }

    fn insert_event(
        &mut self,
        now: Timestamp,
        event: &EventArrival,
        released: &mut dyn HandleSink,
    ) -> Result<Insertion, Fault> {
        let answer = self.call(now, released, |buffer, tee| buffer.insert_event(now, event, tee));
        self.note_with_released(Happened::ToneInserted {
            event: *event,
            answer: answer.as_ref().copied().map_err(Fault::code),
        });
        answer
    }
}

impl<B: JitterBuffer + ?Sized> Module for Recorded<B> {
    fn set_parameter(&mut self, index: u32, value: f64) -> Result<(), Fault> {
        self.note(Happened::Parameter { index, value });
        self.buffer.set_parameter(index, value)
    }

    fn parameter(&mut self, index: u32) -> Result<f64, Fault> {
        self.buffer.parameter(index)
    }

    fn latency(&mut self) -> Result<Latency, Fault> {
        self.buffer.latency()
    }

    fn stats(&mut self, values: &mut [f64]) -> Result<u32, Fault> {
        self.buffer.stats(values)
    }

    fn reset(&mut self, reason: ResetReason) -> Result<(), Fault> {
        self.note(Happened::Reset(reason));
        self.buffer.reset(reason)
    }
}

/// Lets handles through and remembers them.
struct Tee<'a> {
    seen: &'a mut Vec<u64>,
    released: &'a mut dyn HandleSink,
}

impl HandleSink for Tee<'_> {
    fn release(&mut self, handle: u64) -> Result<(), Fault> {
        if self.seen.len() < RELEASED {
            self.seen.push(handle);
        }
        self.released.release(handle)
    }
}
