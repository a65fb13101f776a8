//! A gateway forgets its mappings during a call, as after a power cut: our packets leave by another port, or from another address, and what
//! comes for the old one is dropped.

use jackfield_core::transport::TransportState;
use jackfield_core::units::TimeDelta;
use jackfield_sim::{LinkConfig, Nat, NatConfig};

use super::world::{By, Habits, Setup, World, ip};

const TRANSPORTS: [[By; 2]; 4] = [
    [By::IceDtls; 2],
    [By::WebrtcRs; 2],
    [By::IceDtls, By::WebrtcRs],
    [By::WebrtcRs, By::IceDtls],
];
const HOSTS: [&str; 2] = ["10.0.0.2", "10.0.1.2"];
const OUTSIDE: [&str; 2] = ["203.0.113.1", "203.0.113.2"];
/// The address that a gateway gets from its carrier when it comes up again.
const ANOTHER: &str = "203.0.113.99";

/// A call in which both talk all the time, connected for some seconds; each end is behind such a gateway.
fn talking(transports: [By; 2], configs: [NatConfig; 2], restarts: bool) -> World {
    let gateways = [0, 1]
        .map(|side: usize| Nat::new(configs[side], ip(OUTSIDE[side]), [ip(HOSTS[side])]))
        .into();
    let mut world = World::new(Setup {
        habits: Habits {
            talks_on: true,
            restarts,
            ..Habits::default()
        },
        ..Setup::new(transports, HOSTS, gateways)
    });
    assert!(world.connect(TimeDelta::seconds(5)), "{:?}", world.states());
    world.run_for(TimeDelta::seconds(5));
    world
}

/// The gateway of `side` forgets; both must hear each other again, and after `within` at most, for good.
fn survives(world: &mut World, side: usize, outside: Option<&str>, within: TimeDelta) -> Result<(), String> {
    let forgot = world.now();
    let gateways = world.executor.network().gateways();
    let gateway = gateways.at(ip(OUTSIDE[side])).expect("it has a gateway");
    gateway.restart(outside.map(ip));
    // Before the STUN server is asked the next time, which would tell the new address to the other end.
    world.run_for(TimeDelta::seconds(12));
    for end in [0, 1] {
        let silence = world.longest_silence(end, forgot);
        let state = world.ends[end].borrow().state();
        if silence > within || state != TransportState::Connected {
            return Err(format!(
                "end {end} heard nothing for {silence:?} and is {state:?}: {:?}",
                world.states()
            ));
        }
    }
    Ok(())
}

#[test]
fn a_new_port_is_followed_without_signalling_where_the_other_ends_filter_lets_it_in() {
    // What comes from the new port is let in by whoever does not look at ports (RFC 4787 section 5). The other end then finds a path that
    // nobody has told it (RFC 8445 section 7.3.1.3), and sends along it.
    let mut wrong = Vec::new();
    for transports in TRANSPORTS {
        for far in [NatConfig::FULL_CONE, NatConfig::ADDRESS_RESTRICTED] {
            for side in [0, 1] {
                let mut configs = [far; 2];
                configs[side] = NatConfig::PORT_RESTRICTED;
                let mut world = talking(transports, configs, false);
                if let Err(why) = survives(&mut world, side, None, TimeDelta::seconds(4)) {
                    wrong.push(format!(
                        "{transports:?}, gateway of end {side}, {:?}: {why}",
                        far.filtering
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_new_address_is_followed_without_signalling_by_whoever_lets_everybody_in() {
    let mut wrong = Vec::new();
    for transports in TRANSPORTS {
        for side in [0, 1] {
            let mut configs = [NatConfig::FULL_CONE; 2];
            configs[side] = NatConfig::SYMMETRIC;
            let mut world = talking(transports, configs, false);
            if let Err(why) = survives(&mut world, side, Some(ANOTHER), TimeDelta::seconds(4)) {
                wrong.push(format!("{transports:?}, gateway of end {side}: {why}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn where_filters_look_at_ports_a_restart_with_addresses_gathered_anew_brings_the_call_back() {
    // Neither end can reach the other until it is told the new address: it is missed after 2.5 s, and told with the restart.
    let mut wrong = Vec::new();
    for transports in TRANSPORTS {
        for side in [0, 1] {
            for outside in [None, Some(ANOTHER)] {
                let mut world = talking(transports, [NatConfig::PORT_RESTRICTED; 2], true);
                if let Err(why) = survives(&mut world, side, outside, TimeDelta::seconds(5)) {
                    wrong.push(format!(
                        "{transports:?}, gateway of end {side}, {outside:?}: {why}"
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn when_both_gateways_forget_at_once_the_restart_brings_the_call_back_through_loss_too() {
    for transports in TRANSPORTS {
        for config in [NatConfig::FULL_CONE, NatConfig::PORT_RESTRICTED] {
            let mut world = talking(transports, [config; 2], true);
            let forgot = world.now();
            let network = world.executor.network();
            for outside in OUTSIDE {
                let gateway = network.gateways().at(ip(outside));
                gateway.expect("it is there").restart(None);
            }
            for (from, to) in [(0, 1), (1, 0)] {
                let lossy = LinkConfig {
                    delay: TimeDelta::ms(20),
                    loss: 0.1,
                    ..LinkConfig::PERFECT
                };
                network.set_link(ip(OUTSIDE[from]), ip(OUTSIDE[to]), lossy);
            }
            world.run_for(TimeDelta::seconds(15));
            for end in [0, 1] {
                let silence = world.longest_silence(end, forgot);
                let state = world.ends[end].borrow().state();
                assert!(
                    state == TransportState::Connected && silence < TimeDelta::seconds(6),
                    "{transports:?}, {:?}: end {end} is {state:?} and heard nothing for {silence:?}: {:?}",
                    config.filtering,
                    world.states()
                );
            }
        }
    }
}

#[test]
fn e24_1_without_a_restart_the_next_question_to_the_stun_server_brings_the_call_back() {
    for transports in TRANSPORTS {
        let mut world = talking(transports, [NatConfig::PORT_RESTRICTED; 2], false);
        let forgot = world.now();
        let gateways = world.executor.network().gateways();
        gateways.at(ip(OUTSIDE[0])).expect("it is there").restart(None);
        world.run_for(TimeDelta::seconds(40));
        for end in [0, 1] {
            assert_eq!(
                world.ends[end].borrow().state(),
                TransportState::Connected,
                "{transports:?}: {:?}",
                world.states()
            );
            let silence = world.longest_silence(end, forgot);
            assert!(silence < TimeDelta::seconds(24), "{transports:?}: {silence:?}");
        }
    }
}
