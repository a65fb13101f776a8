//! An experiment that never ran: four arms over twelve scenarios, with effects that are known.

use std::collections::BTreeMap;
use std::sync::Arc;

use jackfield_lab::experiment::{Arm, Experiment, Guardrail, Places, ScenarioCase, Stopping};
use jackfield_lab::metrics::Registry;
use jackfield_lab::report::CellSeries;
use jackfield_lab::rows::{Row, SCHEMA};
use jackfield_lab::series::{FlowSeries, LinkSeries, Series};
use jackfield_lab::statistics::distribution::normal_quantile;
use jackfield_lab::statistics::random::Draws;

/// The scenarios.
pub(crate) const SCENARIOS: [&str; 12] = [
    "rfc8867/5.1+drop-tail",
    "rfc8867/5.1+codel",
    "rfc8867/5.2+drop-tail",
    "rfc8867/5.2+codel",
    "rfc8867/5.3",
    "rfc8867/5.4",
    "rfc8867/5.5",
    "rfc8867/5.6+300ms",
    "rfc8867/5.6+1000ms",
    "rfc8867/5.8",
    "jackfield/lte-drive",
    "jackfield/policer",
];

/// The experiment, with `seeds` seeds.
pub(crate) fn experiment(seeds: u64) -> Experiment {
    let arm = |name: &str, truth| Arm {
        name: name.to_owned(),
        sockets: BTreeMap::new(),
        truth,
        tcp: None,
    };
    Experiment {
        name: "Congestion controllers on wired paths".to_owned(),
        question:
            "Does scream, or nada, use more of the path than gcc without adding delay, freezes or loss?"
                .to_owned(),
        kind: "congestion".to_owned(),
        arms: vec![
            arm("gcc", false),
            arm("scream", false),
            arm("nada", false),
            arm("oracle", true),
        ],
        baseline: "gcc".to_owned(),
        scenarios: SCENARIOS
            .map(|name| ScenarioCase {
                name: name.to_owned(),
                path: format!("benches/ab/scenarios/{name}.toml").into(),
                ..ScenarioCase::default()
            })
            .to_vec(),
        seeds: (1..=seeds).collect(),
        primary: vec!["utilisation".to_owned(), "settling_time".to_owned()],
        guardrails: vec![
            guardrail("delay_p95", 10.0),
            guardrail("freezes", 0.5),
            guardrail("loss", 0.005),
        ],
        stopping: Stopping::Fixed,
        manifest: None,
        places: Places::default(),
    }
}

/// A guardrail by name.
pub(crate) fn guardrail(metric: &str, margin: f64) -> Guardrail {
    Guardrail {
        metric: metric.to_owned(),
        margin,
        higher_is_better: None,
    }
}

/// Metric, its value for the baseline, its noise between seeds, and by how much scream, nada and the oracle differ.
const EFFECTS: [(&str, f64, f64, [f64; 3]); 10] = [
    ("utilisation", 0.71, 0.02, [0.064, 0.012, 0.23]),
    ("settling_time", 6.4, 0.8, [-1.9, 1.2, -5.9]),
    ("delay_p95", 118.0, 6.0, [-21.0, 14.0, -58.0]),
    ("freezes", 0.9, 0.2, [-0.2, 0.35, -0.8]),
    ("loss", 0.011, 0.003, [-0.002, 0.0003, -0.008]),
    ("rate_error", 0.24, 0.02, [-0.05, 0.0, -0.22]),
    ("oscillation", 7.0, 1.0, [-1.0, -3.0, -6.5]),
    ("jain_20s", 0.93, 0.01, [0.01, -0.02, 0.06]),
    ("mos", 4.02, 0.05, [0.09, -0.04, 0.3]),
    ("padding_overhead", 0.013, 0.002, [0.004, -0.013, -0.013]),
];

