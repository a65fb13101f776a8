//! Under which addresses a socket can be reached, and how they are told (RFC 8445 section 5.1, RFC 8839 section 5.1).

use std::io;
use std::net::{IpAddr, SocketAddr};

use jackfield_core::time::Timestamp;
use jackfield_core::units::TimeDelta;

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
fn hosts(bound: SocketAddr, advertised: &[IpAddr], interfaces: &[IpAddr]) -> Vec<SocketAddr> {
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
pub(super) fn interfaces() -> io::Result<Vec<IpAddr>> {
    let mut addresses: Vec<IpAddr> = if_addrs::get_if_addrs()?
        .into_iter()
        .map(|interface| interface.ip())
        .collect();
    addresses.dedup();
    Ok(addresses)
}

/// Looks again and again at which addresses this machine has, as long as that can change what is offered.
pub(super) struct Watch {
    list: List,
    bound: Vec<SocketAddr>,
    advertised: Vec<IpAddr>,
    hosts: Vec<SocketAddr>,
    next: Timestamp,
}

/// Gives the addresses of the machine's interfaces.
pub(super) type List = Box<dyn FnMut() -> io::Result<Vec<IpAddr>> + Send>;

/// How often. Somebody who plugs in a cable waits no longer than that.
const LOOK_EVERY: TimeDelta = TimeDelta::seconds(2);

impl Watch {
    /// For sockets bound to `bound`; looks for the first time.
    pub(super) fn new(mut list: List, bound: &[SocketAddr], advertised: &[IpAddr]) -> io::Result<Self> {
        let found = list()?;
        let mut watch = Self {
            list,
            bound: bound.to_vec(),
            advertised: advertised.to_vec(),
            hosts: Vec::new(),
            next: Timestamp::ZERO,
        };
        watch.hosts = watch.offered(&found);
        // What is bound to one address, or told another, does not follow the machine's.
        let follows = |bound: &SocketAddr| {
            bound.ip().is_unspecified() && !advertised.iter().any(|ip| ip.is_ipv4() == bound.is_ipv4())
        };
        if !bound.iter().any(follows) {
            watch.next = Timestamp::NEVER;
        }
        Ok(watch)
    }

    /// What is offered.
    pub(super) fn hosts(&self) -> &[SocketAddr] {
        &self.hosts
    }

    /// When to look next.
    pub(super) fn deadline(&self) -> Timestamp {
        self.next
    }

    /// Looks, if it is time; gives what has been added, if anything has changed.
    pub(super) fn look(&mut self, now: Timestamp) -> Option<Vec<SocketAddr>> {
        if now < self.next {
            return None;
        }
        self.next = now + LOOK_EVERY;
        let found = match (self.list)() {
            Ok(found) => found,
            Err(error) => {
                tracing::warn!(%error, "the network interfaces cannot be listed; what is offered stays as it is");
                return None;
            }
        };
        let hosts = self.offered(&found);
        if hosts == self.hosts {
            return None;
        }
        let old = std::mem::replace(&mut self.hosts, hosts);
        let added = self.hosts.iter().filter(|host| !old.contains(host));
        Some(added.copied().collect())
    }

    fn offered(&self, found: &[IpAddr]) -> Vec<SocketAddr> {
        let bound = self.bound.iter();
        bound
            .flat_map(|bound| hosts(*bound, &self.advertised, found))
            .collect()
    }
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

/// Those of `candidates` whose address is not among the `known` ones: foundation and priority depend on the place in the list.
pub(crate) fn fresh(known: &[String], candidates: &[String]) -> Vec<String> {
    let address = |candidate: &String| candidate.split(' ').skip(4).collect::<Vec<_>>().join(" ");
    let known: Vec<String> = known.iter().map(address).collect();
    let fresh = candidates.iter().filter(|one| !known.contains(&address(one)));
    fresh.cloned().collect()
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
    fn e24_6_e25_6_the_unspecified_address_offers_every_interface_of_its_family_but_loopback_and_link_local()
    {
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

    /// A machine whose addresses are what the script says at each look.
    fn machine(script: &'static [&'static [&'static str]]) -> List {
        let mut looks = script.iter();
        let mut last: &[&str] = &[];
        Box::new(move || {
            last = looks.next().copied().unwrap_or(last);
            Ok(ips(last))
        })
    }

    fn second(n: i64) -> Timestamp {
        Timestamp::from_ms(1_000 * n)
    }

    #[test]
    fn e25_6_an_address_that_comes_is_told_once_and_one_that_goes_is_offered_no_longer() {
        let list = machine(&[
            &["127.0.0.1", "192.0.2.7"],
            &["127.0.0.1", "192.0.2.7"],
            &["127.0.0.1", "192.0.2.7", "198.51.100.7"],
            &["127.0.0.1", "192.0.2.7", "198.51.100.7"],
            &["127.0.0.1", "198.51.100.7"],
        ]);
        let mut watch = Watch::new(list, &[at("0.0.0.0:5000")], &[]).unwrap();
        assert_eq!(watch.hosts(), [at("192.0.2.7:5000")]);
        assert_eq!(watch.look(second(1)), None);
        assert_eq!(watch.look(second(2)), None, "it is not time");
        assert_eq!(watch.deadline(), second(3));
        assert_eq!(watch.look(second(3)), Some(vec![at("198.51.100.7:5000")]));
        assert_eq!(watch.look(second(5)), None);
        assert_eq!(watch.look(second(7)), Some(Vec::new()), "one has gone");
        assert_eq!(watch.hosts(), [at("198.51.100.7:5000")]);
    }

    #[test]
    fn e25_6_nobody_looks_where_nothing_can_change() {
        let list = || machine(&[&["127.0.0.1", "192.0.2.7"]]);
        let fixed = Watch::new(list(), &[at("127.0.0.1:5000")], &[]).unwrap();
        let told = Watch::new(list(), &[at("0.0.0.0:5000")], &ips(&["203.0.113.9"])).unwrap();
        assert!(fixed.deadline().is_never() && told.deadline().is_never());
        let half = Watch::new(
            list(),
            &[at("0.0.0.0:5000"), at("[::]:5000")],
            &ips(&["203.0.113.9"]),
        )
        .unwrap();
        assert!(!half.deadline().is_never(), "IPv6 may come");
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
