//! How much faster than real time one core runs a flow of 2 Mbit/s over a link with a queue in the light mode, by the controllers that there
//! are, and a whole call, with every byte of it. The figures to keep: 2,000 times real time for a flow under Google congestion control, 100
//! times for the call.

#![allow(clippy::disallowed_methods, reason = "a benchmark reads the machine's clock")]

use std::time::Instant;

use jackfield_benches::Call;
use jackfield_benches::plugins::{Codec, made};
use jackfield_congestion_bbr::Bbr;
use jackfield_congestion_fixed::Fixed;
use jackfield_congestion_gcc::Gcc;
use jackfield_congestion_nada::Nada;
use jackfield_congestion_scream::Scream;
use jackfield_core::Fault;
use jackfield_core::congestion_controller::CongestionController;
use jackfield_core::module::Plugin;
use jackfield_core::pacer::Pacer;
use jackfield_core::units::{DataRate, TimeDelta};
use jackfield_pacing_leaky_bucket::LeakyBucket;
use jackfield_pacing_null::Null;
use jackfield_sim::LinkConfig;
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

fn scenario(queue: &str, feedback: &str) -> Scenario {
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
        feedback = "{feedback}"
        rate = {{ start = "300 kbit/s" }}
        streams = [{{ kind = "video", minimum = "100 kbit/s", maximum = "5 Mbit/s" }}]
        "#,
        seconds()
    );
    Scenario::parse(&text).expect("a scenario")
}

/// What a flow runs.
struct Arm {
    controller: fn() -> Box<dyn CongestionController>,
    pacer: fn() -> Box<dyn Pacer>,
}

impl Arm {
    /// A controller with the pacer that paces.
    fn paced<C: Plugin + CongestionController + 'static>() -> Self {
        Self {
            controller: || Box::new(made::<C>()),
            pacer: || Box::new(made::<LeakyBucket>()),
        }
    }

    /// A constant rate and no pacing: what is left is the network.
    fn fixed() -> Self {
        Self {
            controller: || {
                let mut fixed = made::<Fixed>();
                fixed.parameters().rate = 2_000.0;
                Box::new(fixed)
            },
            pacer: || Box::new(made::<Null>()),
        }
    }
}

fn speed(name: &str, queue: &str, feedback: &str, arm: &Arm) {
    let scenario = scenario(queue, feedback);
    let mut counted = (0, 0);
    let mut runs: Vec<f64> = (0..5)
        .map(|_| {
            let mut modules = |_: usize, _: &FlowSpec, _: u64| -> Result<FlowModules, Fault> {
                Ok(FlowModules {
                    controller: (arm.controller)(),
                    pacer: (arm.pacer)(),
                    knows_truth: false,
                })
            };
            let start = Instant::now();
            let summary = light::run(&scenario, 1, &mut modules, &mut ()).expect("a run");
            counted = (summary.packets, summary.flows[0].sent);
            f64::from(seconds()) / start.elapsed().as_secs_f64()
        })
        .collect();
    runs.sort_by(f64::total_cmp);
    let ns = 1e9 * f64::from(seconds()) / runs[2] / counted.0 as f64;
    println!(
        "light-mode/{name}: {:.0} x real time (median of 5; {:.0} to {:.0}), {ns:.0} ns a packet, {:.0} media packets a second",
        runs[2],
        runs[0],
        runs[4],
        counted.1 as f64 / f64::from(seconds())
    );
}

/// Rooms, codecs, RTP, congestion control, pacing, ICE, DTLS and SRTP in virtual time.
fn whole(name: &str, codec: Codec) {
    let span = TimeDelta::seconds(i64::from(seconds() / 10).max(2));
    let link = LinkConfig {
        rate: DataRate::kbps(2_000),
        delay: TimeDelta::ms(50),
        ..LinkConfig::PERFECT
    };
    let mut call = Call::new(codec, link, 7);
    // Until it is connected, and for a while.
    call.run_for(TimeDelta::seconds(5));
    let before = call.packets_received(0);
    let mut runs: Vec<f64> = (0..5)
        .map(|_| {
            let start = Instant::now();
            call.run_for(span);
            span.as_seconds_f64() / start.elapsed().as_secs_f64()
        })
        .collect();
    runs.sort_by(f64::total_cmp);
    let packets = (call.packets_received(0) - before) as f64 / (5.0 * span.as_seconds_f64());
    println!(
        "full-stack/{name}: {:.0} x real time (median of 5; {:.0} to {:.0}), {packets:.0} packets a second each way",
        runs[2], runs[0], runs[4]
    );
}

fn main() {
    let (tail, pi2) = ("\"300 ms\"", "{ kind = \"dual-pi2\" }");
    speed("gcc, drop-tail", tail, "transport-cc", &Arm::paced::<Gcc>());
    speed("scream, drop-tail", tail, "ccfb", &Arm::paced::<Scream>());
    speed("scream, dual-pi2", pi2, "ccfb", &Arm::paced::<Scream>());
    speed("nada, drop-tail", tail, "transport-cc", &Arm::paced::<Nada>());
    speed("bbr, drop-tail", tail, "transport-cc", &Arm::paced::<Bbr>());
    speed("fixed, drop-tail", tail, "transport-cc", &Arm::fixed());
    speed("fixed, dual-pi2", pi2, "transport-cc", &Arm::fixed());
    whole("l16", Codec::L16);
    whole("opus", Codec::Opus);
}
