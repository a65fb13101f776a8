//! The audio domain is told what the path to each participant is like, so that its encoders follow.

use jackfield_core::audio_codec::NetworkHint;
use jackfield_graph::network::NetworkSocket;
use jackfield_sdk::prelude::*;

use super::world::{ANN, World, fixed};

/// The newest that was said of Ann's path.
fn newest(world: &mut World) -> Option<NetworkHint> {
    let mut newest = None;
    while let Ok(told) = world.rooms[0].hints.pop() {
        assert_eq!(told.participant, ANN.1);
        newest = Some(told.hint);
    }
    newest
}

#[test]
fn what_is_left_of_the_rate_for_the_payload_is_told() {
    let mut world = World::pair_controlled_by(fixed(40));
    world.speak(0, 100);
    world.run_for(TimeDelta::seconds(6));
    let hint = newest(&mut world).expect("a rate was decided and reports have come");
    // IP, UDP and SRTP take 38 bytes, the header with its extensions 12 and 12: 62 bytes every 20 ms.
    assert_eq!(hint.overhead, DataSize::bytes(62));
    assert_eq!(hint.target, DataRate::bps(40_000 - 62 * 8 * 50));
    assert_eq!(hint.bandwidth, DataRate::kbps(40));
    assert_eq!(hint.loss, 0.0);
    assert!(
        (hint.round_trip - TimeDelta::ms(20)).abs() < TimeDelta::us(50),
        "{:?}",
        hint.round_trip
    );
}

#[test]
fn a_new_rate_is_told_at_once() {
    let mut world = World::pair_controlled_by(fixed(40));
    world.speak(0, 100);
    newest(&mut world);
    let now = world.now;
    world.with(0, |domain, _| {
        domain
            .set_parameter(now, Some(ANN.1), NetworkSocket::Congestion, 0, 100.0)
            .unwrap();
    });
    world.run_for(TimeDelta::ms(100));
    let hint = newest(&mut world).expect("told within 100 ms");
    assert_eq!(hint.target, DataRate::bps(100_000 - 62 * 8 * 50));
}

#[test]
fn a_path_that_bears_less_than_the_headers_still_leaves_the_voice_something() {
    let mut world = World::pair_controlled_by(fixed(5));
    world.speak(0, 50);
    let hint = newest(&mut world).unwrap();
    assert_eq!(hint.target, DataRate::kbps(6));
}

#[test]
fn losses_are_told() {
    let mut world = World::pair_controlled_by(fixed(64));
    let mut count = 0;
    world.lost = Box::new(move |_, bytes| {
        let counts = bytes[0] >> 6 == 2 && !jackfield_rtp::header::is_rtcp(bytes);
        count += u64::from(counts);
        counts && count.is_multiple_of(4)
    });
    world.speak(0, 500);
    let hint = newest(&mut world).unwrap();
    assert!((hint.loss - 0.25).abs() < 0.03, "{}", hint.loss);
    assert!((hint.mean_burst - 1.33).abs() < 0.1, "{}", hint.mean_burst);
}
