//! It sends at its fraction of what it is told, at once, and nothing else moves it.

use jackfield_congestion_oracle::Oracle;
use jackfield_sdk::prelude::*;

struct NoProbes;

impl ProbeSink for NoProbes {
    fn probe(&mut self, _: &ProbeCluster) -> Result<(), Fault> {
        panic!("who knows needs no probes")
    }
}

const BOUNDS: RateConstraints = RateConstraints {
    minimum: DataRate::kbps(20),
    maximum: DataRate::kbps(4_000),
    start: DataRate::kbps(300),
};

fn oracle() -> Oracle {
    let mut oracle = Oracle::create(&Environment::seeded(1)).unwrap();
    oracle.activate(Timestamp::ZERO, &BOUNDS).unwrap();
    oracle
}

fn tell(oracle: &mut Oracle, ms: i64, event: CongestionEvent) -> CongestionUpdate {
    oracle
        .on_event(Timestamp::from_ms(ms), &event, &[], &mut NoProbes)
        .unwrap()
}

fn truth(kbps: i64) -> CongestionEvent {
    CongestionEvent {
        rate: DataRate::kbps(kbps),
        ..CongestionEvent::new(CongestionEventKind::NetworkStateEstimate, Timestamp::ZERO)
    }
}

fn event(kind: CongestionEventKind) -> CongestionEvent {
    CongestionEvent {
        constraints: BOUNDS,
        lost: 50,
        received: 50,
        rate: DataRate::kbps(100),
        ..CongestionEvent::new(kind, Timestamp::ZERO)
    }
}

#[test]
fn it_follows_what_the_path_bears_at_once() {
    let mut oracle = oracle();
    for kbps in [1_000, 400, 1_500, 50] {
        let update = tell(&mut oracle, 100, truth(kbps));
        assert_eq!(update.target, DataRate::kbps(kbps) * 0.95);
        assert_eq!(update.estimate, DataRate::kbps(kbps));
        let pacing = update.pacing.as_bps() - kbps * 1_000;
        assert!(pacing.abs() <= 1, "a frame fills no queue: {:?}", update.pacing);
    }
    oracle.parameters().fraction = 0.5;
    let tick = event(CongestionEventKind::ProcessInterval);
    assert_eq!(tell(&mut oracle, 200, tick).target, DataRate::kbps(25));
}

#[test]
fn nobody_has_told_and_it_holds_where_it_started() {
    let mut oracle = oracle();
    for kind in 2..11 {
        if kind == CongestionEventKind::RouteChange.0 {
            continue;
        }
        let update = tell(&mut oracle, 100, event(CongestionEventKind(kind)));
        assert_eq!(update.target, BOUNDS.start, "kind {kind}");
    }
}

#[test]
fn the_bounds_of_the_session_hold_and_a_new_path_is_unknown() {
    let mut oracle = oracle();
    assert_eq!(tell(&mut oracle, 0, truth(9_000)).target, BOUNDS.maximum);
    assert_eq!(tell(&mut oracle, 0, truth(1)).target, BOUNDS.minimum);
    let moved = event(CongestionEventKind::RouteChange);
    assert_eq!(tell(&mut oracle, 0, moved).target, BOUNDS.start);
}

#[test]
fn e17_6_after_a_swap_it_grows_by_a_fifth_in_a_second_at_most() {
    let mut oracle = oracle();
    let state = CongestionHandover {
        target: DataRate::kbps(1_000),
        ..CongestionHandover::default()
    };
    oracle.take_over(Timestamp::ZERO, &state).unwrap();
    assert_eq!(tell(&mut oracle, 0, truth(3_000)).target, DataRate::kbps(1_000));
    let tick = event(CongestionEventKind::ProcessInterval);
    let mut before = DataRate::kbps(1_000);
    for second in 1..=10 {
        let target = tell(&mut oracle, second * 1_000, tick).target;
        assert!(target >= before && target <= before * 1.2001, "{target:?}");
        before = target;
    }
    assert_eq!(before, DataRate::kbps(3_000) * 0.95);
}
