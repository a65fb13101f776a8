//! Losses, reordering and silence.

use std::cell::RefCell;
use std::rc::Rc;

use jackfield_sim::tcp::{Algorithm, TcpConfig};
use proptest::prelude::*;

use super::{Bottleneck, Pair, seconds};

fn transfer(bytes: u64) -> Bottleneck {
    let pair = Pair::of(TcpConfig::default(), bytes);
    Bottleneck::new(20_000_000, 25, 2_000_000, vec![pair])
}

#[test]
fn a_burst_of_losses_is_repaired_without_a_timeout() {
    let mut link = transfer(2_000_000);
    link.weather = Box::new(|number, _| ((200..230).contains(&number), 0));
    link.run_until(seconds(10.0));
    let (pair, stats) = (&link.pairs[0], link.pairs[0].sender.stats());
    assert!(pair.sender.is_finished(), "{stats:?}");
    assert_eq!(
        (stats.timeouts, stats.again, stats.recoveries),
        (0, 30, 1),
        "{stats:?}"
    );
    assert_eq!(pair.receiver.duplicates(), 0);
}

#[test]
fn a_segment_that_is_lost_again_when_it_is_sent_again_is_repaired_without_a_timeout() {
    let mut link = transfer(2_000_000);
    let losses = Rc::new(RefCell::new(0));
    let seen = Rc::clone(&losses);
    link.weather = Box::new(move |_, segment| {
        let is_it = segment.start == 144_800 && *seen.borrow() < 3;
        *seen.borrow_mut() += u32::from(is_it);
        (is_it, 0)
    });
    link.run_until(seconds(10.0));
    let stats = link.pairs[0].sender.stats();
    assert!(link.pairs[0].sender.is_finished(), "{stats:?}");
    assert_eq!(
        (*losses.borrow(), stats.timeouts, stats.again),
        (3, 0, 3),
        "{stats:?}"
    );
}

#[test]
fn the_last_segment_lost_is_probed_for_in_two_round_trips() {
    let mut link = transfer(14_480);
    link.weather = Box::new(|number, _| (number == 10, 0));
    let done = |link: &Bottleneck| link.pairs[0].sender.is_finished();
    while !done(&link) && link.now < seconds(5.0) {
        link.run_until(link.now.later(1_000_000));
    }
    let stats = link.pairs[0].sender.stats();
    assert!(
        done(&link) && stats.probes == 1 && stats.timeouts == 0,
        "{stats:?}"
    );
    // Opening 50 ms, data 55 ms and 40 ms held back, two round trips and 40 ms, the probe 50 ms and 40 ms held back.
    assert!(link.now < seconds(0.40), "{:?}", link.now);
}

#[test]
fn a_path_that_is_down_is_tried_ever_less_often_and_taken_up_again() {
    let mut link = transfer(1_000_000);
    let down = Rc::new(RefCell::new(Vec::new()));
    let (log, clock) = (Rc::clone(&down), Rc::new(RefCell::new(0_u64)));
    let now = Rc::clone(&clock);
    link.weather = Box::new(move |_, _| {
        let at = *now.borrow();
        let is_down = (200..30_000).contains(&at);
        if is_down {
            log.borrow_mut().push(at);
        }
        (is_down, 0)
    });
    for ms in 0..70_000 {
        *clock.borrow_mut() = ms;
        link.run_until(seconds(ms as f64 / 1e3));
        if link.pairs[0].sender.is_finished() {
            break;
        }
    }
    let stats = link.pairs[0].sender.stats();
    assert!(link.pairs[0].sender.is_finished(), "{stats:?}");
    let tries: Vec<u64> = down.borrow().iter().copied().filter(|at| *at > 500).collect();
    let gaps: Vec<f64> = tries.windows(2).map(|pair| (pair[1] - pair[0]) as f64).collect();
    assert!((5..=9).contains(&gaps.len()), "{gaps:?}");
    for pair in gaps.windows(2) {
        assert!((1.9..=2.1).contains(&(pair[1] / pair[0])), "{gaps:?}");
    }
    assert_eq!(link.pairs[0].receiver.received(), 1_000_000);
}

