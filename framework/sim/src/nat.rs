//! Gateways that translate addresses and filter what comes in, in the terms of RFC 4787, and firewalls that only filter (RFC 6092).
//!
//! | classic name | [`Mapping`] | [`Filtering`] |
//! |---|---|---|
//! | full cone | endpoint-independent | endpoint-independent |
//! | address-restricted cone | endpoint-independent | address-dependent |
//! | port-restricted cone | endpoint-independent | address-and-port-dependent |
//! | symmetric | address-and-port-dependent | address-and-port-dependent |
//!
//! A [`Nat`] turns (from, to) into what stands on the packet on the other side, or drops it; a [firewall](Nat::firewall) leaves addresses as
//! they are. [`Gateways`] puts several before the hosts of a
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
    /// Its address outside, unless it translates nothing.
    outside: Option<IpAddr>,
    inside: BTreeSet<IpAddr>,
    names: BTreeMap<Key, SocketAddr>,
    /// By the name outside.
    mappings: BTreeMap<SocketAddr, Mapped>,
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
            outside: Some(outside),
            inside: inside.into_iter().collect(),
            names: BTreeMap::new(),
            mappings: BTreeMap::new(),
            next_port: 0,
        }
    }

    /// A firewall before hosts with these addresses, which keep them outside too: it lets in whom `filtering` allows for `timeout` after the
    /// last packet outward.
    pub fn firewall(
        filtering: Filtering,
        timeout: TimeDelta,
        inside: impl IntoIterator<Item = IpAddr>,
    ) -> Self {
        let config = NatConfig {
            filtering,
            timeout,
            ..NatConfig::FULL_CONE
        };
        Self {
            config,
            outside: None,
            inside: inside.into_iter().collect(),
            names: BTreeMap::new(),
            mappings: BTreeMap::new(),
            next_port: 0,
        }
    }

    /// Its address outside; a firewall has none of its own.
    pub fn outside(&self) -> Option<IpAddr> {
        self.outside
    }

    /// Comes up again after a power cut: all mappings are forgotten, ports are others, and a translator may have got another address.
    pub fn restart(&mut self, outside: Option<IpAddr>) {
        self.outside = self.outside.and(outside.or(self.outside));
        self.names.clear();
        self.mappings.clear();
    }

    /// Whether this address is one of its inside.
    pub fn holds(&self, address: IpAddr) -> bool {
        self.inside.contains(&address)
    }

    /// Whether what comes for `to` from `from` has to pass it.
    fn stands_before(&self, from: IpAddr, to: IpAddr) -> bool {
        match self.outside {
            Some(outside) => outside == to,
            None => self.holds(to) && !self.holds(from),
        }
    }

    /// A datagram wants out, or by hairpin to a neighbour. The address that it bears outside; nothing if it is dropped.
    pub fn outward(&mut self, now: VirtualTime, from: SocketAddr, to: SocketAddr) -> Option<SocketAddr> {
        if self.config.blocks_udp || (Some(to.ip()) == self.outside && !self.config.hairpinning) {
            return None;
        }
        let key = match self.config.mapping {
            Mapping::EndpointIndependent => (from, None, None),
            Mapping::AddressDependent => (from, Some(to.ip()), None),
            Mapping::AddressAndPortDependent => (from, Some(to.ip()), Some(to.port())),
        };
        let until = now.later(ns(self.config.timeout));
        let known = self.names.get(&key).copied();
        let name = match known.filter(|name| self.mappings.get(name).is_some_and(|m| m.until > now)) {
            Some(name) => name,
            None => self.map(now, key, known)?,
        };
        let mapped = self.mappings.get_mut(&name)?;
        mapped.until = until;
        mapped.permitted.retain(|_, until| *until > now);
        mapped.permitted.insert(to, until);
        Some(name)
    }

    /// A datagram came for its address outside. Whom it is for inside; nothing if it is dropped.
    pub fn inward(&self, now: VirtualTime, from: SocketAddr, to: SocketAddr) -> Option<SocketAddr> {
        let mapped = self.mappings.get(&to).filter(|mapped| mapped.until > now)?;
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

    /// A name for `key`: never with the port that it had before, as after a restart nothing reminds of it.
    fn map(&mut self, now: VirtualTime, key: Key, old: Option<SocketAddr>) -> Option<SocketAddr> {
        if let Some(old) = old {
            self.mappings.remove(&old);
            self.names.remove(&key);
        }
        let name = match self.outside {
            Some(outside) => self.free(now, outside)?,
            None => key.0,
        };
        self.names.insert(key, name);
        self.mappings.insert(
            name,
            Mapped {
                key,
                until: now,
                permitted: BTreeMap::new(),
            },
        );
        Some(name)
    }

    /// The next port that nobody has; nothing if all are taken.
    fn free(&mut self, now: VirtualTime, outside: IpAddr) -> Option<SocketAddr> {
        for _ in 0..PORTS {
            let name = SocketAddr::new(outside, FIRST_PORT + self.next_port);
            self.next_port = (self.next_port + 1) % PORTS;
            match self.mappings.get(&name) {
                Some(other) if other.until > now => {}
                Some(other) => {
                    self.names.remove(&other.key);
                    return Some(name);
                }
                None => return Some(name),
            }
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

    /// The gateway with this address outside, for a script that has something happen to it.
    pub fn at(&mut self, outside: IpAddr) -> Option<&mut Nat> {
        self.gateways
            .iter_mut()
            .find(|gateway| gateway.outside == Some(outside))
    }

    /// How many datagrams were dropped by gateways.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// A datagram leaves its host. From whom it seems to come once it is where `to` is reached; nothing if it is dropped.
    pub fn outward(&mut self, now: VirtualTime, from: SocketAddr, to: SocketAddr) -> Option<SocketAddr> {
        let mut seen = from;
        // Each gateway is passed once at most. A firewall for an address stands nearer to it than the translator that has it inside, and
        // farther than the one that has it outside.
        let mut passed = Vec::new();
        loop {
            let ahead = self.gateways.iter_mut().enumerate();
            let next = ahead
                .filter(|(place, gateway)| gateway.holds(seen.ip()) && !passed.contains(place))
                .min_by_key(|(_, gateway)| gateway.outside.is_some());
            let Some((place, gateway)) = next.filter(|(_, gateway)| !gateway.holds(to.ip())) else {
                break;
            };
            passed.push(place);
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
        let mut passed = Vec::new();
        loop {
            let ahead = self.gateways.iter().enumerate();
            let next = ahead
                .filter(|(place, gateway)| {
                    gateway.stands_before(from.ip(), target.ip()) && !passed.contains(place)
                })
                .min_by_key(|(_, gateway)| gateway.outside.is_some());
            let Some((place, gateway)) = next else { break };
            passed.push(place);
            match gateway.inward(now, from, target) {
                Some(inside) => target = inside,
                None => {
                    self.dropped += 1;
                    return None;
                }
            }
        }
        // From outside nobody reaches a private address.
        let is_private = |address: IpAddr| {
            self.gateways
                .iter()
                .find(|gateway| gateway.holds(address) && gateway.outside.is_some())
        };
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
