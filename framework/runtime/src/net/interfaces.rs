//! Under which addresses a socket can be reached, and how they are told (RFC 8445 section 5.1, RFC 8839 section 5.1).

use std::net::{IpAddr, SocketAddr};

/// The preference of a host candidate (RFC 8445 section 5.1.2.2).
const HOST: u32 = 126;
/// The preference of a server-reflexive candidate.
const SERVER_REFLEXIVE: u32 = 100;

/// A candidate of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) address: SocketAddr,
    /// For a server-reflexive one: the socket that it leads to.
    pub(super) base: Option<SocketAddr>,
}

/// The addresses of a socket bound to `bound`: its own, or for the unspecified address those of all interfaces. An advertised address of its
/// family stands in for them.
pub(super) fn hosts(bound: SocketAddr, advertised: &[IpAddr], interfaces: &[IpAddr]) -> Vec<SocketAddr> {
    let of_family = |ip: &&IpAddr| ip.is_ipv4() == bound.is_ipv4();
    let socket = |ip: &IpAddr| SocketAddr::new(*ip, bound.port());
    if let Some(ip) = advertised.iter().find(of_family) {
        return vec![socket(ip)];
    }
    if !bound.ip().is_unspecified() {
        return vec![bound];
    }
    let usable: Vec<&IpAddr> = interfaces
        .iter()
        .filter(of_family)
        .filter(|ip| !is_link_local(ip))
        .collect();
    let outward: Vec<SocketAddr> = usable
        .iter()
        .filter(|ip| !ip.is_loopback())
        .map(|ip| socket(ip))
        .collect();
    if outward.is_empty() {
        usable.iter().map(|ip| socket(ip)).collect()
    } else {
        outward
    }
}

/// The addresses of this machine's interfaces.
pub(super) fn interfaces() -> std::io::Result<Vec<IpAddr>> {
    let mut addresses: Vec<IpAddr> = if_addrs::get_if_addrs()?
        .into_iter()
        .map(|interface| interface.ip())
        .collect();
    addresses.dedup();
    Ok(addresses)
}

/// The candidates as values of `a=candidate`, best first: IPv6 before IPv4 (RFC 8421), host before server-reflexive.
pub(super) fn describe(candidates: &[Candidate]) -> Vec<String> {
    let mut ordered = candidates.to_vec();
    ordered.sort_by_key(|candidate| (candidate.base.is_some(), candidate.address.is_ipv4()));
    ordered.dedup();
    let count = ordered.len() as u32;
    ordered
        .iter()
        .zip(0..)
        .map(|(candidate, place)| {
            let preference = if candidate.base.is_some() {
                SERVER_REFLEXIVE
            } else {
                HOST
            };
            let local = 65_535 - place.min(count);
            // One component: RTP and RTCP share it.
            let priority = (preference << 24) + (local << 8) + 255;
            let (ip, port) = (candidate.address.ip(), candidate.address.port());
            let kind = match candidate.base {
                None => "host".to_owned(),
                Some(base) => format!("srflx raddr {} rport {}", base.ip(), base.port()),
            };
            format!("{} 1 udp {priority} {ip} {port} typ {kind}", place + 1)
        })
        .collect()
}

fn is_link_local(ip: &IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ips(texts: &[&str]) -> Vec<IpAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn at(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    #[test]
    fn e25_6_the_interfaces_of_this_machine_are_found() {
        let found = interfaces().unwrap();
        assert!(found.iter().any(IpAddr::is_loopback), "{found:?}");
    }

    #[test]
    fn e25_6_the_unspecified_address_offers_every_interface_of_its_family_but_loopback_and_link_local() {
        let interfaces = ips(&[
            "127.0.0.1",
            "192.0.2.7",
            "198.51.100.7",
            "169.254.1.1",
            "::1",
            "fe80::1",
            "2001:db8::7",
        ]);
        assert_eq!(
            hosts(at("0.0.0.0:5000"), &[], &interfaces),
            [at("192.0.2.7:5000"), at("198.51.100.7:5000")]
        );
        assert_eq!(
            hosts(at("[::]:5000"), &[], &interfaces),
            [at("[2001:db8::7]:5000")]
        );
    }

    #[test]
    fn loopback_is_offered_if_there_is_nothing_else_or_it_was_asked_for() {
        let interfaces = ips(&["127.0.0.1", "::1"]);
        assert_eq!(
            hosts(at("0.0.0.0:5000"), &[], &interfaces),
            [at("127.0.0.1:5000")]
        );
        assert_eq!(
            hosts(at("127.0.0.1:5000"), &[], &ips(&["127.0.0.1", "192.0.2.7"])),
            [at("127.0.0.1:5000")]
        );
    }

    #[test]
    fn an_advertised_address_stands_in_for_those_of_its_family() {
        let interfaces = ips(&["192.0.2.7", "2001:db8::7"]);
        let advertised = ips(&["203.0.113.9"]);
        assert_eq!(
            hosts(at("0.0.0.0:5000"), &advertised, &interfaces),
            [at("203.0.113.9:5000")]
        );
        assert_eq!(
            hosts(at("[::]:5000"), &advertised, &interfaces),
            [at("[2001:db8::7]:5000")]
        );
    }

    #[test]
    fn candidates_are_told_as_rfc_8839_wants_them_with_priorities_of_rfc_8445() {
        let host = Candidate {
            address: at("192.0.2.7:5000"),
            base: None,
        };
        let reflexive = Candidate {
            address: at("203.0.113.9:6000"),
            base: Some(at("192.0.2.7:5000")),
        };
        assert_eq!(
            describe(&[reflexive, host]),
            [
                "1 1 udp 2130706431 192.0.2.7 5000 typ host",
                "2 1 udp 1694498559 203.0.113.9 6000 typ srflx raddr 192.0.2.7 rport 5000"
            ]
        );
    }
}
