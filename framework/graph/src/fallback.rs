//! What stands in for a jitter buffer that broke: it plays what waits, in order, and makes up what is missing, so that a call goes on until
//! somebody puts another jitter buffer in.

use jackfield_core::jitter_buffer::{Action, Operation, PacketArrival};
use jackfield_core::time::Timestamp;
use jackfield_core::units::TimeDelta;

use crate::receive::Due;

/// 10 ms of the clock in which jitter buffers count.
const STEP: u32 = 480;
/// After so much that was made up in a row it is silence.
const MAKE_UP_AT_MOST: u32 = 10 * STEP;
/// So long the first packet waits when playing begins.
const DELAY: TimeDelta = TimeDelta::ms(60);
/// A hole longer than this is a jump of the stream's clock, and not played out: 1 s.
const JUMP: i64 = 100 * STEP as i64;
/// If more than this waits, it is played faster: 200 ms.
const PLENTY: i64 = 20 * STEP as i64;

/// The stand-in.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Fallback {
    made_up: u32,
    resting: bool,
}

impl Fallback {
    /// Says what to do next. `front` is the first packet that waits and `end` the timestamp at which the last one ends.
    pub(crate) fn next(
        &mut self,
        now: Timestamp,
        due: &Due,
        front: Option<&PacketArrival>,
        end: i64,
    ) -> Action {
        let Some(front) = front else { return self.make_up() };
        let begins = self.resting || !due.started;
        if begins && now.since(front.arrival) < DELAY {
            return act(Operation::Silence, STEP);
        }
        let hole = front.timestamp - due.timestamp;
        if !begins && front.sequence_number > due.sequence_number && hole > 0 && hole <= JUMP {
            return act(Operation::Conceal, (hole as u32).min(STEP));
        }
        *self = Self::default();
        let operation = if end - front.timestamp > PLENTY {
            Operation::Accelerate
        } else {
            Operation::Normal
        };
        Action {
            handle: front.handle,
            ..act(operation, 0)
        }
    }

    fn make_up(&mut self) -> Action {
        if self.resting || self.made_up >= MAKE_UP_AT_MOST {
            self.resting = true;
            return act(Operation::Silence, STEP);
        }
        self.made_up += STEP;
        act(Operation::Conceal, STEP)
    }
}

fn act(operation: Operation, ticks: u32) -> Action {
    Action {
        operation,
        ticks,
        handle: 0,
        back: TimeDelta::ZERO,
    }
}
