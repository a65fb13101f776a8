//! Mappings that are short-lived are kept alive: by consent checks while a call is silent, by asking the STUN server anew before there is a call.

use jackfield_core::time::Timestamp;
use jackfield_core::transport::TransportState;
use jackfield_core::units::TimeDelta;
use jackfield_sim::{Nat, NatConfig};

use super::world::{By, Habits, Setup, World, ip};

/// Forgets after 30 s, the shortest that is found in the field (RFC 4787 section 4.3 asks for 2 min).
const SHORT_LIVED: NatConfig = NatConfig {
    timeout: TimeDelta::seconds(30),
    ..NatConfig::PORT_RESTRICTED
};

fn world(transports: [By; 2], habits: Habits) -> World {
    let gateways = vec![
        Nat::new(SHORT_LIVED, ip("203.0.113.1"), [ip("10.0.0.2")]),
        Nat::new(SHORT_LIVED, ip("203.0.113.2"), [ip("10.0.1.2")]),
    ];
    World::new(Setup {
        habits,
        ..Setup::new(transports, ["10.0.0.2", "10.0.1.2"], gateways)
    })
}

#[test]
fn d7_6_a_silent_call_keeps_its_mappings_by_asking_for_consent() {
    for transports in [[By::IceDtls; 2], [By::WebrtcRs; 2]] {
        let mut world = world(transports, Habits::default());
        assert!(world.connect(TimeDelta::seconds(5)), "{:?}", world.states());
        // Each end has sent its few packets; from then on nothing but checks.
        world.run_for(TimeDelta::seconds(5 * 60));
        for (side, states) in world.states().iter().enumerate() {
            assert_eq!(
                states.last().map(|(_, state)| *state),
                Some(TransportState::Connected),
                "{transports:?}: {states:?}"
            );
            assert_eq!(
                states.len(),
                2,
                "end {side} of {transports:?} was never in doubt: {states:?}"
            );
        }
        let spoke = world.now();
        for end in &world.ends {
            end.borrow_mut().speak(10);
        }
        world.run_for(TimeDelta::seconds(1));
        for end in &world.ends {
            let heard = end.borrow().told.heard.iter().filter(|at| **at > spoke).count();
            assert_eq!(heard, 10, "{transports:?}: what is said at last comes through");
        }
    }
}

#[test]
fn e24_1_who_waits_for_minutes_is_still_reached_where_the_stun_server_saw_them() {
    for transports in [[By::IceDtls; 2], [By::WebrtcRs; 2]] {
        let habits = Habits {
            tells_hosts: false,
            answerer_comes: Timestamp::from_ms(4 * 60_000),
            ..Habits::default()
        };
        let mut world = world(transports, habits);
        world.run_for(TimeDelta::seconds(4 * 60));
        assert!(
            world.connect(TimeDelta::seconds(5)),
            "{transports:?}: {:?}",
            world.states()
        );
    }
}
