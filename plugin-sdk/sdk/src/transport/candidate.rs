//! Reads as much of a candidate (RFC 8839 section 5.1) as a transport without ICE needs.

use std::net::{IpAddr, SocketAddr};

use jackfield_core::Fault;

/// An address with its priority.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) address: SocketAddr,
    priority: u32,
}

/// What was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// An address to send to.
    Usable(Candidate),
    /// Nothing for us: over TCP, for RTCP alone, a name, or the end of the list.
    Nothing,
}

impl Reading {
    /// Reads the value of `a=candidate`, with or without its prefix.
    pub(crate) fn of(text: &str) -> Result<Self, Fault> {
        let text = text.trim();
        let text = text.strip_prefix("a=").unwrap_or(text);
        let text = text.strip_prefix("candidate:").unwrap_or(text);
        if text.is_empty() || text == "end-of-candidates" {
            return Ok(Self::Nothing);
        }
        let wrong =
            || Fault::invalid("not a candidate: pass the value of `a=candidate` (RFC 8839 section 5.1)");
        let fields: Vec<&str> = text.split_ascii_whitespace().collect();
        let [_, component, transport, priority, address, port, "typ", _, ..] = fields[..] else {
            return Err(wrong());
        };
        let (priority, port) = (
            priority.parse().map_err(|_| wrong())?,
            port.parse().map_err(|_| wrong())?,
        );
        if component == "2"
            || !transport.eq_ignore_ascii_case("udp")
            || address.to_ascii_lowercase().ends_with(".local")
        {
            return Ok(Self::Nothing);
        }
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        Ok(Self::Usable(Candidate {
            address: SocketAddr::new(address, port),
            priority,
        }))
    }
}

/// Enters what was read, best first.
pub(crate) fn add(candidates: &mut Vec<Candidate>, reading: Reading) {
    if let Reading::Usable(candidate) = reading
        && !candidates.contains(&candidate)
    {
        candidates.push(candidate);
        candidates.sort_by_key(|candidate| std::cmp::Reverse(candidate.priority));
    }
}
