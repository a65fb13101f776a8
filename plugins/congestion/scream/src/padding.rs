//! When to pad: media that stays below the target never shows whether the path bears the target, so that now and then padding fills up to it
//! (libwebrtc's addition to the draft).

use jackfield_sdk::prelude::*;

/// Padding goes on for so long.
const DURATION: TimeDelta = TimeDelta::seconds(3);
/// Then there is none for at least so long.
const PAUSE: TimeDelta = TimeDelta::seconds(3);
/// Nor for so long after the window has shrunk.
const AFTER_CONGESTION: TimeDelta = TimeDelta::seconds(1);
/// Without streams, the beginning of a path may be probed for so long.
const INITIAL: TimeDelta = TimeDelta::seconds(6);
/// Padding goes up to this multiple of what the streams can use.
const OF_STREAMS: f64 = 2.0;

/// The state of padding, and what the streams are like.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Padding {
    /// When the padding of now, or of last time, ends; nothing before the first.
    ends: Option<Timestamp>,
    initial_until: Option<Timestamp>,
    /// The sum of the streams' greatest rates, bit/s.
    pub(crate) streams: f64,
    /// The greatest that it has ever been.
    most_streams: f64,
    /// Probe before media flows.
    pub(crate) probe_at_start: bool,
}

impl Padding {
    pub(crate) const NEW: Self = Self {
        ends: None,
        initial_until: None,
        streams: 0.0,
        most_streams: 0.0,
        probe_at_start: false,
    };

    /// The streams can use so much, in bit/s.
    pub(crate) fn streams(&mut self, most: f64) {
        self.streams = most;
        self.most_streams = self.most_streams.max(most);
    }

    /// A path begins.
    pub(crate) fn begin(&mut self, now: Timestamp) {
        self.ends = None;
        self.initial_until = self.probe_at_start.then_some(now + INITIAL);
    }

    /// The padding rate in bit/s; `most` is the most that the session and the remote end allow.
    pub(crate) fn rate(
        &mut self,
        now: Timestamp,
        last_decrease: Option<Timestamp>,
        target: f64,
        most: f64,
    ) -> f64 {
        if !self.is_time(now, last_decrease) {
            return 0.0;
        }
        let of_streams = self.most_streams.min(OF_STREAMS * self.streams).min(most);
        let initial = self.initial_until.is_some_and(|until| now < until);
        let most = if of_streams <= 0.0 && initial {
            most
        } else {
            of_streams
        };
        if target < most { target } else { 0.0 }
    }

    fn is_time(&mut self, now: Timestamp, last_decrease: Option<Timestamp>) -> bool {
        let padding = self.ends.is_some_and(|ends| now < ends);
        if last_decrease.is_some_and(|last| now - last <= AFTER_CONGESTION) {
            if padding {
                self.ends = Some(now);
            }
            return false;
        }
        if padding {
            return true;
        }
        let rested = self.ends.is_none_or(|ends| now - ends >= PAUSE);
        if rested {
            self.ends = Some(now + DURATION);
        }
        rested
    }
}
