//! One direction of a link: what is let in, what waits, how fast it is sent, and what happens to it on the way.

mod loss;
mod rate;

use jackfield_core::units::{DataSize, TimeDelta};

use crate::clock::VirtualTime;
use crate::packet::{DropReason, Ecn};
use crate::queue::{Circumstances, Fates, Queue};
use crate::random::{CounterRandom, Purpose};
use crate::scenario::{AccessCategory, JitterSpec, LinkSpec, MarkingSpec, Outage, PolicerSpec, ReorderSpec};
use crate::steps::{Steps, instant, ns};
use crate::topology::Transit;

use loss::Loss;
pub(crate) use rate::{NEVER, Transmitter, UNLIMITED};

/// Length of the slot by which random decisions are numbered: 1 ms.
const SLOT_NS: u64 = 1_000_000;

/// A link.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) number: u16,
    pub(crate) transmitter: Transmitter,
    pub(crate) queue: Queue,
    /// What is being sent; more than one packet only in a shared medium.
    pub(crate) sending: Vec<Transit>,
    pub(crate) busy: bool,
    pub(crate) medium: Option<usize>,
    pub(crate) category: AccessCategory,
    delay: Steps<u64>,
    loss: Loss,
    jitter: Option<JitterSpec>,
    reorder: Option<ReorderSpec>,
    policer: Option<Policer>,
    marking: MarkingSpec,
    outages: Vec<Outage>,
    /// Packets that have left the queue.
    carried: u64,
    last_arrival: VirtualTime,
    slot: u64,
    in_slot: u32,
}

/// What becomes of a packet that has left the queue.
pub(crate) enum Passage {
    /// It comes to the other end then.
    Arrives(VirtualTime),
    /// It does not.
    Lost(DropReason),
}

/// A token bucket.
#[derive(Debug)]
struct Policer {
    spec: PolicerSpec,
    /// Bytes times 8 × 10⁹.
    tokens: u128,
    at: VirtualTime,
}

const TOKEN: u128 = 8_000_000_000;

impl Policer {
    fn takes(&mut self, now: VirtualTime, bytes: u64) -> bool {
        let full = self.spec.burst.as_bytes().max(0) as u128 * TOKEN;
        let passed = u128::from(now.ns() - self.at.ns());
        self.tokens = full.min(self.tokens + passed * self.spec.rate.as_bps().max(0) as u128);
        self.at = now;
        let price = u128::from(bytes) * TOKEN;
        let takes = price <= self.tokens;
        if takes {
            self.tokens -= price;
        }
        takes
    }
}

impl Link {
    pub(crate) fn new(number: u16, spec: &LinkSpec, medium: Option<usize>) -> Self {
        Self {
            number,
            transmitter: Transmitter::new(spec),
            queue: Queue::new(&spec.queue),
            sending: Vec::with_capacity(1),
            busy: false,
            medium,
            category: spec.category,
            delay: Steps::new(spec.delay.iter().map(|(at, delay)| (instant(*at), ns(*delay)))),
            loss: Loss::new(&spec.loss),
            jitter: spec.jitter.filter(|jitter| jitter.deviation > TimeDelta::ZERO),
            reorder: spec.reorder.filter(|reorder| reorder.share > 0.0),
            policer: spec.policer.map(|spec| Policer {
                spec,
                tokens: spec.burst.as_bytes().max(0) as u128 * TOKEN,
                at: VirtualTime::ZERO,
            }),
            marking: spec.marking,
            outages: spec
                .outages
                .iter()
                .copied()
                .filter(|outage| !outage.hold)
                .collect(),
            carried: 0,
            last_arrival: VirtualTime::ZERO,
            slot: 0,
            in_slot: 0,
        }
    }

    /// Whether packets pass without ever waiting.
    pub(crate) fn passes_at_once(&mut self, now: VirtualTime) -> bool {
        !self.busy && self.transmitter.rate(now) == UNLIMITED && self.queue.is_empty()
    }