/// The rows. `shift` is added to the value of the repeated baseline: 0 for an honest one.
pub(crate) fn rows(experiment: &Experiment, shift: f64) -> Vec<Row> {
    let registry = Registry::network();
    let mut rows = Vec::new();
    let arms = ["gcc", "scream", "nada", "oracle", "gcc (A/A)"];
    for (place, scenario) in SCENARIOS.iter().enumerate() {
        for (number, arm) in arms.into_iter().enumerate() {
            for seed in &experiment.seeds {
                for (which, (metric, centre, noise, by)) in EFFECTS.into_iter().enumerate() {
                    let draws = Draws::new(which as u64).replicate(place as u64);
                    let hard = normal(&draws, 1) * 5.0 * noise;
                    let weather = normal(&draws.replicate(*seed), 2) * noise;
                    let own = normal(&draws.replicate(*seed), 10 + number as u64) * noise * 0.5;
                    let effect = match number {
                        0 => 0.0,
                        4 => shift * noise,
                        _ => by[number - 1] * (1.0 + 0.4 * normal(&draws, 20 + number as u64)) + own,
                    };
                    let value = (centre + hard + weather + effect).max(0.0);
                    let failed = number == 2 && place == 11 && *seed == 3;
                    let described = registry.find(metric).expect("a metric of the network");
                    rows.push(Row {
                        schema: SCHEMA,
                        experiment: digest("experiment"),
                        cell: digest(&format!("{scenario} {arm} {seed}")),
                        scenario: Arc::from(*scenario),
                        arm: Arc::from(arm),
                        seed: *seed,
                        flow: Arc::from("*"),
                        segment: Arc::from("*"),
                        metric: Arc::from(metric),
                        unit: Arc::from(described.unit.name()),
                        value: if failed { described.worst } else { value },
                        failure: Arc::from(if failed { "the controller gave no target for 5 s" } else { "" }),
                        digests: Arc::from(format!("congestion=jackfield.congestion.{arm}@blake3:{} pacer=jackfield.pacing.leaky-bucket@blake3:{}", &digest(arm)[..16], &digest("pacer")[..16])),
                        revision: Arc::from("5c6480b"),
                        trace_hash: digest(&format!("trace {scenario} {arm} {seed}")),
                    });
                }
            }
        }
    }
    rows
}

/// Cells over time: one flow with three arms, then three flows with two.
pub(crate) fn series() -> Vec<CellSeries> {
    let mut cells = Vec::new();
    for (number, arm) in ["gcc", "scream", "nada"].into_iter().enumerate() {
        cells.push(CellSeries {
            scenario: SCENARIOS[0].to_owned(),
            arm: arm.to_owned(),
            seed: 7,
            series: course(number as u64, 1),
        });
    }
    for (number, arm) in ["gcc", "scream"].into_iter().enumerate() {
        cells.push(CellSeries {
            scenario: SCENARIOS[5].to_owned(),
            arm: arm.to_owned(),
            seed: 4,
            series: course(10 + number as u64, 3),
        });
    }
    cells
}

fn course(world: u64, flows: usize) -> Series {
    let draws = Draws::new(world);
    let steps = 500;
    let capacity: Vec<f64> = (0..steps)
        .map(|step| match step / 5 {
            0..40 => 1_000.0,
            40..60 => 2_500.0,
            60..80 => 600.0,
            _ => 1_000.0,
        })
        .collect();
    let flows = (0..flows)
        .map(|flow| {
            let quick = 0.03 + 0.02 * world as f64 % 0.1 + 0.01 * flow as f64;
            let (mut rate, mut queue) = (150.0, 0.0);
            let mut own = FlowSeries {
                name: format!("flow {flow}"),
                target: Vec::new(),
                sent: Vec::new(),
                received: Vec::new(),
                delay: Vec::new(),
                loss: Vec::new(),
            };
            for (step, capacity) in capacity.iter().enumerate() {
                let goal = (0.93 * capacity / flows as f64).min(1_500.0);
                rate += (goal - rate) * quick;
                let sent = rate * (1.0 + 0.06 * normal(&draws.replicate(flow as u64), step as u64));
                queue =
                    (queue + (sent - capacity / flows as f64) * 0.2 / capacity * 1_000.0).clamp(0.0, 300.0);
                own.target.push(rate);
                own.sent.push(sent);
                own.received.push(if step < 5 {
                    f64::NAN
                } else {
                    sent.min(capacity / flows as f64)
                });
                own.delay.push(50.0 + queue);
                own.loss.push(if queue >= 300.0 { 0.08 } else { 0.0 });
            }
            own
        })
        .collect();
    Series {
        step: 0.2,
        links: vec![LinkSeries {
            name: "bottleneck".to_owned(),
            queue: vec![0.0; capacity.len()],
            capacity,
        }],
        flows,
    }
}

fn normal(draws: &Draws, position: u64) -> f64 {
    normal_quantile(draws.unit(position).max(1e-9))
}

/// Something that looks like a digest.
fn digest(of: &str) -> Arc<str> {
    let seed = of.bytes().fold(7_u64, |sum, byte| {
        sum.wrapping_mul(131).wrapping_add(u64::from(byte))
    });
    let draws = Draws::new(seed);
    Arc::from(
        (0..4)
            .map(|part| format!("{:016x}", draws.bits(part)))
            .collect::<String>(),
    )
}
