//! A relay of real datagrams that treats them as a scenario's links would, without sockets and without a clock.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::clock::VirtualTime;
use crate::executor::Datagram;
use crate::link::NEVER;
use crate::network::Network;
use crate::packet::Ecn;
use crate::scenario::{Scenario, ScenarioError};

/// Which way a datagram goes through a [`Relay`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Direction {
    /// From whoever talks to the relay on to its target.
    There,
    /// From the target back.
    Back,
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
/// use jackfield_sim::{Direction, Ecn, Relay, VirtualTime};
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
/// let mut relay = Relay::new(&scenario, 1, "call")?;
/// relay.datagram(VirtualTime::ZERO, Direction::There, Ecn::NotEct, b"hello");
/// let due = relay.deadline().unwrap();
/// assert_eq!(due, VirtualTime::from_ns(40_000_000));
/// assert_eq!(relay.poll(due), Some((Direction::There, Ecn::NotEct, b"hello"[..].into())));
/// # Ok::<(), jackfield_sim::scenario::ScenarioError>(())
/// ```
pub struct Relay {
    network: Network,
    now: VirtualTime,
}

/// Addresses that stand for the two sides within the network.
const NEAR: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 1);
const FAR: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2)), 1);

impl Relay {
    /// A relay that stands in for a flow of the scenario: what goes there crosses the flow's path, what comes back its return path. No flow is run;
    /// the real datagrams take its place.
    ///
    /// # Errors
    /// If the scenario describes what cannot be, or has no such flow.
    pub fn new(scenario: &Scenario, seed: u64, flow: &str) -> Result<Self, ScenarioError> {
        let mut network = Network::of(scenario, seed)?;
        let Some(spec) = scenario.flows.iter().find(|spec| spec.name == flow) else {
            let names: Vec<&str> = scenario.flows.iter().map(|spec| spec.name.as_str()).collect();
            return Err(ScenarioError::new(
                "flows",
                format!("there is no flow `{flow}` to stand in for"),
                format!("use one of: {}", names.join(", ")),
            ));
        };
        for (from, to, links) in [(NEAR, FAR, &spec.path), (FAR, NEAR, &spec.return_path)] {
            let links: Vec<&str> = links.iter().map(String::as_str).collect();
            network.route(from.ip(), to.ip(), &links)?;
        }
        Ok(Self {
            network,
            now: VirtualTime::ZERO,
        })
    }

    /// A datagram came.
    pub fn datagram(&mut self, now: VirtualTime, direction: Direction, ecn: Ecn, bytes: &[u8]) {
        self.advance(now);
        let (from, to) = match direction {
            Direction::There => (NEAR, FAR),
            Direction::Back => (FAR, NEAR),
        };
        let datagram = Datagram {
            from,
            to,
            ecn,
            bytes: bytes.into(),
        };
        self.network.dispatch(self.now, datagram);
    }

    /// The next datagram that is to be sent by now; to be asked until there is none.
    pub fn poll(&mut self, now: VirtualTime) -> Option<(Direction, Ecn, Box<[u8]>)> {
        self.advance(now);
        let datagram = self.network.take_arrived()?;
        let direction = if datagram.to == FAR {
            Direction::There
        } else {
            Direction::Back
        };
        Some((direction, datagram.ecn, datagram.bytes))
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
