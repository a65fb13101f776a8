//! D5: less of a link is used where it is a mobile one, from the start and after a change of links.

use std::sync::atomic::Ordering::Relaxed;

use jackfield_graph::network::{BitrateProfile, NetworkSocket};
use jackfield_sdk::prelude::*;

use super::plugins::{Scribe, of_kind};
use super::probing::{gcc, talk};
use super::world::{Plugs, World, fixed};

const ANN: (usize, u32) = (0, 1);
const BOB: (usize, u32) = (1, 1);

const WIFI: BitrateProfile = profile(16, 64, 256, true);
const CELLULAR: BitrateProfile = profile(16, 48, 96, true);

const fn profile(minimum: i64, start: i64, maximum: i64, padding: bool) -> BitrateProfile {
    BitrateProfile {
        bounds: RateConstraints {
            minimum: DataRate::kbps(minimum),
            maximum: DataRate::kbps(maximum),
            start: DataRate::kbps(start),
        },
        padding,
    }
}

fn use_as(world: &mut World, profile: &BitrateProfile, moved: bool) {
    let now = world.now;
    world
        .with(0, |domain, _| domain.set_profile(now, 1, profile, moved))
        .unwrap();
    world.run_for(TimeDelta::ms(50));
}

#[test]
fn d5_1_the_rate_starts_within_the_profile_and_the_voice_is_there_at_once() {
    for profile in [WIFI, CELLULAR] {
        let mut world = World::new(2);
        world.join(ANN, gcc());
        world.join(BOB, Plugs::default());
        use_as(&mut world, &profile, false);
        world.connect(ANN, BOB);
        talk(&mut world, 1);
        assert_eq!(world.heard(BOB).len(), 50, "nobody waits for a probe");
        talk(&mut world, 9);
        let target = world.person(ANN).stats.target_rate();
        assert!(
            target <= profile.bounds.maximum && target >= profile.bounds.start,
            "{target:?}"
        );
    }
}

#[test]
fn d5_1_from_wifi_to_lte_the_estimate_begins_anew_within_the_bounds_of_the_new_link() {
    let mut world = World::new(2);
    world.join(ANN, gcc());
    world.join(BOB, Plugs::default());
    use_as(&mut world, &WIFI, false);
    world.connect(ANN, BOB);
    talk(&mut world, 10);
    let on_wifi = world.person(ANN).stats.target_rate();
    assert!(
        on_wifi > CELLULAR.bounds.maximum,
        "there is more than LTE is given: {on_wifi:?}"
    );

    // LTE: three times as far, and it loses a little.
    world.delay = TimeDelta::ms(45);
    let mut number = 0_u64;
    world.lost = Box::new(move |_, _| {
        number += 1;
        number.is_multiple_of(200)
    });
    use_as(&mut world, &CELLULAR, true);
    let moved = world.now;
    let heard = world.heard(BOB).len();
    assert!(heard > 0);
    for _ in 0..10 {
        talk(&mut world, 1);
        let target = world.person(ANN).stats.target_rate();
        assert!(
            target <= CELLULAR.bounds.maximum && target >= CELLULAR.bounds.minimum,
            "{target:?}"
        );
    }
    let bytes: usize = world
        .rtp_of(ANN)
        .iter()
        .filter(|sent| sent.at >= moved)
        .map(|sent| sent.bytes.len() + 38)
        .sum();
    let rate = bytes as f64 * 8.0 / 10_000.0;
    assert!(rate < 96.0, "padding included: {rate} kbit/s");
    assert_eq!(world.person(ANN).stats.dropped_outbound.load(Relaxed), 0);

    // And home again.
    world.delay = TimeDelta::ms(10);
    world.lost = Box::new(|_, _| false);
    use_as(&mut world, &WIFI, true);
    talk(&mut world, 10);
    assert!(world.person(ANN).stats.target_rate() > CELLULAR.bounds.maximum);
}

#[test]
fn d5_1_another_link_is_told_as_another_path_and_another_profile_alone_as_other_bounds() {
    let (scribe, notes) = Scribe::new();
    let mut world = World::pair_controlled_by(Box::new(scribe));
    use_as(&mut world, &CELLULAR, true);
    let changes = of_kind(&notes, CongestionEventKind::RouteChange);
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0].event.constraints, CELLULAR.bounds);
    let metered = profile(16, 48, 60, false);
    use_as(&mut world, &metered, false);
    let bounds = of_kind(&notes, CongestionEventKind::TargetRateConstraints);
    assert_eq!(bounds.len(), 1);
    assert_eq!(
        (
            bounds[0].event.constraints.maximum,
            bounds[0].event.constraints.start
        ),
        (DataRate::kbps(60), DataRate::ZERO),
        "the rate goes on from where it was"
    );
    use_as(&mut world, &metered, false);
    assert_eq!(
        of_kind(&notes, CongestionEventKind::TargetRateConstraints).len(),
        1,
        "nothing has changed"
    );
}

#[test]
fn d5_1_whoever_is_swapped_in_starts_within_the_bounds_of_the_link() {
    let mut world = World::new(2);
    world.join(ANN, gcc());
    world.join(BOB, Plugs::default());
    use_as(&mut world, &CELLULAR, false);
    world.connect(ANN, BOB);
    let now = world.now;
    world
        .with(0, |domain, _| {
            domain.swap_congestion(now, 1, 7, fixed(500), false)
        })
        .unwrap();
    talk(&mut world, 5);
    let now = world.now;
    world
        .with(0, |domain, _| {
            domain.set_parameter(now, Some(1), NetworkSocket::Congestion, 0, 500.0)
        })
        .unwrap();
    talk(&mut world, 2);
    assert_eq!(world.person(ANN).stats.target_rate(), CELLULAR.bounds.maximum);
}

#[test]
fn d5_1_after_a_change_of_links_rtcp_takes_its_share_of_the_new_one() {
    let mut world = World::new(2);
    world.join(ANN, gcc());
    world.join(BOB, Plugs::default());
    world.connect(ANN, BOB);
    let reports = |world: &mut World| {
        let before = world.rtcp_of(ANN).len();
        talk(world, 20);
        world.rtcp_of(ANN).len() - before
    };
    let often = reports(&mut world);
    assert!((12..=30).contains(&often), "about once a second: {often}");
    // A twentieth of 6 kbit/s are 37 bytes a second.
    use_as(&mut world, &profile(6, 6, 96, true), true);
    let seldom = reports(&mut world);
    assert!((1..=8).contains(&seldom), "one takes some seconds: {seldom}");
    use_as(&mut world, &BitrateProfile::DESKTOP, true);
    let again = reports(&mut world);
    assert!((12..=30).contains(&again), "{again}");
}
