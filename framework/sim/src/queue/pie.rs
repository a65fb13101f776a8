//! PIE (RFC 8033): drops at the tail with a probability that follows the delay.

use crate::clock::VirtualTime;
use crate::packet::DropReason;
use crate::scenario::QueueLimit;
use crate::topology::Transit;

use super::{Circumstances, Fates, Fifo, fits};

const ALPHA: f64 = 0.125;
const BETA: f64 = 1.25;
/// With less than two packets of usual size waiting, nothing is dropped.
const LITTLE: u64 = 3_000;
/// Above this probability packets are dropped whether or not they could be marked.
const MARKED_BELOW: f64 = 0.1;

#[derive(Debug)]
pub(crate) struct Pie {
    limit: QueueLimit,
    /// Seconds.
    target: f64,
    update_ns: u64,
    burst_ns: u64,
    ecn: bool,
    packets: Fifo,
    probability: f64,
    accumulated: f64,
    old_delay: f64,
    allowance: u64,
    next_update: u64,
}

impl Pie {
    pub(super) fn new(limit: QueueLimit, target_ns: u64, update_ns: u64, burst_ns: u64, ecn: bool) -> Self {
        Self {
            limit,
            target: target_ns as f64 / 1e9,
            update_ns,
            burst_ns,
            ecn,
            packets: Fifo::default(),
            probability: 0.0,
            accumulated: 0.0,
            old_delay: 0.0,
            allowance: burst_ns,
            next_update: 0,
        }
    }

    pub(super) fn enqueue(&mut self, around: &Circumstances<'_>, mut transit: Transit, fates: &mut Fates) {
        self.catch_up(around.now.ns());
        let (waiting, count) = (self.packets.bytes(), self.packets.len());
        if !fits(self.limit, waiting, count, transit.bytes(), around.rate) {
            self.accumulated = 0.0;
            return fates.drop(transit, DropReason::Overflow);
        }
        if self.allowance == 0 && self.strikes(around, count as u32) {
            if self.ecn && self.probability < MARKED_BELOW && transit.packet.ecn.is_capable() {
                fates.mark(&mut transit);
            } else {
                return fates.drop(transit, DropReason::Managed);
            }
        }
        self.packets.push(transit);
    }

    /// RFC 8033 sections 4.1 and 5.4.
    fn strikes(&mut self, around: &Circumstances<'_>, ordinal: u32) -> bool {
        if (self.old_delay < self.target / 2.0 && self.probability < 0.2) || self.packets.bytes() <= LITTLE {
            return false;
        }
        self.accumulated += self.probability;
        let strikes = if self.accumulated < 0.85 {
            false
        } else {
            self.accumulated >= 8.5 || around.draw(ordinal) < self.probability
        };
        if strikes {
            self.accumulated = 0.0;
        }
        strikes
    }

    /// The updates that were due until now. Between two packets the queue does not change, only the first one grows older.
    fn catch_up(&mut self, now: u64) {
        if now > self.next_update + 10_000 * self.update_ns {
            // Nothing came for so long that nothing of the past counts.
            (self.probability, self.old_delay, self.allowance) = (0.0, 0.0, self.burst_ns);
            self.next_update = now;
        }
        while self.next_update <= now {
            let delay = self.packets.sojourn(VirtualTime::from_ns(self.next_update)) as f64 / 1e9;
            self.update(delay);
            self.next_update += self.update_ns;
        }
    }

    /// RFC 8033 sections 4.2 and 4.4.
    fn update(&mut self, delay: f64) {
        let mut change = ALPHA * (delay - self.target) + BETA * (delay - self.old_delay);
        change *= match self.probability {
            p if p < 0.000_001 => 1.0 / 2_048.0,
            p if p < 0.000_01 => 1.0 / 512.0,
            p if p < 0.000_1 => 1.0 / 128.0,
            p if p < 0.001 => 1.0 / 32.0,
            p if p < 0.01 => 1.0 / 8.0,
            p if p < 0.1 => 1.0 / 2.0,
            _ => 1.0,
        };
        if self.probability >= 0.1 {
            change = change.min(0.02);
        }
        self.probability += change;
        if delay == 0.0 && self.old_delay == 0.0 {
            self.probability *= 0.98;
        }
        self.probability = self.probability.clamp(0.0, 1.0);
        self.allowance = self.allowance.saturating_sub(self.update_ns);
        if self.probability == 0.0 && delay < self.target / 2.0 && self.old_delay < self.target / 2.0 {
            self.allowance = self.burst_ns;
        }
        self.old_delay = delay;
    }

    pub(super) fn dequeue(&mut self, around: &Circumstances<'_>) -> Option<Transit> {
        self.catch_up(around.now.ns());
        self.packets.pop()
    }

    pub(super) fn bytes(&self) -> u64 {
        self.packets.bytes()
    }
}
