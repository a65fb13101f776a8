//! A relay of real datagrams that treats them as a scenario's links would, without sockets and without a clock.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::clock::VirtualTime;
use crate::executor::Datagram;
use crate::link::NEVER;
use crate::network::{LinkStats, Network};
use crate::packet::Ecn;
use crate::scenario::{FlowSpec, Scenario, ScenarioError};

/// Which way a datagram goes through a [`Relay`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Direction {
    /// From whoever talks to the relay on to its target.
    There,
    /// From the target back.
    Back,
}

/// A datagram that has come through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relayed {
    /// Which way it goes.
    pub direction: Direction,
    /// Who talks to the relay from the near side: whose it is, or for whom it is.
    pub caller: u16,
    /// Its ECN codepoint, marks on the way included.
    pub ecn: Ecn,
    /// What it holds.
    pub bytes: Box<[u8]>,
}

/// Takes datagrams in and gives each out when the links of a scenario would, unless they lose it: so that a browser's call goes through the very
/// network of a simulation. Whoever owns the sockets says what time it is since the beginning, calls at the [`deadline`](Self::deadline), and sends
/// what [`poll`](Self::poll) gives. Cross traffic of the scenario fills the links too.
///
/// What happens between two calls happens at its own time, however late the call is: a socket loop that wakes up late delays what it hands out,
/// but nothing that comes after.
///
/// ```
/// use jackfield_sim::scenario::Scenario;
/// use jackfield_sim::{Direction, Ecn, Relay, Relayed, VirtualTime};
///
/// let scenario = Scenario::parse(r#"
///     name = "slow"
///     duration = "60 min"
///     [links.uplink]
///     delay = "40 ms"
///     [links.downlink]
///     [[flows]]
///     name = "call"
///     path = ["uplink"]
///     return_path = ["downlink"]
///     rate = { minimum = "150 kbit/s", start = "300 kbit/s", maximum = "1.5 Mbit/s" }
///     streams = [{ kind = "video" }]
/// "#)?;
/// let mut relay = Relay::new(&scenario, 1, Some("call"))?;
/// relay.datagram(VirtualTime::ZERO, Direction::There, 0, Ecn::NotEct, b"hello");
/// let due = relay.deadline().unwrap();
/// assert_eq!(due, VirtualTime::from_ns(40_000_000));
/// let through = Relayed { direction: Direction::There, caller: 0, ecn: Ecn::NotEct, bytes: b"hello"[..].into() };
/// assert_eq!(relay.poll(due), Some(through));
/// # Ok::<(), jackfield_sim::scenario::ScenarioError>(())
/// ```
pub struct Relay {
    network: Network,
    now: VirtualTime,
}

/// Addresses that stand for the two sides within the network; the caller is the port.
const NEAR: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const FAR: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2));

impl Relay {
    /// A relay that stands in for a flow of the scenario, or for its first: what goes there crosses the flow's path, what comes back its return path. No flow is run;
    /// the real datagrams take its place.
    ///
    /// # Errors
    /// If the scenario describes what cannot be, or has no such flow.
    pub fn new(scenario: &Scenario, seed: u64, flow: Option<&str>) -> Result<Self, ScenarioError> {
        let mut network = Network::of(scenario, seed)?;
        let wanted = |spec: &&FlowSpec| flow.is_none_or(|name| spec.name == name);
        let Some(spec) = scenario.flows.iter().find(wanted) else {
            let flow = flow.unwrap_or_default();
            let names: Vec<&str> = scenario.flows.iter().map(|spec| spec.name.as_str()).collect();
            return Err(ScenarioError::new(
                "flows",
                format!("there is no flow `{flow}` to stand in for"),
                format!("use one of: {}", names.join(", ")),
            ));
        };
        for (from, to, links) in [(NEAR, FAR, &spec.path), (FAR, NEAR, &spec.return_path)] {
            let links: Vec<&str> = links.iter().map(String::as_str).collect();
            network.route(from, to, &links)?;
        }
        Ok(Self {
            network,
            now: VirtualTime::ZERO,
        })
    }

    /// A datagram came, from a caller or for one: they share the links.
    pub fn datagram(&mut self, now: VirtualTime, direction: Direction, caller: u16, ecn: Ecn, bytes: &[u8]) {
        self.advance(now);
        let (from, to) = match direction {
            Direction::There => (NEAR, FAR),
            Direction::Back => (FAR, NEAR),
        };
        let datagram = Datagram {
            from: SocketAddr::new(from, caller),
            to: SocketAddr::new(to, caller),
            ecn,
            bytes: bytes.into(),
        };
        self.network.dispatch(self.now, datagram);
    }

    /// The next datagram that is to be sent by now; to be asked until there is none.
    pub fn poll(&mut self, now: VirtualTime) -> Option<Relayed> {
        self.advance(now);
        let datagram = self.network.take_arrived()?;
        let direction = if datagram.to.ip() == FAR {
            Direction::There
        } else {
            Direction::Back
        };
        Some(Relayed {
            direction,
            caller: datagram.to.port(),
            ecn: datagram.ecn,
            bytes: datagram.bytes,
        })
    }

    /// What has become of all that went this way.
    pub fn stats(&self, direction: Direction) -> LinkStats {
        match direction {
            Direction::There => self.network.stats(NEAR, FAR),
            Direction::Back => self.network.stats(FAR, NEAR),
        }
    }

    /// When [`poll`](Self::poll) is to be called next, if ever.
    pub fn deadline(&self) -> Option<VirtualTime> {
        Some(self.network.next()).filter(|at| *at != NEVER)
    }

    fn advance(&mut self, now: VirtualTime) {
        while self.network.next() <= now && self.network.next() != NEVER {
            self.network.step();
        }
        self.now = self.now.max(now);
    }
}
