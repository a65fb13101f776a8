//! What a report says in words: better, worse, alike, broken guardrails, an A/A arm that cries out.

use std::collections::BTreeMap;
use std::sync::Arc;

use jackfield_lab::experiment::{Arm, Experiment, Guardrail, Places, Stopping};
use jackfield_lab::metrics::Registry;
use jackfield_lab::report::{Finding, Outcome, Report, Values, Verdict};
use jackfield_lab::rows::{Row, SCHEMA};
use jackfield_lab::statistics::distribution::normal_quantile;
use jackfield_lab::statistics::random::Draws;

/// By how much B differs from A, with how much noise: metric, value of A, difference, noise.
type World<'a> = &'a [(&'a str, f64, f64, f64)];

struct Told {
    b: Verdict,
    repeat: Verdict,
    gate: Vec<String>,
}

fn told(world: World<'_>, guardrails: &[(&str, f64)], repeat_differs: f64) -> Told {
    let experiment = experiment(world[0].0, guardrails);
    let values = Values::of_rows(&rows(world, repeat_differs, 30));
    let registry = Registry::network();
    let report = Report::new(&experiment, &values, &registry);
    let verdict = |name: &str| {
        let found = report.verdicts().iter().find(|verdict| verdict.arm == name);
        found.expect("a verdict").clone()
    };
    Told {
        b: verdict("B"),
        repeat: verdict("A (A/A)"),
        gate: report.gate().reasons,
    }
}

fn experiment(primary: &str, guardrails: &[(&str, f64)]) -> Experiment {
    let arm = |name: &str| Arm {
        name: name.to_owned(),
        sockets: BTreeMap::new(),
        truth: false,
        tcp: None,
    };
    Experiment {
        name: "words".to_owned(),
        question: "Is B better than A?".to_owned(),
        kind: "congestion".to_owned(),
        arms: vec![arm("A"), arm("B")],
        baseline: "A".to_owned(),
        scenarios: Vec::new(),
        seeds: (0..30).collect(),
        primary: vec![primary.to_owned()],
        guardrails: guardrails
            .iter()
            .map(|(metric, margin)| Guardrail {
                metric: (*metric).to_owned(),
                margin: *margin,
                higher_is_better: None,
            })
            .collect(),
        stopping: Stopping::Fixed,
        manifest: None,
        places: Places::default(),
    }
}

fn rows(world: World<'_>, repeat_differs: f64, seeds: u64) -> Vec<Row> {
    let mut rows = Vec::new();
    for scenario in 0..6_u64 {
        for (number, arm) in ["A", "B", "A (A/A)"].into_iter().enumerate() {
            for seed in 0..seeds {
                for (which, (metric, centre, by, noise)) in world.iter().enumerate() {
                    let draws = Draws::new(which as u64).replicate(scenario * 1_000 + seed);
                    let normal = |position| normal_quantile(draws.unit(position).max(1e-9));
                    let own = [0.0, by + noise * normal(number as u64), repeat_differs * noise][number];
                    rows.push(row(
                        &format!("case {scenario}"),
                        arm,
                        seed,
                        ("*", metric),
                        centre + noise * normal(9) + own,
                    ));
                }
            }
        }
    }
    rows
}

fn row(scenario: &str, arm: &str, seed: u64, (flow, metric): (&str, &str), value: f64) -> Row {
    Row {
        schema: SCHEMA,
        experiment: Arc::from("e"),
        cell: Arc::from(format!("{scenario} {arm} {seed}")),
        scenario: Arc::from(scenario),
        arm: Arc::from(arm),
        seed,
        flow: Arc::from(flow),
        segment: Arc::from("*"),
        metric: Arc::from(metric),
        unit: Arc::from("share"),
        value,
        failure: Arc::from(""),
        digests: Arc::from("congestion=x"),
        revision: Arc::from("r"),
        trace_hash: Arc::from("t"),
    }
}

const DELAY: (&str, f64) = ("delay_p95", 10.0);

#[test]
fn e26_7_a_better_arm_is_called_better_with_effect_and_interval() {
    let told = told(
        &[("utilisation", 0.7, 0.061, 0.02), ("delay_p95", 100.0, -3.0, 5.0)],
        &[DELAY],
        0.0,
    );
    assert_eq!(told.b.finding, Finding::Better);
    assert_eq!(
        told.b.headline,
        "B is better than A in utilisation, and every guardrail holds."
    );
    let sentence = &told.b.sentences[0];
    assert_eq!(sentence.outcome, Outcome::Better);
    let text = &sentence.text;
    assert!(
        text.starts_with("B uses 6.")
            && text.contains("percentage points more of what the path offers than A"),
        "{text}"
    );
    assert!(
        text.contains("(95 % interval 5.") || text.contains("(95 % interval 6."),
        "{text}"
    );
    let guardrail = &told.b.sentences[1];
    assert_eq!(guardrail.outcome, Outcome::Holds);
    assert!(
        guardrail.text.starts_with("Guardrail delay p95 holds: ")
            && guardrail.text.contains("10.0 ms worse are allowed"),
        "{}",
        guardrail.text
    );
    assert_eq!(told.gate, Vec::<String>::new());
}

#[test]
fn e26_7_a_worse_arm_is_called_worse_and_the_gate_closes() {
    let told = told(&[("settling_time", 4.0, 1.5, 0.5)], &[], 0.0);
    assert_eq!(told.b.finding, Finding::Worse);
    assert_eq!(told.b.headline, "B is worse than A in settling time.");
    assert!(
        told.b.sentences[0].text.starts_with("B settles 1."),
        "{}",
        told.b.sentences[0].text
    );
    assert!(told.b.sentences[0].text.contains("later than A"));
    assert_eq!(told.gate, ["B: settling_time is worse"]);
}

#[test]
fn e26_7_where_nothing_is_shown_nothing_is_claimed() {
    let told = told(&[("utilisation", 0.7, 0.0, 0.02)], &[], 0.0);
    assert_eq!(told.b.finding, Finding::Alike);
    assert_eq!(told.b.headline, "No difference between B and A is shown.");
    assert!(
        told.b.sentences[0]
            .text
            .starts_with("Utilisation: no difference is shown, ")
    );
    assert_eq!(told.gate, Vec::<String>::new());
}

#[test]
fn e26_7_a_gain_that_breaks_a_guardrail_is_no_win() {
    let world: World<'_> = &[("utilisation", 0.7, 0.06, 0.02), ("delay_p95", 100.0, 25.0, 5.0)];
    let told_broken = told(world, &[DELAY], 0.0);
    assert_eq!(told_broken.b.finding, Finding::Broken);
    assert_eq!(
        told_broken.b.headline,
        "B is better than A in utilisation, at a price that was ruled out beforehand: it breaks the guardrail on delay p95."
    );
    let text = &told_broken.b.sentences[1].text;
    assert!(
        text.starts_with("Guardrail delay p95 is broken: 2")
            && text.contains("ms worse, with 95 % confidence at least 2"),
        "{text}"
    );
    assert_eq!(told_broken.gate, ["B: delay_p95 breaks its guardrail"]);

    let told_open = told(
        &[("utilisation", 0.7, 0.06, 0.02), ("delay_p95", 100.0, 10.0, 8.0)],
        &[DELAY],
        0.0,
    );
    assert_eq!(told_open.b.finding, Finding::Open);
    assert!(
        told_open.b.headline.ends_with("More seeds would tell."),
        "{}",
        told_open.b.headline
    );
    assert_eq!(told_open.gate, ["B: delay_p95 may break its guardrail"]);
}

#[test]
fn e17_7_an_honest_repeated_baseline_agrees_and_a_shifted_one_raises_an_alarm() {
    let world: World<'_> = &[("utilisation", 0.7, 0.06, 0.02)];
    let honest = told(world, &[], 0.0).repeat;
    assert_eq!(honest.finding, Finding::Alike);
    assert_eq!(
        honest.headline,
        "The A/A arm shows no difference: every value agrees to the last bit."
    );
    let shifted = told(world, &[], 0.5);
    assert_eq!(shifted.repeat.finding, Finding::Alarm);
    assert!(
        shifted
            .repeat
            .headline
            .starts_with("The A/A arm differs in utilisation:"),
        "{}",
        shifted.repeat.headline
    );
    assert_eq!(shifted.gate, std::slice::from_ref(&shifted.repeat.headline));
}

#[test]
fn too_few_cells_say_nothing_and_metrics_that_nobody_described_are_left_out() {
    let experiment = experiment("utilisation", &[DELAY]);
    let values = Values::of_rows(&rows(
        &[("utilisation", 0.7, 0.1, 0.01), ("of_tomorrow", 1.0, 1.0, 0.1)],
        0.0,
        0,
    ));
    let registry = Registry::network();
    let nothing = Report::new(&experiment, &values, &registry);
    assert!(nothing.verdicts().is_empty() && nothing.html().contains("<h1>words</h1>"));

    let values = Values::of_rows(&[
        row("one", "A", 1, ("*", "utilisation"), 0.5),
        row("one", "B", 2, ("*", "utilisation"), 0.6),
    ]);
    let unpaired = Report::new(&experiment, &values, &registry);
    assert_eq!(unpaired.verdicts()[0].finding, Finding::Missing);
    assert!(
        unpaired
            .gate()
            .reasons
            .contains(&"B: utilisation has too few values".to_owned())
    );

    let values = Values::of_rows(&rows(
        &[("utilisation", 0.7, 0.1, 0.01), ("of_tomorrow", 1.0, 1.0, 0.1)],
        0.0,
        5,
    ));
    let report = Report::new(&experiment, &values, &registry);
    assert!(
        report.comparisons()[0]
            .effects
            .iter()
            .all(|effect| effect.metric != "of_tomorrow")
    );
}

#[test]
fn a_cells_value_is_that_of_all_flows_else_the_mean_over_flows() {
    let of = |rows: &[Row]| Values::of_rows(rows).by_seed("loss", "s", "A");
    let flows = [
        row("s", "A", 1, ("x", "loss"), 0.1),
        row("s", "A", 1, ("y", "loss"), 0.3),
    ];
    assert_eq!(of(&flows), [(1, 0.2)].into());
    let mut with_whole = flows.to_vec();
    with_whole.push(row("s", "A", 1, ("*", "loss"), 0.15));
    assert_eq!(of(&with_whole), [(1, 0.15)].into());
    assert_eq!(of(&[row("s", "A", 1, ("*", "loss"), f64::NAN)]), BTreeMap::new());
}

#[test]
fn with_sequential_stopping_the_claim_rests_on_the_always_valid_test() {
    let world: World<'_> = &[("utilisation", 0.7, 0.06, 0.02)];
    let mut experiment = experiment("utilisation", &[]);
    let values = Values::of_rows(&rows(world, 0.0, 30));
    let registry = Registry::network();
    let width = |experiment: &Experiment| {
        let report = Report::new(experiment, &values, &registry);
        let effect = report.comparisons()[0].effects[0].clone();
        assert_eq!(effect.outcome, Outcome::Better);
        let overall = effect.overall.expect("an interval");
        overall.upper - overall.lower
    };
    let fixed = width(&experiment);
    experiment.stopping = Stopping::Sequential {
        alpha: 0.05,
        every: 5,
    };
    assert!(width(&experiment) > fixed, "looking early costs width");
}

#[test]
fn scenarios_without_the_metric_do_not_keep_the_always_valid_test_from_a_decision() {
    let world: World<'_> = &[("tcp_share", 0.7, 0.06, 0.02), ("utilisation", 0.7, 0.0, 0.02)];
    let mut experiment = experiment("tcp_share", &[]);
    experiment.stopping = Stopping::Sequential {
        alpha: 0.05,
        every: 5,
    };
    let mut rows = rows(world, 0.0, 30);
    // There is TCP in half of the scenarios.
    rows.retain(|row| &*row.metric != "tcp_share" || &*row.scenario < "case 3");
    let values = Values::of_rows(&rows);
    let registry = Registry::network();
    let report = Report::new(&experiment, &values, &registry);
    assert_eq!(report.comparisons()[0].effects[0].outcome, Outcome::Better);
}

#[test]
fn what_ended_at_its_own_level_is_judged_at_that_level() {
    // Too little for one in twenty, enough for one in two.
    let world: World<'_> = &[("utilisation", 0.7, 0.0009, 0.02)];
    let mut experiment = experiment("utilisation", &[]);
    let values = Values::of_rows(&rows(world, 0.0, 30));
    let registry = Registry::network();
    let mut outcome = |alpha: f64| {
        experiment.stopping = Stopping::Sequential { alpha, every: 5 };
        let report = Report::new(&experiment, &values, &registry);
        report.comparisons()[0].effects[0].outcome
    };
    assert_eq!([outcome(0.05), outcome(0.5)], [Outcome::Alike, Outcome::Better]);
}
