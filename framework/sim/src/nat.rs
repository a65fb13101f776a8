//! Gateways that translate addresses and filter what comes in, in the terms of RFC 4787.
//!
//! | classic name | [`Mapping`] | [`Filtering`] |
//! |---|---|---|
//! | full cone | endpoint-independent | endpoint-independent |
//! | address-restricted cone | endpoint-independent | address-dependent |
//! | port-restricted cone | endpoint-independent | address-and-port-dependent |
//! | symmetric | address-and-port-dependent | address-and-port-dependent |
//!
//! A [`Nat`] turns (from, to) into what stands on the packet on the other side, or drops it. [`Gateways`] puts several before the hosts of a
//! [`VirtualExecutor`](crate::VirtualExecutor), one behind the other if one's outside is another's inside (double NAT):
//! [`Network::gateways`](crate::Network::gateways). A packet is translated outward when it is sent and inward when it arrives, so links are
//! those between the outer addresses.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

use jackfield_core::units::TimeDelta;

use crate::clock::VirtualTime;
use crate::steps::ns;

/// What a port outside is kept for (RFC 4787 section 4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mapping {
    /// For one address and port inside, whoever it sends to.
    EndpointIndependent,
    /// For one address and port inside and one address outside.
    AddressDependent,
    /// For one address and port inside and one address and port outside.
    AddressAndPortDependent,
}

/// Who may send to a port outside (RFC 4787 section 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filtering {
    /// Everybody, while it is mapped.
    EndpointIndependent,
    /// Every port of an address that was sent to.
    AddressDependent,
    /// Only an address and port that was sent to.
    AddressAndPortDependent,
}

/// What a gateway does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NatConfig {
    /// What a port is kept for.
    pub mapping: Mapping,
    /// Who may send to it.
    pub filtering: Filtering,
    /// Whether hosts inside reach each other by their addresses outside (RFC 4787 section 6).
    pub hairpinning: bool,
    /// How long a mapping, and the permission that comes with it, lasts after the last packet outward (RFC 4787 section 4.3: 2 min or more).
    pub timeout: TimeDelta,
    /// Whether UDP is dropped altogether, as firewalls of companies do.
    pub blocks_udp: bool,
}

impl NatConfig {
    /// Lets everybody in by a port that is mapped.
    pub const FULL_CONE: Self = Self {
        mapping: Mapping::EndpointIndependent,
        filtering: Filtering::EndpointIndependent,
        hairpinning: true,
        timeout: TimeDelta::seconds(120),
        blocks_udp: false,
    };
    /// Lets in whom was sent to, by whichever port.
    pub const ADDRESS_RESTRICTED: Self = Self {
        filtering: Filtering::AddressDependent,
        ..Self::FULL_CONE
    };
    /// Lets in only the port that was sent to.
    pub const PORT_RESTRICTED: Self = Self {
        filtering: Filtering::AddressAndPortDependent,
        ..Self::FULL_CONE
    };
    /// Has another port for every destination, and lets in only that one.
    pub const SYMMETRIC: Self = Self {
        mapping: Mapping::AddressAndPortDependent,
        hairpinning: false,
        ..Self::PORT_RESTRICTED
    };
    /// Lets no UDP through.
    pub const UDP_BLOCKED: Self = Self {
        blocks_udp: true,
        ..Self::SYMMETRIC
    };
}

/// The first port that is handed out; so many follow.
const FIRST_PORT: u16 = 20_000;
const PORTS: u16 = 40_000;

/// What a mapping is kept for: who is inside, and what of the destination matters.
type Key = (SocketAddr, Option<IpAddr>, Option<u16>);

/// A gateway.
#[derive(Debug)]
pub struct Nat {
    config: NatConfig,
    outside: IpAddr,
    inside: BTreeSet<IpAddr>,
    ports: BTreeMap<Key, u16>,
    mappings: BTreeMap<u16, Mapped>,
    next_port: u16,
}

#[derive(Debug)]
struct Mapped {
    key: Key,
    /// Until when it lasts.
    until: VirtualTime,
    /// Who was sent to, and until when that counts.
    permitted: BTreeMap<SocketAddr, VirtualTime>,
}

impl Nat {
    /// A gateway with one address outside, before hosts (or further gateways) with these addresses.
    pub fn new(config: NatConfig, outside: IpAddr, inside: impl IntoIterator<Item = IpAddr>) -> Self {
        Self {
            config,
            outside,
            inside: inside.into_iter().collect(),
            ports: BTreeMap::new(),
            mappings: BTreeMap::new(),
            next_port: 0,
        }
    }

    /// Its address outside.
    pub fn outside(&self) -> IpAddr {
        self.outside
    }

    /// Whether this address is one of its inside.
    pub fn holds(&self, address: IpAddr) -> bool {
        self.inside.contains(&address)
    }

