//! TCP in the place of media (RFC 8869 section 3.2): as many connections, over the same paths at the same times.

use jackfield_core::units::{DataRate, TimeDelta};
use jackfield_sim::light::{self, RunError};
use jackfield_sim::scenario::{Scenario, TcpAlgorithm, TcpSpec};
use jackfield_sim::{PacketKind, Source};

use crate::light::{Seen, fixed};

const CUBIC: TcpSpec = TcpSpec {
    algorithm: TcpAlgorithm::Cubic,
    short: None,
    ecn: false,
};

/// Two calls of which one pauses, beside constant traffic.
fn scenario() -> Scenario {
    Scenario::parse(
        r#"
        name = "two calls"
        duration = "30 s"
        [links.up]
        rate = "4 Mbit/s"
        delay = "20 ms"
        queue = "200 ms"
        [links.down]
        delay = "20 ms"
        [[flows]]
        name = "one"
        path = ["up"]
        return_path = ["down"]
        stop = "29 s"
        streams = [{ kind = "video" }]
        [[flows]]
        name = "two"
        path = ["up"]
        return_path = ["down"]
        start = "5 s"
        pauses = [{ from = "15 s", to = "20 s" }]
        streams = [{ kind = "video" }]
        [[cross_traffic]]
        name = "other"
        kind = "cbr"
        path = ["up"]
        rate = "1 Mbit/s"
        "#,
    )
    .expect("a scenario")
}

#[test]
fn e17_3_as_many_connections_fill_the_link_at_the_times_of_the_flows() {
    let mut seen = Seen::default();
    let summary = light::run_as_tcp(&scenario(), CUBIC, 1, &mut seen).expect("a run");
    assert_eq!(summary.flows.len(), 2);
    assert!(
        summary
            .flows
            .iter()
            .all(|flow| flow.arrived > 500 && flow.feedbacks > 100),
        "{summary:?}"
    );
    let kbps = seen.bytes as f64 * 8.0 / 30.0 / 1e3;
    assert!(
        (2_700.0..3_100.0).contains(&kbps),
        "what the constant traffic leaves: {kbps}"
    );
    assert!(
        seen.arrived
            .iter()
            .all(|(_, packet, _)| packet.kind == PacketKind::Tcp)
    );
    assert!(seen.feedback > 100, "acknowledgements are the flows' feedback");
    assert!(seen.frames.is_empty());
    assert!(
        seen.arrived
            .iter()
            .any(|(_, _, queueing)| *queueing > TimeDelta::ms(100)),
        "it fills the queue"
    );

    let second: Vec<f64> = seen
        .arrived
        .iter()
        .filter(|(_, packet, _)| packet.source == Source::Flow(1))
        .map(|(at, _, _)| at.ns() as f64 / 1e9)
        .collect();
    assert!(second.iter().all(|at| *at > 5.0 && !(15.5..20.0).contains(at)));
    assert!(second.iter().any(|at| *at < 15.0) && second.iter().any(|at| *at > 21.0));
    let mut numbers: Vec<u64> = seen
        .arrived
        .iter()
        .filter(|(_, packet, _)| packet.source == Source::Flow(1))
        .map(|(_, packet, _)| packet.number)
        .collect();
    let count = numbers.len();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), count, "the connection after the pause counts on");
}

#[test]
fn e17_3_what_the_flows_could_have_is_told_as_of_media() {
    let (mut media, mut tcp) = (Seen::default(), Seen::default());
    light::run(&scenario(), 1, &mut fixed(300.0), &mut media).expect("a run");
    light::run_as_tcp(&scenario(), CUBIC, 1, &mut tcp).expect("a run");
    let told = |seen: &Seen| {
        let shares = seen
            .available
            .iter()
            .filter(|(at, _, _)| at.ns() < 29_000_000_000);
        let mut shares: Vec<_> = shares.map(|(at, flow, rate)| (at.ns(), *flow, *rate)).collect();
        shares.sort_unstable();
        shares
    };
    assert_eq!(tcp.available[0].2, DataRate::kbps(3_000));
    assert_eq!(told(&tcp), told(&media));
    assert_eq!(tcp.capacity, media.capacity);
}

#[test]
fn e17_3_equal_seeds_give_equal_connections_and_a_change_of_route_is_refused() {
    let run = |seed| light::run_as_tcp(&scenario(), CUBIC, seed, &mut ()).expect("a run");
    assert_eq!(run(7), run(7));
    let mut moves = scenario();
    moves.flows[0]
        .route_changes
        .push(jackfield_sim::scenario::RouteChange {
            at: TimeDelta::seconds(3),
            path: Vec::new(),
            return_path: Vec::new(),
            start_rate: DataRate::ZERO,
            announced: true,
        });
    let error = light::run_as_tcp(&moves, CUBIC, 1, &mut ()).expect_err("no run");
    assert!(matches!(error, RunError::Scenario(_)), "{error:?}");
    assert!(error.to_string().contains("`flows[0].route_changes`"), "{error}");
}
