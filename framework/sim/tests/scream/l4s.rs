//! The reference result of SCReAM v2 (`examples/trace-dualpi-50Mbps-25ms-l4s.txt` of EricssonResearch/scream at c8f84c3): 50 Mbit/s, 25 ms of
//! round trip, DualPI2: 38.4 Mbit/s, queue delay p95 of 1.6 ms, nothing lost, for what comes after 5 s.

use super::flows::{Kind, run};

const LINK: &str = r#"
name = "50 Mbit/s with L4S"
duration = "30 s"
[links.forward]
rate = "50 Mbit/s"
delay = "12500 us"
queue = "300 ms"
ecn = { above = "1 ms" }
[links.backward]
delay = "12500 us"
[[flows]]
name = "call"
path = ["forward"]
return_path = ["backward"]
rate = { minimum = "1 Mbit/s", start = "2 Mbit/s", maximum = "70 Mbit/s" }
feedback = "ccfb"
streams = [{ kind = "video", maximum = "70 Mbit/s", model = "steady", frame_rate = 60 }]
"#;

#[test]
fn e17_5_on_50_mbit_per_second_with_l4s_the_queue_stays_below_2_ms() {
    for seed in 0..30 {
        let seen = run(LINK, Kind::Scream, seed, 5.0, 30.0);
        let (rate, wait, lost) = (seen.rate(0) / 1e3, seen.wait(0, 0.95), seen.lost(0));
        println!("dbg seed {seed}: {rate} Mbit/s, {wait} ms p95, {} p50, {lost} lost", seen.wait(0, 0.5));
    }
}
