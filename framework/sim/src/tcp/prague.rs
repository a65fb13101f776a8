//! A scalable controller in the manner of TCP Prague (draft-briscoe-iccrg-prague-congestion-control): the reduction follows the share of
//! marked bytes as in RFC 8257, the packets are ECT(1) and paced as RFC 9331 asks. Not here: independence of the round-trip time, and falling
//! back when the marking turns out to be classic.

use crate::clock::VirtualTime;

use super::SECOND;
use super::congestion::{AckSample, Congestion, CongestionControl};

/// How fast the share follows: 1/16 per round trip.
const GAIN: f64 = 1.0 / 16.0;

/// The controller.
#[derive(Debug)]
pub(super) struct Prague {
    segment: f64,
    window: f64,
    threshold: f64,
    /// The smoothed share of marked bytes.
    alpha: f64,
    delivered: u64,
    marked: u64,
    /// The round ends when so much is delivered.
    round_end: u64,
    /// No reduction for marks before so much is delivered.
    reduced_until: u64,
    pacing: Option<u64>,
}

impl Prague {
    pub(super) fn new(segment: u64, initial: u64) -> Self {
        Self {
            segment: segment as f64,
            window: initial as f64,
            threshold: f64::INFINITY,
            alpha: 1.0,
            delivered: 0,
            marked: 0,
            round_end: 0,
            reduced_until: 0,
            pacing: None,
        }
    }

    fn least(&self) -> f64 {
        2.0 * self.segment
    }

    fn pace(&mut self, smoothed: Option<u64>) {
        self.pacing = smoothed.map(|smoothed| {
            let gain = if self.window < self.threshold { 2.0 } else { 1.05 };
            (gain * self.window * 8.0 * SECOND as f64 / smoothed.max(1) as f64) as u64
        });
    }
}

impl CongestionControl for Prague {
    fn window(&self) -> u64 {
        self.window as u64
    }

    fn threshold(&self) -> u64 {
        self.threshold as u64
    }

    fn pacing_rate(&self) -> Option<u64> {
        self.pacing
    }

    fn on_ack(&mut self, sample: &AckSample) {
        self.delivered += sample.delivered;
        self.marked += sample.marked;
        let sent = sample.delivered_total + sample.in_flight;
        if sample.delivered_total >= self.round_end {
            if self.delivered > 0 {
                let share = (self.marked as f64 / self.delivered as f64).min(1.0);
                self.alpha += GAIN * (share - self.alpha);
            }
            (self.delivered, self.marked) = (0, 0);
            self.round_end = sent;
        }
        if sample.marked > 0 && !sample.in_recovery && sample.delivered_total >= self.reduced_until {
            self.window = (self.window * (1.0 - self.alpha / 2.0)).max(self.least());
            self.threshold = self.window;
            self.reduced_until = sent;
        }
        if !sample.in_recovery && sample.window_limited {
            let unmarked = sample.delivered.saturating_sub(sample.marked) as f64;
            self.window += if self.window < self.threshold {
                unmarked
            } else {
                unmarked * self.segment / self.window
            };
        }
        self.pace(sample.smoothed);
    }

    fn on_congestion(&mut self, _: VirtualTime, kind: Congestion, outstanding: u64) {
        if kind == Congestion::Loss {
            self.threshold = (self.window.min(outstanding as f64) / 2.0).max(self.least());
            self.window = self.threshold;
        }
    }

    fn on_timeout(&mut self, _: VirtualTime, outstanding: u64, again: bool) {
        if !again {
            self.threshold = (self.window.min(outstanding as f64) / 2.0).max(self.least());
        }
        self.window = self.segment;
    }
}
