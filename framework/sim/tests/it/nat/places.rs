//! Places: neighbours behind one gateway, homes behind carriers, companies that block UDP, networks of IPv6 alone.

use jackfield_core::units::TimeDelta;
use jackfield_sim::{Filtering, Nat, NatConfig};

use super::world::{By, Habits, Setup, World, ip};

/// Both transports, each with itself.
const TRANSPORTS: [[By; 2]; 2] = [[By::IceDtls; 2], [By::WebrtcRs; 2]];

fn nat<const N: usize>(config: NatConfig, outside: &str, inside: [&str; N]) -> Nat {
    Nat::new(config, ip(outside), inside.map(ip))
}

fn firewall(inside: &str) -> Nat {
    let timeout = TimeDelta::seconds(120);
    Nat::firewall(Filtering::AddressAndPortDependent, timeout, [ip(inside)])
}

/// Whether a call connects, or fails as it should if it does not.
fn connects(setup: Setup) -> bool {
    let patience = setup.patience;
    let mut world = World::new(setup);
    if world.run_until(patience + TimeDelta::ms(500), |world| {
        world.is_connected() || world.has_failed()
    }) {
        let connected = world.is_connected();
        if !connected {
            for side in [0, 1] {
                let why = world.path(side, "failure");
                assert!(why.contains("a relay is needed"), "{why}");
            }
        }
        return connected;
    }
    panic!("neither connected nor failed: {:?}", world.states());
}

#[test]
fn c2_1_neighbours_with_hidden_addresses_meet_by_hairpin_if_their_gateway_has_one() {
    for transports in TRANSPORTS {
        for (hairpinning, meets) in [(true, true), (false, false)] {
            let config = NatConfig {
                hairpinning,
                ..NatConfig::PORT_RESTRICTED
            };
            let hosts = ["10.0.0.2", "10.0.0.3"];
            let setup = Setup {
                habits: Habits {
                    tells_hosts: false,
                    ..Habits::default()
                },
                ..Setup::new(transports, hosts, vec![nat(config, "203.0.113.1", hosts)])
            };
            assert_eq!(
                connects(setup),
                meets,
                "{transports:?}, hairpinning {hairpinning}"
            );
        }
    }
}

#[test]
fn c2_1_neighbours_who_know_their_addresses_need_no_hairpin() {
    for transports in TRANSPORTS {
        let hosts = ["10.0.0.2", "10.0.0.3"];
        let gateway = nat(NatConfig::SYMMETRIC, "203.0.113.1", hosts);
        let mut world = World::new(Setup::new(transports, hosts, vec![gateway]));
        assert!(world.connect(TimeDelta::seconds(5)), "{:?}", world.states());
        assert_eq!(world.path(0, "selected-pair"), "10.0.0.2:5000 10.0.0.3:5001");
    }
}

#[test]
fn c2_1_homes_behind_carriers_meet_as_the_stricter_of_both_gateways_allows() {
    let home = NatConfig::PORT_RESTRICTED;
    for transports in TRANSPORTS {
        // One carrier for both: its hairpin has to turn their packets round.
        for (carrier, meets) in [(NatConfig::PORT_RESTRICTED, true), (NatConfig::SYMMETRIC, false)] {
            let gateways = vec![
                nat(home, "100.64.0.1", ["10.0.0.2"]),
                nat(home, "100.64.0.2", ["10.0.1.2"]),
                nat(carrier, "203.0.113.1", ["100.64.0.1", "100.64.0.2"]),
            ];
            let setup = Setup::new(transports, ["10.0.0.2", "10.0.1.2"], gateways);
            assert_eq!(connects(setup), meets, "{transports:?} behind {carrier:?}");
        }
        // A carrier each: its filter and its mapping add to those of the home.
        for (near, far, meets) in [
            (NatConfig::FULL_CONE, NatConfig::FULL_CONE, true),
            (NatConfig::SYMMETRIC, NatConfig::FULL_CONE, false),
            (NatConfig::SYMMETRIC, NatConfig::SYMMETRIC, false),
        ] {
            let gateways = vec![
                nat(home, "100.64.0.1", ["10.0.0.2"]),
                nat(home, "100.65.0.1", ["10.0.1.2"]),
                nat(near, "203.0.113.1", ["100.64.0.1"]),
                nat(far, "203.0.113.2", ["100.65.0.1"]),
            ];
            let setup = Setup::new(transports, ["10.0.0.2", "10.0.1.2"], gateways);
            assert_eq!(
                connects(setup),
                meets,
                "{transports:?} behind {near:?} and {far:?}"
            );
        }
    }
}

#[test]
fn c2_1_where_udp_is_blocked_the_call_fails_when_patience_ends_and_says_what_is_missing() {
    for transports in TRANSPORTS {
        let gateway = nat(NatConfig::UDP_BLOCKED, "203.0.113.1", ["10.0.0.2"]);
        let mut world = World::new(Setup::new(
            transports,
            ["10.0.0.2", "203.0.113.12"],
            vec![gateway],
        ));
        world.run_for(TimeDelta::seconds(29));
        assert!(!world.has_failed(), "30 s is the default, and is waited for");
        world.run_for(TimeDelta::seconds(2));
        assert!(world.has_failed(), "{:?}", world.states());
        let why = world.path(0, "failure");
        assert!(
            why.contains("(1 host)") && why.contains("drops UDP") && why.contains("TURN"),
            "{why}"
        );
    }
}

#[test]
fn c2_1_networks_of_ipv6_alone_meet_through_firewalls_on_both_sides() {
    let hosts = ["2001:db8:1::2", "2001:db8:2::2"];
    for transports in TRANSPORTS {
        for gateways in [
            Vec::new(),
            vec![firewall(hosts[1])],
            vec![firewall(hosts[0]), firewall(hosts[1])],
        ] {
            let mut world = World::new(Setup::new(transports, hosts, gateways));
            assert!(world.connect(TimeDelta::seconds(5)), "{:?}", world.states());
            assert_eq!(
                world.path(0, "selected-pair"),
                "[2001:db8:1::2]:5000 [2001:db8:2::2]:5001"
            );
        }
    }
}

#[test]
fn c2_1_ipv6_alone_and_ipv4_alone_need_a_relay_that_has_both() {
    for transports in TRANSPORTS {
        let hosts = ["2001:db8:1::2", "203.0.113.12"];
        assert!(!connects(Setup::new(transports, hosts, Vec::new())));
    }
}
