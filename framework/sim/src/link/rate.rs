//! How long sending takes: piecewise rates, delivery slots, and times when nothing is sent.

use std::sync::Arc;

use crate::clock::VirtualTime;
use crate::scenario::{DeliverySlots, LinkSpec, Outage, RateSpec};
use crate::steps::{Steps, instant, ns};

/// No bound.
pub(crate) const UNLIMITED: u64 = u64::MAX;
/// Never.
pub(crate) const NEVER: VirtualTime = VirtualTime::from_ns(u64::MAX);

/// The transmitter of a link.
#[derive(Debug)]
pub(crate) enum Transmitter {
    /// Bits per second, over time; 0 while it is held.
    Rate(Steps<u64>),
    /// Slots.
    Slots(SlotTransmitter),
}

/// Sends in slots.
#[derive(Debug)]
pub(crate) struct SlotTransmitter {
    slots: Arc<DeliverySlots>,
    held: Vec<Outage>,
    /// The number of the current slot, counted over all periods.
    number: u64,
    /// What is left of it.
    left: u64,
}

impl Transmitter {
    pub(crate) fn new(spec: &LinkSpec) -> Self {
        let held: Vec<Outage> = spec
            .outages
            .iter()
            .copied()
            .filter(|outage| outage.hold)
            .collect();
        match &spec.rate {
            RateSpec::Unlimited => Self::Rate(with_holds(&[(VirtualTime::ZERO, UNLIMITED)], &held)),
            RateSpec::Steps(steps) => {
                let steps: Vec<_> = steps
                    .iter()
                    .map(|(at, rate)| (instant(*at), rate.as_bps().max(0) as u64))
                    .collect();
                Self::Rate(with_holds(&steps, &held))
            }
            RateSpec::Slots(slots) => Self::Slots(SlotTransmitter {
                slots: Arc::clone(slots),
                held,
                number: 0,
                left: slots.size.as_bytes() as u64,
            }),
        }
    }

    /// Bits per second at `now`; [`UNLIMITED`] if packets take no time.
    pub(crate) fn rate(&mut self, now: VirtualTime) -> u64 {
        match self {
            Self::Rate(steps) => steps.at(now),
            Self::Slots(slots) => slots.average(),
        }
    }

    /// When the last bit of `bytes` that begin to be sent at `start` has left.
    pub(crate) fn finish(&mut self, start: VirtualTime, bytes: u64) -> VirtualTime {
        match self {
            Self::Rate(steps) => finish(steps, start, bytes),
            Self::Slots(slots) => slots.finish(start, bytes),
        }
    }
}

fn finish(steps: &mut Steps<u64>, start: VirtualTime, bytes: u64) -> VirtualTime {
    let first = steps.at(start);
    if first == UNLIMITED {
        return start;
    }
    // In units of a bit for a nanosecond at 1 Gbit/s.
    let mut work = bytes.saturating_mul(8_000_000_000);
    let mut now = start.ns();
    let ahead = steps.ahead();
    for (index, (_, rate)) in ahead.iter().enumerate() {
        let end = ahead.get(index + 1).map_or(u64::MAX, |(at, _)| at.ns());
        if *rate == UNLIMITED {
            return VirtualTime::from_ns(now);
        }
        let until_end = u128::from(end.saturating_sub(now)) * u128::from(*rate);
        if *rate > 0 && until_end >= u128::from(work) {
            return VirtualTime::from_ns(now.saturating_add(work.div_ceil(*rate)));
        }
        work -= until_end as u64;
        now = end;
    }
    NEVER
}

/// The rates with 0 wherever one of `held` is.
fn with_holds(steps: &[(VirtualTime, u64)], held: &[Outage]) -> Steps<u64> {
    let mut bounds: Vec<VirtualTime> = steps.iter().map(|(at, _)| *at).collect();
    bounds.extend(
        held.iter()
            .flat_map(|outage| [instant(outage.from), instant(outage.to)]),
    );
    bounds.sort();
    bounds.dedup();
    let mut rates = Steps::new(steps.iter().copied());
    Steps::new(bounds.into_iter().map(|at| {
        let rate = rates.at(at);
        let is_held = held
            .iter()
            .any(|outage| instant(outage.from) <= at && at < instant(outage.to));
        (at, if is_held { 0 } else { rate })
    }))
}

impl SlotTransmitter {
    fn at(&self, number: u64) -> u64 {
        let count = self.slots.at.len() as u64;
        let period = ns(self.slots.period);
        (number / count)
            .saturating_mul(period)
            .saturating_add(ns(self.slots.at[(number % count) as usize]))
    }

    fn average(&self) -> u64 {
        let bits = self.slots.at.len() as u128 * self.slots.size.as_bytes() as u128 * 8;
        (bits * 1_000_000_000 / u128::from(ns(self.slots.period).max(1))) as u64
    }

    fn finish(&mut self, start: VirtualTime, bytes: u64) -> VirtualTime {
        let size = self.slots.size.as_bytes() as u64;
        if self.at(self.number) < start.ns() {
            // What was left of slots that are over is gone.
            self.skip_to(start.ns());
            self.left = size;
        }
        let mut missing = bytes;
        loop {
            let at = self.at(self.number);
            let held = self
                .held
                .iter()
                .any(|outage| (ns(outage.from)..ns(outage.to)).contains(&at));
            if !held {
                if self.left >= missing {
                    self.left -= missing;
                    return VirtualTime::from_ns(at);
                }
                missing -= self.left;
            }
            if at == u64::MAX {
                return NEVER;
            }
            self.number += 1;
            self.left = size;
        }
    }

    /// To the first slot at or after `now`.
    fn skip_to(&mut self, now: u64) {
        let period = ns(self.slots.period).max(1);
        let count = self.slots.at.len() as u64;
        let within = now % period;
        let index = self.slots.at.partition_point(|at| ns(*at) < within) as u64;
        let mut number = (now / period) * count + index;
        // The last slots of a period may stand at its very end, which is where the next one begins.
        while number > 0 && self.at(number - 1) >= now {
            number -= 1;
        }
        self.number = self.number.max(number);
    }
}
