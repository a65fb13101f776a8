//! Section 5: the basic cases, behind each of their queues. The sentences are those of section 6.2 as well.

use jackfield_core::units::TimeDelta;
use jackfield_sim::scenario::Scenario;

use super::bounds::{FAIR, FULL, LEAST, SETTLED, STEADY};
use super::expect::{Case, Expectation, file};
use super::seen::{Seen, at_least};

/// The segments of 5.1: when they end, and their capacity.
const SINGLE: [(f64, f64); 4] = [(40.0, 1_000.0), (60.0, 2_500.0), (80.0, 600.0), (99.0, 1_000.0)];

pub(super) const OF_ONE_FLOW: &[Expectation] = &[
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
];

#[test]
fn e17_3_a_single_flow_converges_to_each_capacity_without_oscillating() {
    Case::of(file!("5.1-single-flow")).expects(OF_ONE_FLOW).holds();
}

pub(super) const OF_TWO_FLOWS: &[Expectation] = &[
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
];

#[test]
fn e17_3_two_flows_take_the_room_that_there_is_and_share_what_is_short() {
    Case::of(file!("5.2-multiple-flows"))
        .expects(OF_TWO_FLOWS)
        .holds();
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

pub(super) const OF_FLOWS_BOTH_WAYS: &[Expectation] = &[
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
];

#[test]
fn e17_3_congestion_of_the_way_back_neither_collapses_the_media_nor_costs_it_much() {
    Case::of(file!("5.3-congested-feedback"))
        .expects(OF_FLOWS_BOTH_WAYS)
        .expects_beside(
            ["change=link", "change=clear"],
            &[("the flow there loses little by it", |seen| {
                let clear = seen.reference().rate(0, 10.0, 99.0);
                at_least("rate", seen.rate(0, 10.0, 99.0), FULL * clear, 10.0)
            })],
        )
        .holds();
}

pub(super) const OF_THREE_FLOWS: &[Expectation] = &[
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
];

#[test]
fn e17_3_three_flows_of_one_kind_share_a_link_that_is_full() {
    Case::of(file!("5.4-same-controller"))
        .expects(OF_THREE_FLOWS)
        .holds();
}

const FIVE: [usize; 5] = [0, 1, 2, 3, 4];

pub(super) const OF_ROUND_TRIPS: &[Expectation] = &[
    ("they share fairly", |seen| seen.is_fair(&FIVE, 99.0, 299.0, 20.0)),
    ("in the long run they share fairly", |seen| {
        seen.is_fair(&FIVE, 99.0, 299.0, 200.0)
    }),
    ("the link is full", |seen| seen.fill(&FIVE, 4_000.0, 99.0, 299.0)),
];

#[test]
fn e17_3_shares_do_not_hang_on_the_round_trip() {
    Case::of(file!("5.5-rtt-fairness"))
        .expects(OF_ROUND_TRIPS)
        .holds();
}

pub(super) const BESIDE_LONG_TCP: &[Expectation] = &[
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
];

#[test]
fn e17_3_a_long_tcp_does_not_starve_the_media_nor_the_media_it() {
    Case::of(file!("5.6-long-tcp")).expects(BESIDE_LONG_TCP).holds();
}

pub(super) const BESIDE_SHORT_TCP: &[Expectation] = &[
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
];

/// The last 60 s show the recovery.
pub(super) fn without_the_last_connections(scenario: &mut Scenario) {
    for connection in &mut scenario.cross_traffic {
        connection.stop = TimeDelta::seconds(239);
    }
}

#[test]
fn e17_3_short_tcp_connections_are_got_over() {
    Case::of(file!("5.7-short-tcp"))
        .with(without_the_last_connections)
        .expects(BESIDE_SHORT_TCP)
        .holds();
}

pub(super) const OF_A_PAUSE: &[Expectation] = &[
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
];

#[test]
fn e17_3_the_room_of_a_flow_that_pauses_is_taken_and_given_back() {
    Case::of(file!("5.8-pause-resume")).expects(OF_A_PAUSE).holds();
}
