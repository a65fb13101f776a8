//! One transport from activation to its end: ICE finds and keeps the path, DTLS makes the keys, SRTP uses them.

mod negotiation;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use jackfield_sdk::log;
use jackfield_sdk::prelude::*;
use jackfield_sdk::secure_transport::demux::{self, Class};
use jackfield_sdk::secure_transport::srtp::Refusal;
use jackfield_sdk::secure_transport::{Counters, Fingerprint, RemoteDescription, Role, no_path};

use crate::IceDtlsParameters;
use crate::certificate::Certificate;
use crate::clock::Clock;
use crate::dtls::{Dtls, Failure, Output, record};
use crate::ice::{Heard, Ice, Path};
use crate::secrets::Secrets;
use crate::srtp::Srtp;

/// A transport between `activate` and its end.
pub(crate) struct Session {
    pub(crate) clock: Clock,
    config: TransportConfig,
    secrets: Secrets,
    certificate: Certificate,
    /// The peer may have been told of the certificate.
    shown: bool,
    activated: Timestamp,
    ice: Ice,
    /// Our credentials for a restart that has not begun.
    next_credentials: Option<is::IceCreds>,
    remote: RemoteDescription<is::Candidate>,
    /// The fingerprints that the running association was started with.
    trusted: Vec<Fingerprint>,
    role: Option<Role>,
    dtls: Option<Dtls>,
    srtp: Option<Srtp>,
    /// Where DTLS came from before there was a path of our own choosing.
    provisional: Option<Path>,
    /// When the search for a path began, or began anew.
    searching_since: Option<Instant>,
    end: Option<End>,
    /// Why it failed, in words for whoever runs the call.
    failure: String,
    told: TransportState,
    output: Output,
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
    pub(crate) fn new(
        now: Timestamp,
        config: &TransportConfig,
        parameters: &IceDtlsParameters,
        seed: u64,
    ) -> Result<Self, Fault> {
        let mut secrets = Secrets::new(parameters.insecure_deterministic, seed);
        let credentials = Ice::credentials(&mut secrets)?;
        Ok(Self {
            clock: Clock::starting_at(now),
            certificate: Certificate::make(parameters.key(), config.unix_us, &mut secrets)?,
            shown: false,
            activated: now,
            ice: Ice::new(
                credentials,
                config.controlling != 0,
                config.lite != 0,
                &mut secrets,
            )?,
            config: *config,
            secrets,
            next_credentials: None,
            remote: RemoteDescription::default(),
            trusted: Vec::new(),
            role: None,
            dtls: None,
            srtp: None,
            provisional: None,
            searching_since: None,
            end: None,
            failure: String::new(),
            told: TransportState::New,
            output: Output::default(),
        })
    }

    /// Replaces a certificate that nears its end, as long as nobody knows it: before it is described, and once the peer is to be told anew.
    pub(crate) fn renew_certificate(&mut self, now: Timestamp) -> Result<(), Fault> {
        if self.dtls.is_none() && !self.shown && self.certificate.nears_its_end(self.unix_us(now)) {
            let (key, today) = (self.certificate.key, self.unix_us(now));
            self.certificate = Certificate::make(key, today, &mut self.secrets)?;
        }
        Ok(())
    }

    /// The wall clock by the clock of the caller: what it showed at activation, and what has passed since.
    fn unix_us(&self, now: Timestamp) -> i64 {
        self.config
            .unix_us
            .saturating_add(now.since(self.activated).as_us())
    }

    pub(crate) fn receive(
        &mut self,
        now: Timestamp,
        path: Path,
        datagram: &[u8],
        parameters: &IceDtlsParameters,
        counters: &mut Counters,
        sink: &mut dyn TransportSink,
    ) -> Result<(), Fault> {
        if self.end.is_some() {
            counters.dropped += 1;
            return Ok(());
        }
        let class = demux::classify(datagram);
        match class {
            Class::Rtp | Class::Rtcp => {
                return self.receive_media(now, path, class, datagram, parameters, counters, sink);
            }
            Class::Stun => match self.ice.receive(self.clock.instant(now), path, datagram) {
                Heard::Peer => {}
                Heard::Stranger => counters.dropped += 1,
                Heard::Garbage => counters.garbage += 1,
            },
            Class::Dtls if !record::well_formed(datagram) => counters.garbage += 1,
            Class::Dtls if self.dtls.is_some() && self.ice.knows(path.remote) => {
                self.receive_dtls(now, path, datagram);
            }
            Class::Dtls => counters.dropped += 1,
            _ => counters.garbage += 1,
        }
        self.settle(now, parameters, sink)
    }

