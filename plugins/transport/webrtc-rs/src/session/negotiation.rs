//! Offer and answer, as far as they concern the transport: what we say of ourselves and what the peer says of itself.

use jackfield_sdk::prelude::*;
use jackfield_sdk::secure_transport::{settle_role, setup_attribute};

use super::{End, Session};
use crate::WebrtcRsParameters;
use crate::candidate::Candidate;
use crate::certificate::credentials;
use crate::engine::Engine;

impl Session {
    pub(crate) fn describe(&mut self, sink: &mut dyn AttributeSink) -> Result<(), Fault> {
        let credentials = self.next_credentials.as_ref().unwrap_or(&self.credentials);
        sink.attribute("ice-ufrag", &credentials.name)?;
        sink.attribute("ice-pwd", &credentials.password)?;
        sink.attribute("ice-options", "trickle")?;
        sink.attribute("fingerprint", &self.certificate.fingerprint().to_string())?;
        sink.attribute(
            "setup",
            setup_attribute(self.role, self.remote.setup, self.config.role),
        )
    }

    pub(crate) fn take_attribute(&mut self, name: &str, value: &str) -> Result<(), Fault> {
        self.remote.take(name, value)?;
        // A peer that restarts ICE expects new credentials of ours in its answer.
        let restarts = self
            .remote
            .user_name()
            .is_some_and(|name| self.peer.as_ref().is_some_and(|peer| peer.name != name));
        if restarts && self.next_credentials.is_none() {
            self.restart()?;
        }
        Ok(())
    }

    pub(crate) fn restart(&mut self) -> Result<(), Fault> {
        self.next_credentials = Some(credentials()?);
        Ok(())
    }

    pub(crate) fn start(
        &mut self,
        now: Timestamp,
        parameters: &WebrtcRsParameters,
        sink: &mut dyn TransportSink,
    ) -> Result<(), Fault> {
        if matches!(self.end, Some(End::Closed | End::NoTrust)) {
            return Err(Fault::state("this transport has ended: make a new one"));
        }
        let peer = self
            .remote
            .credentials()
            .or_else(|| self.peer.clone())
            .ok_or_else(|| {
                Fault::state("the peer's `ice-ufrag` and `ice-pwd` are missing: set both before `start`")
            })?;
        self.remote.settle_trust(&mut self.trusted)?;
        if self.role.is_none() {
            // It stays for as long as the association does.
            self.role = Some(settle_role(self.remote.setup, &self.config)?);
        }
        self.controlling |= self.remote.lite;
        if self.peer.as_ref() != Some(&peer) {
            if let Some(next) = self.next_credentials.take() {
                self.credentials = next;
            } else if self.peer.is_some() {
                self.credentials = credentials()?;
            }
            if self.engine.is_none() {
                self.engine = Some(Engine::new(now)?);
            }
            if let Some(engine) = &mut self.engine {
                engine.run_until_idle(now);
                self.ice.begin(
                    engine,
                    &self.addresses,
                    self.controlling,
                    self.credentials.clone(),
                    peer.clone(),
                )?;
            }
            self.peer = Some(peer);
            self.searching_since = Some(now);
            self.end = None;
            self.failure.clear();
        }
        let candidates = std::mem::take(&mut self.remote).candidates;
        if let Some(engine) = &self.engine {
            for candidate in candidates {
                self.ice.add_remote_candidate(engine, &candidate);
            }
        }
        self.settle(now, parameters, sink)
    }

    pub(crate) fn add_local_candidate(&mut self, text: &str) -> Result<(), Fault> {
        // What is reflexive is another name of an address that is known; whoever wants relayed ones must find another plugin.
        let Some(candidate) = Candidate::read(text)?.filter(|candidate| candidate.kind == "host") else {
            return Ok(());
        };
        if self.addresses.contains(&candidate.address) {
            return Ok(());
        }
        self.addresses.push(candidate.address);
        if let Some(engine) = &self.engine {
            self.ice.add_address(engine, candidate.address)?;
        }
        Ok(())
    }

    pub(crate) fn add_remote_candidate(&mut self, text: &str) -> Result<(), Fault> {
        let Some(candidate) = Candidate::read(text)? else {
            return Ok(());
        };
        let awaited = self
            .remote
            .user_name()
            .is_some_and(|name| self.peer.as_ref().is_none_or(|peer| peer.name != name));
        match &self.engine {
            Some(engine) if !awaited => self.ice.add_remote_candidate(engine, &candidate),
            _ => self.remote.candidates.push(candidate),
        }
        Ok(())
    }
}