    /// A datagram wants out, or by hairpin to a neighbour. The address that it bears outside; nothing if it is dropped.
    pub fn outward(&mut self, now: VirtualTime, from: SocketAddr, to: SocketAddr) -> Option<SocketAddr> {
        if self.config.blocks_udp || (to.ip() == self.outside && !self.config.hairpinning) {
            return None;
        }
        let key = match self.config.mapping {
            Mapping::EndpointIndependent => (from, None, None),
            Mapping::AddressDependent => (from, Some(to.ip()), None),
            Mapping::AddressAndPortDependent => (from, Some(to.ip()), Some(to.port())),
        };
        let until = now.later(ns(self.config.timeout));
        let known = self.ports.get(&key).copied();
        let port = match known.filter(|port| self.mappings.get(port).is_some_and(|m| m.until > now)) {
            Some(port) => port,
            None => self.map(now, key, known)?,
        };
        let mapped = self.mappings.get_mut(&port)?;
        mapped.until = until;
        mapped.permitted.retain(|_, until| *until > now);
        mapped.permitted.insert(to, until);
        Some(SocketAddr::new(self.outside, port))
    }

    /// A datagram came for its address outside. Whom it is for inside; nothing if it is dropped.
    pub fn inward(&self, now: VirtualTime, from: SocketAddr, to: SocketAddr) -> Option<SocketAddr> {
        let mapped = self
            .mappings
            .get(&to.port())
            .filter(|mapped| mapped.until > now)?;
        let is_permitted = match self.config.filtering {
            Filtering::EndpointIndependent => true,
            Filtering::AddressDependent => mapped
                .permitted
                .iter()
                .any(|(other, until)| other.ip() == from.ip() && *until > now),
            Filtering::AddressAndPortDependent => {
                mapped.permitted.get(&from).is_some_and(|until| *until > now)
            }
        };
        (is_permitted && !self.config.blocks_udp).then_some(mapped.key.0)
    }

    /// A port for `key`: never the one that it had before, as after a restart nothing reminds of it.
    fn map(&mut self, now: VirtualTime, key: Key, old: Option<u16>) -> Option<u16> {
        if let Some(old) = old {
            self.mappings.remove(&old);
            self.ports.remove(&key);
        }
        for _ in 0..PORTS {
            let port = FIRST_PORT + self.next_port;
            self.next_port = (self.next_port + 1) % PORTS;
            let other = self.mappings.get(&port);
            if other.is_some_and(|other| other.until > now) {
                continue;
            }
            if let Some(other) = self.mappings.remove(&port) {
                self.ports.remove(&other.key);
            }
            self.ports.insert(key, port);
            self.mappings.insert(
                port,
                Mapped {
                    key,
                    until: now,
                    permitted: BTreeMap::new(),
                },
            );
            return Some(port);
        }
        None
    }
}

/// All gateways of a network.
#[derive(Debug, Default)]
pub struct Gateways {
    gateways: Vec<Nat>,
    dropped: u64,
}

impl Gateways {
    /// Puts a gateway up.
    pub fn add(&mut self, gateway: Nat) {
        self.gateways.push(gateway);
    }

    /// How many datagrams were dropped by gateways.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// A datagram leaves its host. From whom it seems to come once it is where `to` is reached; nothing if it is dropped.
    pub fn outward(&mut self, now: VirtualTime, from: SocketAddr, to: SocketAddr) -> Option<SocketAddr> {
        let mut seen = from;
        // Each gateway is passed once at most.
        for _ in 0..self.gateways.len() {
            let Some(gateway) = self.gateways.iter_mut().find(|gateway| gateway.holds(seen.ip())) else {
                break;
            };
            if gateway.holds(to.ip()) {
                break;
            }
            match gateway.outward(now, seen, to) {
                Some(outside) => seen = outside,
                None => {
                    self.dropped += 1;
                    return None;
                }
            }
            if to.ip() == seen.ip() {
                // By hairpin, back in.
                break;
            }
        }
        Some(seen)
    }

    /// A datagram has arrived. Which host it is for; nothing if it is dropped.
    pub fn inward(&mut self, now: VirtualTime, from: SocketAddr, to: SocketAddr) -> Option<SocketAddr> {
        let mut target = to;
        for _ in 0..self.gateways.len() {
            let Some(gateway) = self
                .gateways
                .iter()
                .find(|gateway| gateway.outside == target.ip())
            else {
                break;
            };
            match gateway.inward(now, from, target) {
                Some(inside) => target = inside,
                None => {
                    self.dropped += 1;
                    return None;
                }
            }
        }
        // From outside nobody reaches a private address.
        let is_private = |address: IpAddr| self.gateways.iter().find(|gateway| gateway.holds(address));
        if let Some(gateway) = is_private(target.ip())
            && target == to
            && !gateway.holds(from.ip())
        {
            self.dropped += 1;
            return None;
        }
        Some(target)
    }
}
