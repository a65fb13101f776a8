//! What the stories have in common: two ends with real transports, gateways and links between them, a STUN server, and a way for descriptions
//! and candidates to travel. Each end does what the runtime's network thread does, with the same gathering.

use std::cell::RefCell;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;

use jackfield_core::environment::Environment;
use jackfield_core::module::Plugin;
use jackfield_core::time::Timestamp;
use jackfield_core::transport::{Transport, TransportState};
use jackfield_core::units::TimeDelta;
use jackfield_session::gathering::Gatherer;
use jackfield_sim::{Datagram, LinkConfig, Nat, Network, Node, Outbox, VirtualExecutor};
use jackfield_transport_ice_dtls::IceDtls;
use jackfield_transport_webrtc_rs::WebrtcRs;
use stun::message::{BINDING_REQUEST, BINDING_SUCCESS, Message};
use stun::xoraddr::XorMappedAddress;

pub(crate) use super::end::Habits;
use super::end::{Attributes, End, Seat};

/// Where the STUN server is.
pub(crate) const STUN_SERVER: &str = "198.51.100.1:3478";

/// Which transport an end has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    IceDtls,
    WebrtcRs,
}

/// How a world is set up.
pub(crate) struct Setup {
    pub(crate) seed: u64,
    pub(crate) transports: [By; 2],
    /// The addresses of the offerer and of the answerer, without ports.
    pub(crate) hosts: [Vec<IpAddr>; 2],
    pub(crate) gateways: Vec<Nat>,
    pub(crate) link: LinkConfig,
    /// After so long without a path, or without consent, a transport gives up.
    pub(crate) patience: TimeDelta,
    pub(crate) habits: Habits,
}

impl Setup {
    /// Ends with these addresses over links with 20 ms of delay.
    pub(crate) fn new(transports: [By; 2], hosts: [&str; 2], gateways: Vec<Nat>) -> Self {
        Self {
            seed: 1,
            transports,
            hosts: hosts.map(|host| vec![ip(host)]),
            gateways,
            link: LinkConfig {
                delay: TimeDelta::ms(20),
                ..LinkConfig::PERFECT
            },
            patience: TimeDelta::seconds(30),
            habits: Habits::default(),
        }
    }
}

/// Two ends and all that lies between them.
pub(crate) struct World {
    pub(crate) executor: VirtualExecutor,
    pub(crate) ends: [Rc<RefCell<End>>; 2],
}

impl World {
    pub(crate) fn new(setup: Setup) -> Self {
        let mut network = Network::new(setup.seed);
        network.set_default(setup.link);
        let signalling = [1, 2].map(|last| SocketAddr::from(([192, 0, 2, last], 443)));
        // What signalling runs over repeats what is lost.
        let reliable = LinkConfig {
            delay: TimeDelta::ms(40),
            ..LinkConfig::PERFECT
        };
        network.set_link(signalling[0].ip(), signalling[1].ip(), reliable);
        network.set_link(signalling[1].ip(), signalling[0].ip(), reliable);
        for gateway in setup.gateways {
            network.gateways().add(gateway);
        }
        let mut executor = VirtualExecutor::new(network);
        executor.add_node(Box::new(StunServer), &[socket(STUN_SERVER)]);
        let ends = [0, 1].map(|side: usize| {
            let sockets: Vec<SocketAddr> = setup.hosts[side]
                .iter()
                .map(|host| SocketAddr::new(*host, 5_000 + side as u16))
                .collect();
            let mut drawn = setup.seed.wrapping_mul(1_000) + side as u64;
            let transactions = Box::new(move || {
                drawn += 2;
                let mut transaction = [side as u8; 12];
                transaction[..8].copy_from_slice(&drawn.to_be_bytes());
                transaction
            });
            let end = End::new(
                side == 0,
                transport(
                    setup.transports[side],
                    2 * setup.seed + side as u64,
                    setup.patience,
                ),
                Gatherer::new(Some(socket(STUN_SERVER)), &sockets, transactions),
                sockets.clone(),
                [signalling[side], signalling[1 - side]],
                setup.habits,
            );
            let end = Rc::new(RefCell::new(end));
            let addresses: Vec<SocketAddr> = sockets.into_iter().chain([signalling[side]]).collect();
            executor.add_node(Box::new(Seat(Rc::clone(&end))), &addresses);
            end
        });
        Self { executor, ends }
    }

