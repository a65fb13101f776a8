//! A conference, with or without its network domain, as a node of a simulation.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use jackfield_core::audio::BLOCK_DURATION;
use jackfield_core::time::Timestamp;
use jackfield_core::transport::Route;
use jackfield_graph::Conference;
use jackfield_graph::network::{DatagramSink, EcnMark, NetworkDomain, NetworkEvent};
use jackfield_graph::stopwatch::NoStopwatch;

use crate::executor::{Datagram, Node, Outbox};
use crate::packet::Ecn;

/// A room that is ticked every 10 ms of virtual time.
pub struct Room {
    conference: Conference,
    network: Option<NetworkDomain>,
    /// Whom a datagram to this address is for.
    participants: BTreeMap<SocketAddr, u32>,
    next_tick: Timestamp,
}

impl Room {
    /// A room whose first tick is at `first_tick`.
    pub fn new(conference: Conference, first_tick: Timestamp) -> Self {
        Self {
            conference,
            network: None,
            participants: BTreeMap::new(),
            next_tick: first_tick,
        }
    }

    /// With the network side; `participants` tells whose address each is.
    #[must_use]
    pub fn with_network(
        mut self,
        network: NetworkDomain,
        participants: impl IntoIterator<Item = (SocketAddr, u32)>,
    ) -> Self {
        self.network = Some(network);
        self.participants = participants.into_iter().collect();
        self
    }

    /// The network side.
    pub fn network(&mut self) -> Option<&mut NetworkDomain> {
        self.network.as_mut()
    }
}

impl Node for Room {
    fn receive(&mut self, now: Timestamp, datagram: &Datagram, outbox: &mut Outbox<'_>) {
        let Some(participant) = self.participants.get(&datagram.to) else {
            return;
        };
        if let Some(network) = &mut self.network {
            let route = Route::new(datagram.to, datagram.from);
            let mut sink = Sink(outbox);
            let mark = EcnMark::from_bits(datagram.ecn as u8);
            network.receive_marked(now, *participant, &route, &datagram.bytes, mark, &mut sink);
        }
    }

    fn deadline(&self) -> Timestamp {
        let network = self
            .network
            .as_ref()
            .map_or(Timestamp::NEVER, NetworkDomain::deadline);
        self.next_tick.min(network)
    }

    fn handle_timeout(&mut self, now: Timestamp, outbox: &mut Outbox<'_>) {
        let ticks = self.next_tick <= now;
        if ticks {
            self.conference.tick(now, &mut NoStopwatch);
            self.next_tick += BLOCK_DURATION;
        }
        if let Some(network) = &mut self.network {
            let mut sink = Sink(outbox);
            if ticks {
                network.poll_outbound(now, &mut sink);
            }
            if network.deadline() <= now {
                network.handle_timeout(now, &mut sink);
            }
        }
    }
}

struct Sink<'a, 'b>(&'a mut Outbox<'b>);

impl DatagramSink for Sink<'_, '_> {
    fn transmit(&mut self, route: &Route, datagram: &[u8]) {
        self.0.send(route.local.into(), route.remote.into(), datagram);
    }

    fn transmit_marked(&mut self, route: &Route, datagram: &[u8], mark: EcnMark) {
        let ecn = Ecn::from_bits(u32::from(mark.bits()));
        self.0
            .send_with_ecn(route.local.into(), route.remote.into(), datagram, ecn);
    }

    fn event(&mut self, _: u32, _: NetworkEvent) {}
}
