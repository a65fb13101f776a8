//! The rate that the sender is told: up while the path has room, down to a share of what comes when it has not (draft-ietf-rmcat-gcc-02 section 5.5).

use jackfield_sdk::prelude::Timestamp;

use crate::detector::Usage;

/// What is left of the received rate after overuse.
const BETA: f64 = 0.85;
/// Growth per second far from the last congestion.
const ETA: f64 = 1.08;
/// The rate stays below so much of what comes, and a little more.
const HEADROOM: (f64, f64) = (1.5, 10_000.0);
/// Share of a new received rate that enters the average of those at which the path was full.
const AVERAGE: f64 = 0.05;
/// Round trip before one has been measured, in ms.
const ROUND_TRIP: f64 = 200.0;
/// How long the path takes to answer, beside a round trip, in ms.
const RESPONSE: f64 = 100.0;
/// A packet of media has so many bits at most.
const PACKET: f64 = 1_200.0 * 8.0;

/// The rate that the sender is told.
#[derive(Clone, Copy, Debug)]
pub struct RateControl {
    rate: f64,
    state: State,
    updated: Option<Timestamp>,
    decreased: Option<Timestamp>,
    /// The received rates at which the path was full: mean, and variance as a share of the mean.
    full: Option<(f64, f64)>,
    round_trip: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Hold,
    Increase,
}

impl RateControl {
    /// Begins at this rate in bit/s.
    pub const fn new(rate: f64) -> Self {
        Self {
            rate,
            state: State::Hold,
            updated: None,
            decreased: None,
            full: None,
            round_trip: None,
        }
    }

    /// The rate in bit/s.
    pub const fn rate(&self) -> f64 {
        self.rate
    }

    /// The round trip in ms, if one was measured.
    pub const fn round_trip(&self) -> Option<f64> {
        self.round_trip
    }

    /// A round trip was measured, in ms.
    pub fn set_round_trip(&mut self, ms: f64) {
        if (0.0..60_000.0).contains(&ms) {
            self.round_trip = Some(ms);
        }
    }

    /// Lets the rate be no lower and no higher.
    pub fn hold_between(&mut self, low: f64, high: f64) {
        self.rate = self.rate.max(low).min(high);
    }

    /// The path is used like this, and so much comes, as far as is known.
    pub fn update(&mut self, now: Timestamp, usage: Usage, received: Option<f64>) {
        let elapsed = self.updated.map_or(0.0, |last| now.since(last).as_seconds_f64());
        self.updated = Some(now);
        let Some(received) = received else { return };
        match usage {
            Usage::Over => self.decrease(now, received),
            // The queue drains: what it takes to do so is left to it.
            Usage::Under => self.state = State::Hold,
            Usage::Normal if self.state == State::Hold => self.state = State::Increase,
            Usage::Normal => self.increase(elapsed.min(1.0), received),
        }
    }

    fn decrease(&mut self, now: Timestamp, received: f64) {
        self.state = State::Hold;
        let answered = (RESPONSE + self.round_trip.unwrap_or(ROUND_TRIP)) / 1e3;
        let waits = self
            .decreased
            .is_some_and(|last| now.since(last).as_seconds_f64() < answered);
        // What was told has not reached the path yet, unless it is far above what comes.
        if waits && self.rate < 2.0 * received {
            return;
        }
        self.decreased = Some(now);
        self.rate = self.rate.min(BETA * received);
        if self.near(received) == Near::Below {
            self.full = None;
        }
        self.full = Some(match self.full {
            None => (received, 0.4),
            Some((mean, variance)) => {
                let mean_now = mean + AVERAGE * (received - mean);
                let error = (received - mean_now) * (received - mean_now) / mean_now.max(1.0);
                let variance = (1.0 - AVERAGE) * variance + AVERAGE * error / 1e3;
                (mean_now, variance.clamp(0.4, 2.5))
            }
        });
    }

    fn increase(&mut self, elapsed: f64, received: f64) {
        if self.near(received) == Near::Above {
            self.full = None;
        }
        let grown = if self.full.is_some() {
            let response = (RESPONSE + self.round_trip.unwrap_or(ROUND_TRIP)) / 1e3;
            // About half a packet per response time, as many as a frame at 30 a second has.
            let frame = self.rate / 30.0;
            let packet = frame / libm::ceil(frame / PACKET).max(1.0);
            self.rate + 0.5 * (elapsed / response).min(1.0) * packet.max(1_000.0)
        } else {
            self.rate * libm::pow(ETA, elapsed)
        };
        // Who sends less than it may does not show that the path bears more.
        let most = HEADROOM.0 * received + HEADROOM.1;
        self.rate = grown.min(most).max(self.rate.min(most));
    }

    /// How what comes lies to the rates at which the path was full: within three standard deviations or not.
    fn near(&self, received: f64) -> Near {
        let Some((mean, variance)) = self.full else {
            return Near::Within;
        };
        let reach = 3.0 * libm::sqrt(variance * mean * 1e3);
        if received > mean + reach {
            Near::Above
        } else if received < mean - reach {
            Near::Below
        } else {
            Near::Within
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Near {
    Above,
    Within,
    Below,
}

/// How much comes, over the last half of a second.
#[derive(Clone, Copy, Debug)]
pub struct ReceivedRate {
    slots: [i64; SLOTS],
    /// The number of the slot that is being filled.
    present: i64,
    began: Option<i64>,
    last: Option<f64>,
}

const SLOTS: usize = 50;
const SLOT_US: i64 = 10_000;

impl Default for ReceivedRate {
    fn default() -> Self {
        Self::new()
    }
}

impl ReceivedRate {
    /// Before anything has come.
    pub const fn new() -> Self {
        Self {
            slots: [0; SLOTS],
            present: 0,
            began: None,
            last: None,
        }
    }

    /// So many bytes came. The rate in bit/s, once half a second is over.
    pub fn add(&mut self, now: Timestamp, bytes: i64) -> Option<f64> {
        let slot = now.us().div_euclid(SLOT_US);
        let passed = slot.saturating_sub(self.present);
        if self.began.is_none() || passed < 0 || passed > 10 * SLOTS as i64 {
            *self = Self::new();
            self.began = Some(slot);
            self.present = slot;
        }
        for _ in 0..slot.saturating_sub(self.present).min(SLOTS as i64) {
            self.present += 1;
            self.slots[self.present.rem_euclid(SLOTS as i64) as usize] = 0;
        }
        self.present = slot;
        self.slots[slot.rem_euclid(SLOTS as i64) as usize] += bytes;
        let began = self.began.unwrap_or(slot);
        let whole = slot.saturating_sub(began) >= SLOTS as i64;
        let bits: i64 = self.slots.iter().sum::<i64>() * 8;
        self.last = whole.then(|| bits as f64 / (SLOTS as f64 * SLOT_US as f64 / 1e6));
        self.last
    }

    /// The rate as it was last.
    pub const fn last(&self) -> Option<f64> {
        self.last
    }
}
