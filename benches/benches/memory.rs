//! How much memory a participant takes: resident bytes of this process while fifty join, with the whole default chain and without.

use jackfield_benches::Hall;
use jackfield_benches::plugins::{active_speaker, default_chain};
use jackfield_graph::processor::PreparedProcessor;

const PEOPLE: usize = 50;

/// Resident bytes (proc(5): the second number of statm, in pages).
fn resident() -> Option<f64> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: f64 = statm.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * 4_096.0)
}

fn per_participant(chain: impl Fn() -> Vec<Box<PreparedProcessor>>) -> Option<f64> {
    let mut hall = Hall::new(PEOPLE + 5, active_speaker(PEOPLE + 5));
    // The first ones bring tables with them that all share.
    for _ in 0..5 {
        hall.join(None, chain());
        hall.step();
    }
    let before = resident()?;
    for _ in 0..PEOPLE {
        hall.join(None, chain());
        hall.step();
    }
    for _ in 0..100 {
        hall.step();
    }
    Some((resident()? - before) / PEOPLE as f64)
}

fn main() {
    let cases: [(&str, fn() -> Vec<Box<PreparedProcessor>>); 2] =
        [("plain", Vec::new), ("default-chain", default_chain)];
    for (name, chain) in cases {
        match per_participant(chain) {
            Some(bytes) => println!(
                "memory/{name}: {:.0} KiB resident per participant, mean of {PEOPLE}",
                bytes / 1_024.0
            ),
            None => println!("memory/{name}: this system has no /proc/self/statm"),
        }
    }
}
