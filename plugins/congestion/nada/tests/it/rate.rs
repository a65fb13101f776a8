//! What NADA makes of a path: the rate that it finds, the queue that it leaves, and what it does when things change.

use jackfield_congestion_nada::Nada;
use jackfield_sdk::prelude::*;

use super::path::{NoProbes, Path};

const BOUNDS: RateConstraints = RateConstraints {
    minimum: DataRate::kbps(150),
    maximum: DataRate::kbps(1_500),
    start: DataRate::kbps(150),
};
const MINUTE: TimeDelta = TimeDelta::seconds(60);

#[test]
fn e17_2_the_rate_converges_to_the_link_and_the_queue_to_what_the_rate_pays_for() {
    let mut path = Path::new(DataRate::kbps(1_000), &BOUNDS);
    path.run(TimeDelta::seconds(30));
    path.run(MINUTE);
    assert!(
        (960.0..=1_001.0).contains(&path.rate(MINUTE)),
        "{}",
        path.rate(MINUTE)
    );
    // XREF * RMAX / r_ref = 15 ms; a packet takes 8.
    assert!(path.longest_wait < TimeDelta::ms(35), "{:?}", path.longest_wait);
    assert_eq!(path.lost, 0);
}

#[test]
fn e17_2_with_room_the_maximum_is_reached_within_ten_seconds() {
    let mut path = Path::new(DataRate::kbps(5_000), &BOUNDS);
    path.run(TimeDelta::seconds(10));
    assert_eq!(path.target, BOUNDS.maximum);
}

#[test]
fn e17_2_a_link_that_shrinks_is_followed_within_seconds() {
    let mut path = Path::new(DataRate::kbps(1_400), &BOUNDS);
    path.run(TimeDelta::seconds(20));
    path.capacity = DataRate::kbps(500);
    path.run(TimeDelta::seconds(5));
    assert!(path.target < DataRate::kbps(600), "{:?}", path.target);
    path.run(TimeDelta::seconds(30));
    path.run(MINUTE);
    assert!(
        (460.0..=501.0).contains(&path.rate(MINUTE)),
        "{}",
        path.rate(MINUTE)
    );
}

#[test]
fn e17_5_marks_hold_the_queue_below_what_delay_alone_would() {
    let mut path = Path::new(DataRate::kbps(1_000), &BOUNDS);
    path.marking = TimeDelta::seconds(1);
    path.nada.parameters().ecn = true;
    path.run(TimeDelta::seconds(30));
    path.run(MINUTE);
    assert!(
        (900.0..=1_001.0).contains(&path.rate(MINUTE)),
        "{}",
        path.rate(MINUTE)
    );
    assert!(path.longest_wait < TimeDelta::ms(20), "{:?}", path.longest_wait);
    let mut values = [0.0; 9];
    path.nada.statistics(&mut values);
    assert!(values[7] > 0.0, "marks are counted: {values:?}");
    let event = CongestionEvent::new(CongestionEventKind::ProcessInterval, path.now);
    assert_eq!(path.event(&event, &[]).ecn, 1);
}

#[test]
fn e17_2_a_flow_of_more_weight_pays_for_a_longer_queue() {
    let queues = [1.0, 3.0].map(|priority| {
        let mut path = Path::new(DataRate::kbps(1_000), &BOUNDS);
        path.nada.parameters().priority = priority;
        path.run(TimeDelta::seconds(60));
        path.run(TimeDelta::seconds(10));
        path.longest_wait
    });
    assert!(queues[1] > queues[0] * 1.5, "{queues:?}");
}

#[test]
fn e17_2_single_losses_do_not_starve_it() {
    let mut path = Path::new(DataRate::kbps(1_000), &BOUNDS);
    path.lose_every = 200;
    path.run(TimeDelta::seconds(30));
    path.run(MINUTE);
    assert!(path.rate(MINUTE) > 800.0, "{}", path.rate(MINUTE));
}

#[test]
fn e17_6_a_successor_goes_on_where_the_predecessor_was() {
    let mut path = Path::new(DataRate::kbps(1_000), &BOUNDS);
    path.run(TimeDelta::seconds(30));
    let state = path.nada.hand_over(path.now).unwrap();
    let mut young = Nada::create(&Environment::seeded(2)).unwrap();
    young.activate(path.now, &BOUNDS).unwrap();
    young.take_over(path.now, &state).unwrap();
    path.nada = young;
    let before = path.target.as_kbps_f64();
    for _ in 0..20 {
        path.run(TimeDelta::ms(100));
        let ratio = path.target.as_kbps_f64() / before;
        assert!((0.8..=1.2).contains(&ratio), "{ratio}");
    }
}

#[test]
fn e17_2_another_route_is_measured_anew() {
    let mut path = Path::new(DataRate::kbps(1_000), &BOUNDS);
    path.run(TimeDelta::seconds(20));
    // 200 ms more would be a queue on the old route.
    path.delay = TimeDelta::ms(250);
    let event = CongestionEvent {
        constraints: RateConstraints {
            start: DataRate::kbps(600),
            ..BOUNDS
        },
        ..CongestionEvent::new(CongestionEventKind::RouteChange, path.now)
    };
    assert_eq!(path.event(&event, &[]).target, DataRate::kbps(600));
    path.run(TimeDelta::seconds(20));
    path.run(MINUTE);
    assert!(path.rate(MINUTE) > 900.0, "{}", path.rate(MINUTE));
}

#[test]
fn e17_2_the_streams_and_the_remote_end_lower_the_greatest_rate() {
    let mut nada = Nada::create(&Environment::seeded(1)).unwrap();
    let start = DataRate::kbps(1_200);
    nada.activate(Timestamp::ZERO, &RateConstraints { start, ..BOUNDS })
        .unwrap();
    let mut told = |event: &CongestionEvent| {
        nada.on_event(Timestamp::ZERO, event, &[], &mut NoProbes)
            .unwrap()
            .target
    };
    let mut streams = CongestionEvent::new(CongestionEventKind::StreamsConfig, Timestamp::ZERO);
    streams.constraints.maximum = DataRate::kbps(900);
    assert_eq!(told(&streams), DataRate::kbps(900));
    let mut remote = CongestionEvent::new(CongestionEventKind::RemoteBitrate, Timestamp::ZERO);
    remote.rate = DataRate::kbps(400);
    assert_eq!(told(&remote), DataRate::kbps(400));
}
