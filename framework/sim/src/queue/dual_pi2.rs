//! DualPI2 (RFC 9332 appendix A): a queue for L4S traffic and one for classic traffic, with coupled signals and a share of the link that is
//! kept for each when both want it.

use crate::clock::VirtualTime;
use crate::packet::{DropReason, Ecn};
use crate::scenario::QueueLimit;
use crate::topology::Transit;

use super::{Circumstances, Fates, Fifo, fits};

/// The round-trip time that the controller is made for.
const LONGEST_ROUND_TRIP: f64 = 0.1;
/// Up to this much in the L4S queue, its age alone marks nothing: a packet that is being sent is no queue.
const STEP_FLOOR: u64 = 1_514;

/// How one is set up, times in ns.
#[derive(Clone, Copy, Debug)]
pub(super) struct DualPi2Config {
    pub(super) limit: QueueLimit,
    pub(super) target: u64,
    pub(super) update: u64,
    pub(super) step: u64,
    pub(super) coupling: f64,
    pub(super) classic_share: f64,
}

#[derive(Debug)]
pub(crate) struct DualPi2 {
    config: DualPi2Config,
    low_latency: Fifo,
    classic: Fifo,
    /// The base probability, `p'`.
    base: f64,
    old_delay: f64,
    next_update: u64,
    /// What the L4S queue has had beyond its share, weighted; the classic queue is next while it is above zero.
    credit: f64,
    /// What is due of marks in the L4S queue, and of drops under overload.
    due_marks: f64,
    due_drops: f64,
}

impl DualPi2 {
    pub(super) fn new(config: DualPi2Config) -> Self {
        Self {
            config,
            low_latency: Fifo::default(),
            classic: Fifo::default(),
            base: 0.0,
            old_delay: 0.0,
            next_update: 0,
            credit: 0.0,
            due_marks: 0.0,
            due_drops: 0.0,
        }
    }

    pub(super) fn enqueue(&mut self, around: &Circumstances<'_>, transit: Transit, fates: &mut Fates) {
        self.catch_up(around.now.ns());
        let count = self.low_latency.len() + self.classic.len();
        if !fits(
            self.config.limit,
            self.bytes(),
            count,
            transit.bytes(),
            around.rate,
        ) {
            return fates.drop(transit, DropReason::Overflow);
        }
        match transit.packet.ecn {
            Ecn::Ect1 | Ecn::Ce => self.low_latency.push(transit),
            Ecn::Ect0 | Ecn::NotEct => self.classic.push(transit),
        }
    }

    /// The updates that were due until now.
    fn catch_up(&mut self, now: u64) {
        if now > self.next_update + 10_000 * self.config.update {
            (self.base, self.old_delay) = (0.0, 0.0);
            self.next_update = now;
        }
        while self.next_update <= now {
            let at = VirtualTime::from_ns(self.next_update);
            let delay = self.classic.sojourn(at).max(self.low_latency.sojourn(at)) as f64 / 1e9;
            let target = self.config.target as f64 / 1e9;
            let alpha = 0.1 * (self.config.update as f64 / 1e9) / (LONGEST_ROUND_TRIP * LONGEST_ROUND_TRIP);
            let beta = 0.3 / LONGEST_ROUND_TRIP;
            self.base += alpha * (delay - target) + beta * (delay - self.old_delay);
            self.base = self.base.clamp(0.0, 1.0);
            self.old_delay = delay;
            self.next_update += self.config.update;
        }
    }

    pub(super) fn dequeue(&mut self, around: &Circumstances<'_>, fates: &mut Fates) -> Option<Transit> {
        self.catch_up(around.now.ns());
        let mut ordinal = 0;
        loop {
            ordinal += 1;
            if self.next_is_low_latency() {
                let mut transit = self.low_latency.pop()?;
                if self.classic.len() > 0 {
                    self.credit += self.config.classic_share * transit.bytes() as f64;
                }
                if self.keeps_low_latency(around, &mut transit, fates) {
                    return Some(transit);
                }
                fates.drop(transit, DropReason::Managed);
            } else {
                let mut transit = self.classic.pop()?;
                if self.low_latency.len() > 0 {
                    self.credit -= (1.0 - self.config.classic_share) * transit.bytes() as f64;
                }
                if around.draw(ordinal) >= self.base * self.base {
                    return Some(transit);
                }
                if transit.packet.ecn == Ecn::Ect0 {
                    fates.mark(&mut transit);
                    return Some(transit);
                }
                fates.drop(transit, DropReason::Managed);
            }
        }
    }

    /// The L4S queue goes first until it has had so much that the classic queue's share is due.
    fn next_is_low_latency(&mut self) -> bool {
        match (self.low_latency.len(), self.classic.len()) {
            (0, _) => {
                self.credit = 0.0;
                false
            }
            (_, 0) => {
                self.credit = 0.0;
                true
            }
            _ => self.credit <= 0.0,
        }
    }

    /// Marks the packet if it is due; whether it stays.
    fn keeps_low_latency(
        &mut self,
        around: &Circumstances<'_>,
        transit: &mut Transit,
        fates: &mut Fates,
    ) -> bool {
        let coupled = (self.base * self.config.coupling).min(1.0);
        if coupled >= 1.0 {
            // Overload: marks alone no longer help (RFC 9332 section 4.2.3), so L4S packets are dropped as classic ones are.
            self.due_drops += self.base * self.base;
            if self.due_drops >= 1.0 {
                self.due_drops -= 1.0;
                return false;
            }
        }
        let sojourn = around.now.ns() - transit.entered.ns();
        let old = sojourn > self.config.step && self.low_latency.bytes() + transit.bytes() > STEP_FLOOR;
        self.due_marks += if old { 1.0 } else { coupled };
        if self.due_marks >= 1.0 {
            self.due_marks -= 1.0;
            fates.mark(transit);
        }
        true
    }

    pub(super) fn bytes(&self) -> u64 {
        self.low_latency.bytes() + self.classic.bytes()
    }
}
