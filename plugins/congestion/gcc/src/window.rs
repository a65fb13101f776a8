//! The congestion window: how much data may be on its way, and by how much the rate gives way when more is.
//!
//! The window is what the target rate fills in the shortest recent round trip and an accepted queueing time. While more is on its way than
//! that, the rate is pushed back step by step. Facts: libwebrtc's `congestion_window_pushback_controller.cc` and the window in
//! `goog_cc_network_control.cc`.

use std::collections::VecDeque;

use jackfield_sdk::prelude::*;

use crate::arithmetic::{flowing, whole_ms};

/// So many round-trip times of feedback are remembered.
const ROUND_TRIPS: usize = 32;
/// The window is never smaller than two full packets.
const SMALLEST: DataSize = DataSize::bytes(2 * 1_500);

/// The window and how full it is.
pub struct CongestionWindow {
    /// The longest round trip of each of the last feedbacks, in ms.
    round_trips: VecDeque<i64>,
    window: Option<DataSize>,
    in_flight: DataSize,
    pacer_queue: DataSize,
    /// The share of the rate that is left.
    share: f64,
}

impl Default for CongestionWindow {
    fn default() -> Self {
        Self {
            round_trips: VecDeque::with_capacity(ROUND_TRIPS + 1),
            window: None,
            in_flight: DataSize::ZERO,
            pacer_queue: DataSize::ZERO,
            share: 1.0,
        }
    }
}

impl CongestionWindow {
    /// Feedback came that took at most `round_trip` from the sending of its packets.
    pub fn feedback(&mut self, round_trip: TimeDelta) {
        self.round_trips.push_back(whole_ms(round_trip));
        if self.round_trips.len() > ROUND_TRIPS {
            self.round_trips.pop_front();
        }
    }

    /// So much is on its way.
    pub fn set_in_flight(&mut self, size: DataSize) {
        self.in_flight = size;
    }

    /// So much waits in the pacer.
    pub fn set_pacer_queue(&mut self, size: DataSize) {
        self.pacer_queue = size;
    }

    /// The window; none until there was feedback.
    pub fn window(&self) -> Option<DataSize> {
        self.window
    }

    /// Sets the window from scratch.
    pub fn set_window(&mut self, window: DataSize) {
        self.window = Some(window);
    }

    /// Moves the window half way to what `target` fills in the shortest round trip and `queueing`.
    pub fn resize(&mut self, target: DataRate, queueing: TimeDelta) {
        let Some(shortest) = self.round_trips.iter().min() else {
            return;
        };
        let wanted = flowing(target, TimeDelta::us(shortest.saturating_mul(1_000)) + queueing);
        let size = match self.window {
            Some(window) => DataSize::bytes((wanted + window).as_bytes() / 2),
            None => wanted,
        };
        self.window = Some(size.max(SMALLEST));
    }

    /// Forgets the window.
    pub fn close(&mut self) {
        self.window = None;
        self.share = 1.0;
    }

    /// What is left of `rate`, given how full the window is; not below `minimum` unless `rate` is. Each call is a step.
    pub fn push_back(&mut self, rate: DataRate, minimum: DataRate, count_pacer: bool) -> DataRate {
        let Some(window) = self.window.filter(|window| *window > DataSize::ZERO) else {
            return rate;
        };
        let mut filled = self.in_flight;
        if count_pacer {
            filled += self.pacer_queue;
        }
        let fill = filled.as_bytes() as f64 / window.as_bytes() as f64;
        if fill > 1.5 {
            self.share *= 0.9;
        } else if fill > 1.0 {
            self.share *= 0.95;
        } else if fill < 0.1 {
            self.share = 1.0;
        } else {
            self.share = (self.share * 1.05).min(1.0);
        }
        // From nothing it could not grow again.
        self.share = self.share.max(f64::MIN_POSITIVE);
        let left = DataRate::bps((rate.as_bps() as f64 * self.share) as i64);
        if left < minimum { rate.min(minimum) } else { left }
    }
}
