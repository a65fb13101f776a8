//! The delay's part: base delay, queue delay, smoothed round trip, and what follows from them for the reference window (section 4.2.1.4, with
//! libwebrtc's two scale factors in place of `qdelay_dev_norm`).

use jackfield_sdk::prelude::*;

use crate::digest::Digest;

/// Share of a new round-trip sample in the smoothed one.
const ROUND_TRIP_GAIN: f64 = 1.0 / 8.0;
/// The same while the application limits the rate: the few samples then say little.
const ROUND_TRIP_GAIN_LIMITED: f64 = 1.0 / 128.0;
/// Share of a new queue delay in the mean, when it rises (`QDELAY_AVG_G`).
const QUEUE_GAIN: f64 = 1.0 / 4.0;
/// Share of a new smallest queue delay, and of a new spread, in their means.
const SLOW_GAIN: f64 = 1.0 / 32.0;
/// With a mean of the smallest queue delays so long growth is least, ms.
const SMALLEST_DELAY_THRESHOLD: f64 = 10.0;
/// With a mean spread of delays within a feedback so wide growth is least, ms.
const SPREAD_THRESHOLD: f64 = 10.0;
/// After so many feedbacks the means have settled.
const SETTLED: u32 = 64;
/// The base delay is the smallest of so many minutes, and so is the jitter.
const BASE_MINUTES: usize = 10;
const MINUTE: TimeDelta = TimeDelta::seconds(60);
/// A queue that never gets shorter than this does not drain, ms.
const DRAIN_THRESHOLD: f64 = 5.0;
/// For so long it may be so.
const DRAIN_PERIOD: TimeDelta = TimeDelta::seconds(20);

/// What is known of the delays. Milliseconds throughout.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Delay {
    /// Smallest one-way delay of each minute, this minute's first.
    base: [f64; BASE_MINUTES],
    base_since: Option<Timestamp>,
    round_trip: f64,
    shortest_round_trip: f64,
    last_queue: f64,
    /// Mean queue delay; infinite if unknown.
    queue: f64,
    smallest_queue: f64,
    spread: f64,
    /// Smallest mean spread of each minute, this minute's first.
    quiet: [f64; BASE_MINUTES],
    feedbacks: u32,
    undrained_since: Option<Timestamp>,
}

impl Delay {
    pub(crate) const UNKNOWN: Self = Self {
        base: [f64::INFINITY; BASE_MINUTES],
        base_since: None,
        round_trip: 0.0,
        shortest_round_trip: 0.0,
        last_queue: f64::INFINITY,
        queue: f64::INFINITY,
        smallest_queue: 0.0,
        spread: 0.0,
        quiet: [f64::INFINITY; BASE_MINUTES],
        feedbacks: 0,
        undrained_since: None,
    };

    /// Starts from what somebody else measured.
    pub(crate) fn inherit(&mut self, round_trip: f64, shortest: f64) {
        (self.round_trip, self.shortest_round_trip) = (round_trip, shortest);
    }

    pub(crate) fn update(&mut self, feedback: &Digest, limited: bool) {
        self.turn_base(feedback.now);
        self.base[0] = self.base[0].min(feedback.shortest_delay);
        self.smooth_round_trip(feedback.round_trip, limited);
        // Nonsense may be as far away as clocks can be.
        let queue = (feedback.shortest_delay - self.base()).clamp(0.0, 60_000.0);
        if queue <= DRAIN_THRESHOLD {
            self.undrained_since = None;
        } else {
            self.undrained_since.get_or_insert(feedback.now);
        }
        // Two in a row must be long before one of them counts.
        let sample = queue.min(self.last_queue);
        self.last_queue = queue;
        // Slowly up, at once down.
        self.queue = if sample < self.queue {
            sample
        } else {
            QUEUE_GAIN * sample + (1.0 - QUEUE_GAIN) * self.queue
        };
        let slow =
            |mean: f64, sample: f64, threshold: f64| mean + SLOW_GAIN * (sample.min(2.0 * threshold) - mean);
        self.smallest_queue = slow(self.smallest_queue, queue, SMALLEST_DELAY_THRESHOLD);
        let spread = (feedback.longest_delay - feedback.shortest_delay).max(0.0);
        self.spread = slow(self.spread, spread, SPREAD_THRESHOLD);
        self.feedbacks = self.feedbacks.saturating_add(1);
        if self.feedbacks >= SETTLED {
            self.quiet[0] = self.quiet[0].min(self.spread);
        }
    }

