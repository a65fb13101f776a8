//! Where playing stands: for those who look at it and for a successor.

use jackfield_core::jitter_buffer::{JitterDelay, JitterHandover, Playout};
use jackfield_core::time::Timestamp;
use jackfield_core::units::{SampleRate, TimeDelta};

use super::counters::Counters;
use super::playback::{Cursor, Playback};
use super::restart::RestartDetector;

impl Playback {
    /// The stream's clock.
    pub fn clock_rate(&self) -> SampleRate {
        self.rate
    }

    /// What happened so far.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// How many packets wait.
    pub fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// The delay as measured, with what playing has shifted since; `None` until it is known.
    pub fn measured_delay(&self, now: Timestamp, playout: &Playout) -> Option<TimeDelta> {
        let at = now + self.rate.duration(i64::from(playout.ready_ticks));
        let cursor = self.cursor?;
        let shift = if self.idle_ticks == 0 {
            at - self.play_time(&cursor, cursor.timestamp)?
        } else {
            TimeDelta::ZERO
        };
        Some(self.window.delay(now)? + shift)
    }

    /// The delay aimed for, and what waits.
    pub fn delay(&self, now: Timestamp, target: TimeDelta) -> JitterDelay {
        let end = self
            .queue
            .back()
            .map(|p| p.timestamp.saturating_add(i64::from(p.ticks)));
        let cursor = self.cursor.filter(|_| !self.rebuffer);
        let played = cursor.and_then(|cursor| self.play_time(&cursor, end.unwrap_or(cursor.timestamp)));
        let current = match (played, self.queue.front(), end) {
            (Some(at), _, _) => at.since(now),
            (None, Some(front), Some(end)) => self.rate.duration(end.saturating_sub(front.timestamp)),
            _ => TimeDelta::ZERO,
        };
        JitterDelay { target, current }
    }

    /// Where playing stands, for a successor.
    pub fn hand_over(&self, target: TimeDelta) -> JitterHandover {
        let Some(cursor) = self.cursor else {
            return JitterHandover {
                target,
                ..JitterHandover::default()
            };
        };
        JitterHandover {
            started: 1,
            reserved: 0,
            next_sequence_number: cursor.sequence_number,
            next_timestamp: cursor.timestamp.saturating_add(self.idle_ticks),
            target,
        }
    }

    /// Goes on where a predecessor stood.
    pub fn take_over(&mut self, state: &JitterHandover) {
        self.window.clear();
        self.cursor = (state.started != 0).then_some(Cursor {
            sequence_number: state.next_sequence_number,
            timestamp: state.next_timestamp,
            anchor: None,
            came: 0,
        });
        self.heard = state.started != 0;
        self.idle_ticks = 0;
        self.rebuffer = false;
        self.taken_over = true;
        self.easing = true;
    }

    /// Forgets where playing stands; packets that wait go on waiting, and playing begins anew with them.
    pub fn reset(&mut self) {
        self.cursor = None;
        self.restart = RestartDetector::default();
        self.window.clear();
        self.idle_ticks = 0;
        self.heard = false;
        self.pause = false;
        self.dry = false;
        self.rebuffer = false;
        self.taken_over = false;
        self.easing = false;
    }
}
