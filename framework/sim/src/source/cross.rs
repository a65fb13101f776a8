//! UDP cross traffic: constant, Poisson, bursts, on and off.

use jackfield_core::units::{DataRate, DataSize};

use crate::clock::VirtualTime;
use crate::random::{CounterRandom, Purpose};
use crate::scenario::{CrossKind, CrossTrafficSpec, OnOff};
use crate::steps::{Steps, instant, ns};

/// A source.
#[derive(Debug)]
pub(crate) struct Cross {
    number: u16,
    rate: Steps<u64>,
    poisson: bool,
    pub(crate) packet: DataSize,
    on_off: Option<OnOff>,
    start: VirtualTime,
    stop: VirtualTime,
    drawn: u64,
}

impl Cross {
    /// Nothing for kinds that do not send at a rate.
    pub(crate) fn new(spec: &CrossTrafficSpec, number: u16) -> Option<Self> {
        let (rate, packet, poisson) = match &spec.kind {
            CrossKind::Constant { rate, packet } => (rate, *packet, false),
            CrossKind::Poisson { rate, packet } => (rate, *packet, true),
            CrossKind::Burst(_) | CrossKind::Tcp(_) => return None,
        };
        Some(Self {
            number,
            rate: Steps::new(
                rate.iter()
                    .map(|(at, rate)| (instant(*at), rate.as_bps().max(0) as u64)),
            ),
            poisson,
            packet,
            on_off: spec.on_off,
            start: instant(spec.start),
            stop: instant(spec.stop),
            drawn: 0,
        })
    }

    /// When the first packet leaves.
    pub(crate) fn first(&mut self, random: &CounterRandom) -> Option<VirtualTime> {
        let start = self.start;
        if self.poisson || self.rate.at(start) == 0 {
            return self.after(start, random);
        }
        self.sending(start)
    }

    /// When the packet after one at `now` leaves.
    pub(crate) fn after(&mut self, now: VirtualTime, random: &CounterRandom) -> Option<VirtualTime> {
        let rate = self.rate.at(now);
        if rate == 0 {
            let next = self.rate.next_change()?;
            return self.sending(next);
        }
        let mean = self.packet.as_bytes() as u64 * 8_000_000_000 / rate;
        let wait = if self.poisson {
            self.drawn += 1;
            (mean as f64 * random.exponential(self.number, Purpose::Arrival, self.drawn, 0)) as u64
        } else {
            mean
        };
        self.sending(now.later(wait.max(1)))
    }

    /// The first instant from `at` on at which it sends at all.
    fn sending(&mut self, at: VirtualTime) -> Option<VirtualTime> {
        let at = match self.on_off {
            None => at,
            Some(spec) => self.start.later(on_at(spec, at.ns() - self.start.ns())),
        };
        (at < self.stop).then_some(at)
    }

    /// What it takes of a link at `now`, if it sends at a constant rate.
    pub(crate) fn takes(&self, now: VirtualTime) -> DataRate {
        if now < self.start || now >= self.stop {
            return DataRate::ZERO;
        }
        if let Some(spec) = self.on_off
            && on_at(spec, now.ns() - self.start.ns()) != now.ns() - self.start.ns()
        {
            return DataRate::ZERO;
        }
        let steps = self.rate.all();
        let current = steps.partition_point(|(at, _)| *at <= now).max(1) - 1;
        DataRate::bps(steps[current].1 as i64)
    }

    /// When what it takes changes.
    pub(crate) fn changes(&self) -> Vec<VirtualTime> {
        let mut changes = vec![self.start, self.stop];
        changes.extend(self.rate.all().iter().map(|(at, _)| *at));
        if let Some(spec) = self.on_off {
            let (on, off) = (ns(spec.on), ns(spec.off));
            let mut at = self.start;
            let mut is_on = spec.starts_on;
            while at < self.stop {
                at = at.later(if is_on { on } else { off });
                is_on = !is_on;
                changes.push(at);
            }
        }
        changes
    }
}

/// The first nanosecond from `since` on, counted from the start, at which an on-off source is on.
fn on_at(spec: OnOff, since: u64) -> u64 {
    let (on, off) = (ns(spec.on), ns(spec.off));
    let period = on + off;
    let (round, within) = (since / period, since % period);
    let (begin, end) = if spec.starts_on { (0, on) } else { (off, period) };
    if within < begin {
        round * period + begin
    } else if within < end {
        since
    } else {
        (round + 1) * period + begin
    }
}
