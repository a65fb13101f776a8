//! The packet network: links with propagation delay, jitter, loss, reordering, and a rate with a drop-tail queue.
//!
//! A link is a pair of hosts in one direction. What is not here yet has its place: another queue discipline goes where [`Link::enqueue`] is,
//! a loss chain in time where `is_lost` is; topology with shared bottlenecks needs a path of several links per datagram.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use jackfield_core::units::{DataRate, DataSize, TimeDelta};

use crate::clock::VirtualTime;
use crate::random::{CounterRandom, Purpose};

/// Length of the slot by which random decisions are numbered: 1 ms.
const SLOT_NS: u64 = 1_000_000;
/// What IPv4 and UDP add to a datagram.
const OVERHEAD_BYTES: u64 = 28;

/// What a link is like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinkConfig {
    /// Propagation delay.
    pub delay: TimeDelta,
    /// Standard deviation of what is added to it; packets keep their order.
    pub jitter: TimeDelta,
    /// Share of packets lost, 0 to 1, each by itself.
    pub loss: f64,
    /// Share of packets that are held back by `reorder_delay`, so that others overtake them, 0 to 1.
    pub reorder: f64,
    /// For how long.
    pub reorder_delay: TimeDelta,
    /// How fast it sends; [`DataRate::INFINITE`] if it takes no time.
    pub rate: DataRate,
    /// How much may wait before more is dropped.
    pub queue: DataSize,
}

impl LinkConfig {
    /// No delay, no loss, no limit.
    pub const PERFECT: Self = Self {
        delay: TimeDelta::ZERO,
        jitter: TimeDelta::ZERO,
        loss: 0.0,
        reorder: 0.0,
        reorder_delay: TimeDelta::ms(30),
        rate: DataRate::INFINITE,
        queue: DataSize::INFINITE,
    };
}

/// What a link has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkStats {
    /// Packets that arrived or will.
    pub delivered: u64,
    /// Packets lost on the way.
    pub lost: u64,
    /// Packets that found the queue full.
    pub dropped: u64,
}

/// All links. A link comes into being with its first packet.
pub struct Network {
    random: CounterRandom,
    default: LinkConfig,
    links: BTreeMap<(IpAddr, IpAddr), Link>,
}

struct Link {
    number: u16,
    config: LinkConfig,
    stats: LinkStats,
    /// When the last packet in the queue has left.
    busy_until: VirtualTime,
    last_arrival: VirtualTime,
    slot: u64,
    in_slot: u32,
}

impl Network {
    /// A network of perfect links.
    pub fn new(seed: u64) -> Self {
        Self {
            random: CounterRandom::new(seed),
            default: LinkConfig::PERFECT,
            links: BTreeMap::new(),
        }
    }

    /// What links are like that are not told otherwise; holds for those that come into being afterwards.
    pub fn set_default(&mut self, config: LinkConfig) {
        self.default = config;
    }

    /// What the link from one host to another is like from now on.
    pub fn set_link(&mut self, from: IpAddr, to: IpAddr, config: LinkConfig) {
        self.link(from, to).config = config;
    }

    /// What the link from one host to another has done.
    pub fn stats(&self, from: IpAddr, to: IpAddr) -> LinkStats {
        self.links
            .get(&(from, to))
            .map(|link| link.stats)
            .unwrap_or_default()
    }

    /// Sends a packet of `bytes` payload at `now`; says when it arrives, if it does.
    pub fn send(
        &mut self,
        now: VirtualTime,
        from: SocketAddr,
        to: SocketAddr,
        bytes: usize,
    ) -> Option<VirtualTime> {
        let random = self.random;
        let link = self.link(from.ip(), to.ip());
        let ordinal = link.number_in_slot(now);
        let (number, config, slot) = (link.number, link.config, link.slot);
        let sent = link.enqueue(now, bytes as u64 + OVERHEAD_BYTES)?;
        if random.unit(number, Purpose::Loss, slot, ordinal) < config.loss {
            link.stats.lost += 1;
            return None;
        }
        let deviation = random.normal(number, Purpose::Jitter, slot, ordinal).abs();
        let jitter = (config.jitter.as_us() as f64 * 1e3 * deviation) as u64;
        let regular = sent.later(ns(config.delay) + jitter).max(link.last_arrival);
        link.stats.delivered += 1;
        if random.unit(number, Purpose::Reorder, slot, ordinal) < config.reorder {
            return Some(regular.later(ns(config.reorder_delay)));
        }
        link.last_arrival = regular;
        Some(regular)
    }

    fn link(&mut self, from: IpAddr, to: IpAddr) -> &mut Link {
        let number = self.links.len() as u16;
        let config = self.default;
        self.links.entry((from, to)).or_insert_with(|| Link {
            number,
            config,
            stats: LinkStats::default(),
            busy_until: VirtualTime::ZERO,
            last_arrival: VirtualTime::ZERO,
            slot: 0,
            in_slot: 0,
        })
    }
}

impl Link {
    fn number_in_slot(&mut self, now: VirtualTime) -> u32 {
        let slot = now.ns() / SLOT_NS;
        if slot != self.slot {
            (self.slot, self.in_slot) = (slot, 0);
        }
        self.in_slot += 1;
        self.in_slot
    }

    /// Puts a packet into the queue; says when its last bit has left, or nothing if it was dropped.
    fn enqueue(&mut self, now: VirtualTime, bytes: u64) -> Option<VirtualTime> {
        if self.config.rate == DataRate::INFINITE {
            return Some(now);
        }
        let rate = u128::from(self.config.rate.as_bps().max(1) as u64);
        let start = self.busy_until.max(now);
        let waiting = u128::from(start.ns() - now.ns()) * rate / 8_000_000_000;
        if self.config.queue != DataSize::INFINITE
            && waiting + u128::from(bytes) > self.config.queue.as_bytes().max(0) as u128
        {
            self.stats.dropped += 1;
            return None;
        }
        self.busy_until = start.later((u128::from(bytes) * 8_000_000_000 / rate) as u64);
        Some(self.busy_until)
    }
}

fn ns(delta: TimeDelta) -> u64 {
    (delta.as_us().max(0) as u64).saturating_mul(1_000)
}
