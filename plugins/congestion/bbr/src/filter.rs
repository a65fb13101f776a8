//! The most of some rounds, and the least of some seconds.

use jackfield_sdk::prelude::*;

/// The most rounds that a maximum is kept for.
pub(crate) const ROUNDS: usize = 32;

/// The maximum of the last so many rounds.
pub(crate) struct MaximumOfRounds {
    rounds: [f64; ROUNDS],
    at: usize,
}

impl MaximumOfRounds {
    pub(crate) fn new() -> Self {
        Self {
            rounds: [0.0; ROUNDS],
            at: 0,
        }
    }

    /// Forgets all, and starts from `value`.
    pub(crate) fn seed(&mut self, value: f64) {
        self.rounds = [0.0; ROUNDS];
        self.rounds[self.at] = value;
    }

    pub(crate) fn note(&mut self, value: f64) {
        self.rounds[self.at] = self.rounds[self.at].max(value);
    }

    /// The next round begins.
    pub(crate) fn advance(&mut self) {
        self.at = (self.at + 1) % ROUNDS;
        self.rounds[self.at] = 0.0;
    }

    /// The maximum of the present round and the `rounds` before it.
    pub(crate) fn get(&self, rounds: usize) -> f64 {
        (0..=rounds.min(ROUNDS - 1))
            .map(|back| self.rounds[(self.at + ROUNDS - back) % ROUNDS])
            .fold(0.0, f64::max)
    }
}

/// The least value since it was last refreshed, and when that was.
#[derive(Clone, Copy, Default)]
pub(crate) struct Least {
    value: Option<i64>,
    refreshed: Timestamp,
}

impl Least {
    /// What is so little above the least still refreshes it, µs.
    const NEAR: i64 = 3_000;

    pub(crate) fn note(&mut self, now: Timestamp, value: i64) {
        match self.value {
            Some(least) if value > least.saturating_add(Self::NEAR) => {}
            Some(least) => {
                self.value = Some(least.min(value));
                self.refreshed = now;
            }
            None => self.set(now, value),
        }
    }

    pub(crate) fn set(&mut self, now: Timestamp, value: i64) {
        self.value = Some(value);
        self.refreshed = now;
    }

    pub(crate) fn get(&self) -> Option<i64> {
        self.value
    }

    /// How long it has not been seen; no time if there is none.
    pub(crate) fn age(&self, now: Timestamp) -> TimeDelta {
        self.value.map_or(TimeDelta::ZERO, |_| now.since(self.refreshed))
    }
}
