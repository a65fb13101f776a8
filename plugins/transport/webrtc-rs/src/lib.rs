//! The second secure transport: ICE by `webrtc-ice`, DTLS 1.2 by `webrtc-dtls`, SRTP by `webrtc-srtp`.
//!
//! It must never open a socket or start a thread, and never let in or send out media that is not protected by keys agreed with the very
//! peer whose fingerprint came by signalling.
//!
//! # How asynchronous libraries are driven without input and output of their own
//! The libraries are tasks of tokio. Each instance has a runtime of one thread, namely the caller's, and only while the caller is inside
//! one of the methods: before a method returns, every task has done all that it could. What the tasks take for sockets are boxes in memory
//! that the methods fill and empty. The clock of the runtime stands still and is moved to `now` by each call. Media takes no part in this:
//! it is protected and unprotected where it is handed over.
//!
//! What that does not cover: the libraries draw random numbers from the operating system and put the machine's date into the DTLS hello.
//! So two runs never send the same bytes, and the descriptor says that the plugin is not deterministic; what it does and when is the same.
//! Keeping consent and noticing a dead peer, which `webrtc-ice` measures by the machine's clock, is done here. The runtime does not tell
//! when its next timer is due, so while there is no connection `deadline` asks for a call every 10 ms.
//!
//! Linked statically it must not be called from inside a task of the host's own tokio runtime (`spawn_blocking` is all right): a runtime
//! does not run inside a runtime.
//!
//! # What it does less well than `jackfield.transport.ice-dtls`
//! It cannot be an ICE-lite agent, does not settle a role conflict, has no DTLS 1.3, and keeps no more than one spare path from each of
//! its addresses warm.
//!
//! ```
//! use jackfield_sdk::prelude::*;
//! use jackfield_transport_webrtc_rs::WebrtcRs;
//!
//! struct Print;
//! impl AttributeSink for Print {
//!     fn attribute(&mut self, name: &str, value: &str) -> Result<(), Fault> {
//!         println!("a={name}:{value}");
//!         Ok(())
//!     }
//! }
//!
//! let mut transport = WebrtcRs::create(&Environment::seeded(1))?;
//! transport.activate(Timestamp::ZERO, &TransportConfig::new(true, 1_800_000_000_000_000))?;
//! transport.add_local_candidate(Timestamp::ZERO, "1 1 udp 2130706431 192.0.2.1 5000 typ host")?;
//! transport.local_description(&mut Print)?;
//! // Now the peer's attributes and candidates, `start`, and then datagrams and deadlines.
//! # Ok::<(), Fault>(())
//! ```

mod association;
mod candidate;
mod certificate;
mod engine;
mod ice;
mod parameters;
mod record;
mod session;
mod socket;
mod srtp;

use jackfield_sdk::prelude::*;
use jackfield_sdk::secure_transport::{Counters, STATISTICS};

pub use parameters::WebrtcRsParameters;

use session::Session;

/// ICE, DTLS and SRTP by the libraries of webrtc-rs. See the [crate](self).
pub struct WebrtcRs {
    parameters: WebrtcRsParameters,
    session: Option<Session>,
    counters: Counters,
    started: Option<Timestamp>,
}

impl Plugin for WebrtcRs {
    const DESCRIPTOR: Descriptor = Descriptor::new(
        "jackfield.transport.webrtc-rs",
        "ICE, DTLS and SRTP by webrtc-rs",
        env!("CARGO_PKG_VERSION"),
    )
    .vendor("Jackfield")
    .license("MIT OR Apache-2.0")
    .description(
        "The secure transport of WebRTC by webrtc-ice, webrtc-dtls and webrtc-srtp: ICE with trickle, restart and consent; DTLS 1.2; SRTP by AES-GCM and AES-CM",
    )
    .not_deterministic();
    const STATISTICS: &'static [Statistic] = STATISTICS;
    type Parameters = WebrtcRsParameters;

    fn create(_: &Environment) -> Result<Self, Fault> {
        Ok(Self {
            parameters: WebrtcRsParameters::defaults(),
            session: None,
            counters: Counters::default(),
            started: None,
        })
    }