    /// A packet wants in. Whether it is in the queue now.
    pub(crate) fn admit(
        &mut self,
        now: VirtualTime,
        transit: Transit,
        random: &CounterRandom,
        fates: &mut Fates,
    ) {
        if let Some(policer) = &mut self.policer
            && !policer.takes(now, transit.bytes())
        {
            return fates.drop(transit, DropReason::Policed);
        }
        let around = Circumstances {
            now,
            rate: self.transmitter.rate(now),
            link: self.number,
            random,
        };
        self.queue.enqueue(&around, transit, fates);
    }

    /// Whether a packet is let in, on a link without a queue.
    pub(crate) fn polices(&mut self, now: VirtualTime, bytes: u64) -> bool {
        self.policer
            .as_mut()
            .is_some_and(|policer| !policer.takes(now, bytes))
    }

    /// The next packet to be sent; it has waited until now.
    pub(crate) fn next(
        &mut self,
        now: VirtualTime,
        random: &CounterRandom,
        fates: &mut Fates,
    ) -> Option<Transit> {
        let around = Circumstances {
            now,
            rate: self.transmitter.rate(now),
            link: self.number,
            random,
        };
        let mut transit = self.queue.dequeue(&around, fates)?;
        let waited = now.ns() - transit.entered.ns();
        transit.queueing += waited;
        let above = ns(self.marking.above);
        if above > 0 && waited > above && transit.packet.ecn.is_capable() {
            fates.mark(&mut transit);
        }
        Some(transit)
    }

    /// Sends a packet, which has left the queue at `now`, over the wire.
    pub(crate) fn carry(
        &mut self,
        now: VirtualTime,
        transit: &mut Transit,
        random: &CounterRandom,
        fates: &mut Fates,
    ) -> Passage {
        let slot = self.slot_of(now);
        let carried = self.carried;
        self.carried += 1;
        if self
            .outages
            .iter()
            .any(|outage| (ns(outage.from)..ns(outage.to)).contains(&now.ns()))
        {
            return Passage::Lost(DropReason::Outage);
        }
        if self.loss.hits(now, carried, random, self.number, slot) {
            return Passage::Lost(DropReason::Lost);
        }
        self.treat_ecn(transit, random, slot, fates);
        Passage::Arrives(self.arrival(now, transit.bytes(), random, slot))
    }

    fn treat_ecn(
        &mut self,
        transit: &mut Transit,
        random: &CounterRandom,
        (slot, ordinal): (u64, u32),
        fates: &mut Fates,
    ) {
        if self.marking.share > 0.0
            && transit.packet.ecn.is_capable()
            && random.unit(self.number, Purpose::Mark, slot, ordinal) < self.marking.share
        {
            fates.mark(transit);
        }
        if self.marking.bleach {
            transit.packet.ecn = Ecn::NotEct;
        }
    }

    fn arrival(
        &mut self,
        now: VirtualTime,
        bytes: u64,
        random: &CounterRandom,
        (slot, ordinal): (u64, u32),
    ) -> VirtualTime {
        let mut arrival = now.later(self.delay.at(now));
        if let Some(jitter) = self.jitter {
            let deviations = random
                .normal(self.number, Purpose::Jitter, slot, ordinal)
                .abs()
                .min(jitter.limit);
            let late = (ns(jitter.deviation) as f64 * deviations) as u64;
            let rate = self.transmitter.rate(now);
            let serial = if rate == UNLIMITED || rate == 0 {
                0
            } else {
                bytes * 8_000_000_000 / rate
            };
            // No packet comes before the one before it has come, and none faster than the link sends.
            arrival = arrival.later(late).max(self.last_arrival.later(serial));
        }
        arrival = arrival.max(self.last_arrival);
        if let Some(reorder) = self.reorder
            && random.unit(self.number, Purpose::Reorder, slot, ordinal) < reorder.share
        {
            return arrival.later(ns(reorder.delay));
        }
        self.last_arrival = arrival;
        arrival
    }

    fn slot_of(&mut self, now: VirtualTime) -> (u64, u32) {
        let slot = now.ns() / SLOT_NS;
        if slot != self.slot {
            (self.slot, self.in_slot) = (slot, 0);
        }
        self.in_slot += 1;
        (slot, self.in_slot)
    }

    /// What waits, what is being sent included.
    pub(crate) fn waiting(&self) -> DataSize {
        self.queue.waiting()
    }
}