    fn turn_base(&mut self, now: Timestamp) {
        let since = *self.base_since.get_or_insert(now);
        if now - since >= MINUTE {
            self.base.copy_within(..BASE_MINUTES - 1, 1);
            self.base[0] = f64::INFINITY;
            self.quiet.copy_within(..BASE_MINUTES - 1, 1);
            self.quiet[0] = f64::INFINITY;
            self.base_since = Some(now);
        }
    }

    fn smooth_round_trip(&mut self, sample: f64, limited: bool) {
        self.shortest_round_trip = if self.shortest_round_trip == 0.0 {
            sample
        } else {
            self.shortest_round_trip.min(sample)
        };
        let gain = if limited {
            ROUND_TRIP_GAIN_LIMITED
        } else {
            ROUND_TRIP_GAIN
        };
        self.round_trip = if self.round_trip == 0.0 {
            sample
        } else {
            self.round_trip + gain * (sample - self.round_trip)
        };
    }

    /// Forgets the base delay and all queues, not the round trip.
    pub(crate) fn forget_queue(&mut self) {
        *self = Self {
            round_trip: self.round_trip,
            shortest_round_trip: self.shortest_round_trip,
            last_queue: self.last_queue,
            ..Self::UNKNOWN
        };
    }

    fn base(&self) -> f64 {
        self.base.iter().copied().fold(f64::INFINITY, f64::min)
    }

    /// Smoothed round-trip time; zero before the first sample.
    pub(crate) fn round_trip(&self) -> f64 {
        self.round_trip
    }

    /// Shortest round-trip time; zero before the first sample.
    pub(crate) fn shortest_round_trip(&self) -> f64 {
        self.shortest_round_trip
    }

    /// Mean queue delay; zero if unknown.
    pub(crate) fn queue(&self) -> f64 {
        if self.queue.is_finite() { self.queue } else { 0.0 }
    }

    /// Whether the queue is long enough to count as congestion.
    pub(crate) fn is_queue_long(&self, target: f64) -> bool {
        self.queue() > target / 2.0
    }

    /// `l4s_alpha_v`: what share of packets a queue with marks would have marked; from 0 at half the target to 1 at the target.
    pub(crate) fn virtual_marks(&self, target: f64) -> f64 {
        ((self.queue() - target / 2.0) / (target / 2.0)).clamp(0.0, 1.0)
    }

    /// Whether the queue gets empty now and then.
    pub(crate) fn is_drained(&self, now: Timestamp) -> bool {
        self.undrained_since
            .is_none_or(|since| now - since < DRAIN_PERIOD)
    }

    /// How much growth the queues that stay allow, from 0 or less at the threshold to 1 at a quarter of it.
    fn room(mean: f64, threshold: f64) -> f64 {
        0.1 + 1.2 * (threshold - mean) / threshold
    }

    /// Scale of growth by the mean of the smallest queue delays, 0.1 to 1.
    pub(crate) fn scale_by_queue(&self) -> f64 {
        Self::room(self.smallest_queue, SMALLEST_DELAY_THRESHOLD).clamp(0.1, 1.0)
    }

    /// The same for what may be in flight beyond the window, 0 to 1.
    pub(crate) fn scale_of_overhead(&self) -> f64 {
        Self::room(self.smallest_queue, SMALLEST_DELAY_THRESHOLD).clamp(0.0, 1.0)
    }

    /// Scale of growth by the spread of delays within a feedback, 0.1 to 1. What the path always has is its jitter.
    pub(crate) fn scale_by_spread(&self) -> f64 {
        let quiet = self.quiet.iter().copied().fold(f64::INFINITY, f64::min);
        let jitter = if quiet.is_finite() { quiet } else { 0.0 };
        Self::room(self.spread - jitter, SPREAD_THRESHOLD).clamp(0.1, 1.0)
    }
}
