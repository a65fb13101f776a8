//! The secure transport of a WebRTC call: ICE (RFC 8445) with trickle and consent, DTLS 1.3 and 1.2, SRTP.
//!
//! It must never open a socket, read a clock or start a thread: datagrams, addresses and time come in, datagrams, packets and deadlines go
//! out. It must never let in or send out media that is not protected by keys agreed with the very peer whose fingerprint came by
//! signalling. Secrets come from the operating system, whatever seed the host passes.
//!
//! ```
//! use jackfield_sdk::prelude::*;
//! use jackfield_transport_ice_dtls::IceDtls;
//!
//! struct Print;
//! impl AttributeSink for Print {
//!     fn attribute(&mut self, name: &str, value: &str) -> Result<(), Fault> {
//!         println!("a={name}:{value}");
//!         Ok(())
//!     }
//! }
//!
//! let mut transport = IceDtls::create(&Environment::seeded(1))?;
//! transport.activate(Timestamp::ZERO, &TransportConfig::new(true, 1_800_000_000_000_000))?;
//! transport.add_local_candidate(Timestamp::ZERO, "1 1 udp 2130706431 192.0.2.1 5000 typ host")?;
//! transport.local_description(&mut Print)?;
//! // Now the peer's attributes and candidates, `start`, and then datagrams and deadlines.
//! # Ok::<(), Fault>(())
//! ```
//!
//! Each library stands behind one module: `is` behind `ice` (and `candidate`), `dimpl` behind `dtls::modern`, `rtc-dtls` behind
//! `dtls::legacy`, `rtc-srtp` behind `srtp`, `rcgen` behind `certificate`.

mod candidate;
mod certificate;
mod clock;
mod dtls;
mod ice;
mod parameters;
mod secrets;
mod session;
mod srtp;

use jackfield_sdk::prelude::*;
use jackfield_sdk::secure_transport::{Counters, STATISTICS};

pub use parameters::IceDtlsParameters;

use session::Session;

/// ICE, DTLS and SRTP in one transport. See the [crate](self).
pub struct IceDtls {
    parameters: IceDtlsParameters,
    seed: u64,
    session: Option<Session>,
    counters: Counters,
    started: Option<Timestamp>,
}

impl Plugin for IceDtls {
    const DESCRIPTOR: Descriptor = Descriptor::new("jackfield.transport.ice-dtls", "ICE, DTLS and SRTP", env!("CARGO_PKG_VERSION"))
        .vendor("Jackfield")
        .license("MIT OR Apache-2.0")
        .description("The secure transport of WebRTC: ICE with trickle, restart and consent; DTLS 1.3 and 1.2; SRTP by AES-GCM and AES-CM");
    const STATISTICS: &'static [Statistic] = STATISTICS;
    type Parameters = IceDtlsParameters;

    fn create(environment: &Environment) -> Result<Self, Fault> {
        Ok(Self {
            parameters: IceDtlsParameters::defaults(),
            seed: environment.seed,
            session: None,
            counters: Counters::default(),
            started: None,
        })
    }

    fn parameters(&mut self) -> &mut IceDtlsParameters {
        &mut self.parameters
    }

    fn statistics(&mut self, values: &mut [f64]) {
        self.counters
            .write(self.session.as_ref().map_or(0.0, Session::round_trip_ms), values);
    }
}

impl IceDtls {
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

impl Transport for IceDtls {
    fn activate(&mut self, now: Timestamp, config: &TransportConfig) -> Result<(), Fault> {
        self.session = Some(Session::new(now, config, &self.parameters, self.seed)?);
        self.counters = Counters::default();
        self.started = None;
        Ok(())
    }

    fn local_description(&mut self, sink: &mut dyn AttributeSink) -> Result<(), Fault> {
        self.session()?.describe(sink)
    }

    fn set_remote_attribute(&mut self, now: Timestamp, name: &str, value: &str) -> Result<(), Fault> {
        let session = self.session()?;
        session.renew_certificate(now)?;
        session.take_attribute(name, value)
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

    fn restart(&mut self, now: Timestamp) -> Result<(), Fault> {
        self.session()?.restart(now)
    }

    fn add_local_candidate(&mut self, now: Timestamp, candidate: &str) -> Result<(), Fault> {
        let session = self.session()?;
        session.renew_certificate(now)?;
        session.add_local_candidate(candidate)
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
            session::path(route),
            datagram,
            &self.parameters,
            &mut self.counters,
            sink,
        )?;
        self.note_connected(now);
        Ok(())
    }

    fn deadline(&mut self) -> Result<Timestamp, Fault> {
        Ok(self
            .session
            .as_mut()
            .map_or(Timestamp::NEVER, |session| session.deadline(&self.parameters)))
    }

    fn handle_timeout(&mut self, now: Timestamp, sink: &mut dyn TransportSink) -> Result<(), Fault> {
        let session = self.session.as_mut().ok_or_else(inactive)?;
        session.handle_timeout(now, &self.parameters, sink)?;
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

jackfield_sdk::export! { Transport => IceDtls }
