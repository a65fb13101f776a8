//! Gateways that translate addresses: who can reach whom once both have sent to where a STUN server saw the other.

use std::cell::RefCell;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;

use jackfield_core::time::Timestamp;
use jackfield_core::units::TimeDelta;
use jackfield_sim::{
    Datagram, Filtering, Gateways, LinkConfig, Mapping, Nat, NatConfig, Network, Node, Outbox,
    VirtualExecutor, VirtualTime,
};

const KINDS: [(&str, NatConfig); 5] = [
    ("full cone", NatConfig::FULL_CONE),
    ("address-restricted", NatConfig::ADDRESS_RESTRICTED),
    ("port-restricted", NatConfig::PORT_RESTRICTED),
    ("symmetric", NatConfig::SYMMETRIC),
    ("blocked", NatConfig::UDP_BLOCKED),
];

fn socket(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

fn host(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

fn at(seconds: u64) -> VirtualTime {
    VirtualTime::from_ns(seconds * 1_000_000_000)
}

/// Says to everybody where he was seen.
struct Mirror;

impl Node for Mirror {
    fn receive(&mut self, _: Timestamp, datagram: &Datagram, outbox: &mut Outbox<'_>) {
        let seen = datagram.from.to_string();
        outbox.send(datagram.to, datagram.from, seen.as_bytes());
    }
}

/// What a peer knows.
#[derive(Default)]
struct Known {
    seen: Option<SocketAddr>,
    heard: Vec<SocketAddr>,
}

/// Asks the mirror, then sends to wherever the other was seen, and answers whoever gets through, as ICE does.
struct Peer {
    own: SocketAddr,
    mirror: SocketAddr,
    me: Rc<RefCell<Known>>,
    other: Rc<RefCell<Known>>,
    next: Timestamp,
}

impl Node for Peer {
    fn receive(&mut self, _: Timestamp, datagram: &Datagram, outbox: &mut Outbox<'_>) {
        if datagram.from == self.mirror {
            let text = String::from_utf8_lossy(&datagram.bytes);
            self.me.borrow_mut().seen = text.parse().ok();
        } else {
            self.me.borrow_mut().heard.push(datagram.from);
            if &*datagram.bytes == b"?" {
                outbox.send(self.own, datagram.from, b"!");
            }
        }
    }

    fn deadline(&self) -> Timestamp {
        self.next
    }

    fn handle_timeout(&mut self, now: Timestamp, outbox: &mut Outbox<'_>) {
        self.next = now + TimeDelta::ms(100);
        if self.me.borrow().seen.is_none() {
            outbox.send(self.own, self.mirror, b"where am I");
        }
        if let Some(other) = self.other.borrow().seen {
            outbox.send(self.own, other, b"?");
        }
    }
}

/// Whether both heard of the other, when each is behind these gateways (the outermost last).
fn meet(gateways: Vec<Nat>, hosts: [&str; 2]) -> bool {
    let mut network = Network::new(1);
    network.set_default(LinkConfig {
        delay: TimeDelta::ms(10),
        ..LinkConfig::PERFECT
    });
    for gateway in gateways {
        network.gateways().add(gateway);
    }
    let mut executor = VirtualExecutor::new(network);
    let mirror = socket("198.51.100.1:3478");
    executor.add_node(Box::new(Mirror), &[mirror]);
    let known = [Rc::<RefCell<Known>>::default(), Rc::default()];
    for side in [0, 1] {
        let own = socket(hosts[side]);
        let peer = Peer {
            own,
            mirror,
            me: Rc::clone(&known[side]),
            other: Rc::clone(&known[1 - side]),
            next: Timestamp::from_ms(50),
        };
        executor.add_node(Box::new(peer), &[own]);
    }
    executor.run_for(TimeDelta::seconds(5));
    known.iter().all(|known| !known.borrow().heard.is_empty())
}

#[test]
fn e25_1_who_can_punch_through_to_whom() {
    // As RFC 5128 section 3.3 and everybody's experience have it: symmetric meets nobody who looks at ports.
    let expected = [
        [true, true, true, true, false],
        [true, true, true, true, false],
        [true, true, true, false, false],
        [true, true, false, false, false],
        [false, false, false, false, false],
    ];
    for (row, (left, left_config)) in KINDS.iter().enumerate() {
        for (column, (right, right_config)) in KINDS.iter().enumerate() {
            let gateways = vec![
                Nat::new(*left_config, host("203.0.113.1"), [host("10.0.0.2")]),
                Nat::new(*right_config, host("203.0.113.2"), [host("10.0.1.2")]),
            ];
            let met = meet(gateways, ["10.0.0.2:5000", "10.0.1.2:5000"]);
            assert_eq!(met, expected[row][column], "{left} and {right}");
        }
    }
}

#[test]
fn e25_1_neighbours_meet_by_their_outer_addresses_if_their_gateway_turns_packets_round() {
    for (hairpinning, met) in [(true, true), (false, false)] {
        let config = NatConfig {
            hairpinning,
            ..NatConfig::PORT_RESTRICTED
        };
        let inside = [host("10.0.0.2"), host("10.0.0.3")];
        let gateways = vec![Nat::new(config, host("203.0.113.1"), inside)];
        assert_eq!(
            meet(gateways, ["10.0.0.2:5000", "10.0.0.3:5000"]),
            met,
            "{hairpinning}"
        );
    }
}

#[test]
fn e25_1_two_homes_behind_one_carrier_meet_through_both_layers() {
    for (carrier, met) in [(NatConfig::PORT_RESTRICTED, true), (NatConfig::SYMMETRIC, false)] {
        let gateways = vec![
            Nat::new(NatConfig::PORT_RESTRICTED, host("100.64.0.1"), [host("10.0.0.2")]),
            Nat::new(NatConfig::PORT_RESTRICTED, host("100.64.0.2"), [host("10.0.1.2")]),
            Nat::new(
                carrier,
                host("203.0.113.1"),
                [host("100.64.0.1"), host("100.64.0.2")],
            ),
        ];
        assert_eq!(
            meet(gateways, ["10.0.0.2:5000", "10.0.1.2:5000"]),
            met,
            "{carrier:?}"
        );
    }
}

#[test]
fn e25_1_a_mapping_is_one_for_all_or_one_for_each_that_it_depends_on() {
    let (inside, other_port) = (socket("10.0.0.2:5000"), socket("192.0.2.1:2"));
    let (one, other) = (socket("192.0.2.1:1"), socket("192.0.2.2:1"));
    for (mapping, same_host, same_all) in [
        (Mapping::EndpointIndependent, true, true),
        (Mapping::AddressDependent, true, false),
        (Mapping::AddressAndPortDependent, false, false),
    ] {
        let config = NatConfig {
            mapping,
            ..NatConfig::FULL_CONE
        };
        let mut nat = Nat::new(config, host("203.0.113.1"), [inside.ip()]);
        let first = nat.outward(at(0), inside, one);
        assert_eq!(
            nat.outward(at(0), inside, other_port) == first,
            same_host,
            "{mapping:?}"
        );
        assert_eq!(
            nat.outward(at(0), inside, other) == first,
            same_all,
            "{mapping:?}"
        );
        assert_eq!(nat.outward(at(1), inside, one), first);
    }
}

#[test]
fn e25_1_a_filter_lets_in_whom_it_should() {
    let (inside, asked) = (socket("10.0.0.2:5000"), socket("192.0.2.1:1"));
    let (other_port, stranger) = (socket("192.0.2.1:2"), socket("192.0.2.9:1"));
    for (filtering, lets_port, lets_stranger) in [
        (Filtering::EndpointIndependent, true, true),
        (Filtering::AddressDependent, true, false),
        (Filtering::AddressAndPortDependent, false, false),
    ] {
        let config = NatConfig {
            filtering,
            ..NatConfig::FULL_CONE
        };
        let mut nat = Nat::new(config, host("203.0.113.1"), [inside.ip()]);
        let outer = nat.outward(at(0), inside, asked).expect("a port");
        assert_eq!(nat.inward(at(1), asked, outer), Some(inside));
        assert_eq!(
            nat.inward(at(1), other_port, outer).is_some(),
            lets_port,
            "{filtering:?}"
        );
        assert_eq!(
            nat.inward(at(1), stranger, outer).is_some(),
            lets_stranger,
            "{filtering:?}"
        );
    }
}

#[test]
fn e25_1_a_mapping_lasts_for_its_time_after_the_last_packet_outward_and_then_gets_another_port() {
    let (inside, peer) = (socket("10.0.0.2:5000"), socket("192.0.2.1:1"));
    let mut nat = Nat::new(NatConfig::PORT_RESTRICTED, host("203.0.113.1"), [inside.ip()]);
    let outer = nat.outward(at(0), inside, peer).expect("a port");
    assert_eq!(nat.outward(at(100), inside, peer), Some(outer));
    assert_eq!(nat.inward(at(219), peer, outer), Some(inside));
    assert_eq!(nat.inward(at(220), peer, outer), None);
    assert_ne!(nat.outward(at(221), inside, peer), Some(outer));
}

#[test]
fn e25_1_a_firewall_leaves_addresses_as_they_are_and_lets_in_whom_was_sent_to() {
    let (inside, asked) = (socket("[2001:db8::2]:5000"), socket("[2001:db8:1::1]:1"));
    let (other_port, stranger) = (socket("[2001:db8:1::1]:2"), socket("[2001:db8:2::1]:1"));
    let timeout = TimeDelta::seconds(60);
    for (filtering, lets_port, lets_stranger) in [
        (Filtering::EndpointIndependent, true, true),
        (Filtering::AddressDependent, true, false),
        (Filtering::AddressAndPortDependent, false, false),
    ] {
        let mut gateways = Gateways::default();
        gateways.add(Nat::firewall(filtering, timeout, [inside.ip()]));
        assert_eq!(
            gateways.inward(at(0), asked, inside),
            None,
            "nobody comes in uninvited"
        );
        assert_eq!(gateways.outward(at(1), inside, asked), Some(inside));
        assert_eq!(gateways.inward(at(2), asked, inside), Some(inside));
        let comes = |gateways: &mut Gateways, from| gateways.inward(at(2), from, inside).is_some();
        assert_eq!(comes(&mut gateways, other_port), lets_port, "{filtering:?}");
        assert_eq!(comes(&mut gateways, stranger), lets_stranger, "{filtering:?}");
        assert_eq!(gateways.inward(at(61), asked, inside), None, "it closes again");
    }
}

#[test]
fn e25_1_a_firewall_stands_before_a_translator_too() {
    // The provider filters what the home translates.
    let (inside, asked) = (socket("10.0.0.2:5000"), socket("192.0.2.1:1"));
    let home = host("203.0.113.1");
    let mut gateways = Gateways::default();
    gateways.add(Nat::new(NatConfig::FULL_CONE, home, [inside.ip()]));
    let timeout = TimeDelta::seconds(60);
    gateways.add(Nat::firewall(Filtering::AddressDependent, timeout, [home]));
    let outer = gateways.outward(at(0), inside, asked).expect("a port");
    assert_eq!(outer.ip(), home);
    assert_eq!(gateways.inward(at(1), asked, outer), Some(inside));
    let stranger = socket("192.0.2.9:1");
    assert_eq!(
        gateways.inward(at(1), stranger, outer),
        None,
        "the home would let it in"
    );
}

#[test]
fn e25_1_after_a_power_cut_nothing_is_known_and_ports_are_others() {
    let (inside, peer) = (socket("10.0.0.2:5000"), socket("192.0.2.1:1"));
    for outside in [None, Some(host("203.0.113.99"))] {
        let mut nat = Nat::new(NatConfig::FULL_CONE, host("203.0.113.1"), [inside.ip()]);
        let before = nat.outward(at(0), inside, peer).expect("a port");
        nat.restart(outside);
        assert_eq!(nat.inward(at(1), peer, before), None);
        let after = nat.outward(at(1), inside, peer).expect("a port");
        assert_ne!(after.port(), before.port());
        assert_eq!(after.ip(), outside.unwrap_or(host("203.0.113.1")));
        assert_eq!(nat.inward(at(1), peer, after), Some(inside));
    }
}
