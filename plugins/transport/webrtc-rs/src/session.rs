//! One transport from activation to its end: ICE finds and keeps the path, DTLS makes the keys, SRTP uses them.

mod negotiation;

use std::net::SocketAddr;

use jackfield_sdk::log;
use jackfield_sdk::prelude::*;
use jackfield_sdk::secure_transport::demux::{self, Class};
use jackfield_sdk::secure_transport::srtp::Refusal;
use jackfield_sdk::secure_transport::{Counters, Credentials, Fingerprint, RemoteDescription, Role, no_path};

use crate::WebrtcRsParameters;
use crate::association::{Association, News};
use crate::candidate::Candidate;
use crate::certificate::{Certificate, credentials};
use crate::engine::Engine;
use crate::ice::{Heard, Ice, Path};
use crate::srtp::Srtp;

/// The runtime does not tell when its next timer is due; while there is no connection it is asked this often whether one is.
const GLANCE: TimeDelta = TimeDelta::ms(10);

/// A transport between `activate` and its end.
pub(crate) struct Session {
    config: TransportConfig,
    certificate: Certificate,
    credentials: Credentials,
    /// Our credentials for a restart that has not begun.
    next_credentials: Option<Credentials>,
    /// Our addresses.
    addresses: Vec<SocketAddr>,
    remote: RemoteDescription<Candidate>,
    /// The peer's credentials that are in force.
    peer: Option<Credentials>,
    /// The fingerprints that the running association was started with.
    trusted: Vec<Fingerprint>,
    controlling: bool,
    role: Option<Role>,
    ice: Ice,
    association: Option<Association>,
    srtp: Option<Srtp>,
    /// Where DTLS came from before there was a path of our own choosing.
    provisional: Option<Path>,
    /// From `start` to the end.
    engine: Option<Engine>,
    /// When the search for a path began, or began anew.
    searching_since: Option<Timestamp>,
    looked: Timestamp,
    end: Option<End>,
    /// Why it failed, in words for whoever runs the call.
    failure: String,
    told: TransportState,
}

/// Why nothing goes any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The peer cannot be reached or has withdrawn its consent; an ICE restart may find it again.
    NoPath,
    /// The peer is not who it should be, or does not speak DTLS as we do.
    NoTrust,
    /// Either end said goodbye.
    Closed,
}

impl Session {
    pub(crate) fn new(now: Timestamp, config: &TransportConfig) -> Result<Self, Fault> {
        if config.lite != 0 {
            return Err(Fault::unsupported(
                "this transport cannot be an ICE-lite agent: choose `jackfield.transport.ice-dtls`, or leave `lite` at 0",
            ));
        }
        Ok(Self {
            config: *config,
            certificate: Certificate::make(config.unix_us)?,
            credentials: credentials()?,
            next_credentials: None,
            addresses: Vec::new(),
            remote: RemoteDescription::default(),
            peer: None,
            trusted: Vec::new(),
            controlling: config.controlling != 0,
            role: None,
            ice: Ice::default(),
            association: None,
            srtp: None,
            provisional: None,
            engine: None,
            searching_since: None,
            looked: now,
            end: None,
            failure: String::new(),
            told: TransportState::New,
        })
    }

    pub(crate) fn receive(
        &mut self,
        now: Timestamp,
        path: Path,
        datagram: &[u8],
        parameters: &WebrtcRsParameters,
        counters: &mut Counters,
        sink: &mut dyn TransportSink,
    ) -> Result<(), Fault> {
        if self.end.is_some() {
            counters.dropped += 1;
            return Ok(());
        }
        match demux::classify(datagram) {
            class @ (Class::Rtp | Class::Rtcp) => {
                let kind = if class == Class::Rtcp {
                    PacketKind::Rtcp
                } else {
                    PacketKind::Rtp
                };
                let let_in = self.let_in(now, path, kind, datagram, counters, sink)?;
                if !let_in || self.told == TransportState::Connected {
                    return Ok(());
                }
            }
            Class::Stun => match self.ice.receive(now, path, datagram) {
                Heard::Peer => {}
                Heard::Stranger => counters.dropped += 1,
                Heard::Garbage => counters.garbage += 1,
            },
            Class::Dtls => match &mut self.association {
                Some(association) if self.ice.knows(path.remote) => {
                    self.provisional = Some(path);
                    if !association.receive(datagram) {
                        counters.garbage += 1;
                    }
                }
                _ => counters.dropped += 1,
            },
            _ => counters.garbage += 1,
        }
        self.settle(now, parameters, sink)
    }

