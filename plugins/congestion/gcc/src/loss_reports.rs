//! The plain rule for paths without feedback on packets: receiver reports that tell much loss lower the rate, those that tell none raise it.
//!
//! Facts: the loss-based part of libwebrtc's `send_side_bandwidth_estimation.cc`; draft-ietf-rmcat-gcc-02 section 6.

use std::collections::VecDeque;

use jackfield_sdk::prelude::*;

use crate::arithmetic::passed;

/// A loss is only reckoned from so many packets.
const LEAST_PACKETS: u64 = 20;
/// Up to this loss the rate grows …
const LOW_LOSS: f64 = 0.02;
/// … and above this it falls.
const HIGH_LOSS: f64 = 0.1;
/// Growth in a second, on the lowest rate of the last second.
const GROWTH: f64 = 1.08;
const GROWTH_INTERVAL: TimeDelta = TimeDelta::seconds(1);
/// From one reduction to the next, beside the round trip.
const REDUCTION_INTERVAL: TimeDelta = TimeDelta::ms(300);
/// A report is old after this.
const REPORT_AGE: TimeDelta = TimeDelta::ms(6_000);
/// So many rates are remembered for the lowest of the last second.
const MOST_REMEMBERED: usize = 256;

/// What receiver reports tell.
pub struct LossReports {
    lost: u64,
    expected: u64,
    /// In 1/256.
    fraction: u8,
    reported: Option<Timestamp>,
    first_report: Option<Timestamp>,
    has_reduced: bool,
    /// Ever lower rates towards the front, none older than a second.
    lowest: VecDeque<(Timestamp, DataRate)>,
}

impl Default for LossReports {
    fn default() -> Self {
        Self {
            lost: 0,
            expected: 0,
            fraction: 0,
            reported: None,
            first_report: None,
            has_reduced: false,
            lowest: VecDeque::with_capacity(MOST_REMEMBERED),
        }
    }
}

impl LossReports {
    /// Forgets all reports.
    pub fn restart(&mut self) {
        let lowest = std::mem::take(&mut self.lowest);
        *self = Self {
            lost: 0,
            expected: 0,
            fraction: 0,
            reported: None,
            first_report: None,
            has_reduced: false,
            lowest,
        };
    }

    /// The share lost as last reckoned.
    pub fn loss(&self) -> f64 {
        f64::from(self.fraction) / 256.0
    }

    /// When the first report came.
    pub fn first_report(&self) -> Option<Timestamp> {
        self.first_report
    }

    /// Takes a report; whether there is a new loss to act on.
    pub fn report(&mut self, now: Timestamp, lost: u64, received: u64) -> bool {
        self.first_report.get_or_insert(now);
        let packets = lost + received;
        if packets == 0 {
            return false;
        }
        self.lost += lost;
        self.expected += packets;
        if self.expected < LEAST_PACKETS {
            return false;
        }
        self.fraction = (self.lost * 256 / self.expected).min(255) as u8;
        self.lost = 0;
        self.expected = 0;
        self.has_reduced = false;
        self.reported = Some(now);
        true
    }

    /// Forgets the rates of the last second, so that the next one counts at once.
    pub fn forget_rates(&mut self) {
        self.lowest.clear();
    }

    /// The rate is this now.
    pub fn remember(&mut self, now: Timestamp, rate: DataRate) {
        let old = |at: Timestamp| now - at + TimeDelta::ms(1) > GROWTH_INTERVAL;
        while self.lowest.front().is_some_and(|(at, _)| old(*at)) {
            self.lowest.pop_front();
        }
        while self.lowest.back().is_some_and(|(_, lowest)| rate <= *lowest)
            || self.lowest.len() >= MOST_REMEMBERED
        {
            self.lowest.pop_back();
        }
        self.lowest.push_back((now, rate));
    }

    /// The rate that the last report calls for, if it calls for another one than `rate`.
    pub fn wanted(
        &mut self,
        now: Timestamp,
        rate: DataRate,
        round_trip: TimeDelta,
        last_decrease: &mut Option<Timestamp>,
    ) -> Option<DataRate> {
        let reported = self.reported?;
        if now - reported >= REPORT_AGE {
            return None;
        }
        let loss = self.loss();
        if loss <= LOW_LOSS {
            let (_, lowest) = self.lowest.front()?;
            let grown = (lowest.as_bps() as f64 * GROWTH + 0.5) as i64;
            return Some(DataRate::bps(grown.saturating_add(1_000)));
        }
        let due = passed(now, *last_decrease, REDUCTION_INTERVAL + round_trip);
        if loss <= HIGH_LOSS || self.has_reduced || !due {
            return None;
        }
        *last_decrease = Some(now);
        self.has_reduced = true;
        let left = f64::from(512 - u16::from(self.fraction)) / 512.0;
        Some(DataRate::bps((rate.as_bps() as f64 * left) as i64))
    }
}
