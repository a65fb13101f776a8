//! A part for the authors of transports without ICE: candidates, states and routes are kept, so that what is left to the plugin is what
//! happens to a packet on its way.
//!
//! ```
//! use jackfield_sdk::prelude::*;
//! use jackfield_sdk::transport::{Direct, Wrapping};
//!
//! /// Every byte turned round. Hides nothing from anybody.
//! struct Inverted(());
//!
//! impl Plugin for Inverted {
//!     const DESCRIPTOR: Descriptor = Descriptor::new("example.transport.inverted", "Inverted", "1.0.0");
//!     type Parameters = ();
//!     fn create(_: &Environment) -> Result<Self, Fault> {
//!         Ok(Self(()))
//!     }
//!     fn parameters(&mut self) -> &mut () {
//!         &mut self.0
//!     }
//! }
//!
//! impl Wrapping for Inverted {
//!     const NAME: &'static str = "none: inverted";
//!     fn wrap(&mut self, packet: &mut Vec<u8>) {
//!         packet.iter_mut().for_each(|byte| *byte = !*byte);
//!     }
//!     fn unwrap(&mut self, datagram: &mut Vec<u8>) -> bool {
//!         datagram.iter_mut().for_each(|byte| *byte = !*byte);
//!         true
//!     }
//! }
//!
//! jackfield_sdk::export! { Transport => Direct<Inverted> }
//! ```

mod candidate;
mod packet;

use std::net::SocketAddr;

use jackfield_core::Fault;
use jackfield_core::environment::Environment;
use jackfield_core::module::{Descriptor, Plugin, ResetReason};
use jackfield_core::stats::Statistic;
use jackfield_core::time::Timestamp;
use jackfield_core::transport::{
    AttributeSink, PacketKind, Route, SocketAddress, Transport, TransportConfig, TransportSink,
    TransportState,
};

use candidate::{Candidate, Reading};
pub use packet::{is_packet, packet_kind};

/// The longest packet, and what a wrapping may add to it.
const LONGEST: usize = 65_535 + 256;

/// What happens to a packet on its way. Both methods are `[network]`: they must not block. The vector that they are given has room for 256
/// bytes more than the longest packet.
pub trait Wrapping: Plugin {
    /// What it is called where the path is told: `none: in the clear`.
    const NAME: &'static str;

    /// Makes of a whole RTP or RTCP packet the datagram to send. \[network\]
    fn wrap(&mut self, packet: &mut Vec<u8>);

    /// Makes of a datagram the packet in it, and says whether there is one; what is no RTP or RTCP afterwards is dropped too. \[network\]
    fn unwrap(&mut self, datagram: &mut Vec<u8>) -> bool;
}

/// A transport without ICE, handshake or proof of who the peer is: whoever sends to our address what can be unwrapped is the peer. The remote
/// address is the one last heard from, or the best candidate until something has been heard.
///
/// Such a transport is for tests, for a network of one's own, or for learning; a call over the Internet needs ICE and DTLS.
pub struct Direct<W> {
    wrapping: W,
    scratch: Vec<u8>,
    life: Life,
    /// Where we are, best first.
    local: Vec<Candidate>,
    /// Where the peer says it is, best first.
    remote: Vec<Candidate>,
    /// The route on which something was heard last, turned round.
    heard: Option<Route>,
    told: TransportState,
    received: u64,
    sent: u64,
    garbage: u64,
}