    fn let_in(
        &mut self,
        now: Timestamp,
        path: Path,
        kind: PacketKind,
        datagram: &[u8],
        counters: &mut Counters,
        sink: &mut dyn TransportSink,
    ) -> Result<bool, Fault> {
        let Some(srtp) = self.srtp.as_mut().filter(|_| self.ice.knows(path.remote)) else {
            // Nothing in the clear is ever let in, and without keys nothing is known not to be in the clear.
            counters.dropped += 1;
            return Ok(false);
        };
        let opened = if kind == PacketKind::Rtcp {
            srtp.unprotect_rtcp(datagram)
        } else {
            srtp.unprotect_rtp(datagram)
        };
        match opened {
            Ok(packet) => {
                counters.received += 1;
                self.ice.heard = Some(now);
                sink.packet(kind, &packet)?;
                return Ok(true);
            }
            Err(Refusal::Malformed) => counters.garbage += 1,
            Err(Refusal::Unauthentic) => counters.unauthentic += 1,
            Err(Refusal::Replayed) => counters.replayed += 1,
        }
        Ok(false)
    }

    pub(crate) fn deadline(&self, parameters: &WebrtcRsParameters) -> Timestamp {
        let Some(since) = self.searching_since.filter(|_| self.end.is_none()) else {
            return Timestamp::NEVER;
        };
        let busy = self.srtp.is_none() || self.ice.searches();
        let quiet = (self.told == TransportState::Connected)
            .then(|| self.ice.heard.map(|heard| heard + parameters.disconnected()))
            .flatten();
        let given_up = self.last_consent(since) + parameters.failed();
        [
            busy.then_some(self.looked + GLANCE),
            self.ice.deadline(),
            quiet,
            Some(given_up),
        ]
        .into_iter()
        .flatten()
        .min()
        .unwrap_or(Timestamp::NEVER)
    }

    pub(crate) fn send(
        &mut self,
        kind: PacketKind,
        packet: &[u8],
        counters: &mut Counters,
        sink: &mut dyn TransportSink,
    ) -> Result<(), Fault> {
        let (Some(srtp), Some(path), None) = (&mut self.srtp, self.ice.path().or(self.provisional), self.end)
        else {
            return Err(Fault::state(
                "not connected: wait for the state `connected` before sending",
            ));
        };
        let protected = match kind {
            PacketKind::Rtp => srtp.protect_rtp(packet)?,
            PacketKind::Rtcp => srtp.protect_rtcp(packet)?,
            _ => {
                return Err(Fault::unsupported(
                    "only RTP and RTCP are sent: this host is newer than the plugin",
                ));
            }
        };
        counters.sent += 1;
        sink.transmit(&path.into(), &protected)
    }

    pub(crate) fn close(
        &mut self,
        now: Timestamp,
        parameters: &WebrtcRsParameters,
        sink: &mut dyn TransportSink,
    ) -> Result<(), Fault> {
        if let (Some(engine), Some(association)) = (&mut self.engine, &self.association) {
            association.close(engine);
            engine.run_until_idle(now);
        }
        self.flush(now, sink)?;
        self.end = Some(End::Closed);
        self.settle(now, parameters, sink)
    }

    /// After every change: lets the libraries work, starts what can be started, ends what has run out, sends what waits and tells how
    /// things stand.
    pub(crate) fn settle(
        &mut self,
        now: Timestamp,
        parameters: &WebrtcRsParameters,
        sink: &mut dyn TransportSink,
    ) -> Result<(), Fault> {
        self.looked = now;
        if self.end.is_none() && self.searching_since.is_some() {
            self.work(now)?;
            self.flush(now, sink)?;
            self.take_news();
        }
        if let Some(since) = self.searching_since.filter(|_| self.end.is_none())
            && (now.since(self.last_consent(since)) >= parameters.failed()
                || self.srtp.is_none() && now.since(since) >= parameters.failed())
        {
            self.failure = self.no_path(parameters.failed());
            log::warn("webrtc-rs", &self.failure);
            self.end = Some(End::NoPath);
        }
        match self.end {
            Some(End::NoPath) => {
                if let Some(engine) = &mut self.engine {
                    self.ice.end(engine);
                    engine.run_until_idle(now);
                }
            }
            // Whatever the libraries still have to do, nobody waits for it.
            Some(End::NoTrust | End::Closed) => {
                self.ice = Ice::default();
                self.association = None;
                self.engine = None;
            }
            None => {}
        }
        let state = self.state(now, parameters.disconnected());
        if state != self.told {
            self.told = state;
            sink.state(state)?;
        }
        Ok(())
    }

    fn work(&mut self, now: Timestamp) -> Result<(), Fault> {
        let Some(engine) = &mut self.engine else {
            return Ok(());
        };
        engine.run_until_idle(now);
        self.ice.look(now, engine)?;
        let client = self.role == Some(Role::Client);
        if self.role.is_some() && self.association.is_none() && (!client || self.ice.path().is_some()) {
            match Association::begin(engine, client, &self.certificate, self.trusted.clone()) {
                Ok(association) => self.association = Some(association),
                Err(why) => self.fail(&why),
            }
            if let Some(engine) = &mut self.engine {
                engine.run_until_idle(now);
            }
        }
        Ok(())
    }

