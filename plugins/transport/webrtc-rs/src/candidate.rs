//! Reads ICE candidates as SDP carries them (RFC 8839 section 5.1), as far as deciding what to do with them needs.

use std::net::{IpAddr, SocketAddr};

use jackfield_sdk::prelude::*;

/// A candidate that can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) address: SocketAddr,
    pub(crate) kind: String,
    foundation: String,
    priority: u32,
}

impl Candidate {
    /// Reads one. `None` for one that cannot be used (over TCP, for RTCP alone, a name in place of an address) and for the end of the list.
    pub(crate) fn read(text: &str) -> Result<Option<Self>, Fault> {
        let text = text.trim();
        let text = text.strip_prefix("a=").unwrap_or(text);
        let value = text.strip_prefix("candidate:").unwrap_or(text);
        if value.is_empty() || value == "end-of-candidates" {
            return Ok(None);
        }
        let wrong =
            || Fault::invalid("not a candidate: pass the value of `a=candidate` (RFC 8839 section 5.1)");
        let fields: Vec<&str> = value.split_ascii_whitespace().collect();
        let [
            foundation,
            component,
            transport,
            priority,
            address,
            port,
            "typ",
            kind,
            ..,
        ] = fields[..]
        else {
            return Err(wrong());
        };
        let priority = priority.parse().map_err(|_| wrong())?;
        let port = port.parse().map_err(|_| wrong())?;
        if component == "2"
            || !transport.eq_ignore_ascii_case("udp")
            || address.to_ascii_lowercase().ends_with(".local")
        {
            return Ok(None);
        }
        if !["host", "srflx", "prflx", "relay"].contains(&kind) {
            return Err(wrong());
        }
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        if address.is_unspecified() || address.is_multicast() || port == 0 {
            return Err(wrong());
        }
        Ok(Some(Self {
            address: SocketAddr::new(address, port),
            kind: kind.to_owned(),
            foundation: foundation.to_owned(),
            priority,
        }))
    }

    /// As the library reads it. It compares addresses as text, so this is the one way to write them.
    pub(crate) fn text(&self) -> String {
        let (ip, port) = (self.address.ip(), self.address.port());
        format!(
            "{} 1 udp {} {ip} {port} typ {}",
            self.foundation, self.priority, self.kind
        )
    }
}
