//! Reads ICE candidates as SDP carries them (RFC 8839 section 5.1).

use std::net::SocketAddr;

use is::{Candidate, CandidateKind, IceError, Protocol};
use jackfield_sdk::prelude::*;

/// Reads a candidate of our own. `None` for one that brings nothing: over TCP, or reflexive without the address that it is reflexive of.
///
/// Only the addresses and the type are taken over; foundation and priority are worked out anew, so that what our checks claim is
/// consistent whatever the caller wrote.
pub(crate) fn local(text: &str) -> Result<Option<Candidate>, Fault> {
    let Some(value) = value(text) else { return Ok(None) };
    let told =
        Candidate::from_sdp_string(&format!("candidate:{value}")).map_err(|error| malformed(&error))?;
    if told.proto() != Protocol::Udp {
        return Ok(None);
    }
    let address = told.addr();
    let made = match (told.kind(), related(value)) {
        (CandidateKind::Host, _) => Candidate::host(address, Protocol::Udp),
        (CandidateKind::Relayed, base) => Candidate::relayed(address, base.unwrap_or(address), Protocol::Udp),
        (_, Some(base)) if base.is_ipv4() == address.is_ipv4() => {
            Candidate::server_reflexive(address, base, Protocol::Udp)
        }
        _ => return Ok(None),
    };
    made.map(Some).map_err(|error| malformed(&error))
}

/// Reads a candidate of the peer. `None` for one that we cannot reach or need not: over TCP, for RTCP alone, a name instead of an
/// address (mDNS: its checks will tell us the address), or the empty text that ends the list.
pub(crate) fn remote(text: &str) -> Result<Option<Candidate>, Fault> {
    let Some(value) = value(text) else { return Ok(None) };
    let mut fields = value.split_ascii_whitespace();
    let (component, transport, address) = (fields.nth(1), fields.next(), fields.nth(1));
    let other_transport = transport.is_some_and(|transport| !transport.eq_ignore_ascii_case("udp"));
    let named = address.is_some_and(|address| address.to_ascii_lowercase().ends_with(".local"));
    if component == Some("2") || other_transport || named {
        return Ok(None);
    }
    Candidate::from_sdp_string(&format!("candidate:{value}"))
        .map(Some)
        .map_err(|error| malformed(&error))
}

/// The value without the prefixes that some callers leave on it; `None` at the end of the list.
fn value(text: &str) -> Option<&str> {
    let text = text.trim();
    let text = text.strip_prefix("a=").unwrap_or(text);
    let text = text.strip_prefix("candidate:").unwrap_or(text);
    (!text.is_empty() && text != "end-of-candidates").then_some(text)
}

/// The related address, unless it is hidden behind zeros.
fn related(value: &str) -> Option<SocketAddr> {
    let after = |name: &str| {
        value
            .split_ascii_whitespace()
            .skip_while(|field| *field != name)
            .nth(1)
    };
    let address = SocketAddr::new(after("raddr")?.parse().ok()?, after("rport")?.parse().ok()?);
    (!address.ip().is_unspecified() && address.port() != 0).then_some(address)
}

fn malformed(error: &IceError) -> Fault {
    Fault::invalid(format!(
        "not a usable candidate ({error}): pass the value of `a=candidate` (RFC 8839 section 5.1) with a unicast address"
    ))
}
