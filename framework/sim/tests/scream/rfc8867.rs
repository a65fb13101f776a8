//! Cases of RFC 8867.

use super::flows::{Kind, run};

const SINGLE: &str = r#"
name = "RFC 8867 5.1"
duration = "100 s"
[links.forward]
rate = [{ at = "0 s", rate = "1 Mbit/s" }, { at = "40 s", rate = "2.5 Mbit/s" }, { at = "60 s", rate = "600 kbit/s" }, { at = "80 s", rate = "1 Mbit/s" }]
delay = "50 ms"
queue = "300 ms"
[links.backward]
delay = "50 ms"
[[flows]]
name = "call"
path = ["forward"]
return_path = ["backward"]
stop = "99 s"
rate = { minimum = "170 kbit/s", start = "170 kbit/s", maximum = "1520 kbit/s" }
feedback = "ccfb"
streams = [{ kind = "audio", rate = "20 kbit/s" }, { kind = "video" }]
"#;

#[test]
fn e17_2_nada_converges_to_each_step_of_rfc_8867_5_1() {
    for kind in [Kind::Nada, Kind::Scream] {
        for seed in 0..3 {
            for (from, to) in [(0.0, 10.0), (10.0, 40.0), (45.0, 60.0), (60.0, 65.0), (65.0, 80.0), (85.0, 99.0)] {
                let seen = run(SINGLE, kind, seed, from, to);
                println!("dbg {kind:?} seed {seed} {from}-{to}: {} kbit/s, {} ms p50 {} ms p95, {} lost", seen.rate(0), seen.wait(0, 0.5), seen.wait(0, 0.95), seen.lost(0));
            }
        }
    }
}