    /// Lets time pass until `done` or until `limit` is over; tells which.
    pub(crate) fn run_until(&mut self, limit: TimeDelta, done: impl Fn(&Self) -> bool) -> bool {
        let end = self.executor.clock().now() + limit;
        while self.executor.clock().now() < end {
            if done(self) {
                return true;
            }
            self.executor.run_for(TimeDelta::ms(50));
        }
        done(self)
    }

    pub(crate) fn run_for(&mut self, span: TimeDelta) {
        self.executor.run_for(span);
    }

    /// Whether both ends are connected and each has heard the other.
    pub(crate) fn is_connected(&self) -> bool {
        self.ends.iter().all(|end| {
            let end = end.borrow();
            end.state() == TransportState::Connected && !end.told.heard.is_empty()
        })
    }

    /// Whether both ends have given up.
    pub(crate) fn has_failed(&self) -> bool {
        self.ends
            .iter()
            .all(|end| end.borrow().state() == TransportState::Failed)
    }

    /// Lets time pass until the call is connected; tells whether it is.
    pub(crate) fn connect(&mut self, limit: TimeDelta) -> bool {
        self.run_until(limit, Self::is_connected)
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.executor.clock().now()
    }

    /// The states of both ends, for a message.
    pub(crate) fn states(&self) -> [Vec<(i64, TransportState)>; 2] {
        self.ends.each_ref().map(|end| {
            let end = end.borrow();
            let ms = |at: &Timestamp| (*at - Timestamp::ZERO).as_ms();
            end.told
                .states
                .iter()
                .map(|(at, state)| (ms(at), *state))
                .collect()
        })
    }

    /// What `side` tells of its path under this name.
    pub(crate) fn path(&self, side: usize, name: &str) -> String {
        let mut attributes = Attributes::default();
        let told = self.ends[side].borrow_mut().transport.path(&mut attributes);
        told.expect("it can tell its path");
        let found = attributes.0.into_iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value).unwrap_or_default()
    }

    /// The longest time from `since` on in which `side` heard nothing.
    pub(crate) fn longest_silence(&self, side: usize, since: Timestamp) -> TimeDelta {
        let end = self.ends[side].borrow();
        let heard = end.told.heard.iter().copied().filter(|at| *at > since);
        let mut last = since;
        let mut longest = TimeDelta::ZERO;
        for at in heard.chain([self.now()]) {
            longest = longest.max(at.since(last));
            last = at;
        }
        longest
    }
}

/// Tells everybody under which address it sees them.
struct StunServer;

impl Node for StunServer {
    fn receive(&mut self, _: Timestamp, datagram: &Datagram, outbox: &mut Outbox<'_>) {
        let mut request = Message::new();
        if request.unmarshal_binary(&datagram.bytes).is_err() || request.typ != BINDING_REQUEST {
            return;
        }
        let seen = XorMappedAddress {
            ip: datagram.from.ip(),
            port: datagram.from.port(),
        };
        let mut response = Message::new();
        response
            .build(&[
                Box::new(request.transaction_id),
                Box::new(BINDING_SUCCESS),
                Box::new(seen),
            ])
            .expect("a response can be written");
        outbox.send(datagram.to, datagram.from, &response.raw);
    }
}

fn transport(by: By, seed: u64, patience: TimeDelta) -> Box<dyn Transport> {
    let environment = Environment::seeded(seed);
    let patience = u32::try_from(patience.as_ms()).expect("less than a minute");
    match by {
        By::IceDtls => {
            let mut transport = IceDtls::create(&environment).expect("it can be made");
            transport.parameters().insecure_deterministic = true;
            transport.parameters().failed_ms = patience;
            Box::new(transport)
        }
        By::WebrtcRs => {
            let mut transport = WebrtcRs::create(&environment).expect("it can be made");
            transport.parameters().failed_ms = patience;
            Box::new(transport)
        }
    }
}

pub(crate) fn socket(text: &str) -> SocketAddr {
    text.parse().expect("an address with a port")
}

pub(crate) fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}