    fn flush(&mut self, now: Timestamp, sink: &mut dyn TransportSink) -> Result<(), Fault> {
        for (local, remote, message) in self.ice.transmit(now) {
            sink.transmit(&Path { local, remote }.into(), &message)?;
        }
        if let (Some(association), Some(path)) = (&mut self.association, self.ice.path().or(self.provisional))
        {
            for datagram in association.transmit() {
                sink.transmit(&path.into(), &datagram)?;
            }
        }
        Ok(())
    }

    fn take_news(&mut self) {
        let news = self.association.as_mut().map(Association::news);
        for news in news.into_iter().flatten() {
            match news {
                News::Keys(keys) => match Srtp::new(&keys) {
                    Ok(srtp) => self.srtp = Some(srtp),
                    Err(fault) => self.fail(&fault),
                },
                News::Closed => self.end = self.end.or(Some(End::Closed)),
                News::Failed(why) => self.fail(&why),
            }
        }
    }

    fn fail(&mut self, why: &dyn std::fmt::Display) {
        self.failure = format!("DTLS failed: {why}");
        log::warn("webrtc-rs", &self.failure);
        self.srtp = None;
        self.end = Some(End::NoTrust);
    }

    fn no_path(&self, patience: TimeDelta) -> String {
        let seconds = patience.as_ms_f64() / 1e3;
        match (self.ice.path(), &self.srtp) {
            (Some(_), Some(_)) => format!(
                "the peer has not answered for {seconds} s: its consent has run out. An ICE restart may find it again"
            ),
            (Some(_), None) => {
                format!(
                    "there is a path, but in {seconds} s DTLS made no keys: does the peer speak DTLS 1.2?"
                )
            }
            (None, _) => no_path(
                self.addresses.iter().map(|_| "host"),
                self.ice.remote_candidates().map(|candidate| &candidate.kind[..]),
            ),
        }
    }

    /// When the peer last agreed to be sent to; a search begins with what is as good as consent.
    fn last_consent(&self, since: Timestamp) -> Timestamp {
        self.ice.consent.map_or(since, |consent| consent.max(since))
    }

    fn state(&self, now: Timestamp, quiet: TimeDelta) -> TransportState {
        match self.end {
            Some(End::Closed) => return TransportState::Closed,
            Some(End::NoPath | End::NoTrust) => return TransportState::Failed,
            None => {}
        }
        let heard = self.ice.heard.is_some_and(|heard| now.since(heard) < quiet);
        match (self.searching_since, &self.srtp, self.ice.path()) {
            (None, _, _) => TransportState::New,
            (Some(_), Some(_), Some(_)) if heard => TransportState::Connected,
            (Some(_), Some(_), Some(_))
                if matches!(
                    self.told,
                    TransportState::Connected | TransportState::Disconnected
                ) =>
            {
                TransportState::Disconnected
            }
            _ => TransportState::Connecting,
        }
    }

    pub(crate) fn tell_path(&self, sink: &mut dyn AttributeSink) -> Result<(), Fault> {
        let path = self.ice.path();
        let ice = match (self.end, self.told) {
            (Some(End::Closed), _) => "closed",
            (Some(End::NoPath), _) => "failed",
            (_, TransportState::Disconnected) => "disconnected",
            _ if path.is_some() => "connected",
            _ if self.searching_since.is_some() => "checking",
            _ => "new",
        };
        sink.attribute("ice-state", ice)?;
        sink.attribute("dtls-version", if self.srtp.is_some() { "1.2" } else { "" })?;
        // The library keeps it to itself.
        sink.attribute("dtls-cipher", "")?;
        sink.attribute(
            "srtp-profile",
            self.srtp.as_ref().map_or("", |srtp| srtp.profile().name()),
        )?;
        let pair = path.map(|path| format!("{} {}", path.local, path.remote));
        sink.attribute("selected-pair", &pair.unwrap_or_default())?;
        sink.attribute("failure", &self.failure)
    }

    /// The latest round trip of a check, in milliseconds; 0 before the first.
    pub(crate) fn round_trip_ms(&self) -> f64 {
        self.ice.round_trip.map_or(0.0, TimeDelta::as_ms_f64)
    }

    /// Whether the search for a path has ever begun.
    pub(crate) fn has_started(&self) -> bool {
        self.searching_since.is_some()
    }

    /// Whether at present there are keys and a path.
    pub(crate) fn is_connected(&self) -> bool {
        self.told == TransportState::Connected
    }
}

impl From<&Route> for Path {
    fn from(route: &Route) -> Self {
        Self {
            local: route.local.into(),
            remote: route.remote.into(),
        }
    }
}

impl From<Path> for Route {
    fn from(path: Path) -> Self {
        Self::new(path.local, path.remote)
    }
}
