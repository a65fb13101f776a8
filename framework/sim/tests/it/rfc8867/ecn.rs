//! Section 6.2: the basic cases behind queues that mark. What is expected of them holds here too, and ECN is to be worth its while: each
//! controller that knows of it is compared with itself by delay and losses alone, behind the same queue in the same weather.

use super::basic::{
    BESIDE_LONG_TCP, BESIDE_SHORT_TCP, OF_A_PAUSE, OF_FLOWS_BOTH_WAYS, OF_ONE_FLOW, OF_ROUND_TRIPS,
    OF_THREE_FLOWS, OF_TWO_FLOWS, without_the_last_connections,
};
use super::expect::{Case, Expectation, file};
use super::seen::Seen;

/// "Better than their delay-based variants".
const GAINS: &[Expectation] = &[
    ("marks spare losses", Seen::loses_no_more),
    ("marks cost no wait", Seen::waits_no_longer),
    ("marks cost no rate", Seen::gets_as_much),
    ("marks are worth something", Seen::gains),
];

#[test]
fn e17_3_e17_5_with_marks_a_single_flow_converges_and_loses_nothing() {
    let nothing_lost: Expectation = ("nothing is lost where the capacity stays", |seen| {
        [(5.0, 40.0), (45.0, 60.0), (65.0, 80.0), (85.0, 99.0)]
            .iter()
            .try_for_each(|(from, to)| match seen.loss(0, *from, *to) {
                0.0 => Ok(()),
                loss => Err(format!("from {from} s on {:.2} % are lost", loss * 100.0)),
            })
    });
    Case::of(file!("6.2-ecn-single-flow"))
        .expects_with_ecn(OF_ONE_FLOW, &[GAINS, &[nothing_lost]].concat())
        .holds();
}

#[test]
fn e17_3_e17_5_with_marks_two_flows_take_the_room_and_share_what_is_short() {
    Case::of(file!("6.2-ecn-multiple-flows"))
        .expects_with_ecn(OF_TWO_FLOWS, GAINS)
        .holds();
}

#[test]
fn e17_3_e17_5_with_marks_congestion_of_the_way_back_does_not_collapse_the_media() {
    Case::of(file!("6.2-ecn-congested-feedback"))
        .expects_with_ecn(OF_FLOWS_BOTH_WAYS, GAINS)
        .holds();
}

#[test]
fn e17_3_e17_5_with_marks_three_flows_share_a_link_that_is_full() {
    Case::of(file!("6.2-ecn-same-controller"))
        .expects_with_ecn(OF_THREE_FLOWS, GAINS)
        .holds();
}

#[test]
fn e17_3_e17_5_with_marks_shares_do_not_hang_on_the_round_trip() {
    Case::of(file!("6.2-ecn-rtt-fairness"))
        .expects_with_ecn(OF_ROUND_TRIPS, GAINS)
        .holds();
}

#[test]
fn e17_3_e17_5_with_marks_a_long_tcp_starves_nobody() {
    Case::of(file!("6.2-ecn-long-tcp"))
        .expects_with_ecn(BESIDE_LONG_TCP, GAINS)
        .holds();
}

#[test]
fn e17_3_e17_5_with_marks_short_tcp_connections_are_got_over() {
    Case::of(file!("6.2-ecn-short-tcp"))
        .with(without_the_last_connections)
        .expects_with_ecn(BESIDE_SHORT_TCP, GAINS)
        .holds();
}

#[test]
fn e17_3_e17_5_with_marks_the_room_of_a_flow_that_pauses_is_taken_and_given_back() {
    Case::of(file!("6.2-ecn-pause-resume"))
        .expects_with_ecn(OF_A_PAUSE, GAINS)
        .holds();
}
