//! Reno: RFC 5681, with byte counting, and RFC 3168 for marks.

use crate::clock::VirtualTime;

use super::congestion::{AckSample, Congestion, CongestionControl};

/// The controller.
#[derive(Debug)]
pub(super) struct Reno {
    segment: u64,
    window: u64,
    threshold: u64,
    /// What was acknowledged since the window grew last, in congestion avoidance.
    credit: u64,
}

impl Reno {
    pub(super) fn new(segment: u64, initial: u64) -> Self {
        Self {
            segment,
            window: initial,
            threshold: u64::MAX,
            credit: 0,
        }
    }
}

impl CongestionControl for Reno {
    fn window(&self) -> u64 {
        self.window
    }

    fn threshold(&self) -> u64 {
        self.threshold
    }

    fn on_ack(&mut self, sample: &AckSample) {
        if sample.in_recovery || !sample.window_limited {
            return;
        }
        if self.window < self.threshold {
            self.window += sample.delivered.min(self.segment);
            return;
        }
        self.credit += sample.delivered;
        if self.credit >= self.window {
            self.credit -= self.window;
            self.window += self.segment;
        }
    }

    fn on_congestion(&mut self, _: VirtualTime, _: Congestion, outstanding: u64) {
        self.threshold = (outstanding.min(self.window) / 2).max(2 * self.segment);
        self.window = self.threshold;
        self.credit = 0;
    }

    fn on_timeout(&mut self, _: VirtualTime, outstanding: u64, again: bool) {
        if !again {
            self.threshold = (outstanding.min(self.window) / 2).max(2 * self.segment);
        }
        self.window = self.segment;
        self.credit = 0;
    }
}
