//! The packet network: links with propagation delay, jitter, loss, reordering, and a rate with a drop-tail queue.
//!
//! A link of this kind is a pair of hosts in one direction, and knows at once when a packet arrives. A pair of hosts can be routed over the
//! links of a scenario instead ([`Network::route`]), with their queue disciplines, bursts of losses, ECN and shared bottlenecks.

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, SocketAddr};

use jackfield_core::units::{DataRate, DataSize, TimeDelta};

use crate::agenda::Agenda;
use crate::clock::VirtualTime;
use crate::executor::Datagram;
use crate::link::NEVER;
use crate::packet::{DropReason, PacketKind, PacketRecord, Source};
use crate::random::{CounterRandom, Purpose};
use crate::scenario::{Scenario, ScenarioError};
use crate::source::traffic::{Entrance, Traffic};
use crate::topology::{RouteId, Topology, Transit, Witness};

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
    /// Packets that a queue did not take, or a policer.
    pub dropped: u64,
    /// Packets that were marked with CE.
    pub marked: u64,
}

/// All links. A link comes into being with its first packet.
pub struct Network {
    random: CounterRandom,
    default: LinkConfig,
    links: BTreeMap<(IpAddr, IpAddr), Link>,
    /// The links of a scenario, by name.
    names: Vec<String>,
    topology: Topology,
    routes: BTreeMap<(IpAddr, IpAddr), Route>,
    under_way: UnderWay,
    traffic: Traffic,
    /// When cross traffic sends.
    agenda: Agenda<u32>,
}

struct Route {
    id: RouteId,
    number: usize,
    sent: u64,
}

/// Datagrams on routes, and what became of them.
#[derive(Default)]
struct UnderWay {
    datagrams: BTreeMap<u64, Datagram>,
    next: u64,
    arrived: VecDeque<Datagram>,
    stats: Vec<LinkStats>,
    /// Packets of cross traffic that have come (or were lost) and that it has not been told of.
    landed: Vec<(Transit, bool)>,
}

impl Entrance for UnderWay {
    fn send(
        &mut self,
        topology: &mut Topology,
        now: VirtualTime,
        route: RouteId,
        packet: PacketRecord,
        token: u64,
    ) {
        topology.send(now, route, packet, token, self);
    }
}

impl UnderWay {
    fn stats(&mut self, transit: &Transit) -> Option<&mut LinkStats> {
        match transit.packet.source {
            Source::Flow(route) => self.stats.get_mut(route),
            _ => None,
        }
    }
}

impl Witness for UnderWay {
    fn arrived(&mut self, _now: VirtualTime, transit: &Transit) {
        if matches!(transit.packet.source, Source::CrossTraffic(_)) {
            return self.landed.push((*transit, true));
        }
        if let Some(mut datagram) = self.datagrams.remove(&transit.token) {
            datagram.ecn = transit.packet.ecn;
            self.arrived.push_back(datagram);
        }
        if let Some(stats) = self.stats(transit) {
            stats.delivered += 1;
        }
    }

    fn dropped(&mut self, _now: VirtualTime, transit: &Transit, why: DropReason) {
        if matches!(transit.packet.source, Source::CrossTraffic(_)) {
            return self.landed.push((*transit, false));
        }
        self.datagrams.remove(&transit.token);
        if let Some(stats) = self.stats(transit) {
            match why {
                DropReason::Lost | DropReason::Outage => stats.lost += 1,
                _ => stats.dropped += 1,
            }
        }
    }

    fn marked(&mut self, _now: VirtualTime, transit: &Transit) {
        if let Some(stats) = self.stats(transit) {
            stats.marked += 1;
        }
    }

