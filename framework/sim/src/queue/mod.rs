//! Queues and their disciplines.

mod codel;
mod drop_tail;
mod dual_pi2;
mod fq_codel;
mod pie;
mod red;

use std::collections::VecDeque;

use jackfield_core::units::DataSize;

use crate::clock::VirtualTime;
use crate::link::UNLIMITED;
use crate::packet::{DropReason, Ecn};
use crate::random::{CounterRandom, Purpose};
use crate::scenario::{QueueLimit, QueueSpec};
use crate::steps::ns;
use crate::topology::Transit;

use codel::{CoDel, ControlLaw};
use drop_tail::DropTail;
use dual_pi2::{DualPi2, DualPi2Config};
use fq_codel::FqCoDel;
use pie::Pie;
use red::Red;

/// What a discipline may look at.
pub(crate) struct Circumstances<'a> {
    pub(crate) now: VirtualTime,
    /// Bits per second now.
    pub(crate) rate: u64,
    pub(crate) link: u16,
    pub(crate) random: &'a CounterRandom,
}

impl Circumstances<'_> {
    /// A number from 0 to just under 1 for the `ordinal`-th decision of this instant.
    pub(crate) fn draw(&self, ordinal: u32) -> f64 {
        self.random
            .unit(self.link, Purpose::Queue, self.now.ns(), ordinal)
    }
}

/// What a discipline did to packets.
#[derive(Default, Debug)]
pub(crate) struct Fates {
    pub(crate) dropped: Vec<(Transit, DropReason)>,
    pub(crate) marked: Vec<Transit>,
}

impl Fates {
    pub(crate) fn drop(&mut self, transit: Transit, why: DropReason) {
        self.dropped.push((transit, why));
    }

    pub(crate) fn mark(&mut self, transit: &mut Transit) {
        if transit.packet.ecn != Ecn::Ce {
            transit.packet.ecn = Ecn::Ce;
            self.marked.push(*transit);
        }
    }
}

/// Packets that wait, in order, with their sum.
#[derive(Default, Debug)]
pub(crate) struct Fifo {
    packets: VecDeque<Transit>,
    bytes: u64,
}

impl Fifo {
    pub(crate) fn push(&mut self, transit: Transit) {
        self.bytes += transit.bytes();
        self.packets.push_back(transit);
    }

    pub(crate) fn pop(&mut self) -> Option<Transit> {
        let transit = self.packets.pop_front()?;
        self.bytes -= transit.bytes();
        Some(transit)
    }

    pub(crate) fn first(&self) -> Option<&Transit> {
        self.packets.front()
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) fn len(&self) -> usize {
        self.packets.len()
    }

    /// How long the first has waited, in ns.
    pub(crate) fn sojourn(&self, now: VirtualTime) -> u64 {
        self.first()
            .map_or(0, |first| now.ns().saturating_sub(first.entered.ns()))
    }
}

/// Whether `bytes` more fit beside what waits.
pub(crate) fn fits(limit: QueueLimit, waiting: u64, packets: usize, bytes: u64, rate: u64) -> bool {
    match limit {
        QueueLimit::Unlimited => true,
        QueueLimit::Size(size) => waiting + bytes <= size.as_bytes().max(0) as u64,
        QueueLimit::Time(time) => {
            rate == UNLIMITED || {
                let room = u128::from(rate) * u128::from(ns(time)) / 8_000_000_000;
                // One packet always fits, however slow the link is: a link at rest must not lock itself up.
                packets == 0 || u128::from(waiting + bytes) <= room
            }
        }
        QueueLimit::Packets(most) => packets < most as usize,
    }
}

/// A queue.
#[derive(Debug)]
pub(crate) enum Queue {
    DropTail(DropTail),
    CoDel(CoDel),
    FqCoDel(Box<FqCoDel>),
    Pie(Box<Pie>),
    Red(Box<Red>),
    DualPi2(Box<DualPi2>),
}

impl Queue {
    pub(crate) fn new(spec: &QueueSpec) -> Self {
        match *spec {
            QueueSpec::DropTail(limit) => Self::DropTail(DropTail::new(limit)),
            QueueSpec::CoDel {
                limit,
                target,
                interval,
                ecn,
            } => Self::CoDel(CoDel::new(limit, ControlLaw::new(ns(target), ns(interval), ecn))),
            QueueSpec::FqCoDel {
                limit,
                target,
                interval,
                ecn,
                queues,
                quantum,
            } => Self::FqCoDel(Box::new(FqCoDel::new(limit, queues, quantum.as_bytes(), || {
                ControlLaw::new(ns(target), ns(interval), ecn)
            }))),
            QueueSpec::Pie {
                limit,
                target,
                update,
                burst,
                ecn,
            } => Self::Pie(Box::new(Pie::new(limit, ns(target), ns(update), ns(burst), ecn))),
            QueueSpec::Red(spec) => Self::Red(Box::new(Red::new(spec))),
            QueueSpec::DualPi2 {
                limit,
                target,
                update,
                step,
                coupling,
                classic_share,
            } => Self::DualPi2(Box::new(DualPi2::new(DualPi2Config {
                limit,
                target: ns(target),
                update: ns(update),
                step: ns(step),
                coupling,
                classic_share,
            }))),
        }
    }

    pub(crate) fn enqueue(&mut self, around: &Circumstances<'_>, transit: Transit, fates: &mut Fates) {
        match self {
            Self::DropTail(queue) => queue.enqueue(around, transit, fates),
            Self::CoDel(queue) => queue.enqueue(around, transit, fates),
            Self::FqCoDel(queue) => queue.enqueue(around, transit, fates),
            Self::Pie(queue) => queue.enqueue(around, transit, fates),
            Self::Red(queue) => queue.enqueue(around, transit, fates),
            Self::DualPi2(queue) => queue.enqueue(around, transit, fates),
        }
    }

    pub(crate) fn dequeue(&mut self, around: &Circumstances<'_>, fates: &mut Fates) -> Option<Transit> {
        match self {
            Self::DropTail(queue) => queue.dequeue(),
            Self::CoDel(queue) => queue.dequeue(around, fates),
            Self::FqCoDel(queue) => queue.dequeue(around, fates),
            Self::Pie(queue) => queue.dequeue(around),
            Self::Red(queue) => queue.dequeue(around),
            Self::DualPi2(queue) => queue.dequeue(around, fates),
        }
    }

    /// What waits.
    pub(crate) fn waiting(&self) -> DataSize {
        let bytes = match self {
            Self::DropTail(queue) => queue.bytes(),
            Self::CoDel(queue) => queue.bytes(),
            Self::FqCoDel(queue) => queue.bytes(),
            Self::Pie(queue) => queue.bytes(),
            Self::Red(queue) => queue.bytes(),
            Self::DualPi2(queue) => queue.bytes(),
        };
        DataSize::bytes(bytes as i64)
    }

    /// Whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting() == DataSize::ZERO
    }
}
