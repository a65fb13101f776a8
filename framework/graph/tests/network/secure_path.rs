//! The domain over ICE, DTLS and SRTP.

use jackfield_graph::media::Mix;
use jackfield_graph::network::NetworkEvent;
use jackfield_sdk::prelude::*;

use super::world::{ANN, BOB, Plugs, World, ice_dtls};

fn secure_pair() -> World {
    let mut world = World::new(2);
    for seat in [ANN, BOB] {
        world.join(
            seat,
            Plugs {
                transport: ice_dtls,
                ..Plugs::default()
            },
        );
    }
    world.connect(ANN, BOB);
    world
}

#[test]
fn voice_and_reports_pass_encrypted() {
    let mut world = secure_pair();
    for _ in 0..250 {
        for room in 0..2 {
            world.mix(room, Mix::Shared(1), b"a secret that is not seen on the wire");
            world.poll(room);
        }
        world.run_for(TimeDelta::ms(20));
        for seat in [ANN, BOB] {
            let heard = world.heard(seat);
            assert!(heard.iter().all(|packet| packet.payload.starts_with(b"a secret")));
        }
    }
    for seat in [ANN, BOB] {
        let person = world.person(seat);
        assert_eq!((person.received(), person.lost()), (250, 0));
        let round_trip = person.stats.round_trip_ms().unwrap();
        assert!((19.9..20.1).contains(&round_trip), "{round_trip}");
    }
    let seen = world
        .wire
        .iter()
        .any(|sent| sent.bytes.windows(6).any(|window| window == b"secret"));
    assert!(!seen);
    let path = world.with(0, |domain, _| domain.path(1).unwrap());
    let told: Vec<&str> = path.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        told,
        [
            "ice-state",
            "dtls-version",
            "dtls-cipher",
            "srtp-profile",
            "selected-pair",
            "failure"
        ]
    );
    assert!(
        path[1].1.starts_with("DTLS") || path[1].1.contains('1'),
        "{path:?}"
    );
}

#[test]
fn b2_5_media_stops_when_consent_runs_out() {
    let mut world = secure_pair();
    world.speak(0, 50);
    world.lost = Box::new(|_, _| true);
    let cut = world.now;
    world.speak(0, 50 * 40);
    let last = world.rtp_of(ANN).last().unwrap().at;
    assert!(
        last - cut <= TimeDelta::seconds(30),
        "the last packet left {:?} after the path died",
        last - cut
    );
    assert!(
        last - cut >= TimeDelta::seconds(2),
        "a short silence stops nobody"
    );
    assert_eq!(world.person(ANN).stats.state(), TransportState::Failed);
    let states: Vec<NetworkEvent> = world
        .events_of(ANN)
        .into_iter()
        .filter(|event| matches!(event, NetworkEvent::State(_)))
        .collect();
    let [.., before, end] = &states[..] else {
        panic!("{states:?}")
    };
    assert_eq!(*before, NetworkEvent::State(TransportState::Disconnected));
    assert_eq!(*end, NetworkEvent::State(TransportState::Failed));
    assert_eq!(
        world.rooms[0].domain.waiting_payloads(),
        0,
        "what waited is given up"
    );
}

#[test]
fn c6_1_a_survivor_notices_within_three_seconds() {
    let mut world = secure_pair();
    world.speak(1, 50);
    world.lost = Box::new(|_, _| true);
    let cut = world.now;
    world.run_for(TimeDelta::seconds(5));
    let noticed = world.rooms[0]
        .events
        .iter()
        .find(|(_, _, event)| *event == NetworkEvent::State(TransportState::Disconnected));
    let (at, _, _) = noticed.expect("it is told");
    assert!(*at - cut <= TimeDelta::seconds(3), "{:?}", *at - cut);
}

#[test]
fn c5_1_the_peer_learns_that_we_left_and_nothing_is_left_to_do() {
    let mut world = secure_pair();
    world.speak(0, 10);
    let now = world.now;
    world.with(0, |domain, sink| domain.remove(now, 1, sink).map(drop).unwrap());
    world.run_for(TimeDelta::seconds(1));
    let events = world.events_of(BOB);
    assert!(
        events
            .iter()
            .any(|event| matches!(event, NetworkEvent::Goodbye { .. })),
        "{events:?}"
    );
    assert_eq!(
        world.person(BOB).stats.state(),
        TransportState::Closed,
        "close_notify came"
    );
    assert_eq!(
        world.rooms[0].domain.deadline(),
        Timestamp::NEVER,
        "nothing is left to do where we were"
    );
}
