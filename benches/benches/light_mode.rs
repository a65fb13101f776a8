//! How much faster than real time the light mode runs on one core: a flow of 2 Mbit/s over a link with a queue, by the controllers that there
//! are. The figure to keep is 2,000 times real time.

#![allow(clippy::disallowed_methods, reason = "a benchmark reads the machine's clock")]

use std::time::Instant;

use jackfield_benches::plugins::made;
use jackfield_congestion_fixed::Fixed;
use jackfield_core::Fault;
use jackfield_core::congestion_controller::CongestionController;
use jackfield_core::module::Plugin;
use jackfield_pacing_null::Null;
use jackfield_sim::light::{self, FlowModules};
use jackfield_sim::scenario::{FlowSpec, Scenario};

/// Virtual seconds of each run.
fn seconds() -> u32 {
    if std::env::args().any(|arg| arg == "--test") {
        5
    } else {
        600
    }
}

fn scenario(queue: &str) -> Scenario {
    let text = format!(
        r#"
        name = "one flow"
        duration = "{} s"
        [links.forward]
        rate = "2.2 Mbit/s"
        delay = "50 ms"
        queue = {queue}
        [links.backward]
        delay = "50 ms"
        [[flows]]
        name = "call"
        path = ["forward"]
        return_path = ["backward"]
        rate = {{ start = "300 kbit/s" }}
        streams = [{{ kind = "video", minimum = "100 kbit/s", maximum = "5 Mbit/s" }}]
        "#,
        seconds()
    );
    Scenario::parse(&text).expect("a scenario")
}

fn speed(name: &str, queue: &str, controller: impl Fn() -> Box<dyn CongestionController>) {
    let scenario = scenario(queue);
    let mut packets = 0;
    let mut runs: Vec<f64> = (0..5)
        .map(|_| {
            let mut modules = |_: usize, _: &FlowSpec, _: u64| -> Result<FlowModules, Fault> {
                Ok(FlowModules {
                    controller: controller(),
                    pacer: Box::new(made::<Null>()),
                    knows_truth: false,
                })
            };
            let start = Instant::now();
            let summary = light::run(&scenario, 1, &mut modules, &mut ()).expect("a run");
            packets = summary.packets;
            f64::from(seconds()) / start.elapsed().as_secs_f64()
        })
        .collect();
    runs.sort_by(f64::total_cmp);
    let ns = 1e9 * f64::from(seconds()) / runs[2] / packets as f64;
    println!(
        "light-mode/{name}: {:.0} x real time (median of 5; {:.0} to {:.0}), {ns:.0} ns a packet",
        runs[2], runs[0], runs[4]
    );
}

fn fixed() -> Box<dyn CongestionController> {
    let mut fixed = made::<Fixed>();
    fixed.parameters().rate = 2_000.0;
    Box::new(fixed)
}

fn main() {
    speed("fixed, drop-tail", "\"300 ms\"", fixed);
    speed("fixed, dual-pi2", "{ kind = \"dual-pi2\" }", fixed);
}
