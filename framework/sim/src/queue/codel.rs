//! CoDel (RFC 8289): drops from the front once packets have waited longer than the target for an interval.

use crate::clock::VirtualTime;
use crate::packet::DropReason;
use crate::scenario::QueueLimit;
use crate::topology::Transit;

use super::{Circumstances, Fates, Fifo, fits};

/// With no more than this waiting, nothing is dropped: a packet of the largest size.
const LARGEST_PACKET: u64 = 1_514;
/// A count of drops is taken up again if the queue was good for no longer than so many intervals.
const RECENTLY: u64 = 16;

/// The control law of one queue.
#[derive(Debug)]
pub(super) struct ControlLaw {
    target: u64,
    interval: u64,
    ecn: bool,
    first_above: u64,
    drop_next: u64,
    count: u64,
    last_count: u64,
    dropping: bool,
}

impl ControlLaw {
    pub(super) fn new(target: u64, interval: u64, ecn: bool) -> Self {
        Self {
            target,
            interval,
            ecn,
            first_above: 0,
            drop_next: 0,
            count: 0,
            last_count: 0,
            dropping: false,
        }
    }

    /// When the next drop is due after one at `at`.
    fn after(&self, at: u64) -> u64 {
        at + (self.interval as f64 / (self.count as f64).sqrt()) as u64
    }

    /// The next packet, and whether it has waited too long for long enough (`dodequeue`).
    fn take(&mut self, now: u64, packets: &mut Fifo) -> Option<(Transit, bool)> {
        let Some(transit) = packets.pop() else {
            self.first_above = 0;
            return None;
        };
        let sojourn = now - transit.entered.ns();
        if sojourn < self.target || packets.bytes() <= LARGEST_PACKET {
            self.first_above = 0;
            return Some((transit, false));
        }
        if self.first_above == 0 {
            self.first_above = now + self.interval;
            return Some((transit, false));
        }
        Some((transit, now >= self.first_above))
    }

    /// The next packet to be sent.
    pub(super) fn dequeue(
        &mut self,
        now: VirtualTime,
        packets: &mut Fifo,
        fates: &mut Fates,
    ) -> Option<Transit> {
        let now = now.ns();
        let Some((mut transit, mut late)) = self.take(now, packets) else {
            self.dropping = false;
            return None;
        };
        if self.dropping {
            if !late {
                self.dropping = false;
            }
            while self.dropping && now >= self.drop_next {
                self.count += 1;
                if self.marks(&mut transit, fates) {
                    self.drop_next = self.after(self.drop_next);
                    return Some(transit);
                }
                fates.drop(transit, DropReason::Managed);
                let Some(next) = self.take(now, packets) else {
                    self.dropping = false;
                    return None;
                };
                (transit, late) = next;
                if late {
                    self.drop_next = self.after(self.drop_next);
                } else {
                    self.dropping = false;
                }
            }
        } else if late {
            let marked = self.marks(&mut transit, fates);
            self.dropping = true;
            let delta = self.count - self.last_count;
            let recently = now.saturating_sub(self.drop_next) < RECENTLY * self.interval;
            self.count = if delta > 1 && recently { delta } else { 1 };
            self.drop_next = self.after(now);
            self.last_count = self.count;
            if !marked {
                fates.drop(transit, DropReason::Managed);
                return self.take(now, packets).map(|(transit, _)| transit);
            }
        }
        Some(transit)
    }

    fn marks(&self, transit: &mut Transit, fates: &mut Fates) -> bool {
        let marks = self.ecn && transit.packet.ecn.is_capable();
        if marks {
            fates.mark(transit);
        }
        marks
    }
}

#[derive(Debug)]
pub(crate) struct CoDel {
    limit: QueueLimit,
    law: ControlLaw,
    packets: Fifo,
}

impl CoDel {
    pub(super) fn new(limit: QueueLimit, law: ControlLaw) -> Self {
        Self {
            limit,
            law,
            packets: Fifo::default(),
        }
    }

    pub(super) fn enqueue(&mut self, around: &Circumstances<'_>, transit: Transit, fates: &mut Fates) {
        let (waiting, count) = (self.packets.bytes(), self.packets.len());
        if fits(self.limit, waiting, count, transit.bytes(), around.rate) {
            self.packets.push(transit);
        } else {
            fates.drop(transit, DropReason::Overflow);
        }
    }

    pub(super) fn dequeue(&mut self, around: &Circumstances<'_>, fates: &mut Fates) -> Option<Transit> {
        self.law.dequeue(around.now, &mut self.packets, fates)
    }

    pub(super) fn bytes(&self) -> u64 {
        self.packets.bytes()
    }
}
