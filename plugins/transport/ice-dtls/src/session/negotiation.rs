//! Offer and answer, as far as they concern the transport: what we say of ourselves and what the peer says of itself.

use jackfield_sdk::prelude::*;

use super::{End, Role, Session};
use crate::IceDtlsParameters;
use crate::candidate;
use crate::description::Setup;
use crate::dtls::{Dtls, Settings};
use crate::ice::Ice;

impl Session {
    pub(crate) fn describe(&mut self, sink: &mut dyn AttributeSink) -> Result<(), Fault> {
        let credentials = self
            .next_credentials
            .as_ref()
            .unwrap_or_else(|| self.ice.local_credentials());
        sink.attribute("ice-ufrag", &credentials.ufrag)?;
        sink.attribute("ice-pwd", &credentials.pass)?;
        if self.config.lite != 0 {
            sink.attribute("ice-lite", "")?;
        }
        sink.attribute("ice-options", "ice2 trickle")?;
        sink.attribute("fingerprint", &self.certificate.fingerprint().to_string())?;
        sink.attribute("setup", self.setup())
    }

    /// What we say in `a=setup`: the role that we have, that the peer leaves us, or that we would take (RFC 8842 section 5.3).
    fn setup(&self) -> &'static str {
        match (self.role, self.remote.setup, self.config.role) {
            (Some(Role::Client), _, _) | (None, Some(Setup::Server), _) => "active",
            (Some(Role::Server), _, _) | (None, Some(Setup::Client), _) => "passive",
            (None, _, DtlsRole::Client) => "active",
            (None, _, DtlsRole::Server) => "passive",
            (None, Some(Setup::Either), _) => "active",
            (None, None, _) => "actpass",
        }
    }

    pub(crate) fn take_attribute(&mut self, name: &str, value: &str) -> Result<(), Fault> {
        self.remote.take(name, value)?;
        // A peer that restarts ICE expects new credentials of ours in its answer.
        let restarts = self.remote.user_name().is_some_and(|name| {
            self.ice
                .remote_credentials()
                .is_some_and(|known| known.ufrag != name)
        });
        if restarts && self.next_credentials.is_none() {
            self.next_credentials = Some(Ice::credentials(&mut self.secrets)?);
        }
        Ok(())
    }

    pub(crate) fn restart(&mut self) -> Result<(), Fault> {
        self.next_credentials = Some(Ice::credentials(&mut self.secrets)?);
        Ok(())
    }

    pub(crate) fn start(
        &mut self,
        now: Timestamp,
        parameters: &IceDtlsParameters,
        sink: &mut dyn TransportSink,
    ) -> Result<(), Fault> {
        if matches!(self.end, Some(End::Closed | End::NoTrust)) {
            return Err(Fault::state("this transport has ended: make a new one"));
        }
        let credentials = self
            .remote
            .credentials()
            .or_else(|| self.ice.remote_credentials().cloned())
            .ok_or_else(|| {
                Fault::state("the peer's `ice-ufrag` and `ice-pwd` are missing: set both before `start`")
            })?;
        self.settle_trust()?;
        let role = self.settle_role()?;
        if self.remote.lite {
            self.ice.set_controlling(true);
        }
        if self.dtls.is_none() {
            self.dtls = Some(Dtls::new(Settings {
                certificate: self.certificate.clone(),
                expected: self.trusted.clone().into(),
                profiles: parameters.profiles(),
                client: parameters.client_version(),
                server: parameters.server_version(),
                seed: self.secrets.repeatable_seed(),
            }));
        }
        self.role = Some(role);
        let instant = self.clock.instant(now);
        let known = self.ice.remote_credentials();
        if known != Some(&credentials) {
            let own = match (known, self.next_credentials.take()) {
                (_, Some(own)) => Some(own),
                (None, None) => None,
                (Some(_), None) => Some(Ice::credentials(&mut self.secrets)?),
            };
            self.ice.begin(instant, credentials, own);
            self.searching_since = Some(instant);
            self.end = None;
        }
        for candidate in std::mem::take(&mut self.remote).candidates {
            self.ice.add_remote_candidate(candidate);
        }
        self.ice.handle_timeout(instant);
        self.settle(now, parameters, sink)
    }

    /// Takes over the peer's fingerprints. The certificate cannot change under a running association.
    fn settle_trust(&mut self) -> Result<(), Fault> {
        let announced = &self.remote.fingerprints;
        if self.trusted.is_empty() {
            if announced.is_empty() {
                return Err(if self.remote.weak_fingerprint {
                    Fault::unsupported(
                        "the peer's only fingerprint is by a broken hash function: it must send sha-256, sha-384 or sha-512",
                    )
                } else {
                    Fault::state(
                        "the peer's `fingerprint` is missing: without it anybody could answer; set it before `start`",
                    )
                });
            }
            self.trusted.clone_from(announced);
        } else if !announced.is_empty()
            && !announced
                .iter()
                .any(|fingerprint| self.trusted.contains(fingerprint))
        {
            return Err(Fault::unsupported(
                "the peer has changed its certificate: make a new transport for the new association",
            ));
        }
        Ok(())
    }

    /// Who speaks first (RFC 8842 section 5). The role stays for as long as the association does.
    fn settle_role(&self) -> Result<Role, Fault> {
        if let Some(role) = self.role {
            return Ok(role);
        }
        match (self.remote.setup, self.config.role) {
            (Some(Setup::Client), DtlsRole::Client) if self.config.controlling != 0 => Err(Fault::invalid(
                "both ends want to be the DTLS client: the answer to `setup:active` must be `setup:passive`",
            )),
            (Some(Setup::Server), DtlsRole::Server) if self.config.controlling != 0 => Err(Fault::invalid(
                "both ends want to be the DTLS server: the answer to `setup:passive` must be `setup:active`",
            )),
            (Some(Setup::Client), _) => Ok(Role::Server),
            (Some(Setup::Either), DtlsRole::Server) => Ok(Role::Server),
            (Some(Setup::Server | Setup::Either), _) | (None, DtlsRole::Client) => Ok(Role::Client),
            (None, _) => Ok(Role::Server),
        }
    }

    pub(crate) fn add_local_candidate(&mut self, text: &str) -> Result<(), Fault> {
        if let Some(candidate) = candidate::local(text)? {
            self.ice.add_local_candidate(candidate);
        }
        Ok(())
    }

    pub(crate) fn add_remote_candidate(&mut self, text: &str) -> Result<(), Fault> {
        let Some(candidate) = candidate::remote(text)? else {
            return Ok(());
        };
        let awaited = self.remote.user_name().is_some_and(|name| {
            self.ice
                .remote_credentials()
                .is_none_or(|known| known.ufrag != name)
        });
        if awaited || self.ice.remote_credentials().is_none() {
            self.remote.candidates.push(candidate);
        } else {
            self.ice.add_remote_candidate(candidate);
        }
        Ok(())
    }
}
