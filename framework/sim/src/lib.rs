//! Virtual time: a clock that moves only when it is told to, a packet network with delay, jitter, loss, reordering and rate, and an executor
//! that runs conferences, their network domains and whatever else acts in them as fast as the machine can.
//!
//! The one contract: equal seeds give equal runs, byte for byte. Nothing here reads a clock, starts a thread, opens a socket or draws from an
//! unseeded generator. Events at the same instant happen in the order in which they were scheduled. Randomness is a function of (seed, link,
//! purpose, time slot, ordinal within the slot), never of the order of draws, so that two runs that differ in one packet meet the same
//! weather.
//!
//! There are two ways to run something. [`VirtualExecutor`] runs the whole stack, datagram by datagram. [`light::run`] runs congestion
//! controllers and pacers alone, with models of encoders, over the same links and some thousand times faster than real time. What the network
//! is like and who sends over it is a [`scenario::Scenario`], read from TOML; what happened is told to a [`light::Observer`].
//! [`Relay`] is the same network for datagrams that come from outside, in whatever time their owner keeps.
//!
//! Settled, so that others can build on it: the fields of `Scenario`, `FlowSpec`, `StreamSpec` and `Segment`; `FlowModules` and `ModuleSource`;
//! the methods of `Observer` with `PacketRecord` and `FrameRecord`; `Summary`. Links are numbered in the order of their names, flows and cross
//! traffic in the order of the scenario. Feedback is [`Source::Feedback`], so that what counts `Source::Flow` counts media.
//!
//! ```
//! use jackfield_core::time::Timestamp;
//! use jackfield_core::units::TimeDelta;
//! use jackfield_sim::{Datagram, LinkConfig, Network, Node, Outbox, VirtualExecutor};
//!
//! /// Answers every datagram.
//! struct Echo;
//! impl Node for Echo {
//!     fn receive(&mut self, _: Timestamp, datagram: &Datagram, outbox: &mut Outbox<'_>) {
//!         outbox.send(datagram.to, datagram.from, &datagram.bytes);
//!     }
//! }
//! /// Asks once and notes when the answer came.
//! struct Asker(std::rc::Rc<std::cell::Cell<Option<Timestamp>>>, Timestamp);
//! impl Node for Asker {
//!     fn receive(&mut self, now: Timestamp, _: &Datagram, _: &mut Outbox<'_>) {
//!         self.0.set(Some(now));
//!     }
//!     fn deadline(&self) -> Timestamp {
//!         self.1
//!     }
//!     fn handle_timeout(&mut self, _: Timestamp, outbox: &mut Outbox<'_>) {
//!         self.1 = Timestamp::NEVER;
//!         outbox.send("10.0.0.1:5000".parse().unwrap(), "10.0.0.2:5000".parse().unwrap(), b"?");
//!     }
//! }
//!
//! let mut network = Network::new(1);
//! network.set_default(LinkConfig { delay: TimeDelta::ms(20), ..LinkConfig::PERFECT });
//! let mut executor = VirtualExecutor::new(network);
//! let answered = std::rc::Rc::default();
//! executor.add_node(Box::new(Echo), &["10.0.0.2:5000".parse().unwrap()]);
//! executor.add_node(Box::new(Asker(std::rc::Rc::clone(&answered), Timestamp::from_ms(100))), &["10.0.0.1:5000".parse().unwrap()]);
//! executor.run_for(TimeDelta::seconds(1));
//! assert_eq!(answered.get(), Some(Timestamp::from_ms(140)));
//! ```

mod agenda;
mod clock;
mod contention;
mod executor;
pub mod export;
pub mod light;
mod link;
mod nat;
mod network;
mod node_clock;
mod packet;
mod queue;
mod random;
mod relay;
mod room;
pub mod scenario;
mod source;
mod steps;
pub mod tcp;
mod topology;
pub mod trace;

pub use clock::{VirtualClock, VirtualTime};
pub use executor::{Datagram, Node, NodeId, Outbox, VirtualExecutor};
pub use nat::{Filtering, Gateways, Mapping, Nat, NatConfig};
pub use network::{LinkConfig, LinkStats, Network};
pub use node_clock::NodeClock;
pub use packet::{DropReason, Ecn, PacketKind, PacketRecord, Source};
pub use random::{CounterRandom, Purpose};
pub use relay::{Direction, Relay, Relayed};
pub use room::Room;
