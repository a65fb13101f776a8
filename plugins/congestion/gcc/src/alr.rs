//! Whether the media fills what it may: the application-limited region. In it the estimate is not put to the test, and probes are worth it.
//!
//! Facts: libwebrtc's `alr_detector.cc` and `interval_budget.cc`.

use jackfield_sdk::prelude::*;

use crate::arithmetic::{scaled, whole_kbps, whole_ms};

/// How much of the budget can build up, in ms.
const WINDOW_MS: i64 = 500;

/// When it begins and ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AlrSettings {
    /// The share of the estimate that counts as filling it.
    pub usage: f64,
    /// It begins when more than this share of the budget is left …
    pub start: f64,
    /// … and ends when less than this is.
    pub stop: f64,
}

impl Default for AlrSettings {
    fn default() -> Self {
        Self {
            usage: 0.65,
            start: 0.80,
            stop: 0.50,
        }
    }
}

/// What may be sent in so long at a rate, as far as it was not.
#[derive(Default)]
struct Budget {
    kbps: i64,
    largest: i64,
    left: i64,
}

impl Budget {
    fn set_rate(&mut self, kbps: i64) {
        self.kbps = kbps;
        self.largest = WINDOW_MS.saturating_mul(kbps) / 8;
        self.left = self.left.clamp(-self.largest, self.largest);
    }

    fn use_up(&mut self, size: DataSize) {
        self.left = self.left.saturating_sub(size.as_bytes()).max(-self.largest);
    }

    fn grow(&mut self, time: TimeDelta) {
        let bytes = self.kbps.saturating_mul(whole_ms(time)) / 8;
        self.left = self.left.saturating_add(bytes).min(self.largest);
    }

    fn share_left(&self) -> f64 {
        if self.largest == 0 {
            0.0
        } else {
            self.left as f64 / self.largest as f64
        }
    }
}

/// Notices when the media does not fill the estimate.
#[derive(Default)]
pub struct AlrDetector {
    /// When it begins and ends.
    pub settings: AlrSettings,
    budget: Budget,
    last_sent: Option<Timestamp>,
    started: Option<Timestamp>,
}

impl AlrDetector {
    /// Nothing sent yet.
    pub fn new(settings: AlrSettings) -> Self {
        Self {
            settings,
            ..Self::default()
        }
    }

    /// The estimate that there is to fill.
    pub fn set_estimate(&mut self, rate: DataRate) {
        self.budget
            .set_rate(whole_kbps(scaled(rate, self.settings.usage)));
    }

    /// A packet left.
    pub fn sent(&mut self, at: Timestamp, size: DataSize) {
        let Some(last) = self.last_sent.replace(at) else {
            return;
        };
        self.budget.use_up(size);
        self.budget.grow(at.since(last));
        let left = self.budget.share_left();
        if self.started.is_none() && left > self.settings.start {
            self.started = Some(at);
        } else if self.started.is_some() && left < self.settings.stop {
            self.started = None;
        }
    }

    /// Since when the media does not fill the estimate; none if it does.
    pub fn started(&self) -> Option<Timestamp> {
        self.started
    }
}
