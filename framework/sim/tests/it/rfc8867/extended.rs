//! Section 6: the other cases.

use super::bounds::{FAIR, FULL, LEAST, SETTLED};
use super::expect::{at_least, expect, file, variants};

#[test]
fn e17_3_a_flow_of_twice_the_weight_gets_about_twice_as_much() {
    expect(
        &variants(file!("6.1-priority"), &["drop-tail"]),
        &[("each has its weighted share", |seen| {
            // 3500 kbit/s by 2 : 1 : 1 would be 1750 for the first; it can make use of 1520.
            [(0, 1_520.0), (1, 990.0), (2, 990.0)]
                .iter()
                .try_for_each(|(flow, share)| {
                    let rate = seen.rate(*flow, 79.0, 119.0);
                    if (FULL..=1.0 / FULL).contains(&(rate / share)) {
                        Ok(())
                    } else {
                        Err(format!("flow {flow} has {rate:.0} kbit/s, not about {share:.0}"))
                    }
                })
        })],
    );
}

/// RFC 8867 expects more of ECN than of delay alone: what would be dropped is marked.
#[test]
fn e17_3_e17_5_queues_that_mark_lose_nothing() {
    expect(
        &variants(file!("6.2-ecn-single-flow"), &[]),
        &[
            ("it converges to each capacity", |seen| {
                [(40.0, 1_000.0), (60.0, 2_500.0), (80.0, 600.0), (99.0, 1_000.0)]
                    .iter()
                    .try_for_each(|(end, capacity)| seen.fills(0, *capacity, end - SETTLED, *end))
            }),
            ("nothing is lost where the capacity stays", |seen| {
                [(5.0, 40.0), (45.0, 60.0), (65.0, 80.0), (85.0, 99.0)]
                    .iter()
                    .try_for_each(|(from, to)| match seen.loss(0, *from, *to) {
                        0.0 => Ok(()),
                        loss => Err(format!("from {from} s on {:.2} % are lost", loss * 100.0)),
                    })
            }),
        ],
    );
}

#[test]
fn e17_3_e17_5_three_flows_share_queues_that_mark() {
    expect(
        &variants(file!("6.2-ecn-same-controller"), &[]),
        &[
            ("they share fairly", |seen| {
                seen.is_fair(&[0, 1, 2], 59.0, 119.0, 20.0)
            }),
            ("the link is full once the third has joined", |seen| {
                seen.fill(&[0, 1, 2], 3_500.0, 59.0, 119.0)
            }),
        ],
    );
}

#[test]
fn e17_3_e17_5_a_long_tcp_starves_nobody_in_queues_that_mark() {
    expect(
        &variants(file!("6.2-ecn-long-tcp"), &[]),
        &[
            ("it has its minimum at least", |seen| {
                at_least("rate", seen.rate(0, 20.0, 119.0), LEAST, 20.0)
            }),
            ("the share of the media is fair", |seen| {
                at_least("rate", seen.rate(0, 20.0, 119.0), 1_000.0 / FAIR, 20.0)
            }),
            ("the share of TCP is fair", |seen| {
                at_least("rate of TCP", seen.tcp(20.0, 119.0), 1_000.0 / FAIR, 20.0)
            }),
        ],
    );
}

#[test]
fn e17_3_two_bottlenecks_are_full_and_nobody_starves() {
    expect(
        &variants(file!("6.3-multiple-bottlenecks"), &["drop-tail"]),
        &[
            ("both links are full", |seen| {
                seen.fill(&[0, 1], 2_000.0, 30.0, 299.0)?;
                seen.fill(&[0, 2], 1_500.0, 30.0, 299.0)
            }),
            ("nobody starves", |seen| {
                // The shares that are fair by maximum and minimum.
                [(0, 750.0), (1, 1_250.0), (2, 750.0)]
                    .iter()
                    .try_for_each(|(flow, share)| {
                        at_least("rate", seen.rate(*flow, 30.0, 299.0), share / FAIR, 30.0)
                    })
            }),
        ],
    );
}
