//! The rate is the one that was set, within the session's bounds, whatever the network does; what others need to know is kept for them.

use jackfield_congestion_fixed::Fixed;
use jackfield_sdk::prelude::*;

struct NoProbes;

impl ProbeSink for NoProbes {
    fn probe(&mut self, _: &ProbeCluster) -> Result<(), Fault> {
        panic!("a fixed rate needs no probes")
    }
}

const BOUNDS: RateConstraints = RateConstraints {
    minimum: DataRate::kbps(20),
    maximum: DataRate::kbps(100),
    start: DataRate::kbps(50),
};

fn fixed(rate: f64) -> Fixed {
    let mut fixed = Fixed::create(&Environment::seeded(1)).unwrap();
    fixed.parameters().rate = rate;
    fixed.activate(Timestamp::ZERO, &BOUNDS).unwrap();
    fixed
}

fn update(fixed: &mut Fixed, event: &CongestionEvent, packets: &[PacketFeedback]) -> CongestionUpdate {
    fixed
        .on_event(Timestamp::from_ms(100), event, packets, &mut NoProbes)
        .unwrap()
}

fn interval() -> CongestionEvent {
    CongestionEvent::new(CongestionEventKind::ProcessInterval, Timestamp::from_ms(100))
}

fn feedback(lost: usize, received: usize) -> Vec<PacketFeedback> {
    (0..lost + received)
        .map(|n| PacketFeedback {
            sequence_number: n as i64,
            sent: Timestamp::from_ms(n as i64),
            received: if n < lost {
                Timestamp::NEVER
            } else {
                Timestamp::from_ms(n as i64 + 500)
            },
            arrival_offset: TimeDelta::us(-1),
            size: DataSize::bytes(100),
            ecn: 0,
            cluster: 0,
            audio: 1,
            recovered: 0,
        })
        .collect()
}

#[test]
fn the_rate_is_the_one_that_was_set() {
    let mut fixed = fixed(64.0);
    let event = CongestionEvent::new(CongestionEventKind::PacketFeedback, Timestamp::from_ms(100));
    for (lost, received) in [(0, 10), (5, 5), (10, 0)] {
        assert_eq!(
            update(&mut fixed, &event, &feedback(lost, received)).target,
            DataRate::kbps(64)
        );
    }
    fixed.parameters().rate = 40.0;
    let update = update(&mut fixed, &interval(), &[]);
    assert_eq!(
        (update.target, update.pacing),
        (DataRate::kbps(40), DataRate::kbps(100))
    );
}

#[test]
fn the_bounds_of_the_session_hold() {
    assert_eq!(update(&mut fixed(5.0), &interval(), &[]).target, BOUNDS.minimum);
    assert_eq!(
        update(&mut fixed(5_000.0), &interval(), &[]).target,
        BOUNDS.maximum
    );
    let crossed = RateConstraints {
        minimum: DataRate::kbps(2),
        maximum: DataRate::kbps(1),
        start: DataRate::ZERO,
    };
    let mut fresh = Fixed::create(&Environment::seeded(1)).unwrap();
    assert!(fresh.activate(Timestamp::ZERO, &crossed).is_err());
}

#[test]
fn what_was_heard_of_the_path_is_handed_over() {
    let mut fixed = fixed(64.0);
    for ms in [90, 60, 75] {
        let event = CongestionEvent {
            time: TimeDelta::ms(ms),
            ..CongestionEvent::new(CongestionEventKind::RoundTripTime, Timestamp::from_ms(100))
        };
        update(&mut fixed, &event, &[]);
    }
    let event = CongestionEvent {
        in_flight: DataSize::bytes(700),
        ..CongestionEvent::new(CongestionEventKind::PacketFeedback, Timestamp::from_ms(100))
    };
    update(&mut fixed, &event, &feedback(1, 3));
    let state = fixed.hand_over(Timestamp::from_ms(100)).unwrap();
    assert_eq!(state.round_trip, TimeDelta::ms(75));
    assert_eq!(state.minimum_round_trip, TimeDelta::ms(60));
    assert_eq!(state.in_flight, DataSize::bytes(700));
    assert_eq!(state.loss_ppm, 250_000);
    assert_eq!(
        (state.target, state.estimate),
        (DataRate::kbps(64), DataRate::kbps(64)),
        "nobody has measured"
    );
}

#[test]
fn an_estimate_that_was_taken_over_is_handed_on() {
    let mut fixed = fixed(64.0);
    let measured = CongestionHandover {
        estimate: DataRate::kbps(900),
        ..CongestionHandover::default()
    };
    fixed.take_over(Timestamp::ZERO, &measured).unwrap();
    assert_eq!(
        update(&mut fixed, &interval(), &[]).target,
        DataRate::kbps(64),
        "it does not follow the estimate"
    );
    let state = fixed.hand_over(Timestamp::ZERO).unwrap();
    assert_eq!(
        (state.estimate, state.target),
        (DataRate::kbps(900), DataRate::kbps(64))
    );
}

#[test]
fn e17_6_after_a_swap_it_grows_by_a_fifth_in_a_second_at_most() {
    let mut fixed = fixed(100.0);
    let state = CongestionHandover {
        target: DataRate::kbps(50),
        ..CongestionHandover::default()
    };
    fixed.take_over(Timestamp::from_ms(100), &state).unwrap();
    assert_eq!(update(&mut fixed, &interval(), &[]).target, DataRate::kbps(50));
    let later = fixed
        .on_event(Timestamp::from_ms(1_100), &interval(), &[], &mut NoProbes)
        .unwrap();
    assert_eq!(later.target, DataRate::kbps(60));
}
