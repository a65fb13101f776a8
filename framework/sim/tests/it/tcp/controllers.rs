//! What the congestion controllers make of a link.

use jackfield_sim::VirtualTime;
use jackfield_sim::tcp::{Algorithm, TcpConfig};

use super::{Bottleneck, Pair, seconds};

const MBIT: u64 = 1_000_000;

fn config(algorithm: Algorithm) -> TcpConfig {
    TcpConfig {
        algorithm,
        ..TcpConfig::default()
    }
}

fn one(algorithm: Algorithm, rate: u64, delay: u64, queue: u64) -> Bottleneck {
    let pair = Pair::endless(config(algorithm), VirtualTime::ZERO);
    Bottleneck::new(rate, delay, queue, vec![pair])
}

/// The window (segments) every 10 ms from now on for so many seconds.
fn windows(link: &mut Bottleneck, span: f64) -> Vec<f64> {
    let begin = link.now.ns() as f64 / 1e9;
    (1..=(span * 100.0) as u32)
        .map(|step| {
            link.run_until(seconds(begin + f64::from(step) / 100.0));
            link.pairs[0].sender.window().as_bytes() as f64 / 1_448.0
        })
        .collect()
}

/// The largest window before each cut to less than 80 %, and what it was cut to.
fn cuts(windows: &[f64]) -> Vec<(f64, f64)> {
    windows
        .windows(2)
        .filter(|pair| pair[1] < 0.8 * pair[0])
        .map(|pair| (pair[0], pair[1]))
        .collect()
}

#[test]
fn renos_sawtooth_halves_and_climbs_by_a_segment_per_round_trip() {
    let mut link = one(Algorithm::Reno, 10 * MBIT, 20, 50_000);
    link.run_until(seconds(10.0));
    let windows = windows(&mut link, 60.0);
    let cuts = cuts(&windows);
    assert!(cuts.len() >= 5, "{cuts:?}");
    for (before, after) in &cuts {
        let share = after / before;
        assert!((0.45..=0.55).contains(&share), "{before} -> {after}");
    }
    // 10 Mbit/s and 40 ms hold 33 segments, the queue 33 more: a tooth climbs from 33 to 66 in 33 round trips of 40 to 80 ms.
    let highest = windows.iter().copied().fold(0.0, f64::max);
    assert!((60.0..=72.0).contains(&highest), "{highest}");
    assert_eq!(link.pairs[0].sender.stats().timeouts, 0);
}

#[test]
fn reno_fills_a_link_whose_queue_holds_the_product_of_rate_and_delay() {
    let mut link = one(Algorithm::Reno, 10 * MBIT, 20, 50_000);
    link.run_until(seconds(5.0));
    let throughput = link.throughput_until(seconds(65.0))[0];
    // 1448 of 1500 bytes are payload.
    assert!(throughput > 0.95 * 9.65, "{throughput}");
}

#[test]
fn cubic_keeps_seven_tenths_and_comes_back_along_a_concave_curve() {
    let mut link = one(Algorithm::Cubic, 50 * MBIT, 50, 600_000);
    link.run_until(seconds(20.0));
    let windows = windows(&mut link, 80.0);
    let cuts = cuts(&windows);
    assert!(cuts.len() >= 3, "{cuts:?}");
    for (before, after) in &cuts {
        let share = after / before;
        assert!((0.66..=0.73).contains(&share), "{before} -> {after}");
    }
    // From one cut to the next, second by second: ever slower up to the plateau.
    let at: Vec<usize> = (1..windows.len())
        .filter(|i| windows[*i] < 0.8 * windows[i - 1])
        .collect();
    let tooth: Vec<f64> = windows[at[0] + 30..at[1] - 1]
        .iter()
        .step_by(100)
        .copied()
        .collect();
    let growth: Vec<f64> = tooth.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let plateau = (0..growth.len())
        .min_by(|a, b| growth[*a].total_cmp(&growth[*b]))
        .unwrap_or(0);
    assert!(plateau >= 3 && growth[0] > 4.0 * growth[plateau], "{growth:?}");
    let is_concave = growth[..=plateau].windows(2).all(|pair| pair[1] <= pair[0] + 1.0);
    assert!(is_concave, "{growth:?}");
}

#[test]
fn cubics_first_slow_start_ends_before_the_queue_overflows_by_much() {
    let mut link = one(Algorithm::Cubic, 20 * MBIT, 50, 500_000);
    link.run_until(seconds(3.0));
    let stats = link.pairs[0].sender.stats();
    // Had it gone on doubling, it would have lost about as many as link and queue hold: 500.
    assert!(stats.again < 200, "{stats:?}");
    assert!(link.throughput_until(seconds(10.0))[0] > 16.0);
}

