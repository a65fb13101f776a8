//! Offer and answer, as far as they concern the transport: what we say of ourselves and what the peer says of itself.

use jackfield_sdk::prelude::*;
use jackfield_sdk::secure_transport::{settle_role, setup_attribute};

use super::{End, Session};
use crate::IceDtlsParameters;
use crate::candidate;
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
        self.shown = true;
        sink.attribute("fingerprint", &self.certificate.fingerprint().to_string())?;
        sink.attribute(
            "setup",
            setup_attribute(self.role, self.remote.setup, self.config.role),
        )
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

    pub(crate) fn restart(&mut self, now: Timestamp) -> Result<(), Fault> {
        // The peer is about to be told all of it again.
        self.shown = false;
        self.renew_certificate(now)?;
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
            .map(|told| is::IceCreds {
                ufrag: told.name,
                pass: told.password,
            })
            .or_else(|| self.ice.remote_credentials().cloned())
            .ok_or_else(|| {
                Fault::state("the peer's `ice-ufrag` and `ice-pwd` are missing: set both before `start`")
            })?;
        if self.dtls.is_none() && self.certificate.has_ended(self.unix_us(now)) {
            return Err(Fault::state(
                "our certificate has expired since it was described: call `restart`, and describe it anew",
            ));
        }
        self.remote.settle_trust(&mut self.trusted)?;
        let role = match self.role {
            // It stays for as long as the association does.
            Some(role) => role,
            None => settle_role(self.remote.setup, &self.config)?,
        };
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
            self.failure.clear();
        }
        for candidate in std::mem::take(&mut self.remote).candidates {
            self.ice.add_remote_candidate(candidate);
        }
        self.ice.handle_timeout(instant);
        self.settle(now, parameters, sink)
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
