//! Cases of RFC 8867, each with thirty seeds.

use super::flows::{Kind, Seen, run};

macro_rules! scenario {
    ($file:literal) => {
        include_str!(concat!(
            "../../../../../benches/ab/scenarios/rfc8867/",
            $file,
            ".toml"
        ))
    };
}

/// What the capacity is in 5.1, and what the controller must at least get of it once it has had ten seconds, kbit/s; and the longest p95 of
/// the queue delay, ms.
struct Step {
    from: f64,
    to: f64,
    capacity: f64,
    least: f64,
    longest: f64,
}

const fn step(from: f64, to: f64, capacity: f64, least: f64, longest: f64) -> Step {
    Step {
        from,
        to,
        capacity,
        least,
        longest,
    }
}

fn assert_single_flow(kind: Kind, steps: &[Step; 4]) {
    let spans = steps.each_ref().map(|step| (step.from, step.to));
    for seed in 0..30 {
        let seen = run(scenario!("5.1-single-flow"), kind, seed, spans);
        for (step, seen) in steps.iter().zip(&seen) {
            let (rate, wait, lost) = (seen.rate(0), seen.wait(0, 0.95), seen.lost(0));
            let is_fine = rate >= step.least && rate <= step.capacity && wait <= step.longest && lost == 0;
            assert!(
                is_fine,
                "seed {seed}, {} to {} s: {rate} kbit/s, p95 {wait} ms, {lost} lost",
                step.from, step.to
            );
        }
    }
}

#[test]
fn e17_2_nada_converges_to_every_capacity_of_5_1() {
    assert_single_flow(
        Kind::Nada,
        &[
            step(15.0, 40.0, 1_001.0, 900.0, 50.0),
            // The streams want no more than 1.52 Mbit/s.
            step(50.0, 60.0, 1_600.0, 1_400.0, 50.0),
            step(70.0, 80.0, 601.0, 550.0, 120.0),
            step(90.0, 99.0, 1_001.0, 880.0, 50.0),
        ],
    );
}

#[test]
fn e17_2_scream_converges_to_every_capacity_of_5_1_with_a_short_queue() {
    assert_single_flow(
        Kind::Scream,
        &[
            step(15.0, 40.0, 1_001.0, 860.0, 45.0),
            step(50.0, 60.0, 1_600.0, 1_400.0, 30.0),
            step(70.0, 80.0, 601.0, 420.0, 60.0),
            step(90.0, 99.0, 1_001.0, 650.0, 45.0),
        ],
    );
}

/// RFC 8868 section 4: what equals get lies within a third and three times of each other.
fn assert_fair(kind: Kind) {
    for seed in 0..30 {
        let [seen] = run(scenario!("5.4-same-controller"), kind, seed, [(60.0, 119.0)]);
        let rates = [0, 1, 2].map(|flow| seen.rate(flow));
        let most = rates.iter().copied().fold(0.0, f64::max);
        let least = rates.iter().copied().fold(f64::INFINITY, f64::min);
        let sum: f64 = rates.iter().sum();
        assert!(
            most <= 3.0 * least && sum >= 3_000.0,
            "seed {seed}: {rates:?} kbit/s"
        );
    }
}

#[test]
fn e17_3_three_flows_of_nada_share_a_link_as_5_4_asks() {
    assert_fair(Kind::Nada);
}

#[test]
fn e17_3_three_flows_of_scream_share_a_link_as_5_4_asks() {
    assert_fair(Kind::Scream);
}

/// What is left beside one TCP Reno, kbit/s: least and mean of all seeds.
fn beside_tcp(kind: Kind, queue: &str) -> (f64, f64) {
    let wanted = format!("queue = \"{queue}\"");
    let text = scenario!("5.6-long-tcp").replacen("queue = \"300 ms\"", &wanted, 1);
    let rates: Vec<f64> = (0..30)
        .map(|seed| {
            let [seen]: [Seen; 1] = run(&text, kind, seed, [(20.0, 119.0)]);
            assert!(
                seen.cross_rate() > 1_000.0,
                "TCP gets its half: {}",
                seen.cross_rate()
            );
            seen.rate(0)
        })
        .collect();
    let least = rates.iter().copied().fold(f64::INFINITY, f64::min);
    (least, rates.iter().sum::<f64>() / rates.len() as f64)
}

/// The least that the streams of 5.6 can do with, kbit/s.
const LEAST: f64 = 170.0;

#[test]
fn e17_3_scream_does_not_collapse_beside_tcp_and_gets_more_by_its_compensation() {
    for queue in ["300 ms", "1000 ms"] {
        let with = beside_tcp(Kind::Scream, queue);
        let without = beside_tcp(Kind::ScreamAlone, queue);
        assert!(
            with.0 >= LEAST && without.0 >= LEAST,
            "{queue}: {with:?}, {without:?}"
        );
        assert!(with.1 > 1.05 * without.1, "{queue}: {with:?}, {without:?}");
    }
}

#[test]
fn e17_3_nada_does_not_collapse_beside_tcp() {
    for queue in ["300 ms", "1000 ms"] {
        let rates = beside_tcp(Kind::Nada, queue);
        assert!(rates.0 >= LEAST, "{queue}: {rates:?}");
    }
    let (least, _) = beside_tcp(Kind::Nada, "300 ms");
    assert!(least >= 333.0, "a third of its fair share: {least}");
}
