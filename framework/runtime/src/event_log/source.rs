//! Where the lines of a log come from: the rings of its controllers and jitter buffers.

use jackfield_core::time::Timestamp;
use jackfield_event_log::{Identity, Lines, jitter, ring};

/// The reading end of a ring.
pub(super) enum Source {
    Controller(ring::RingSource),
    Jitter(jitter::ring::RingSource),
}

/// What was swapped.
#[derive(Clone, Copy)]
pub(super) enum Of {
    Controller,
    Jitter,
}

impl Source {
    /// Writes which plugin an instance is.
    pub(super) fn identify(&self, instance: u32, at: Timestamp, identity: &Identity, lines: &mut Lines) {
        match self {
            Self::Controller(_) => lines.identity(at, (0, instance), identity),
            Self::Jitter(_) => lines.jitter_buffer(at, (0, instance), identity),
        }
    }

    /// Writes what happened next, and gives the time of it.
    pub(super) fn write_next(&mut self, instance: u32, lines: &mut Lines) -> Option<Timestamp> {
        match self {
            Self::Controller(source) => source.write_next((0, instance), lines),
            Self::Jitter(source) => source.write_next((0, instance), lines),
        }
    }

    pub(super) fn is_over(&self) -> bool {
        match self {
            Self::Controller(source) => source.is_over(),
            Self::Jitter(source) => source.is_over(),
        }
    }
}

impl Of {
    /// Writes how a swap ended.
    pub(super) fn swapped(
        self,
        instance: u32,
        at: Timestamp,
        swap: u64,
        why: Option<&str>,
        lines: &mut Lines,
    ) {
        match self {
            Self::Controller => lines.swapped(at, (0, instance), swap, why),
            Self::Jitter => lines.jitter_swapped(at, (0, instance), swap, why),
        }
    }
}
