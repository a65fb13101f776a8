//! Two families: with IPv6 and IPv4 at both ends IPv6 is taken (RFC 8421), and IPv4 where IPv6 is broken or dies.

use jackfield_core::transport::TransportState;
use jackfield_core::units::TimeDelta;
use jackfield_sim::{Filtering, LinkConfig, Nat, NatConfig};

use super::world::{By, Habits, Setup, World, ip};

const TRANSPORTS: [[By; 2]; 4] = [
    [By::IceDtls; 2],
    [By::WebrtcRs; 2],
    [By::IceDtls, By::WebrtcRs],
    [By::WebrtcRs, By::IceDtls],
];
const SIX: [&str; 2] = ["2001:db8:1::2", "2001:db8:2::2"];
const FOUR: [&str; 2] = ["10.0.0.2", "10.0.1.2"];

/// Both ends have both families: IPv4 through gateways of this kind, IPv6 through firewalls.
fn dual_stack(transports: [By; 2], config: NatConfig) -> World {
    let timeout = TimeDelta::seconds(120);
    let firewall = |inside| Nat::firewall(Filtering::AddressAndPortDependent, timeout, [ip(inside)]);
    let gateways = vec![
        Nat::new(config, ip("203.0.113.1"), [ip(FOUR[0])]),
        Nat::new(config, ip("203.0.113.2"), [ip(FOUR[1])]),
        firewall(SIX[0]),
        firewall(SIX[1]),
    ];
    World::new(Setup {
        hosts: [0, 1].map(|side: usize| vec![ip(SIX[side]), ip(FOUR[side])]),
        habits: Habits {
            talks_on: true,
            ..Habits::default()
        },
        ..Setup::new(transports, FOUR, gateways)
    })
}

/// From now on IPv6 loses everything.
fn break_six(world: &mut World) {
    let dead = LinkConfig {
        loss: 1.0,
        ..LinkConfig::PERFECT
    };
    let network = world.executor.network();
    for (from, to) in [(0, 1), (1, 0)] {
        network.set_link(ip(SIX[from]), ip(SIX[to]), dead);
    }
}

fn is_six(world: &World) -> [bool; 2] {
    [0, 1].map(|side| world.path(side, "selected-pair").starts_with("[2001:db8:"))
}

#[test]
fn c2_1_of_two_families_that_work_ipv6_is_taken() {
    for transports in TRANSPORTS {
        let mut world = dual_stack(transports, NatConfig::FULL_CONE);
        assert!(world.connect(TimeDelta::seconds(5)), "{:?}", world.states());
        world.run_for(TimeDelta::seconds(3));
        assert_eq!(is_six(&world), [true; 2], "{transports:?}");
    }
}

#[test]
fn c2_1_where_gateways_of_ipv4_let_nobody_meet_ipv6_does() {
    for transports in TRANSPORTS {
        let mut world = dual_stack(transports, NatConfig::SYMMETRIC);
        assert!(world.connect(TimeDelta::seconds(5)), "{:?}", world.states());
        assert_eq!(is_six(&world), [true; 2], "{transports:?}");
    }
}

#[test]
fn c2_1_where_ipv6_is_broken_ipv4_connects_without_waiting_for_it() {
    for transports in TRANSPORTS {
        let mut world = dual_stack(transports, NatConfig::PORT_RESTRICTED);
        break_six(&mut world);
        assert!(
            world.connect(TimeDelta::seconds(2)),
            "{transports:?}: {:?}",
            world.states()
        );
        assert_eq!(is_six(&world), [false; 2], "{transports:?}");
    }
}

#[test]
fn c2_1_when_ipv6_dies_during_the_call_it_goes_on_over_ipv4() {
    for transports in TRANSPORTS {
        let mut world = dual_stack(transports, NatConfig::PORT_RESTRICTED);
        assert!(world.connect(TimeDelta::seconds(5)), "{:?}", world.states());
        world.run_for(TimeDelta::seconds(60));
        assert_eq!(is_six(&world), [true; 2], "{transports:?}");
        let died = world.now();
        break_six(&mut world);
        world.run_for(TimeDelta::seconds(20));
        for side in [0, 1] {
            assert_eq!(
                world.ends[side].borrow().state(),
                TransportState::Connected,
                "{transports:?}: {:?}",
                world.states()
            );
            let silence = world.longest_silence(side, died);
            assert!(
                silence < TimeDelta::seconds(6),
                "{transports:?}: end {side} heard nothing for {silence:?}"
            );
        }
        assert_eq!(is_six(&world), [false; 2]);
    }
}
