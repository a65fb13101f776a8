//! Whether the delay on the path grows: a line through the smoothed delays of the last groups of packets, held against a threshold that
//! follows what is usual on the path.
//!
//! Facts: libwebrtc's `trendline_estimator.cc`; the adaptive threshold is that of Carlucci et al., "Analysis and design of the Google
//! congestion control for WebRTC", MMSys 2016.

use std::collections::VecDeque;

use jackfield_sdk::prelude::*;

use crate::arithmetic::moment_ms;
use crate::inter_arrival::Deltas;

/// How many groups the line is drawn through, unless told otherwise.
pub const DEFAULT_WINDOW: usize = 20;
/// The largest window that can be asked for.
pub const LARGEST_WINDOW: usize = 200;
/// Weight of the past in the smoothed delay.
const SMOOTHING: f64 = 0.9;
/// What the slope is multiplied by before it meets the threshold.
const GAIN: f64 = 4.0;
/// The slope counts the more the more groups there were, up to so many.
const MOST_GROUPS: u32 = 60;
/// Where the count of groups stops.
const COUNTER_END: u32 = 1_000;
/// The delay must have grown for so long, in ms, before the path counts as overused.
const OVERUSE_TIME: f64 = 10.0;
/// The threshold at the beginning, in ms.
const FIRST_THRESHOLD: f64 = 12.5;
/// How fast the threshold grows, per ms.
const THRESHOLD_UP: f64 = 0.0087;
/// How fast it falls, per ms.
const THRESHOLD_DOWN: f64 = 0.039;
/// Nothing that is more than this above it moves it, in ms: a drop of the capacity is not what is usual.
const LARGEST_STEP: f64 = 15.0;
/// The bounds of the threshold, in ms.
const THRESHOLD_RANGE: (f64, f64) = (6.0, 600.0);
/// One update moves the threshold as if at most this long had gone by, in ms.
const LONGEST_GAP: i64 = 100;

/// What the delay says of the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usage {
    /// The delay stays as it is.
    Normal,
    /// The delay falls: queues drain.
    Underusing,
    /// The delay grows: queues fill.
    Overusing,
}

#[derive(Clone, Copy)]
struct Point {
    /// Since the first arrival, in ms.
    arrived: f64,
    /// In ms.
    smoothed: f64,
}

/// Watches the trend of the delay.
pub struct Trendline {
    window: usize,
    groups: u32,
    first_arrival: Option<i64>,
    accumulated: f64,
    smoothed: f64,
    points: VecDeque<Point>,
    threshold: f64,
    threshold_moved: Option<i64>,
    slope: f64,
    modified: f64,
    /// For how long the trend has been above the threshold, in ms.
    overusing_for: Option<f64>,
    overuses: u32,
    usage: Usage,
}

impl Default for Trendline {
    fn default() -> Self {
        Self::new()
    }
}

impl Trendline {
    /// Nothing seen yet. Allocates room for the largest window; nothing else does.
    pub fn new() -> Self {
        Self {
            points: VecDeque::with_capacity(LARGEST_WINDOW + 1),
            ..Self::empty()
        }
    }

    /// Draws the line through so many groups from now on, between 10 and [`LARGEST_WINDOW`].
    pub fn set_window(&mut self, groups: usize) {
        self.window = groups.clamp(10, LARGEST_WINDOW);
        while self.points.len() > self.window {
            self.points.pop_front();
        }
    }

    /// Forgets what it saw, as if it were new.
    pub fn restart(&mut self) {
        let mut points = std::mem::take(&mut self.points);
        points.clear();
        *self = Self {
            points,
            window: self.window,
            ..Self::empty()
        };
    }

    /// A new one without room for points.
    fn empty() -> Self {
        Self {
            window: DEFAULT_WINDOW,
            groups: 0,
            first_arrival: None,
            accumulated: 0.0,
            smoothed: 0.0,
            points: VecDeque::new(),
            threshold: FIRST_THRESHOLD,
            threshold_moved: None,
            slope: 0.0,
            modified: 0.0,
            overusing_for: None,
            overuses: 0,
            usage: Usage::Normal,
        }
    }

