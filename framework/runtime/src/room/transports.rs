//! Transports as negotiation uses them: made, told of the remote end, asked for our side, restarted.

use jackfield_core::Fault;
use jackfield_core::transport::{AttributeSink, Transport, TransportConfig};
use jackfield_session::{RemoteTransport, TransportDescription};

use super::Inner;
use super::negotiate::random_u64;
use crate::error::NegotiationError;
use crate::fitting::{self, Socket};

impl Inner {
    /// Makes the transport and asks for our side of the description.
    pub(super) fn make_transport(
        &self,
        socket: &Socket,
        remote: &RemoteTransport,
    ) -> Result<(Box<dyn Transport>, Described), NegotiationError> {
        let clock = self.shared.clock;
        let now = clock.now();
        let mut transport = fitting::bare::<dyn Transport>(&self.shared.loader, socket, random_u64())?;
        transport
            .activate(now, &TransportConfig::new(remote.ice_lite, clock.unix_us()))
            .map_err(NegotiationError::Transport)?;
        let candidates = self.shared.network.candidates();
        for candidate in &candidates {
            transport
                .add_local_candidate(now, candidate)
                .map_err(NegotiationError::Transport)?;
        }
        let described = describe(&mut transport, remote, &candidates, now)?;
        Ok((Box::new(transport), described))
    }

    pub(super) async fn restart_transport(
        &self,
        number: u32,
        remote: &RemoteTransport,
    ) -> Result<TransportDescription, NegotiationError> {
        let (remote, candidates) = (remote.clone(), self.shared.network.candidates());
        let described = self
            .shared
            .network
            .with_transport(self.key, number, move |transport, now, _| {
                transport.restart(now)?;
                describe(transport, &remote, &candidates, now).map_err(|e| Fault::failed(e.to_string()))
            })
            .await
            .map_err(NegotiationError::Transport)?;
        self.shared
            .network
            .register_ufrag(self.key, number, &described.local.ice_ufrag);
        Ok(described.local)
    }
}

/// Tells the transport of the remote end, and asks it for our side.
fn describe(
    transport: &mut dyn Transport,
    remote: &RemoteTransport,
    candidates: &[String],
    now: jackfield_core::time::Timestamp,
) -> Result<Described, NegotiationError> {
    for (name, value) in remote.attributes() {
        transport
            .set_remote_attribute(now, name, &value)
            .map_err(NegotiationError::Transport)?;
    }
    for candidate in &remote.candidates {
        // A candidate that this transport cannot use is not worth failing for.
        if let Err(fault) = transport.add_remote_candidate(now, candidate) {
            tracing::debug!(%fault, candidate, "a candidate was passed over");
        }
    }
    let mut described = own_description(transport)?;
    described.local.candidates = candidates.to_vec();
    described.local.end_of_candidates = true;
    Ok(described)
}

/// What a transport tells of our side.
pub(super) struct Described {
    pub(super) local: TransportDescription,
    /// It proves no addresses.
    pub(super) unproven: bool,
}

pub(super) fn own_description(transport: &mut dyn Transport) -> Result<Described, NegotiationError> {
    let mut attributes = Attributes::default();
    transport
        .local_description(&mut attributes)
        .map_err(NegotiationError::Transport)?;
    let pairs = attributes
        .0
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    Ok(Described {
        unproven: pairs.clone().any(|pair| pair == ("address-proof", "none")),
        local: TransportDescription::from_attributes(pairs)
            .map_err(|e| NegotiationError::Offer(e.to_string()))?,
    })
}

#[derive(Default)]
struct Attributes(Vec<(String, String)>);

impl AttributeSink for Attributes {
    fn attribute(&mut self, name: &str, value: &str) -> Result<(), Fault> {
        self.0.push((name.to_owned(), value.to_owned()));
        Ok(())
    }
}
