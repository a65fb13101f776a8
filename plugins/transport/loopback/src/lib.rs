//! RTP and RTCP in the clear. **For tests on one machine and for measuring load; never for a call between people.**
//!
//! There is no handshake, no encryption and no proof of who the other end is: whoever sends to our address is the peer. The remote
//! address is the one last heard from, or the best candidate until something has been heard. It must never be the default of anything.
//!
//! ```
//! use jackfield_sdk::prelude::*;
//! use jackfield_transport_loopback::Loopback;
//!
//! struct Count(usize);
//! impl TransportSink for Count {
//!     fn transmit(&mut self, _: &Route, _: &[u8]) -> Result<(), Fault> {
//!         self.0 += 1;
//!         Ok(())
//!     }
//!     fn packet(&mut self, _: PacketKind, _: &[u8]) -> Result<(), Fault> { Ok(()) }
//!     fn state(&mut self, _: TransportState) -> Result<(), Fault> { Ok(()) }
//! }
//!
//! let mut transport = Loopback::create(&Environment::seeded(1))?;
//! transport.activate(Timestamp::ZERO, &TransportConfig::new(true, 0))?;
//! transport.add_local_candidate(Timestamp::ZERO, "1 1 udp 2130706431 127.0.0.1 5000 typ host")?;
//! transport.add_remote_candidate(Timestamp::ZERO, "1 1 udp 2130706431 127.0.0.1 6000 typ host")?;
//! let mut sink = Count(0);
//! transport.start(Timestamp::ZERO, &mut sink)?;
//! transport.send(Timestamp::ZERO, PacketKind::Rtcp, &[0x80, 201, 0, 1, 0, 0, 0, 7], &mut sink)?;
//! assert_eq!(sink.0, 1);
//! # Ok::<(), Fault>(())
//! ```

mod candidate;
mod packet;

use std::net::SocketAddr;

use jackfield_sdk::prelude::*;

use candidate::{Candidate, Reading};

/// Packets in the clear. See the [crate](self).
pub struct Loopback {
    parameters: (),
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

impl Plugin for Loopback {
    const DESCRIPTOR: Descriptor = Descriptor::new(
        "jackfield.transport.loopback",
        "Loopback, in the clear",
        env!("CARGO_PKG_VERSION"),
    )
    .vendor("Jackfield")
    .license("MIT OR Apache-2.0")
    .description(
        "FOR TESTS ONLY: RTP and RTCP in the clear, no encryption, no handshake, no proof of who the peer is",
    );
    const STATISTICS: &'static [Statistic] = &[
        Statistic::counter(
            "packets_received",
            "packets",
            "RTP and RTCP packets that were let in",
        ),
        Statistic::counter("packets_sent", "packets", "RTP and RTCP packets that were sent"),
        Statistic::counter("garbage", "datagrams", "Datagrams that were neither RTP nor RTCP"),
    ];
    type Parameters = ();

    fn create(_: &Environment) -> Result<Self, Fault> {
        Ok(Self {
            parameters: (),
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

    fn parameters(&mut self) -> &mut () {
        &mut self.parameters
    }

    fn statistics(&mut self, values: &mut [f64]) {
        for (value, count) in values.iter_mut().zip([self.received, self.sent, self.garbage]) {
            *value = count as f64;
        }
    }
}

impl Loopback {
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

    fn alive(&self) -> Result<(), Fault> {
        if self.life == Life::Unborn {
            Err(Fault::state("the transport is not active: call `activate` first"))
        } else {
            Ok(())
        }
    }
}

impl Transport for Loopback {
    fn activate(&mut self, _now: Timestamp, _config: &TransportConfig) -> Result<(), Fault> {
        *self = Self {
            life: Life::Active,
            ..Self::create(&Environment::seeded(0))?
        };
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
        let Some(kind) = packet::kind(datagram).filter(|_| self.life == Life::Started) else {
            self.garbage += 1;
            return Ok(());
        };
        self.received += 1;
        self.heard = Some(*route);
        self.settle(sink)?;
        sink.packet(kind, datagram)
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
        if !packet::is(kind, packet) {
            return Err(Fault::invalid(
                "not a whole RTP or RTCP packet (RFC 3550): pass header and payload",
            ));
        }
        self.sent += 1;
        sink.transmit(&route, packet)
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
        sink.attribute("srtp-profile", "none: in the clear")?;
        let socket = |address: SocketAddress| SocketAddr::from(address);
        let pair = self
            .route()
            .map(|route| format!("{} {}", socket(route.local), socket(route.remote)));
        sink.attribute("selected-pair", &pair.unwrap_or_default())
    }
}

jackfield_sdk::export! { Transport => Loopback }
