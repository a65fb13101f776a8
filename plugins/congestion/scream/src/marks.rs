//! `l4s_alpha`: the mean share of packets that come with a CE mark (section 4.2.1.3).

use jackfield_sdk::prelude::*;

use crate::digest::Digest;

/// Share of a new value in the mean when it rises.
const GAIN_UP: f64 = 1.0 / 8.0;
/// The same when it falls.
const GAIN_DOWN: f64 = 1.0 / 128.0;
/// The mean is renewed no more often than this, ms.
const INTERVAL: f64 = 10.0;

/// The share of marks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Marks {
    alpha: f64,
    delivered: f64,
    marked: f64,
    last: Option<Timestamp>,
    /// When the last mark was reported.
    last_mark: Option<Timestamp>,
}

impl Marks {
    pub(crate) const NONE: Self = Self {
        alpha: 0.0,
        delivered: 0.0,
        marked: 0.0,
        last: None,
        last_mark: None,
    };

    /// Takes a feedback; `round_trip` in ms.
    pub(crate) fn update(&mut self, feedback: &Digest, round_trip: f64) {
        self.delivered += f64::from(feedback.received);
        self.marked += f64::from(feedback.marked);
        if feedback.marked > 0 {
            self.last_mark = Some(feedback.now);
        }
        let elapsed = self
            .last
            .map_or(f64::INFINITY, |last| feedback.now.since(last).as_ms_f64());
        if elapsed < round_trip.min(INTERVAL) || self.delivered == 0.0 {
            return;
        }
        self.last = Some(feedback.now);
        let share = self.marked / self.delivered;
        (self.delivered, self.marked) = (0.0, 0.0);
        self.alpha = if share >= self.alpha {
            GAIN_UP * share + (1.0 - GAIN_UP) * self.alpha
        } else {
            (1.0 - GAIN_DOWN) * self.alpha
        };
    }

    /// When the last mark was reported.
    pub(crate) fn last_mark(&self) -> Option<Timestamp> {
        self.last_mark
    }

    pub(crate) fn alpha(&self) -> f64 {
        self.alpha
    }
}
