//! The network of a scenario for datagrams from outside: what a program that forwards UDP between two others puts between them, so that a real
//! call meets the same weather as a simulated one.
//!
//! Sans-IO: the owner says what time it is, counted from the beginning of the scenario, and sends what comes out. The same calls at the same
//! times give the same results, whether time is virtual or the machine's.

use jackfield_core::units::DataSize;

use crate::clock::VirtualTime;
use crate::packet::{DropReason, Ecn, PacketKind, PacketRecord, Source};
use crate::scenario::{Scenario, ScenarioError};
use crate::topology::{RouteId, Topology, Transit, Witness};

/// What IPv4 and UDP add to a datagram.
const OVERHEAD_BYTES: usize = 28;

/// Which way a datagram goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    /// As the flow's media.
    Forward,
    /// As its feedback.
    Backward,
}

/// A datagram on its way through, or out of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relayed {
    /// Which way it goes.
    pub way: Way,
    /// Whatever the owner gave with it.
    pub tag: u64,
    /// Its ECN codepoint, marks on the way included.
    pub ecn: Ecn,
    /// What it holds.
    pub bytes: Box<[u8]>,
}

/// What has become of datagrams.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RelayStats {
    /// Have come out, or are to be fetched.
    pub carried: u64,
    /// Found a queue full, were dropped by its discipline or by a policer.
    pub dropped: u64,
    /// Were lost on the way, or in an outage.
    pub lost: u64,
    /// Were marked.
    pub marked: u64,
}

/// A scenario's links between two ends. What else sends in the scenario is not there.
pub struct Relay {
    topology: Topology,
    routes: [RouteId; 2],
    yard: Yard,
    sent: [u64; 2],
}

/// Datagrams between their coming and their going.
#[derive(Default)]
struct Yard {
    held: Vec<Option<Relayed>>,
    free: Vec<usize>,
    out: std::collections::VecDeque<Relayed>,
    stats: RelayStats,
}

impl Relay {
    /// Between the two ends of the flow named `flow`, or of the first.
    ///
    /// # Errors
    /// If the scenario describes what cannot be, or has no such flow, or other traffic, which a relay does not send.
    pub fn new(scenario: &Scenario, flow: Option<&str>, seed: u64) -> Result<Self, ScenarioError> {
        scenario.check()?;
        let chosen = match flow {
            Some(name) => scenario.flows.iter().find(|flow| flow.name == name),
            None => scenario.flows.first(),
        };
        let Some(chosen) = chosen else {
            let names: Vec<&str> = scenario.flows.iter().map(|flow| flow.name.as_str()).collect();
            return Err(ScenarioError::new(
                "flows",
                format!("there is no flow `{}`", flow.unwrap_or_default()),
                format!("choose one of: {}", names.join(", ")),
            ));
        };
        if !scenario.cross_traffic.is_empty() {
            return Err(ScenarioError::new(
                "cross_traffic",
                "a relay carries what comes from outside and sends nothing itself",
                "choose a variant without it, or let the capacity of the link change instead",
            ));
        }
        let mut topology = Topology::of(scenario, seed);
        let routes = [&chosen.path, &chosen.return_path]
            .map(|names| topology.add_route(names.iter().filter_map(|name| scenario.link_number(name))));
        Ok(Self {
            topology,
            routes,
            yard: Yard::default(),
            sent: [0; 2],
        })
    }

    /// A datagram has come at `now`; `tag` comes out with it.
    pub fn datagram(&mut self, now: VirtualTime, way: Way, tag: u64, ecn: Ecn, bytes: &[u8]) {
        self.advance(now);
        let token = self.yard.hold(Relayed {
            way,
            tag,
            ecn,
            bytes: bytes.into(),
        });
        let direction = way as usize;
        let number = self.sent[direction];
        self.sent[direction] += 1;
        let packet = PacketRecord {
            source: match way {
                Way::Forward => Source::Flow(0),
                Way::Backward => Source::Feedback(0),
            },
            number,
            size: DataSize::bytes((bytes.len() + OVERHEAD_BYTES) as i64),
            sent: now,
            kind: PacketKind::Other,
            ecn,
            stream: 0,
            cluster: 0,
            frame: 0,
        };
        self.topology
            .send(now, self.routes[direction], packet, token, &mut self.yard);
    }

    /// A datagram that has come out by `now`, in the order of their coming out.
    pub fn poll(&mut self, now: VirtualTime) -> Option<Relayed> {
        self.advance(now);
        self.yard.out.pop_front()
    }

    /// When [`Relay::poll`] is worth calling next; the end of time if nothing is on its way.
    pub fn deadline(&self) -> VirtualTime {
        self.topology.next()
    }

    /// What has become of everything so far.
    pub fn stats(&self) -> RelayStats {
        self.yard.stats
    }

    fn advance(&mut self, now: VirtualTime) {
        while self.topology.next() <= now {
            self.topology.step(&mut self.yard);
        }
    }
}

impl Yard {
    fn hold(&mut self, datagram: Relayed) -> u64 {
        let place = self.free.pop().unwrap_or(self.held.len());
        if place == self.held.len() {
            self.held.push(None);
        }
        self.held[place] = Some(datagram);
        place as u64
    }

    fn release(&mut self, token: u64) -> Option<Relayed> {
        let datagram = self.held.get_mut(token as usize)?.take()?;
        self.free.push(token as usize);
        Some(datagram)
    }
}

impl Witness for Yard {
    fn arrived(&mut self, _now: VirtualTime, transit: &Transit) {
        if let Some(datagram) = self.release(transit.token) {
            self.stats.carried += 1;
            self.out.push_back(Relayed {
                ecn: transit.packet.ecn,
                ..datagram
            });
        }
    }

    fn dropped(&mut self, _now: VirtualTime, transit: &Transit, why: DropReason) {
        self.release(transit.token);
        match why {
            DropReason::Lost | DropReason::Outage => self.stats.lost += 1,
            _ => self.stats.dropped += 1,
        }
    }

    fn marked(&mut self, _now: VirtualTime, _transit: &Transit) {
        self.stats.marked += 1;
    }

    fn queue(&mut self, _now: VirtualTime, _link: usize, _waiting: DataSize) {}
}
