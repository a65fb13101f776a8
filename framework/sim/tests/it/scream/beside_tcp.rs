//! What the compensation for competing flows is worth beside a long TCP flow (RFC 8867 section 5.6), in thirty weathers.

use super::flows::{Kind, Seen, run};

const LONG_TCP: &str = include_str!("../../../../../benches/ab/scenarios/rfc8867/5.6-long-tcp.toml");

/// What is left beside one TCP Reno, kbit/s: least and mean of all seeds.
fn beside_tcp(kind: Kind, queue: &str) -> (f64, f64) {
    let wanted = format!("queue = \"{queue}\"");
    let text = LONG_TCP.replacen("queue = \"300 ms\"", &wanted, 1);
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
