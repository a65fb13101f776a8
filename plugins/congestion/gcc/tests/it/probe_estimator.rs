//! What probes measure, case by case (`probe_bitrate_estimator_unittest.cc`).

use jackfield_congestion_gcc::probe_estimator::{ProbeEstimator, ProbePacket};
use jackfield_sdk::prelude::*;

struct Probes {
    estimator: ProbeEstimator,
    minimum_packets: u32,
    minimum_size: i64,
}

fn probes() -> Probes {
    meant(5, 5_000)
}

fn meant(minimum_packets: u32, minimum_size: i64) -> Probes {
    Probes {
        estimator: ProbeEstimator::default(),
        minimum_packets,
        minimum_size,
    }
}

impl Probes {
    fn add(&mut self, cluster: u32, size: i64, sent: i64, received: i64) -> Option<DataRate> {
        self.estimator.add(&ProbePacket {
            cluster,
            sent: Timestamp::from_ms(1_000_000 + sent),
            received: Timestamp::from_ms(1_000_000 + received),
            size: DataSize::bytes(size),
            minimum_packets: self.minimum_packets,
            minimum_size: DataSize::bytes(self.minimum_size),
        })
    }

    /// The result of the last packet.
    fn all(&mut self, cluster: u32, size: i64, times: &[(i64, i64)]) -> Option<DataRate> {
        times
            .iter()
            .map(|(sent, received)| self.add(cluster, size, *sent, *received))
            .last()
            .flatten()
    }
}

fn assert_near(found: Option<DataRate>, bps: f64) {
    let found = found.expect("a result").as_bps() as f64;
    assert!((found - bps).abs() <= 10.0, "{found}, not {bps}");
}

#[test]
fn a_probe_gives_the_rate_that_it_left_and_came_at() {
    let found = probes().all(1, 1_000, &[(0, 10), (10, 20), (20, 30), (30, 40)]);
    assert_near(found, 800_000.0);
}

#[test]
fn too_few_packets_or_bytes_give_nothing() {
    assert_eq!(probes().all(1, 2_000, &[(0, 10), (10, 20), (20, 30)]), None);
    let times = [(0, 10), (10, 20), (20, 30), (30, 40), (40, 50)];
    assert_eq!(meant(5, 6_000).all(1, 800, &times), None);
}

#[test]
fn small_and_large_probes_are_measured() {
    let times = [(0, 10), (10, 20), (20, 30), (30, 40), (40, 50), (50, 60)];
    assert_near(meant(5, 1_000).all(1, 150, &times), 120_000.0);
    let times: Vec<_> = (0..25).map(|n| (n, n + 5)).collect();
    assert_near(meant(30, 312_500).all(1, 12_500, &times), 100e6);
}

#[test]
fn a_probe_that_comes_faster_counts_as_it_left_unless_it_was_held_back() {
    let found = probes().all(1, 1_000, &[(0, 15), (10, 30), (20, 35), (30, 40)]);
    assert_near(found, 800_000.0);
    assert_eq!(
        probes().all(1, 1_000, &[(0, 19), (10, 22), (20, 25), (40, 27)]),
        None
    );
    assert_eq!(
        probes().all(1, 1_000, &[(0, 50), (10, 50), (20, 50), (40, 50)]),
        None
    );
}

#[test]
fn a_probe_that_comes_slower_found_the_capacity() {
    let found = probes().all(1, 1_000, &[(0, 10), (10, 40), (20, 70), (30, 85)]);
    assert_near(found, 0.95 * 320_000.0);
}

#[test]
fn probes_are_measured_each_by_itself() {
    let mut probes = probes();
    let found = probes.all(1, 1_000, &[(0, 10), (10, 20), (20, 30), (40, 60)]);
    assert_near(found, 0.95 * 480_000.0);
    assert_near(probes.add(1, 1_000, 50, 60), 640_000.0);
    let found = probes.all(2, 1_000, &[(60, 70), (65, 77), (70, 84), (75, 90)]);
    assert_near(found, 0.95 * 1_200_000.0);
}

#[test]
fn old_probes_are_forgotten() {
    let mut probes = probes();
    probes.all(1, 1_000, &[(0, 10), (10, 20), (20, 30)]);
    let found = probes.all(2, 1_000, &[(60, 70), (65, 77), (70, 84), (75, 90)]);
    assert_near(found, 0.95 * 1_200_000.0);
    assert_eq!(probes.add(1, 1_000, 6_040, 6_060), None);
}

#[test]
fn the_last_packet_sent_and_the_first_received_do_not_count() {
    let mut first = probes();
    first.all(1, 1_000, &[(0, 10), (10, 20), (20, 30), (30, 40)]);
    assert_near(first.add(1, 1_500, 40, 50), 800_000.0);
    let mut second = probes();
    second.add(1, 1_500, 0, 10);
    let found = second.all(1, 1_000, &[(10, 20), (20, 30), (30, 40)]);
    assert_near(found, 0.95 * 800_000.0);
}

#[test]
fn the_last_result_is_given_once() {
    let mut probes = probes();
    assert_eq!(probes.estimator.take(), None);
    probes.all(1, 1_000, &[(0, 10), (10, 20), (20, 30), (30, 40)]);
    assert_near(probes.estimator.take(), 800_000.0);
    assert_eq!(probes.estimator.take(), None);
}

#[test]
fn no_number_of_probes_is_too_much() {
    let mut probes = probes();
    for cluster in 1..=1_000 {
        probes.add(cluster, 1_000, i64::from(cluster), i64::from(cluster));
    }
    let found = probes.all(
        7,
        1_000,
        &[(2_000, 2_000), (2_010, 2_010), (2_020, 2_020), (2_030, 2_030)],
    );
    assert_near(found, 800_000.0);
}
