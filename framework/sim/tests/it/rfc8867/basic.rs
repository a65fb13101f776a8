//! Section 5: the basic cases, on drop-tail queues of 300 ms if nothing else is said.

use jackfield_core::units::TimeDelta;

use super::bounds::{FAIR, FULL, LEAST, SETTLED, STEADY};
use super::expect::{Seen, at_least, expect, expect_beside, file, variants};

/// The segments of 5.1: when they end, and their capacity.
const SINGLE: [(f64, f64); 4] = [(40.0, 1_000.0), (60.0, 2_500.0), (80.0, 600.0), (99.0, 1_000.0)];

#[test]
fn e17_3_a_single_flow_converges_to_each_capacity_without_oscillating() {
    expect(
        &variants(file!("5.1-single-flow"), &["drop-tail"]),
        &[
            ("it converges to each capacity", |seen| {
                SINGLE
                    .iter()
                    .try_for_each(|(end, capacity)| seen.fills(0, *capacity, end - SETTLED, *end))
            }),
            ("it does not oscillate", |seen| {
                SINGLE.iter().try_for_each(|(end, _)| {
                    let (least, most) = seen.targets(0, end - SETTLED, *end);
                    if most <= STEADY * least {
                        Ok(())
                    } else {
                        Err(format!("before {end} s {least:.0} to {most:.0} kbit/s"))
                    }
                })
            }),
            ("its packets wait but shortly", |seen| {
                SINGLE
                    .iter()
                    .try_for_each(|(end, _)| seen.is_quick(0, end - SETTLED, *end))
            }),
        ],
    );
}

#[test]
fn e17_3_two_flows_take_the_room_that_there_is_and_share_what_is_short() {
    expect(
        &variants(file!("5.2-multiple-flows"), &["drop-tail"]),
        &[
            ("both reach their maximum where there is room", |seen| {
                [25.0, 75.0].iter().try_for_each(|end| {
                    [0, 1]
                        .iter()
                        .try_for_each(|flow| seen.fills(*flow, 3_500.0, end - SETTLED, *end))
                })
            }),
            ("together they fill what is short", |seen| {
                [(50.0, 2_000.0), (100.0, 1_000.0), (125.0, 2_000.0)]
                    .iter()
                    .try_for_each(|(end, capacity)| seen.fill(&[0, 1], *capacity, end - SETTLED, *end))
            }),
            ("they share it fairly", |seen| {
                [50.0, 100.0, 125.0]
                    .iter()
                    .try_for_each(|end| seen.is_fair(&[0, 1], end - SETTLED, *end, SETTLED))
            }),
        ],
    );
}

/// The segments of 5.3: which flow, when they end, and their capacity.
const BOTH_WAYS: [(usize, f64, f64); 7] = [
    (0, 20.0, 2_000.0),
    (0, 40.0, 1_000.0),
    (0, 60.0, 500.0),
    (0, 99.0, 2_000.0),
    (1, 35.0, 2_000.0),
    (1, 70.0, 800.0),
    (1, 99.0, 2_000.0),
];

#[test]
fn e17_3_congestion_of_the_way_back_does_not_collapse_the_media() {
    expect(
        &variants(file!("5.3-congested-feedback"), &["drop-tail"]),
        &[
            ("the flows have room and use it", |seen| {
                BOTH_WAYS
                    .iter()
                    .filter(|(_, _, capacity)| *capacity == 2_000.0)
                    .try_for_each(|(flow, end, capacity)| seen.fills(*flow, *capacity, end - SETTLED, *end))
            }),
            ("the flow there fills what is short", |seen| {
                // Feedback on the other flow takes its part.
                BOTH_WAYS[1..3]
                    .iter()
                    .try_for_each(|(flow, end, capacity)| seen.fills(*flow, *capacity, end - 10.0, *end))
            }),
            ("neither falls below its minimum", |seen| {
                (2..19).try_for_each(|span| {
                    let at = 5.0 * f64::from(span);
                    [0, 1]
                        .iter()
                        .try_for_each(|flow| at_least("rate", seen.rate(*flow, at, at + 5.0), LEAST, at))
                })
            }),
        ],
    );
}