    /// What the delay says now.
    pub fn usage(&self) -> Usage {
        self.usage
    }

    /// The trend as it is held against the threshold, in ms.
    pub fn trend(&self) -> f64 {
        self.modified
    }

    /// The threshold, in ms.
    pub fn threshold(&self) -> f64 {
        self.threshold
    }

    /// Takes the gaps to a group whose successor came at `arrived` on the remote clock.
    pub fn update(&mut self, deltas: &Deltas, arrived: Timestamp) {
        let arrived = moment_ms(arrived);
        let sent_gap = deltas.sent.as_ms_f64();
        self.groups = (self.groups + 1).min(COUNTER_END);
        let first = *self.first_arrival.get_or_insert(arrived);
        self.accumulated += deltas.arrived.as_ms_f64() - sent_gap;
        self.smoothed = SMOOTHING * self.smoothed + (1.0 - SMOOTHING) * self.accumulated;
        self.points.push_back(Point {
            arrived: arrived.saturating_sub(first) as f64,
            smoothed: self.smoothed,
        });
        if self.points.len() > self.window {
            self.points.pop_front();
        }
        let mut slope = self.slope;
        if self.points.len() == self.window {
            slope = self.fitted_slope().unwrap_or(slope);
        }
        self.judge(slope, sent_gap, arrived);
    }

    /// The slope of the least-squares line; none if all points lie at one time.
    fn fitted_slope(&self) -> Option<f64> {
        let count = self.points.len() as f64;
        let (mut x_sum, mut y_sum) = (0.0, 0.0);
        for point in &self.points {
            x_sum += point.arrived;
            y_sum += point.smoothed;
        }
        let (x_mean, y_mean) = (x_sum / count, y_sum / count);
        let (mut numerator, mut denominator) = (0.0, 0.0);
        for point in &self.points {
            let x = point.arrived - x_mean;
            numerator += x * (point.smoothed - y_mean);
            denominator += x * x;
        }
        (denominator != 0.0).then(|| numerator / denominator)
    }

    fn judge(&mut self, slope: f64, sent_gap: f64, arrived: i64) {
        if self.groups < 2 {
            self.usage = Usage::Normal;
            return;
        }
        self.modified = f64::from(self.groups.min(MOST_GROUPS)) * slope * GAIN;
        if self.modified > self.threshold {
            let so_far = self
                .overusing_for
                .map_or(sent_gap / 2.0, |so_far| so_far + sent_gap);
            self.overusing_for = Some(so_far);
            self.overuses += 1;
            if so_far > OVERUSE_TIME && self.overuses > 1 && slope >= self.slope {
                self.overusing_for = Some(0.0);
                self.overuses = 0;
                self.usage = Usage::Overusing;
            }
        } else {
            self.overusing_for = None;
            self.overuses = 0;
            self.usage = if self.modified < -self.threshold {
                Usage::Underusing
            } else {
                Usage::Normal
            };
        }
        self.slope = slope;
        self.move_threshold(arrived);
    }

    fn move_threshold(&mut self, arrived: i64) {
        let moved = *self.threshold_moved.get_or_insert(arrived);
        self.threshold_moved = Some(arrived);
        let trend = self.modified.abs();
        if trend > self.threshold + LARGEST_STEP {
            return;
        }
        let speed = if trend < self.threshold {
            THRESHOLD_DOWN
        } else {
            THRESHOLD_UP
        };
        let gap = arrived.saturating_sub(moved).min(LONGEST_GAP) as f64;
        let (lowest, highest) = THRESHOLD_RANGE;
        self.threshold = (self.threshold + speed * (trend - self.threshold) * gap).clamp(lowest, highest);
    }
}