/// What a description cannot do without (RFC 8829 section 5.2.1): names that open nothing and the fingerprint of no certificate.
const DESCRIPTION: [(&str, &str); 5] = [
    ("address-proof", "none"),
    ("ice-ufrag", "clear"),
    ("ice-pwd", "neitherSecretNorAskedFor"),
    ("setup", "passive"),
    (
        "fingerprint",
        "sha-256 00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00",
    ),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Life {
    Unborn,
    Active,
    Started,
    Closed,
}

impl<W: Wrapping> Plugin for Direct<W> {
    const DESCRIPTOR: Descriptor = W::DESCRIPTOR;
    const STATISTICS: &'static [Statistic] = &[
        Statistic::counter(
            "packets_received",
            "packets",
            "RTP and RTCP packets that were let in.",
        ),
        Statistic::counter("packets_sent", "packets", "RTP and RTCP packets that were sent."),
        Statistic::counter(
            "garbage",
            "datagrams",
            "Datagrams that were neither RTP nor RTCP.",
        ),
    ];
    type Parameters = W::Parameters;

    fn create(environment: &Environment) -> Result<Self, Fault> {
        Ok(Self {
            wrapping: W::create(environment)?,
            scratch: Vec::with_capacity(LONGEST),
            life: Life::Unborn,
            local: Vec::new(),
            remote: Vec::new(),
            heard: None,
            told: TransportState::New,
            received: 0,
            sent: 0,
            garbage: 0,
        })
    }

    fn parameters(&mut self) -> &mut W::Parameters {
        self.wrapping.parameters()
    }

    fn parameter_changed(&mut self, index: u32) -> Result<(), Fault> {
        self.wrapping.parameter_changed(index)
    }

    fn reset(&mut self, reason: ResetReason) {
        Plugin::reset(&mut self.wrapping, reason);
    }

    fn statistics(&mut self, values: &mut [f64]) {
        for (value, count) in values.iter_mut().zip([self.received, self.sent, self.garbage]) {
            *value = count as f64;
        }
    }
}

impl<W: Wrapping> Direct<W> {
    /// Where packets go: back to where the last came from, else to the best pair of candidates of one family.
    fn route(&self) -> Option<Route> {
        if self.heard.is_some() {
            return self.heard;
        }
        let pair = |remote: &Candidate| {
            let local = self
                .local
                .iter()
                .find(|local| local.address.is_ipv4() == remote.address.is_ipv4())?;
            Some(Route::new(local.address, remote.address))
        };
        self.remote.iter().find_map(pair)
    }

    /// Tells a change of state.
    fn settle(&mut self, sink: &mut dyn TransportSink) -> Result<(), Fault> {
        let state = match self.life {
            Life::Unborn | Life::Active => TransportState::New,
            Life::Started if self.route().is_some() => TransportState::Connected,
            Life::Started => TransportState::Connecting,
            Life::Closed => TransportState::Closed,
        };
        if state != self.told {
            self.told = state;
            sink.state(state)?;
        }
        Ok(())
    }

    /// Lets a packet in, if there is one in the datagram.
    fn take(
        &mut self,
        route: &Route,
        datagram: &mut Vec<u8>,
        sink: &mut dyn TransportSink,
    ) -> Result<(), Fault> {
        let unwrapped = self.life == Life::Started && self.wrapping.unwrap(datagram);
        let Some(kind) = packet_kind(datagram).filter(|_| unwrapped) else {
            self.garbage += 1;
            return Ok(());
        };
        self.received += 1;
        self.heard = Some(*route);
        self.settle(sink)?;
        sink.packet(kind, datagram)
    }

    fn alive(&self) -> Result<(), Fault> {
        if self.life == Life::Unborn {
            Err(Fault::state("the transport is not active: call `activate` first"))
        } else {
            Ok(())
        }
    }
}

impl<W: Wrapping> Transport for Direct<W> {
    fn activate(&mut self, _now: Timestamp, _config: &TransportConfig) -> Result<(), Fault> {
        self.life = Life::Active;
        self.local.clear();
        self.remote.clear();
        self.heard = None;
        self.told = TransportState::New;
        (self.received, self.sent, self.garbage) = (0, 0, 0);
        Plugin::reset(&mut self.wrapping, ResetReason::Stream);
        Ok(())
    }

