//! DTLS-SRTP (RFC 5764, RFC 8842): two engines behind one interface, chosen by what the peer shows.
//!
//! As server, a ClientHello that offers DTLS 1.3 goes to the modern engine and any other to the legacy one, which also takes RSA. As
//! client the modern engine offers both versions; if the server turns that down outright, the legacy engine tries once more.

mod legacy;
mod modern;
pub(crate) mod record;

use std::sync::Arc;
use std::time::Instant;

use jackfield_sdk::secure_transport::Fingerprint;
use jackfield_sdk::secure_transport::srtp::{Keys, Profile};

use crate::certificate::{Certificate, KeyKind};

use legacy::Legacy;
use modern::Modern;

/// What both engines need to know.
pub(crate) struct Settings {
    pub(crate) certificate: Certificate,
    /// What the peer's certificate must hash to: any one of these.
    pub(crate) expected: Arc<[Fingerprint]>,
    /// The SRTP profiles that may be agreed upon, best first.
    pub(crate) profiles: Vec<Profile>,
    /// Which version to be a client of.
    pub(crate) client: Version,
    /// Which version to be a server of.
    pub(crate) server: Version,
    /// A seed for what need not be secret; only in a simulation that asked for it.
    pub(crate) seed: Option<u64>,
}

/// Which DTLS to speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    Either,
    Legacy,
    Modern,
}

/// What an engine gave during one call.
#[derive(Default)]
pub(crate) struct Output {
    /// To be sent, in this order.
    pub(crate) datagrams: Vec<Vec<u8>>,
    /// The handshake is over, the peer is who it should be, and these are the keys.
    pub(crate) keys: Option<Keys>,
    /// The peer has said goodbye.
    pub(crate) closed: bool,
    /// What came through the tunnel itself (SCTP, for whoever carries data channels).
    pub(crate) application_data: Vec<Vec<u8>>,
}

/// Why a handshake or an association came to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The certificate is not the one that was announced.
    WrongFingerprint,
    /// No SRTP profile that both ends allow.
    NoProfile,
    /// The peer or the engine gave up; the engine's own words.
    Broken(String),
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::WrongFingerprint => f.write_str("the peer's certificate is not the one whose fingerprint came by signalling: somebody may be in between"),
            Self::NoProfile => f.write_str("no SRTP profile in common: set `srtp_profiles` to `any` at one end"),
            Self::Broken(text) => f.write_str(text),
        }
    }
}

/// A DTLS engine: datagrams and time in, output out.
trait Engine: Send {
    fn receive(&mut self, now: Instant, datagram: &[u8], output: &mut Output) -> Result<(), Failure>;
    fn handle_timeout(&mut self, now: Instant, output: &mut Output) -> Result<(), Failure>;
    fn deadline(&self) -> Option<Instant>;
    fn close(&mut self, now: Instant, output: &mut Output);
    fn version(&self) -> &'static str;
    fn cipher(&self) -> String;
}

/// One DTLS association.
pub(crate) struct Dtls {
    settings: Settings,
    stage: Stage,
    /// The peer spoke first.
    server: bool,
    /// There have been keys.
    agreed: bool,
}

enum Stage {
    /// Nothing has come or gone.
    Idle,
    /// A client has begun to speak, but not yet said which version it wants; what it said is kept for the engine that gets it.
    Sensing(Box<Modern>, Vec<Vec<u8>>),
    /// We have said hello; whether the server knows our version is open.
    Asking(Box<Modern>),
    Running(Box<dyn Engine>),
    Over,
}

/// How many datagrams of a hello in pieces are kept.
const HELLO_DATAGRAMS: usize = 8;

