//! A jitter buffer that is not heard: it is asked as if it played, and what it decides is only looked at.

use jackfield_core::Fault;
use jackfield_core::jitter_buffer::{HandleSink, JitterBuffer, Operation, PacketArrival, Playout};
use jackfield_core::time::Timestamp;

use super::waiting::{Waiting, index};
use super::{MAX_ACTIONS, STEP};

/// Blocks running in which one plays no packet while the other does.
const SILENT_BLOCKS: u32 = 20;
/// Whoever plays packets plays one at least so often, in blocks.
const PLAYING_BLOCKS: u32 = 12;

const STANDS_STILL: &str = "it makes no progress";
const SILENT: &str = "it played nothing while packets waited";

/// What is made up for the one that is not heard, and how both compare.
#[derive(Clone, Copy)]
pub(super) struct Shadow {
    playout: Playout,
    /// How long the last packet was.
    ticks: u32,
    /// Blocks since a packet was played.
    unheard: u32,
    heard: u32,
}

impl Shadow {
    pub(super) const NEW: Self = Self {
        playout: Playout::START,
        ticks: 2 * STEP,
        unheard: 0,
        heard: 0,
    };

    /// A packet came.
    pub(super) fn insert(
        &mut self,
        now: Timestamp,
        jitter: &mut dyn JitterBuffer,
        arrival: &PacketArrival,
    ) -> Result<(), Fault> {
        self.ticks = arrival.ticks;
        jitter.insert(now, arrival, &mut Nobody).map(|_| ())
    }

    /// 10 ms pass; `played` is whether the one that is heard played a packet in them.
    pub(super) fn pull(
        &mut self,
        now: Timestamp,
        jitter: &mut dyn JitterBuffer,
        waiting: &[Option<Waiting>],
        played: bool,
    ) -> Result<(), &'static str> {
        self.heard = if played { 0 } else { self.heard + 1 };
        self.unheard += 1;
        for _ in 0..MAX_ACTIONS {
            if self.playout.ready_ticks >= STEP {
                break;
            }
            let action = jitter
                .next(now, &self.playout, &mut Nobody)
                .map_err(|_| super::swapping::FAILED)?;
            self.playout.last = action.operation;
            self.playout.ready_ticks += match action.operation {
                Operation::Silence | Operation::ComfortNoise | Operation::Conceal | Operation::Recover => {
                    action.ticks.max(STEP)
                }
                _ => {
                    self.unheard = 0;
                    // What the other one has played already is as long as its neighbours.
                    let packet = waiting.get(index(action.handle)).and_then(Option::as_ref);
                    packet.map_or(self.ticks, |waiting| waiting.arrival.ticks)
                }
            };
        }
        self.playout.ready_ticks = self.playout.ready_ticks.checked_sub(STEP).ok_or(STANDS_STILL)?;
        Ok(())
    }

    /// What the one that is not heard did worse.
    pub(super) fn unheard_is_silent(&self) -> Result<(), &'static str> {
        silent(self.unheard, self.heard)
    }

    /// What the one that is heard did worse.
    pub(super) fn heard_is_silent(&self) -> Result<(), &'static str> {
        silent(self.heard, self.unheard)
    }
}

fn silent(one: u32, other: u32) -> Result<(), &'static str> {
    if one >= SILENT_BLOCKS && other < PLAYING_BLOCKS {
        Err(SILENT)
    } else {
        Ok(())
    }
}

/// Takes handles back that are somebody else's.
struct Nobody;

impl HandleSink for Nobody {
    fn release(&mut self, _: u64) -> Result<(), Fault> {
        Ok(())
    }
}