    fn local_description(&mut self, sink: &mut dyn AttributeSink) -> Result<(), Fault> {
        self.alive()?;
        sink.attribute("ice-options", "trickle")?;
        DESCRIPTION
            .iter()
            .try_for_each(|(name, value)| sink.attribute(name, value))
    }

    fn set_remote_attribute(&mut self, _now: Timestamp, _name: &str, _value: &str) -> Result<(), Fault> {
        self.alive()
    }

    fn start(&mut self, _now: Timestamp, sink: &mut dyn TransportSink) -> Result<(), Fault> {
        self.alive()?;
        if self.life == Life::Closed {
            return Err(Fault::state("this transport is closed: activate it again"));
        }
        self.life = Life::Started;
        self.settle(sink)
    }

    fn restart(&mut self, _now: Timestamp) -> Result<(), Fault> {
        self.alive()?;
        self.heard = None;
        Ok(())
    }

    fn add_local_candidate(&mut self, _now: Timestamp, candidate: &str) -> Result<(), Fault> {
        self.alive()?;
        candidate::add(&mut self.local, Reading::of(candidate)?);
        Ok(())
    }

    fn add_remote_candidate(&mut self, _now: Timestamp, candidate: &str) -> Result<(), Fault> {
        self.alive()?;
        candidate::add(&mut self.remote, Reading::of(candidate)?);
        Ok(())
    }

    fn receive(
        &mut self,
        _now: Timestamp,
        route: &Route,
        datagram: &[u8],
        sink: &mut dyn TransportSink,
    ) -> Result<(), Fault> {
        self.alive()?;
        let mut packet = std::mem::take(&mut self.scratch);
        packet.clear();
        packet.extend_from_slice(&datagram[..datagram.len().min(LONGEST)]);
        let taken = self.take(route, &mut packet, sink);
        self.scratch = packet;
        taken
    }

    fn deadline(&mut self) -> Result<Timestamp, Fault> {
        // A candidate that came after the start has connected us, and somebody must be told.
        let untold =
            self.life == Life::Started && self.told == TransportState::Connecting && self.route().is_some();
        Ok(if untold { Timestamp::ZERO } else { Timestamp::NEVER })
    }

    fn handle_timeout(&mut self, _now: Timestamp, sink: &mut dyn TransportSink) -> Result<(), Fault> {
        self.alive()?;
        self.settle(sink)
    }

    fn send(
        &mut self,
        _now: Timestamp,
        kind: PacketKind,
        packet: &[u8],
        sink: &mut dyn TransportSink,
    ) -> Result<(), Fault> {
        let route = self.route().filter(|_| self.life == Life::Started);
        let route = route.ok_or_else(|| {
            Fault::state("not connected: start it and tell it a remote candidate before sending")
        })?;
        if !is_packet(kind, packet) {
            return Err(Fault::invalid(
                "not a whole RTP or RTCP packet (RFC 3550): pass header and payload",
            ));
        }
        self.sent += 1;
        self.scratch.clear();
        self.scratch.extend_from_slice(packet);
        self.wrapping.wrap(&mut self.scratch);
        sink.transmit(&route, &self.scratch)
    }

    fn close(&mut self, _now: Timestamp, sink: &mut dyn TransportSink) -> Result<(), Fault> {
        self.alive()?;
        self.life = Life::Closed;
        self.settle(sink)
    }

    fn path(&mut self, sink: &mut dyn AttributeSink) -> Result<(), Fault> {
        self.alive()?;
        let connected = self.life == Life::Started && self.route().is_some();
        sink.attribute("ice-state", if connected { "connected" } else { "new" })?;
        sink.attribute("dtls-version", "")?;
        sink.attribute("dtls-cipher", "")?;
        sink.attribute("srtp-profile", W::NAME)?;
        let socket = |address: SocketAddress| SocketAddr::from(address);
        let pair = self
            .route()
            .map(|route| format!("{} {}", socket(route.local), socket(route.remote)));
        sink.attribute("selected-pair", &pair.unwrap_or_default())
    }
}