#[test]
fn e17_3_congestion_of_the_way_back_costs_the_media_little() {
    let of = |change| variants(file!("5.3-congested-feedback"), &[change, "drop-tail"]);
    expect_beside(
        &of("change=link"),
        &of("change=clear"),
        &[("the flow there loses little by it", |seen| {
            let clear = seen.reference().rate(0, 10.0, 99.0);
            at_least("rate", seen.rate(0, 10.0, 99.0), FULL * clear, 10.0)
        })],
    );
}

#[test]
fn e17_3_three_flows_of_one_kind_share_a_link_that_is_full() {
    expect(
        &variants(file!("5.4-same-controller"), &["drop-tail"]),
        &[
            ("they share fairly", |seen| {
                seen.is_fair(&[0, 1, 2], 59.0, 119.0, 20.0)
            }),
            ("the link is full once the third has joined", |seen| {
                seen.fill(&[0, 1, 2], 3_500.0, 59.0, 119.0)
            }),
            ("their packets wait but shortly", |seen| {
                [0, 1, 2]
                    .iter()
                    .try_for_each(|flow| seen.is_quick(*flow, 59.0, 119.0))
            }),
        ],
    );
}

#[test]
fn e17_3_shares_do_not_hang_on_the_round_trip() {
    const ALL: [usize; 5] = [0, 1, 2, 3, 4];
    expect(
        &variants(file!("5.5-rtt-fairness"), &["drop-tail"]),
        &[
            ("they share fairly", |seen| seen.is_fair(&ALL, 99.0, 299.0, 20.0)),
            ("in the long run they share fairly", |seen| {
                seen.is_fair(&ALL, 99.0, 299.0, 200.0)
            }),
            ("the link is full", |seen| seen.fill(&ALL, 4_000.0, 99.0, 299.0)),
        ],
    );
}

#[test]
fn e17_3_a_long_tcp_does_not_starve_the_media_nor_the_media_it() {
    expect(
        &variants(file!("5.6-long-tcp"), &["drop-tail", "tcp=reno"]),
        &[
            ("it has its minimum at least", |seen| {
                at_least("rate", seen.rate(0, 20.0, 119.0), LEAST, 20.0)
            }),
            ("the share of the media is fair", |seen| {
                let share = 1_000.0 / FAIR;
                at_least("rate", seen.rate(0, 20.0, 119.0), share, 20.0)
            }),
            ("the share of TCP is fair", |seen| {
                at_least("rate of TCP", seen.tcp(20.0, 119.0), 1_000.0 / FAIR, 20.0)
            }),
        ],
    );
}

#[test]
fn e17_3_short_tcp_connections_are_got_over() {
    let mut scenarios = variants(file!("5.7-short-tcp"), &["drop-tail"]);
    // The last 60 s show the recovery.
    for connection in scenarios
        .iter_mut()
        .flat_map(|scenario| &mut scenario.cross_traffic)
    {
        connection.stop = TimeDelta::seconds(239);
    }
    expect(
        &scenarios,
        &[
            ("both have their minimum at least", |seen| {
                (1..12).try_for_each(|span| {
                    let at = 20.0 * f64::from(span);
                    [0, 1]
                        .iter()
                        .try_for_each(|flow| at_least("rate", seen.rate(*flow, at, at + 20.0), LEAST, at))
                })
            }),
            ("they recover afterwards", |seen| {
                seen.fill(&[0, 1], 2_000.0, 279.0, 299.0)?;
                seen.is_fair(&[0, 1], 279.0, 299.0, 20.0)
            }),
        ],
    );
}

#[test]
fn e17_3_the_room_of_a_flow_that_pauses_is_taken_and_given_back() {
    expect(
        &variants(file!("5.8-pause-resume"), &["drop-tail"]),
        &[
            ("the others reach their maximum meanwhile", |seen| {
                [0, 2]
                    .iter()
                    .try_for_each(|flow| seen.fills(*flow, 1_750.0, 60.0 - SETTLED, 60.0))
            }),
            ("it has a fair share before and afterwards", |seen| {
                let fair = |from, to| seen.is_fair(&[0, 1, 2], from, to, 10.0);
                fair(20.0, 40.0)?;
                fair(69.0, 119.0)
            }),
            ("the link is full again", |seen: &Seen| {
                seen.fill(&[0, 1, 2], 3_500.0, 69.0, 119.0)
            }),
        ],
    );
}
