//! What is truly there: the capacity of links, and what each flow could have of it.

use jackfield_core::units::{DataRate, TimeDelta};

use crate::clock::VirtualTime;
use crate::scenario::{CrossKind, DeliverySlots, LinkSpec, RateSpec, Scenario};
use crate::source::cross::Cross;
use crate::steps::{instant, ns};

/// Slots are averaged over so long.
const BIN_NS: u64 = 200_000_000;

/// Capacities over time.
pub(super) struct Truth {
    links: Vec<Capacity>,
}

enum Capacity {
    Unlimited,
    Steps(Vec<(VirtualTime, DataRate)>),
    /// For each bin.
    Bins(Vec<DataRate>),
}

/// Who wants a link.
pub(super) struct Claim<'a> {
    pub(super) path: &'a [usize],
    pub(super) weight: f64,
}

impl Truth {
    pub(super) fn new(scenario: &Scenario) -> Self {
        Self {
            links: scenario
                .links
                .values()
                .map(|link| Capacity::new(link, scenario.duration))
                .collect(),
        }
    }

    /// When the capacity of a link is set, and to what.
    pub(super) fn changes(&self) -> Vec<(VirtualTime, usize, DataRate)> {
        let mut changes = Vec::new();
        for (link, capacity) in self.links.iter().enumerate() {
            match capacity {
                Capacity::Unlimited => {}
                Capacity::Steps(steps) => changes.extend(steps.iter().map(|(at, rate)| (*at, link, *rate))),
                Capacity::Bins(bins) => {
                    let mut last = None;
                    for (n, rate) in bins.iter().enumerate() {
                        if last.replace(*rate) != Some(*rate) {
                            changes.push((VirtualTime::from_ns(n as u64 * BIN_NS), link, *rate));
                        }
                    }
                }
            }
        }
        changes.sort_by_key(|(at, link, _)| (*at, *link));
        changes
    }

    fn capacity(&self, link: usize, now: VirtualTime) -> Option<DataRate> {
        match &self.links[link] {
            Capacity::Unlimited => None,
            Capacity::Steps(steps) => {
                let current = steps.partition_point(|(at, _)| *at <= now).max(1) - 1;
                Some(steps[current].1)
            }
            Capacity::Bins(bins) => bins.get((now.ns() / BIN_NS) as usize).or(bins.last()).copied(),
        }
    }

    /// The fair share of a flow with this path and weight, at most `most`, where `claims` are all that want something now, its own included.
    pub(super) fn share(
        &self,
        now: VirtualTime,
        own: &Claim<'_>,
        claims: &[Claim<'_>],
        constant: &[(Vec<usize>, Cross)],
    ) -> DataRate {
        let mut least = DataRate::INFINITE;
        for link in own.path {
            let Some(capacity) = self.capacity(*link, now) else {
                continue;
            };
            let taken: i64 = constant
                .iter()
                .filter(|(path, _)| path.contains(link))
                .map(|(_, cross)| cross.takes(now).as_bps())
                .sum();
            let weight: f64 = claims
                .iter()
                .filter(|claim| claim.path.contains(link))
                .map(|claim| claim.weight)
                .sum();
            let left = (capacity.as_bps() - taken).max(0);
            let share = left as f64 * own.weight / weight.max(own.weight);
            least = least.min(DataRate::bps(share as i64));
        }
        least
    }
}

impl Capacity {
    fn new(link: &LinkSpec, duration: TimeDelta) -> Self {
        match &link.rate {
            RateSpec::Unlimited => Self::Unlimited,
            RateSpec::Steps(steps) => {
                // A link that is down has nothing to give.
                let mut bounds: Vec<TimeDelta> = steps.iter().map(|(at, _)| *at).collect();
                bounds.extend(link.outages.iter().flat_map(|outage| [outage.from, outage.to]));
                bounds.sort();
                bounds.dedup();
                Self::Steps(
                    bounds
                        .into_iter()
                        .map(|at| {
                            let current = steps.partition_point(|(step, _)| *step <= at).max(1) - 1;
                            let down = link
                                .outages
                                .iter()
                                .any(|outage| outage.from <= at && at < outage.to);
                            let rate = if down { DataRate::ZERO } else { steps[current].1 };
                            (instant(at), rate)
                        })
                        .collect(),
                )
            }
            RateSpec::Slots(slots) => Self::Bins(bins(slots, ns(duration))),
        }
    }
}

fn bins(slots: &DeliverySlots, duration: u64) -> Vec<DataRate> {
    let mut bins = vec![0_u64; (duration / BIN_NS + 1) as usize];
    let period = ns(slots.period).max(1);
    let mut begin = 0;
    while begin < duration {
        for at in &slots.at {
            if let Some(bin) = bins.get_mut(((begin + ns(*at)) / BIN_NS) as usize) {
                *bin += 1;
            }
        }
        begin += period;
    }
    let bits = slots.size.as_bytes() as u64 * 8 * (1_000_000_000 / BIN_NS);
    bins.into_iter()
        .map(|count| DataRate::bps((count * bits) as i64))
        .collect()
}

/// Whether this cross traffic takes its share as a flow does.
pub(super) fn competes(kind: &CrossKind) -> bool {
    matches!(kind, CrossKind::Tcp(tcp) if tcp.short.is_none())
}
