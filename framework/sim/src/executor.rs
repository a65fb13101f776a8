//! The executor: a discrete-event loop over nodes and datagrams.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::net::SocketAddr;

use jackfield_core::time::Timestamp;
use jackfield_core::units::TimeDelta;

use crate::clock::{VirtualClock, VirtualTime};
use crate::link::NEVER;
use crate::network::Network;
use crate::packet::Ecn;

/// Something that acts in a simulation: a room, a caller, a script.
pub trait Node {
    /// A datagram came for one of its addresses.
    fn receive(&mut self, now: Timestamp, datagram: &Datagram, outbox: &mut Outbox<'_>) {
        let _ = (now, datagram, outbox);
    }

    /// When [`Node::handle_timeout`] is to be called next; asked again after every call of this node.
    fn deadline(&self) -> Timestamp {
        Timestamp::NEVER
    }

    /// The deadline has come. The next one must lie later, or be met by the same call: a node that never gets on stops the simulation.
    fn handle_timeout(&mut self, now: Timestamp, outbox: &mut Outbox<'_>) {
        let _ = (now, outbox);
    }
}

/// A datagram on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datagram {
    /// Who sent it.
    pub from: SocketAddr,
    /// Where it goes.
    pub to: SocketAddr,
    /// The ECN codepoint that it came with.
    pub ecn: Ecn,
    /// What it holds.
    pub bytes: Box<[u8]>,
}

/// Names a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(usize);

/// Where a node puts what it sends.
pub struct Outbox<'a> {
    now: VirtualTime,
    network: &'a mut Network,
    scheduled: &'a mut Vec<(VirtualTime, Datagram)>,
}

impl Outbox<'_> {
    /// Sends a datagram that is not capable of ECN.
    pub fn send(&mut self, from: SocketAddr, to: SocketAddr, bytes: &[u8]) {
        self.send_with_ecn(from, to, bytes, Ecn::NotEct);
    }

    /// Sends a datagram with this ECN codepoint. Only links of a scenario ([`Network::route`]) mark.
    pub fn send_with_ecn(&mut self, from: SocketAddr, to: SocketAddr, bytes: &[u8], ecn: Ecn) {
        let Some(from) = self.network.gateways().outward(self.now, from, to) else {
            return;
        };
        let datagram = || Datagram {
            from,
            to,
            ecn,
            bytes: bytes.into(),
        };
        if self.network.is_routed(from, to) {
            self.network.dispatch(self.now, datagram());
        } else if let Some(at) = self.network.send(self.now, from, to, bytes.len()) {
            self.scheduled.push((at, datagram()));
        }
    }

    /// The network, for a script that changes the weather.
    pub fn network(&mut self) -> &mut Network {
        self.network
    }
}

/// Runs nodes in virtual time, as fast as the machine can.
pub struct VirtualExecutor {
    clock: VirtualClock,
    network: Network,
    nodes: Vec<Box<dyn Node>>,
    addresses: BTreeMap<SocketAddr, NodeId>,
    /// By time, then by the order of scheduling.
    queue: BinaryHeap<Reverse<(VirtualTime, u64, Event)>>,
    /// The deadline for which each node stands in the queue.
    deadlines: Vec<Timestamp>,
    datagrams: BTreeMap<u64, Datagram>,
    inserted: u64,
    scheduled: Vec<(VirtualTime, Datagram)>,
    digest: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Deadline(NodeId),
    Datagram(u64),
}

/// A node whose deadline does not move for so many calls at one instant has got stuck.
const STUCK: u32 = 10_000;

impl VirtualExecutor {
    /// An executor at the beginning of time with nobody in it.
    pub fn new(network: Network) -> Self {
        Self {
            clock: VirtualClock::default(),
            network,
            nodes: Vec::new(),
            addresses: BTreeMap::new(),
            queue: BinaryHeap::new(),
            deadlines: Vec::new(),
            datagrams: BTreeMap::new(),
            inserted: 0,
            scheduled: Vec::new(),
            digest: 0xcbf2_9ce4_8422_2325,
        }
    }

    /// The clock.
    pub fn clock(&self) -> &VirtualClock {
        &self.clock
    }

    /// The network.
    pub fn network(&mut self) -> &mut Network {
        &mut self.network
    }

    /// Takes a node in, with the addresses at which it is reached.
    pub fn add_node(&mut self, node: Box<dyn Node>, addresses: &[SocketAddr]) -> NodeId {
        let id = NodeId(self.nodes.len());
        self.nodes.push(node);
        self.deadlines.push(Timestamp::NEVER);
        self.addresses
            .extend(addresses.iter().map(|address| (*address, id)));
        self.schedule_deadline(id);
        id
    }