#[test]
fn bbr_fills_most_of_the_link_and_little_of_the_queue() {
    let mut link = one(Algorithm::Bbr, 10 * MBIT, 20, 250_000);
    link.run_until(seconds(3.0));
    link.average_wait();
    let throughput = link.throughput_until(seconds(60.0))[0];
    let wait = link.average_wait();
    assert!(throughput >= 8.5, "{throughput} Mbit/s");
    // CUBIC lets the 200 ms of this queue fill.
    assert!(wait < 20.0, "{wait} ms");
}

#[test]
fn bbr_looks_for_the_empty_path_every_ten_seconds() {
    // Alone it sees the path empty often enough; two never do.
    let pairs = [0, 3].map(|seed| {
        let config = TcpConfig {
            seed,
            ..config(Algorithm::Bbr)
        };
        Pair::endless(config, VirtualTime::ZERO)
    });
    let mut link = Bottleneck::new(10 * MBIT, 20, 250_000, pairs.into());
    link.run_until(seconds(5.0));
    let windows = windows(&mut link, 25.0);
    let probes = windows
        .windows(2)
        .filter(|pair| pair[0] > 5.0 && pair[1] <= 4.01)
        .count();
    assert!((2..=3).contains(&probes), "{probes}");
}

#[test]
fn bbr_takes_up_a_link_that_grows_and_lets_one_go_that_shrinks() {
    let mut link = one(Algorithm::Bbr, 5 * MBIT, 20, 250_000);
    link.run_until(seconds(10.0));
    link.rate = 20 * MBIT;
    link.run_until(seconds(20.0));
    let up = link.throughput_until(seconds(25.0))[0];
    link.rate = 5 * MBIT;
    link.run_until(seconds(30.0));
    let down = link.throughput_until(seconds(35.0))[0];
    assert!(up > 16.0 && (4.0..=5.0).contains(&down), "{up} {down}");
}

/// The share of a link that each has, as Jain's index: 1 if all have the same.
fn jain(shares: &[f64]) -> f64 {
    let sum: f64 = shares.iter().sum();
    let squares: f64 = shares.iter().map(|share| share * share).sum();
    sum * sum / (shares.len() as f64 * squares)
}

#[test]
fn two_of_a_kind_share_a_link() {
    for algorithm in [Algorithm::Reno, Algorithm::Cubic, Algorithm::Bbr] {
        let pairs = vec![
            Pair::endless(config(algorithm), VirtualTime::ZERO),
            Pair::endless(
                TcpConfig {
                    seed: 3,
                    ..config(algorithm)
                },
                seconds(5.0),
            ),
        ];
        let mut link = Bottleneck::new(10 * MBIT, 20, 60_000, pairs);
        link.run_until(seconds(30.0));
        let shares = link.throughput_until(seconds(150.0));
        assert!(jain(&shares) >= 0.9, "{algorithm:?} {shares:?}");
        assert!(shares.iter().sum::<f64>() > 8.7, "{algorithm:?} {shares:?}");
    }
}

#[test]
fn a_mark_reduces_as_a_loss_does_without_one() {
    for (algorithm, share) in [(Algorithm::Reno, 0.45..=0.55), (Algorithm::Cubic, 0.66..=0.73)] {
        let capable = TcpConfig {
            ecn: true,
            ..config(algorithm)
        };
        let pair = Pair::endless(capable, VirtualTime::ZERO);
        let mut link = Bottleneck::new(10 * MBIT, 20, 400_000, vec![pair]);
        link.mark_above = Some(30_000_000);
        link.run_until(seconds(10.0));
        let cuts = cuts(&windows(&mut link, 40.0));
        assert!(cuts.len() >= 3, "{algorithm:?} {cuts:?}");
        for (before, after) in &cuts {
            assert!(
                share.contains(&(after / before)),
                "{algorithm:?} {before} -> {after}"
            );
        }
        let stats = link.pairs[0].sender.stats();
        assert_eq!((link.dropped, stats.again), (0, 0), "{algorithm:?} {stats:?}");
    }
}

#[test]
fn prague_holds_the_queue_at_the_step_with_small_reductions() {
    let mut link = one(Algorithm::Prague, 20 * MBIT, 10, 400_000);
    link.mark_above = Some(1_000_000);
    link.run_until(seconds(5.0));
    link.average_wait();
    let throughput = link.throughput_until(seconds(30.0))[0];
    let wait = link.average_wait();
    assert!(throughput > 17.0, "{throughput}");
    assert!(wait < 3.0, "{wait}");
    assert_eq!(link.dropped, 0);
}

#[test]
fn equal_runs_are_equal() {
    for algorithm in [
        Algorithm::Reno,
        Algorithm::Cubic,
        Algorithm::Bbr,
        Algorithm::Prague,
    ] {
        let run = || {
            let mut link = one(algorithm, 7 * MBIT, 33, 70_000);
            windows(&mut link, 10.0)
        };
        assert_eq!(run(), run());
    }
}
