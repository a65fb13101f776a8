//! Addresses on the command line.

use std::net::SocketAddr;

/// Reads an address with its port. Names are not looked up: what they stand for may change while a call runs.
pub(crate) fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        "write an IP address and a port, such as 192.0.2.1:8080 or [2001:db8::1]:8080; a name will not do"
            .to_owned()
    })
}
