//! A telephone leaves the house: Wi-Fi dies, and the call goes on over the mobile network whose address both ends know already.

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
const WIFI: &str = "10.0.0.2";
const MOBILE: &str = "10.64.0.2";
const OTHER: &str = "10.0.1.2";
/// The outer addresses of the house, of the mobile carrier and of the other end's house.
const OUTSIDE: [&str; 3] = ["203.0.113.1", "203.0.113.2", "203.0.113.3"];

/// A call of a telephone with two networks; `telephone` is the side that it has in the call.
fn call(transports: [By; 2], telephone: usize) -> World {
    let gateway = |outside, inside| Nat::new(NatConfig::PORT_RESTRICTED, ip(outside), [ip(inside)]);
    let mut hosts = [vec![ip(OTHER)], vec![ip(OTHER)]];
    hosts[telephone] = vec![ip(WIFI), ip(MOBILE)];
    World::new(Setup {
        hosts,
        habits: Habits {
            talks_on: true,
            ..Habits::default()
        },
        ..Setup::new(
            transports,
            [WIFI, OTHER],
            vec![
                gateway(OUTSIDE[0], WIFI),
                gateway(OUTSIDE[1], MOBILE),
                gateway(OUTSIDE[2], OTHER),
            ],
        )
    })
}

#[test]
fn e24_5_wifi_dies_and_the_call_goes_on_over_the_mobile_network_without_renegotiation() {
    for transports in TRANSPORTS {
        for telephone in [0, 1] {
            let mut world = call(transports, telephone);
            assert!(world.connect(TimeDelta::seconds(5)), "{:?}", world.states());
            world.run_for(TimeDelta::seconds(40));
            let pair = world.path(telephone, "selected-pair");
            assert!(pair.starts_with(WIFI), "{transports:?}: {pair}");
            let died = world.now();
            let dead = LinkConfig {
                loss: 1.0,
                ..LinkConfig::PERFECT
            };
            let network = world.executor.network();
            network.set_link(ip(OUTSIDE[0]), ip(OUTSIDE[2]), dead);
            network.set_link(ip(OUTSIDE[2]), ip(OUTSIDE[0]), dead);
            world.run_for(TimeDelta::seconds(12));
            for side in [0, 1] {
                let silence = world.longest_silence(side, died);
                let state = world.ends[side].borrow().state();
                assert!(
                    state == TransportState::Connected && silence < TimeDelta::seconds(5),
                    "{transports:?}, the telephone is end {telephone}: end {side} is {state:?} and heard nothing for {silence:?}"
                );
            }
            let pair = world.path(telephone, "selected-pair");
            assert!(pair.starts_with(MOBILE), "{transports:?}: {pair}");
        }
    }
}