    #[allow(
        clippy::too_many_arguments,
        reason = "the hot half of `receive`, split off for reading; the arguments are its own"
    )]
    fn receive_media(
        &mut self,
        now: Timestamp,
        path: Path,
        class: Class,
        datagram: &[u8],
        parameters: &IceDtlsParameters,
        counters: &mut Counters,
        sink: &mut dyn TransportSink,
    ) -> Result<(), Fault> {
        let Some(srtp) = self.srtp.as_mut().filter(|_| self.ice.knows(path.remote)) else {
            // Nothing in the clear is ever let in, and without keys nothing is known not to be in the clear.
            counters.dropped += 1;
            return Ok(());
        };
        let (kind, opened) = match class {
            Class::Rtcp => (PacketKind::Rtcp, srtp.unprotect_rtcp(datagram)),
            _ => (PacketKind::Rtp, srtp.unprotect_rtp(datagram)),
        };
        match opened {
            Ok(packet) => {
                counters.received += 1;
                self.ice.heard_media(self.clock.instant(now), path);
                sink.packet(kind, &packet)?;
                if self.told == TransportState::Connected {
                    Ok(())
                } else {
                    self.settle(now, parameters, sink)
                }
            }
            Err(refusal) => {
                match refusal {
                    Refusal::Malformed => counters.garbage += 1,
                    Refusal::Unauthentic => counters.unauthentic += 1,
                    Refusal::Replayed => counters.replayed += 1,
                }
                Ok(())
            }
        }
    }

    fn receive_dtls(&mut self, now: Timestamp, path: Path, datagram: &[u8]) {
        self.provisional = Some(path);
        let instant = self.clock.instant(now);
        // A client that has not said hello has nobody to listen to.
        let Some(dtls) = self
            .dtls
            .as_mut()
            .filter(|dtls| self.role == Some(Role::Server) || dtls.has_begun())
        else {
            return;
        };
        let result = dtls.receive(instant, datagram, &mut self.output);
        self.note(result);
    }

    pub(crate) fn handle_timeout(
        &mut self,
        now: Timestamp,
        parameters: &IceDtlsParameters,
        sink: &mut dyn TransportSink,
    ) -> Result<(), Fault> {
        if self.end.is_none() && self.searching_since.is_some() {
            let instant = self.clock.instant(now);
            self.ice.handle_timeout(instant);
            if let Some(dtls) = &mut self.dtls {
                let result = dtls.handle_timeout(instant, &mut self.output);
                self.note(result);
            }
        }
        self.settle(now, parameters, sink)
    }

    pub(crate) fn deadline(&mut self, parameters: &IceDtlsParameters) -> Timestamp {
        let Some(since) = self.searching_since.filter(|_| self.end.is_none()) else {
            return Timestamp::NEVER;
        };
        let quiet = (self.told == TransportState::Connected)
            .then(|| {
                self.ice
                    .last_heard()
                    .map(|heard| heard + parameters.disconnected())
            })
            .flatten();
        let given_up = self.last_consent(since) + parameters.failed();
        let handshake = self.dtls.as_ref().and_then(Dtls::deadline);
        [self.ice.deadline(), handshake, quiet, Some(given_up)]
            .into_iter()
            .flatten()
            .min()
            .map_or(Timestamp::NEVER, |instant| self.clock.timestamp(instant))
    }

    pub(crate) fn send(
        &mut self,
        kind: PacketKind,
        packet: &[u8],
        counters: &mut Counters,
        sink: &mut dyn TransportSink,
    ) -> Result<(), Fault> {
        let (Some(srtp), Some(path), None) =
            (&mut self.srtp, self.ice.selected().or(self.provisional), self.end)
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
        parameters: &IceDtlsParameters,
        sink: &mut dyn TransportSink,
    ) -> Result<(), Fault> {
        if self.end != Some(End::Closed) {
            if let Some(dtls) = &mut self.dtls {
                dtls.close(self.clock.instant(now), &mut self.output);
            }
            self.end = Some(End::Closed);
        }
        self.settle(now, parameters, sink)
    }

    /// After every change: starts what can be started, ends what has run out, sends what waits and tells how things stand.
    fn settle(
        &mut self,
        now: Timestamp,
        parameters: &IceDtlsParameters,
        sink: &mut dyn TransportSink,
    ) -> Result<(), Fault> {
        let instant = self.clock.instant(now);
        if self.role == Some(Role::Client)
            && self.end.is_none()
            && self.ice.selected().is_some()
            && let Some(dtls) = &mut self.dtls
        {
            let result = dtls.connect(instant, &mut self.output);
            self.note(result);
        }
        if let Some(since) = self.searching_since.filter(|_| self.end.is_none())
            && instant.saturating_duration_since(self.last_consent(since)) >= parameters.failed()
        {
            self.failure = self.no_path(parameters.failed());
            log::warn("ice-dtls", &self.failure);
            self.end = Some(End::NoPath);
        }
        self.flush(sink)?;
        let state = self.state(instant, parameters.disconnected());
        if state != self.told {
            self.told = state;
            sink.state(state)?;
        }
        Ok(())
    }

    fn no_path(&self, patience: Duration) -> String {
        if self.ice.selected().is_some() {
            return format!(
                "the peer has not answered for {} s: its consent has run out. An ICE restart may find it again",
                patience.as_secs()
            );
        }
        let [ours, theirs] = self.ice.candidate_kinds();
        no_path(ours, theirs)
    }

    /// When the peer last agreed to be sent to; a search begins with what is as good as consent.
    fn last_consent(&self, since: Instant) -> Instant {
        self.ice.consent().map_or(since, |consent| consent.max(since))
    }

    fn flush(&mut self, sink: &mut dyn TransportSink) -> Result<(), Fault> {
        while let Some((path, message)) = self.ice.transmit() {
            if self.end.is_none() {
                sink.transmit(&path.into(), &message)?;
            }
        }
        if let Some(path) = self.ice.selected().or(self.provisional) {
            for datagram in self.output.datagrams.drain(..) {
                sink.transmit(&path.into(), &datagram)?;
            }
        }
        // Data channels are not offered yet; whoever adds them takes the records from here.
        self.output.application_data.clear();
        Ok(())
    }

    /// Takes note of what a call to DTLS brought.
    fn note(&mut self, result: Result<(), Failure>) {
        if let Some(keys) = self.output.keys.take().filter(|_| result.is_ok()) {
            match Srtp::new(&keys) {
                Ok(srtp) => self.srtp = Some(srtp),
                Err(fault) => self.fail(&fault),
            }
        }
        if let Err(failure) = result {
            self.fail(&failure);
        } else if self.output.closed {
            self.end = Some(End::Closed);
        }
    }

    fn fail(&mut self, why: &dyn std::fmt::Display) {
        self.failure = format!("DTLS failed: {why}");
        log::warn("ice-dtls", &self.failure);
        self.srtp = None;
        self.end = Some(End::NoTrust);
    }

    fn state(&self, now: Instant, quiet: Duration) -> TransportState {
        match self.end {
            Some(End::Closed) => return TransportState::Closed,
            Some(End::NoPath | End::NoTrust) => return TransportState::Failed,
            None => {}
        }
        let heard = self
            .ice
            .last_heard()
            .is_some_and(|heard| now.saturating_duration_since(heard) < quiet);
        match (self.searching_since, &self.srtp, self.ice.selected()) {
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
        let ice = match self.end {
            Some(End::Closed) => "closed",
            Some(End::NoPath) => "failed",
            _ if self.told == TransportState::Disconnected => "disconnected",
            _ => self.ice.state(),
        };
        sink.attribute("ice-state", ice)?;
        sink.attribute("dtls-version", self.dtls.as_ref().map_or("", Dtls::version))?;
        sink.attribute(
            "dtls-cipher",
            &self.dtls.as_ref().map(Dtls::cipher).unwrap_or_default(),
        )?;
        sink.attribute(
            "srtp-profile",
            self.srtp.as_ref().map_or("", |srtp| srtp.profile().name()),
        )?;
        let pair = |path: Path| -> String { format!("{} {}", path.local, path.remote) };
        sink.attribute(
            "selected-pair",
            &self.ice.selected().map(pair).unwrap_or_default(),
        )?;
        sink.attribute("failure", &self.failure)
    }

    /// The latest round trip of a check, in milliseconds; 0 before the first.
    pub(crate) fn round_trip_ms(&self) -> f64 {
        self.ice.round_trip().map_or(0.0, |time| time.as_secs_f64() * 1e3)
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

/// A path as the caller names it.
pub(crate) fn path(route: &Route) -> Path {
    let socket = |address: SocketAddress| -> SocketAddr { address.into() };
    Path {
        local: socket(route.local),
        remote: socket(route.remote),
    }
}