    fn queue(&mut self, _now: VirtualTime, _link: usize, _waiting: DataSize) {}
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
            names: Vec::new(),
            topology: Topology::new(seed),
            routes: BTreeMap::new(),
            under_way: UnderWay::default(),
            traffic: Traffic::none(seed),
            agenda: Agenda::new(),
        }
    }

    /// The network of a scenario: its links, media and cross traffic, without its flows. Nobody is routed over it yet.
    ///
    /// # Errors
    /// If the scenario describes what cannot be.
    pub fn of(scenario: &Scenario, seed: u64) -> Result<Self, ScenarioError> {
        scenario.check()?;
        let mut network = Self::new(seed);
        for medium in scenario.media.values() {
            network.topology.add_medium(*medium);
        }
        for (name, link) in &scenario.links {
            let medium = link
                .medium
                .as_ref()
                .and_then(|wanted| scenario.media.keys().position(|medium| medium == wanted));
            network.topology.add_link(link, medium);
            network.names.push(name.clone());
        }
        network.traffic = Traffic::new(scenario, seed, &mut network.topology);
        for (number, first) in network.traffic.first().into_iter().enumerate() {
            if let Some(at) = first {
                network.agenda.schedule(at, number as u32);
            }
        }
        Ok(network)
    }

    /// From now on what `from` sends to `to` crosses these links of the scenario, in order.
    ///
    /// # Errors
    /// If there is no such link.
    pub fn route(&mut self, from: IpAddr, to: IpAddr, path: &[&str]) -> Result<(), ScenarioError> {
        let mut links = Vec::with_capacity(path.len());
        for name in path {
            let known = self.names.iter().position(|link| link == name);
            links.push(known.ok_or_else(|| {
                ScenarioError::new(
                    format!("links.{name}"),
                    format!("there is no link `{name}` to route over"),
                    format!("use one of: {}", self.names.join(", ")),
                )
            })?);
        }
        let id = self.topology.add_route(links);
        let number = match self.routes.get(&(from, to)) {
            Some(route) => route.number,
            None => {
                self.under_way.stats.push(LinkStats::default());
                self.under_way.stats.len() - 1
            }
        };
        self.routes.insert((from, to), Route { id, number, sent: 0 });
        Ok(())
    }

    pub(crate) fn is_routed(&self, from: SocketAddr, to: SocketAddr) -> bool {
        self.routes.contains_key(&(from.ip(), to.ip()))
    }

    /// Puts a datagram on its route.
    pub(crate) fn dispatch(&mut self, now: VirtualTime, datagram: Datagram) {
        let Some(route) = self.routes.get_mut(&(datagram.from.ip(), datagram.to.ip())) else {
            return;
        };
        let packet = PacketRecord {
            source: Source::Flow(route.number),
            number: route.sent,
            size: DataSize::bytes((datagram.bytes.len() as u64 + OVERHEAD_BYTES) as i64),
            sent: now,
            kind: PacketKind::Other,
            ecn: datagram.ecn,
            stream: 0,
            cluster: 0,
            frame: 0,
        };
        route.sent += 1;
        let token = self.under_way.next;
        self.under_way.next += 1;
        self.under_way.datagrams.insert(token, datagram);
        self.topology
            .send(now, route.id, packet, token, &mut self.under_way);
    }

    /// When something happens on the routes next.
    pub(crate) fn next(&self) -> VirtualTime {
        let traffic = self.agenda.next().unwrap_or(NEVER);
        self.topology.next().min(traffic)
    }

    /// Lets it happen.
    pub(crate) fn step(&mut self) {
        let now = self.next();
        if self.topology.next() <= now {
            self.topology.step(&mut self.under_way);
        } else if let Some((now, number)) = self.agenda.take() {
            let (topology, out) = (&mut self.topology, &mut self.under_way);
            if let Some(next) = self.traffic.call(now, number as usize, topology, out) {
                self.agenda.schedule(next, number);
            }
        }
        let mut index = 0;
        while let Some((transit, came)) = self.under_way.landed.get(index).copied() {
            index += 1;
            let (topology, out) = (&mut self.topology, &mut self.under_way);
            if let Some((number, next)) = self.traffic.landed(now, &transit, came, topology, out) {
                self.agenda.schedule(next, number as u32);
            }
        }
        self.under_way.landed.clear();
    }

    /// A datagram that has come to the end of its route.
    pub(crate) fn take_arrived(&mut self) -> Option<Datagram> {
        self.under_way.arrived.pop_front()
    }

    /// What links are like that are not told otherwise; holds for those that come into being afterwards.
    pub fn set_default(&mut self, config: LinkConfig) {
        self.default = config;
    }

    /// What the link from one host to another is like from now on.
    pub fn set_link(&mut self, from: IpAddr, to: IpAddr, config: LinkConfig) {
        self.link(from, to).config = config;
    }

    /// What the link from one host to another, or the route, has done.
    pub fn stats(&self, from: IpAddr, to: IpAddr) -> LinkStats {
        if let Some(route) = self.routes.get(&(from, to)) {
            return self.under_way.stats[route.number];
        }
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