impl Dtls {
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            settings,
            stage: Stage::Idle,
            server: false,
            agreed: false,
        }
    }

    /// Says hello as client. Call it when there is a path; later calls do nothing.
    pub(crate) fn connect(&mut self, now: Instant, output: &mut Output) -> Result<(), Failure> {
        if !matches!(self.stage, Stage::Idle) {
            return Ok(());
        }
        match self.settings.client {
            Version::Legacy => {
                self.stage = Stage::Running(Box::new(Legacy::client(&self.settings, now, output)?));
            }
            Version::Modern => {
                self.stage = Stage::Running(Box::new(Modern::client(&self.settings, now, output)?));
            }
            Version::Either => {
                self.stage = Stage::Asking(Box::new(Modern::client(&self.settings, now, output)?));
            }
        }
        Ok(())
    }

    /// Takes a datagram of records that are [`record::well_formed`]. In the idle stage this makes us the server.
    pub(crate) fn receive(
        &mut self,
        now: Instant,
        datagram: &[u8],
        output: &mut Output,
    ) -> Result<(), Failure> {
        if matches!(self.stage, Stage::Idle) {
            self.server = true;
            self.stage = match self.settings.server {
                Version::Legacy => Stage::Running(Box::new(Legacy::server(&self.settings)?)),
                _ => Stage::Sensing(Box::new(Modern::server(&self.settings, now)?), Vec::new()),
            };
        }
        match &mut self.stage {
            Stage::Running(engine) => {
                let result = engine.receive(now, datagram, output);
                self.agreed |= output.keys.is_some();
                if matches!(result, Err(Failure::Broken(_))) && self.may_be_asked_again() {
                    self.stage = Stage::Idle;
                    return Ok(());
                }
                result
            }
            Stage::Sensing(..) => self.sense(now, datagram, output),
            Stage::Asking(_) => self.hear_answer(now, datagram, output),
            Stage::Idle | Stage::Over => Ok(()),
        }
    }

    /// With an RSA certificate we turn down clients that offer ECDSA alone. The alert tells them, and many then say hello another way.
    fn may_be_asked_again(&self) -> bool {
        self.server && !self.agreed && self.settings.certificate.key == KeyKind::Rsa
    }

    /// Whether a hello has gone or come.
    pub(crate) fn has_begun(&self) -> bool {
        !matches!(self.stage, Stage::Idle)
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant, output: &mut Output) -> Result<(), Failure> {
        match &mut self.stage {
            Stage::Running(engine) => engine.handle_timeout(now, output),
            Stage::Asking(modern) => modern.handle_timeout(now, output),
            // Only a complete hello makes a server speak.
            Stage::Sensing(..) | Stage::Idle | Stage::Over => Ok(()),
        }
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        match &self.stage {
            Stage::Running(engine) => engine.deadline(),
            Stage::Asking(modern) => modern.deadline(),
            Stage::Sensing(..) | Stage::Idle | Stage::Over => None,
        }
    }

    /// Says goodbye (close_notify) if there is anybody to say it to, and ends.
    pub(crate) fn close(&mut self, now: Instant, output: &mut Output) {
        if let Stage::Running(engine) = &mut self.stage {
            engine.close(now, output);
        }
        self.stage = Stage::Over;
    }

    /// `1.2` or `1.3`; empty while it is open.
    pub(crate) fn version(&self) -> &'static str {
        if let Stage::Running(engine) = &self.stage {
            engine.version()
        } else {
            ""
        }
    }

    /// The cipher suite; empty while it is open.
    pub(crate) fn cipher(&self) -> String {
        if let Stage::Running(engine) = &self.stage {
            engine.cipher()
        } else {
            String::new()
        }
    }

    /// Lets the modern engine put the client's hello together; it knows the version when the hello is whole. If it is not 1.3, the legacy
    /// engine hears it all again from the beginning.
    fn sense(&mut self, now: Instant, datagram: &[u8], output: &mut Output) -> Result<(), Failure> {
        let Stage::Sensing(modern, heard) = &mut self.stage else {
            return Ok(());
        };
        if heard.len() >= HELLO_DATAGRAMS {
            heard.clear();
            **modern = Modern::server(&self.settings, now)?;
        }
        heard.push(datagram.to_vec());
        let mut tentative = Output::default();
        let result = modern.receive(now, datagram, &mut tentative);
        match modern.version() {
            "1.3" => {
                output.datagrams.append(&mut tentative.datagrams);
                let Stage::Sensing(modern, _) = std::mem::replace(&mut self.stage, Stage::Over) else {
                    return Ok(());
                };
                self.stage = Stage::Running(modern);
                result
            }
            "1.2" => {
                let mut legacy = Legacy::server(&self.settings)?;
                let heard = std::mem::take(heard);
                let result = heard
                    .iter()
                    .try_for_each(|datagram| legacy.receive(now, datagram, output));
                self.stage = Stage::Running(Box::new(legacy));
                result
            }
            _ => {
                // Nobody has proved anything yet: what upset the engine may be forged, so it starts afresh.
                if result.is_err() {
                    heard.clear();
                    **modern = Modern::server(&self.settings, now)?;
                }
                Ok(())
            }
        }
    }

    /// The first answer to our hello says which version the server speaks. Anything else at this point is noise.
    fn hear_answer(&mut self, now: Instant, datagram: &[u8], output: &mut Output) -> Result<(), Failure> {
        if record::is_fatal_alert(datagram) {
            self.stage = Stage::Running(Box::new(Legacy::client(&self.settings, now, output)?));
            return Ok(());
        }
        if !record::is_server_answer(datagram) {
            return Ok(());
        }
        let Stage::Asking(modern) = std::mem::replace(&mut self.stage, Stage::Over) else {
            return Ok(());
        };
        let mut modern: Box<dyn Engine> = modern;
        let result = modern.receive(now, datagram, output);
        self.stage = Stage::Running(modern);
        result
    }
}
