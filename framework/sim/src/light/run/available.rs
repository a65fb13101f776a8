//! Who is told what the flows could have.

use jackfield_core::units::{DataRate, TimeDelta};

use crate::clock::VirtualTime;
use crate::steps::instant;

use super::super::truth::{Claim, competes};
use super::Run;

impl Run<'_> {
    /// Tells everybody who may know what the flows could have.
    pub(super) fn tell_truth(&mut self, now: VirtualTime) {
        let claims: Vec<Claim<'_>> = self
            .flows
            .iter()
            .filter(|flow| flow.sender.running && !flow.paused)
            .map(|flow| Claim {
                path: &flow.links,
                weight: flow.weight,
            })
            .collect();
        let tcp: Vec<Vec<usize>> = self
            .scenario
            .cross_traffic
            .iter()
            .filter(|spec| competes(&spec.kind) && instant(spec.start) <= now && now < instant(spec.stop))
            .map(|spec| {
                spec.path
                    .iter()
                    .filter_map(|name| self.scenario.link_number(name))
                    .collect()
            })
            .collect();
        let claims: Vec<Claim<'_>> = claims
            .into_iter()
            .chain(tcp.iter().map(|path| Claim { path, weight: 1.0 }))
            .collect();
        let shares: Vec<DataRate> = self
            .flows
            .iter()
            .map(|flow| {
                let own = Claim {
                    path: &flow.links,
                    weight: flow.weight,
                };
                self.truth.share(now, &own, &claims, &self.constant)
            })
            .collect();
        for (number, share) in shares.into_iter().enumerate() {
            let flow = &mut self.flows[number];
            if !flow.sender.running || flow.available == share {
                continue;
            }
            flow.available = share;
            self.out.observer.available(now, number, share);
            if flow.sender.knows_truth {
                let delay = flow
                    .propagation
                    .iter()
                    .filter_map(|link| self.scenario.links.values().nth(*link))
                    .map(|link| {
                        let current = link.delay.partition_point(|(at, _)| instant(*at) <= now).max(1) - 1;
                        link.delay[current].1
                    })
                    .fold(TimeDelta::ZERO, |sum, delay| sum + delay);
                flow.sender.learn(now, share, delay);
                self.settle(now, number);
            }
        }
    }
}