    /// Runs for `span` of virtual time: everything that is due up to and including its last instant is done.
    ///
    /// # Panics
    /// If a node asks again and again to be called at the same instant.
    pub fn run_for(&mut self, span: TimeDelta) {
        let end = VirtualTime::from(self.clock.now() + span);
        let (mut instant, mut events) = (self.clock.time(), 0);
        while let Some(at) = self.next().filter(|at| *at <= end) {
            if at > instant {
                (instant, events) = (at, 0);
            }
            events += 1;
            assert!(
                events < STUCK * self.nodes.len().max(1) as u32,
                "a node's deadline does not move on at {instant:?}"
            );
            self.clock.set(at.max(self.clock.time()));
            // What happens in the network at an instant comes before what anybody does at it.
            if self.network.next() <= at {
                self.pass_on();
            } else if let Some(Reverse((_, _, event))) = self.queue.pop() {
                self.happen(event);
            }
        }
        self.clock.set(end);
    }

    /// When something happens next.
    fn next(&self) -> Option<VirtualTime> {
        let own = self.queue.peek().map(|Reverse((at, _, _))| *at);
        let network = Some(self.network.next()).filter(|at| *at != NEVER);
        own.into_iter().chain(network).min()
    }

    /// Lets the next thing happen in the network, and hands over what has arrived.
    fn pass_on(&mut self) {
        let now = self.clock.now();
        self.network.step();
        while let Some(datagram) = self.network.take_arrived() {
            self.deliver(now, datagram);
        }
    }

    /// Hands a datagram to whoever it is for, if the gateways before him let it in.
    fn deliver(&mut self, now: Timestamp, mut datagram: Datagram) {
        let time = self.clock.time();
        let gateways = self.network.gateways();
        let Some(to) = gateways.inward(time, datagram.from, datagram.to) else {
            return;
        };
        datagram.to = to;
        self.note(now, &datagram);
        if let Some(id) = self.addresses.get(&datagram.to).copied() {
            self.call(id, |node, outbox| node.receive(now, &datagram, outbox));
        }
    }

    /// A number that depends on every datagram that was delivered, when and where: equal runs have equal digests (FNV-1a).
    pub fn digest(&self) -> u64 {
        self.digest
    }

    fn happen(&mut self, event: Event) {
        let now = self.clock.now();
        match event {
            Event::Deadline(id) => {
                // A deadline that moved meanwhile stands in the queue a second time.
                let due = std::mem::replace(&mut self.deadlines[id.0], Timestamp::NEVER);
                if due <= now {
                    self.call(id, |node, outbox| node.handle_timeout(now, outbox));
                } else {
                    self.schedule_deadline(id);
                }
            }
            Event::Datagram(key) => {
                let Some(datagram) = self.datagrams.remove(&key) else {
                    return;
                };
                self.deliver(now, datagram);
            }
        }
    }

    fn call(&mut self, id: NodeId, act: impl FnOnce(&mut dyn Node, &mut Outbox<'_>)) {
        let Some(node) = self.nodes.get_mut(id.0) else {
            return;
        };
        let mut outbox = Outbox {
            now: self.clock.time(),
            network: &mut self.network,
            scheduled: &mut self.scheduled,
        };
        act(&mut **node, &mut outbox);
        let mut scheduled = std::mem::take(&mut self.scheduled);
        for (at, datagram) in scheduled.drain(..) {
            let key = self.next_key();
            self.datagrams.insert(key, datagram);
            self.queue.push(Reverse((at, key, Event::Datagram(key))));
        }
        self.scheduled = scheduled;
        self.schedule_deadline(id);
    }

    fn schedule_deadline(&mut self, id: NodeId) {
        let Some(node) = self.nodes.get(id.0) else {
            return;
        };
        let deadline = node.deadline();
        if deadline == self.deadlines[id.0] || deadline.is_never() {
            return;
        }
        self.deadlines[id.0] = deadline;
        let at = VirtualTime::from(deadline).max(self.clock.time());
        let key = self.next_key();
        self.queue.push(Reverse((at, key, Event::Deadline(id))));
    }

    fn next_key(&mut self) -> u64 {
        self.inserted += 1;
        self.inserted
    }

    fn note(&mut self, now: Timestamp, datagram: &Datagram) {
        let port = |address: &SocketAddr| address.port().to_le_bytes();
        let parts: [&[u8]; 4] = [
            &now.us().to_le_bytes(),
            &port(&datagram.from),
            &port(&datagram.to),
            &datagram.bytes,
        ];
        for byte in parts.into_iter().flatten() {
            self.digest = (self.digest ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}
