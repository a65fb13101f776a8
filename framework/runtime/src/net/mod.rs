//! The network thread: one thread that owns all UDP sockets and the network domains of all rooms.
//!
//! A datagram finds its participant by what it proves, never by what it says alone: a STUN Binding request by the user name that we gave
//! out, a STUN response by the transaction that we began, everything else by the remote address, which is learnt when a transport has
//! accepted a check from there. What belongs to nobody is counted and dropped.
//!
//! ```
//! use jackfield_runtime::clock::Clock;
//! use jackfield_runtime::net::{NetworkOptions, NetworkThread, SocketOptions};
//!
//! let handle = NetworkThread::start(NetworkOptions {
//!     media: vec!["127.0.0.1:0".parse().unwrap()],
//!     advertised: Vec::new(),
//!     stun_server: None,
//!     sockets: SocketOptions::default(),
//!     clock: Clock::new(),
//! })?;
//! assert!(handle.candidates()[0].contains(" 127.0.0.1 "));
//! handle.close();
//! # Ok::<(), jackfield_runtime::net::NetError>(())
//! ```

mod datagrams;
mod departure;
mod dscp;
mod handle;
pub(crate) mod interfaces;
mod outlet;
mod sockets;
mod statistics;
mod table;
mod thread;
mod waker;

use std::net::{IpAddr, SocketAddr};

pub use dscp::{Dscp, UnknownDscp};
pub use handle::{NetworkHandle, NetworkNotices};
pub use statistics::SocketStatistics;
pub use waker::Waker;

use crate::clock::Clock;

/// How the network thread is set up.
#[derive(Clone, Debug)]
pub struct NetworkOptions {
    /// Where to receive media over UDP; port 0 takes any. With the unspecified address every interface is offered.
    pub media: Vec<SocketAddr>,
    /// Addresses to tell peers instead of those that the sockets are bound to, for hosts behind a one-to-one NAT: the first of each family
    /// counts.
    pub advertised: Vec<IpAddr>,
    /// A STUN server that tells our address from outside.
    pub stun_server: Option<SocketAddr>,
    /// How the sockets are set up.
    pub sockets: SocketOptions,
    /// The engine's clock.
    pub clock: Clock,
}

/// How a UDP socket is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SocketOptions {
    /// With which differentiated services code point everything is sent, checks and handshakes included.
    pub dscp: Dscp,
    /// With which ECN mark everything is sent (RFC 3168).
    pub ecn: Ecn,
    /// Bytes that may wait to be received. The machine may grant less.
    pub receive_buffer: usize,
    /// Bytes that may wait to be sent. The machine may grant less.
    pub send_buffer: usize,
}

impl Default for SocketOptions {
    /// No marks, and room for a burst of a large room while the thread is busy.
    fn default() -> Self {
        Self {
            dscp: Dscp::DEFAULT,
            ecn: Ecn::NotCapable,
            receive_buffer: 2 << 20,
            send_buffer: 2 << 20,
        }
    }
}

impl SocketOptions {
    /// The traffic class byte of the IP header: the code point above the ECN mark.
    fn traffic_class(self) -> u8 {
        let ecn = match self.ecn {
            Ecn::NotCapable => 0,
            Ecn::Capable1 => 1,
            Ecn::Capable0 => 2,
        };
        self.dscp.code() << 2 | ecn
    }
}

/// The ECN mark of what is sent (RFC 3168 section 5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ecn {
    /// Routers that are congested drop it.
    #[default]
    NotCapable,
    /// Routers that are congested may mark it: a flow that answers at once (L4S, RFC 9331).
    Capable1,
    /// Routers that are congested may mark it.
    Capable0,
}

/// The network thread.
pub struct NetworkThread;

impl NetworkThread {
    /// Opens the sockets and starts the thread.
    ///
    /// # Errors
    /// If there is no address, a socket cannot be opened there, or the machine refuses the thread.
    pub fn start(options: NetworkOptions) -> Result<NetworkHandle, NetError> {
        thread::start(options)
    }
}

/// Why the network thread cannot do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NetError {
    /// No address was given.
    #[error("no address for media was given: name at least one, such as 0.0.0.0:0")]
    NoAddress,
    /// The socket cannot be opened.
    #[error(
        "the UDP socket {address} cannot be opened: {source}. Is the port taken, or the address another machine's?"
    )]
    Socket {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The machine refuses something.
    #[error("{what} failed: {source}")]
    Machine {
        /// What was tried.
        what: &'static str,
        /// Why.
        source: std::io::Error,
    },
    /// There is no such room.
    #[error("room {0} is not open: open it first")]
    UnknownRoom(u64),
    /// The thread has ended.
    #[error("the network thread has been closed: start another")]
    Closed,
}
