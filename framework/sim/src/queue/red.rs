//! Random early detection (Floyd and Jacobson 1993), gentle above its upper threshold.

use crate::packet::DropReason;
use crate::scenario::RedSpec;
use crate::topology::Transit;

use super::{Circumstances, Fates, Fifo, fits};

/// What an idle link would have sent counts in packets of this size.
const USUAL_PACKET: f64 = 1_000.0;

#[derive(Debug)]
pub(crate) struct Red {
    spec: RedSpec,
    packets: Fifo,
    average: f64,
    /// Packets since the last that was dropped or marked.
    spared: f64,
    idle_since: Option<u64>,
}

impl Red {
    pub(super) fn new(spec: RedSpec) -> Self {
        Self {
            spec,
            packets: Fifo::default(),
            average: 0.0,
            spared: 0.0,
            idle_since: Some(0),
        }
    }

    pub(super) fn enqueue(&mut self, around: &Circumstances<'_>, mut transit: Transit, fates: &mut Fates) {
        self.measure(around);
        let (waiting, count) = (self.packets.bytes(), self.packets.len());
        if !fits(self.spec.limit, waiting, count, transit.bytes(), around.rate) {
            self.spared = 0.0;
            return fates.drop(transit, DropReason::Overflow);
        }
        let share = self.share();
        let strikes = share >= 1.0 || {
            let due = share / (1.0 - (self.spared * share)).max(share);
            share > 0.0 && around.draw(count as u32) < due
        };
        if strikes {
            self.spared = 0.0;
            if self.spec.ecn && share < 1.0 && transit.packet.ecn.is_capable() {
                fates.mark(&mut transit);
            } else {
                return fates.drop(transit, DropReason::Managed);
            }
        } else {
            self.spared = if share > 0.0 { self.spared + 1.0 } else { 0.0 };
        }
        self.packets.push(transit);
    }

    fn measure(&mut self, around: &Circumstances<'_>) {
        if let Some(since) = self.idle_since.take() {
            let idle = (around.now.ns() - since) as f64 / 1e9;
            let packets = (idle * around.rate as f64 / 8.0 / USUAL_PACKET).min(1e6);
            self.average *= libm::pow(1.0 - self.spec.weight, packets);
        }
        self.average += self.spec.weight * (self.packets.bytes() as f64 - self.average);
    }

    /// The share that is dropped at this average.
    fn share(&self) -> f64 {
        let (low, high) = (
            self.spec.minimum.as_bytes() as f64,
            self.spec.maximum.as_bytes() as f64,
        );
        let most = self.spec.probability;
        if self.average < low {
            0.0
        } else if self.average < high {
            most * (self.average - low) / (high - low)
        } else {
            (most + (1.0 - most) * (self.average - high) / high).min(1.0)
        }
    }

    pub(super) fn dequeue(&mut self, around: &Circumstances<'_>) -> Option<Transit> {
        let transit = self.packets.pop();
        if self.packets.len() == 0 {
            self.idle_since.get_or_insert(around.now.ns());
        }
        transit
    }

    pub(super) fn bytes(&self) -> u64 {
        self.packets.bytes()
    }
}