#[test]
fn an_opening_that_is_lost_is_repeated_after_a_second() {
    let mut link = transfer(1_448);
    link.weather = Box::new(|number, _| (number < 2, 0));
    link.run_until(seconds(2.9));
    assert!(!link.pairs[0].sender.is_finished());
    link.run_until(seconds(3.3));
    assert!(link.pairs[0].sender.is_finished());
}

#[test]
fn reordering_within_a_quarter_of_a_round_trip_is_no_loss_for_long() {
    let mut link = transfer(3_000_000);
    link.weather = Box::new(|number, _| (false, if number % 17 == 16 { 8_000_000 } else { 0 }));
    link.run_until(seconds(20.0));
    let stats = link.pairs[0].sender.stats();
    assert!(link.pairs[0].sender.is_finished(), "{stats:?}");
    // The first ones teach it.
    assert!(
        stats.recoveries <= 2 && stats.again <= 10 && stats.timeouts == 0,
        "{stats:?}"
    );
}

#[test]
fn losses_of_one_in_a_hundred_slow_reno_down_as_the_formula_says() {
    let config = TcpConfig {
        algorithm: Algorithm::Reno,
        ..TcpConfig::default()
    };
    let pair = Pair::endless(config, seconds(0.0));
    let mut link = Bottleneck::new(100_000_000, 25, 10_000_000, vec![pair]);
    let mut state = 12_345_u64;
    link.weather = Box::new(move |_, _| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((state >> 33).is_multiple_of(100), 0)
    });
    link.run_until(seconds(5.0));
    let throughput = link.throughput_until(seconds(105.0))[0];
    // Mathis and others, 1997, without delayed acknowledgements: 1.22 * 1448 * 8 / 0.05 s / sqrt(0.01) = 2.8 Mbit/s.
    assert!((1.7..=3.3).contains(&throughput), "{throughput}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn every_byte_arrives_once_whatever_is_lost_or_late(
        bytes in 1_u64..300_000,
        algorithm in 0_usize..4,
        fates in proptest::collection::vec((0_u8..100, 0_u64..120), 1..300),
        loss in 0_u8..40,
        answers in proptest::collection::vec(0_u8..100, 1..100),
        answer_loss in 0_u8..40,
    ) {
        let algorithm = [Algorithm::Reno, Algorithm::Cubic, Algorithm::Bbr, Algorithm::Prague][algorithm];
        let pair = Pair::of(TcpConfig { algorithm, ecn: bytes % 2 == 0, ..TcpConfig::default() }, bytes);
        let mut link = Bottleneck::new(5_000_000, 20, 30_000, vec![pair]);
        link.mark_above = Some(20_000_000);
        // The weather clears up in the end: a path that loses everything is waited out, with a minute between two attempts.
        link.weather = Box::new(move |number, _| {
            let (chance, late) = fates[number as usize % fates.len()];
            (number < 400 && chance < loss, if chance % 5 == 0 { late * 1_000_000 } else { 0 })
        });
        link.answer_lost = Box::new(move |number| number < 400 && answers[number as usize % answers.len()] < answer_loss);
        let mut end = 0.0;
        while !link.pairs[0].sender.is_finished() && end < 60_000.0 {
            end += 10.0;
            link.run_until(seconds(end));
        }
        let pair = &link.pairs[0];
        prop_assert!(pair.sender.is_finished(), "{:?}", pair.sender.stats());
        prop_assert_eq!(pair.receiver.received(), bytes);
        prop_assert_eq!(pair.receiver.accepted(), bytes);
        prop_assert_eq!(pair.sender.in_flight().as_bytes(), 0);
    }
}
