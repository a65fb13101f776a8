//! Who got how much: among flows, against TCP, and all together of the busiest link.

use std::ops::Range;

use super::dynamics::{is_active, mean};
use super::light::LightMetrics;
use super::windows::WINDOW;
use crate::statistics::summary::jain_index;

/// A flow that gets nothing makes the ratio this.
const GREATEST_RATIO: f64 = 1_000.0;

impl LightMetrics {
    /// Jain's index in windows of so many seconds, and the ratio of the fastest flow's rate to the slowest one's: means over the windows in which
    /// at least two flows are active throughout. Nothing if there is no such window.
    pub(super) fn fairness(&self, span: Range<usize>, seconds: usize) -> Option<(f64, f64)> {
        let length = seconds * 10;
        let mut found = Vec::new();
        let mut begin = span.start;
        while begin + length <= span.end {
            let window = begin..begin + length;
            let rates: Vec<f64> = self
                .flows
                .iter()
                .filter(|flow| window.clone().all(|own| is_active(&flow.active, own)))
                .map(|flow| flow.received.sum(window.clone()) / flow.priority)
                .collect();
            if rates.len() > 1 {
                let (least, most) = rates
                    .iter()
                    .fold((f64::INFINITY, 0.0), |(least, most): (f64, f64), rate| {
                        (least.min(*rate), most.max(*rate))
                    });
                let ratio = if most == 0.0 {
                    1.0
                } else {
                    (most / least).min(GREATEST_RATIO)
                };
                found.push((jain_index(&rates), ratio));
            }
            begin += length;
        }
        (!found.is_empty()).then(|| {
            (
                mean(found.iter().map(|own| own.0)),
                mean(found.iter().map(|own| own.1)),
            )
        })
    }

    /// Of a lasting TCP connection beside media: what arrived divided by its fair share, and what it lost of what it would have had alone. Over
    /// windows in which it and a flow that shares a link with it are active. Nothing if there is none.
    pub(super) fn beside_tcp(&self, cross: usize, span: Range<usize>) -> Option<(f64, f64)> {
        let tcp = &self.cross[cross];
        let (mut arrived, mut fair, mut alone) = (0.0, 0.0, 0.0);
        for window in span.filter(|window| is_active(&tcp.active, *window)) {
            let share = self
                .flows
                .iter()
                .filter(|flow| is_active(&flow.active, window) && flow.rivals_with(self.flows.len() + cross))
                .map(|flow| flow.weightless.at(window))
                .fold(f64::NAN, f64::min);
            let bottleneck = tcp
                .path
                .iter()
                .map(|link| self.links[*link].capacity.at(window))
                .fold(f64::NAN, f64::min);
            if share.is_finite() && bottleneck.is_finite() {
                arrived += tcp.received.at(window) * 8.0;
                fair += share * WINDOW;
                alone += bottleneck * WINDOW;
            }
        }
        (fair > 0.0).then(|| (arrived / fair, (1.0 - arrived / alone).max(0.0)))
    }

    /// Of the link that is used most: bits that crossed it, divided by what it bears.
    pub(super) fn link_utilisation(&self, span: Range<usize>) -> Option<f64> {
        self.links
            .iter()
            .filter_map(|link| {
                let bears = mean(span.clone().map(|window| link.capacity.at(window)));
                let seconds = span.len() as f64 * WINDOW;
                (bears > 0.0).then(|| link.crossed.sum(span.clone()) * 8.0 / (bears * seconds))
            })
            .reduce(f64::max)
    }
}