    fn parameters(&mut self) -> &mut WebrtcRsParameters {
        &mut self.parameters
    }

    fn statistics(&mut self, values: &mut [f64]) {
        self.counters
            .write(self.session.as_ref().map_or(0.0, Session::round_trip_ms), values);
    }
}

impl WebrtcRs {
    fn session(&mut self) -> Result<&mut Session, Fault> {
        self.session.as_mut().ok_or_else(inactive)
    }

    /// Notes how long the first connection took.
    fn note_connected(&mut self, now: Timestamp) {
        if let Some(started) = self.started
            && self.session.as_ref().is_some_and(Session::is_connected)
        {
            self.counters.handshake_ms = now.since(started).as_ms_f64();
            self.started = None;
        }
    }
}

fn inactive() -> Fault {
    Fault::state("the transport is not active: call `activate` first")
}

impl Transport for WebrtcRs {
    fn activate(&mut self, now: Timestamp, config: &TransportConfig) -> Result<(), Fault> {
        self.session = Some(Session::new(now, config)?);
        self.counters = Counters::default();
        self.started = None;
        Ok(())
    }

    fn local_description(&mut self, sink: &mut dyn AttributeSink) -> Result<(), Fault> {
        self.session()?.describe(sink)
    }

    fn set_remote_attribute(&mut self, _now: Timestamp, name: &str, value: &str) -> Result<(), Fault> {
        self.session()?.take_attribute(name, value)
    }

    fn start(&mut self, now: Timestamp, sink: &mut dyn TransportSink) -> Result<(), Fault> {
        let session = self.session.as_mut().ok_or_else(inactive)?;
        let first = !session.has_started();
        session.start(now, &self.parameters, sink)?;
        if first {
            self.started = Some(now);
        }
        Ok(())
    }

    fn restart(&mut self, _now: Timestamp) -> Result<(), Fault> {
        self.session()?.restart()
    }

    fn add_local_candidate(&mut self, _now: Timestamp, candidate: &str) -> Result<(), Fault> {
        self.session()?.add_local_candidate(candidate)
    }

    fn add_remote_candidate(&mut self, _now: Timestamp, candidate: &str) -> Result<(), Fault> {
        self.session()?.add_remote_candidate(candidate)
    }

    fn receive(
        &mut self,
        now: Timestamp,
        route: &Route,
        datagram: &[u8],
        sink: &mut dyn TransportSink,
    ) -> Result<(), Fault> {
        let session = self.session.as_mut().ok_or_else(inactive)?;
        session.receive(
            now,
            route.into(),
            datagram,
            &self.parameters,
            &mut self.counters,
            sink,
        )?;
        self.note_connected(now);
        Ok(())
    }

    fn deadline(&mut self) -> Result<Timestamp, Fault> {
        let session = self.session.as_ref();
        Ok(session.map_or(Timestamp::NEVER, |session| session.deadline(&self.parameters)))
    }

    fn handle_timeout(&mut self, now: Timestamp, sink: &mut dyn TransportSink) -> Result<(), Fault> {
        let session = self.session.as_mut().ok_or_else(inactive)?;
        session.settle(now, &self.parameters, sink)?;
        self.note_connected(now);
        Ok(())
    }

    fn send(
        &mut self,
        _now: Timestamp,
        kind: PacketKind,
        packet: &[u8],
        sink: &mut dyn TransportSink,
    ) -> Result<(), Fault> {
        let session = self.session.as_mut().ok_or_else(inactive)?;
        session.send(kind, packet, &mut self.counters, sink)
    }

    fn close(&mut self, now: Timestamp, sink: &mut dyn TransportSink) -> Result<(), Fault> {
        let session = self.session.as_mut().ok_or_else(inactive)?;
        session.close(now, &self.parameters, sink)
    }

    fn path(&mut self, sink: &mut dyn AttributeSink) -> Result<(), Fault> {
        self.session()?.tell_path(sink)
    }
}

jackfield_sdk::export! { Transport => WebrtcRs }
