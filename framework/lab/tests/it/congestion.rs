//! Cells of congestion controllers, with plugins that are linked in.

use std::sync::atomic::AtomicBool;

use jackfield_lab::cell::part_path;
use jackfield_lab::congestion::Congestion;
use jackfield_lab::experiment::Experiment;
use jackfield_lab::files::Files;
use jackfield_lab::metrics::Registry;
use jackfield_lab::plugins::Bench;
use jackfield_lab::report::{Report, Values};
use jackfield_lab::rows::{Row, RowReader};
use jackfield_lab::sweep::Sweep;
use jackfield_loader::{LoaderOptions, Manifest};

use crate::toy::Desk;

pub(crate) const SCENARIO: &str = r#"
name = "short"
duration = "6 s"

[links.up]
rate = [{ at = "0 s", rate = "1 Mbit/s" }, { at = "3 s", rate = "600 kbit/s" }]
delay = "40 ms"
queue = "300 ms"

[links.down]
delay = "40 ms"

[[flows]]
name = "call"
path = ["up"]
return_path = ["down"]
rate = { minimum = "100 kbit/s", start = "300 kbit/s", maximum = "2 Mbit/s" }
streams = [{ kind = "audio", rate = "20 kbit/s" }, { kind = "video" }]
"#;

pub(crate) const EXPERIMENT: &str = r#"
name = "fixed"
question = "Is more than there is better than less?"
kind = "congestion"
baseline = "less"
seeds = 4
primary = ["utilisation"]
arms = [
    { name = "less", congestion = { use = "jackfield.congestion.fixed", params = { rate = 400.0 } } },
    { name = "more", congestion = { use = "jackfield.congestion.fixed", params = { rate = 900.0 } } },
]
scenarios = [{ files = "short.toml" }]
guardrails = [{ metric = "delay_p95", margin = 10.0 }]
"#;

pub(crate) fn bench() -> Bench {
    let linked = vec![
        jackfield_congestion_fixed::JACKFIELD_PLUGIN,
        jackfield_pacing_null::JACKFIELD_PLUGIN,
    ];
    let options = LoaderOptions {
        linked,
        ..LoaderOptions::default()
    };
    Bench::new(
        options,
        Manifest::embedded_default().linked(),
        vec![Box::new(Congestion)],
        "here",
    )
    .unwrap()
}

fn experiment(desk: &Desk) -> Experiment {
    desk.put("short.toml", SCENARIO);
    Experiment::parse(
        EXPERIMENT,
        &desk.path().join("experiment.toml"),
        &bench().runners(),
    )
    .unwrap()
}

#[test]
fn e17_7_two_controllers_on_the_same_network_are_told_apart_and_a_controller_from_itself_is_not() {
    let desk = Desk::new();
    let (bench, experiment) = (bench(), experiment(&desk));
    let stop = AtomicBool::new(false);
    let out = desk.folder("out");
    let sweep = Sweep {
        folder: &out,
        jobs: 2,
        stop: &stop,
        progress: &(),
    };
    let swept = bench.sweep(&experiment, &sweep, &|_| Ok(false)).unwrap();
    let merged = swept.merged.unwrap();
    assert_eq!((merged.cells, merged.failed), (12, 0));

    let rows: Vec<Row> = RowReader::open(&merged.path)
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let mean = |arm: &str, metric: &str, segment: &str| {
        let of = |row: &&Row| {
            *row.arm == *arm && *row.metric == *metric && *row.segment == *segment && *row.flow == *"call"
        };
        let values: Vec<f64> = rows.iter().filter(of).map(|row| row.value).collect();
        assert_eq!(values.len(), 4, "{arm} {metric} {segment}");
        values.iter().sum::<f64>() / 4.0
    };
    assert!(mean("less", "delay_p95", "*") < 80.0);
    assert!(
        mean("more", "delay_p95", "*") > 200.0,
        "the queue is full in the second half"
    );
    assert!(mean("more", "utilisation", "*") > mean("less", "utilisation", "*") + 0.2);

    let values = Values::of_rows(&rows);
    let registry = Registry::network();
    let report = Report::new(&experiment, &values, &registry);
    let verdicts: Vec<String> = report
        .verdicts()
        .iter()
        .map(|verdict| format!("{verdict:?}"))
        .collect();
    assert_eq!(verdicts.len(), 2, "{verdicts:?}");
    assert!(
        report.markdown().contains("every value agrees to the last bit"),
        "{}",
        report.markdown()
    );
    assert!(!report.gate().passes(), "the delay got worse");

    let id = bench.plan(&experiment).unwrap().cell(1).unwrap().id();
    assert!(part_path(&out, id).is_file());
    assert!(bench.replay(&id.to_string(), &out).unwrap().is_same());
    let series = bench
        .series(&bench.plan(&experiment).unwrap().cell(1).unwrap())
        .unwrap()
        .unwrap();
    assert_eq!(
        (series.flows.len(), series.links.len(), series.flows[0].sent.len()),
        (1, 2, 30)
    );
}

#[test]
fn a_failed_cell_has_the_rows_of_one_that_ran_with_the_worst_values() {
    use jackfield_lab::runner::{Job, Runner};
    let desk = Desk::new();
    let bench = bench();
    let cell = bench.plan(&experiment(&desk)).unwrap().cell(0).unwrap();
    let job = Job {
        content: &cell.content,
        files: &Files::default(),
        scenario: &cell.part,
        seed: cell.seed,
        truth: false,
        tcp: None,
    };
    let outline = Congestion.outline(&job).unwrap();
    let ran = bench.outcome(&cell).unwrap().unwrap();
    let missing: Vec<_> = ran
        .values
        .iter()
        .filter(|one| {
            !outline.iter().any(|other| {
                (&other.flow, &other.segment, &other.metric) == (&one.flow, &one.segment, &one.metric)
            })
        })
        .map(|one| format!("{} {} {}", one.flow, one.segment, one.metric))
        .collect();
    let judging = ["utilisation", "delay_p95", "freezes", "loss", "frame_delay_p95"];
    for metric in judging {
        let worst = outline
            .iter()
            .find(|one| *one.metric == *metric && *one.segment == *"*")
            .map(|one| one.value);
        assert_eq!(
            worst,
            Registry::network().find(metric).map(|metric| metric.worst),
            "{metric}"
        );
    }
    let told = ["packets", "bytes", "sent_rate", "target_rate", "reaction_time"];
    let judges = |row: &&String| !told.iter().any(|metric| row.ends_with(metric));
    let missing: Vec<_> = missing.iter().filter(judges).collect();
    assert!(missing.is_empty(), "of what judges: {missing:?}");
}

#[test]
fn a_scenario_that_cannot_be_is_refused_with_the_file_and_the_key() {
    let desk = Desk::new();
    desk.put(
        "short.toml",
        &SCENARIO.replace("queue = \"300 ms\"", "queue = \"0 ms\""),
    );
    let error = Experiment::parse(
        EXPERIMENT,
        &desk.path().join("experiment.toml"),
        &bench().runners(),
    )
    .unwrap_err();
    let text = error.to_string();
    assert!(text.contains("short.toml") && text.contains("queue"), "{text}");
}

#[test]
fn e17_7_tcp_in_the_place_of_the_media_stands_beside_it_as_a_benchmark() {
    let desk = Desk::new();
    desk.put("short.toml", SCENARIO);
    let with_tcp = EXPERIMENT.replace("arms = [", "arms = [\n    { name = \"tcp\", tcp = \"cubic\" },");
    let (bench, path) = (bench(), desk.path().join("experiment.toml"));
    let experiment = Experiment::parse(&with_tcp, &path, &bench.runners()).unwrap();
    let stop = AtomicBool::new(false);
    let out = desk.folder("out");
    let sweep = Sweep {
        folder: &out,
        jobs: 2,
        stop: &stop,
        progress: &(),
    };
    let merged = bench
        .sweep(&experiment, &sweep, &|_| Ok(false))
        .unwrap()
        .merged
        .unwrap();
    assert_eq!((merged.cells, merged.failed), (16, 0));
    let rows: Vec<Row> = RowReader::open(&merged.path)
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let of = |arm: &str, flow: &str, metric: &str| -> Vec<f64> {
        let of = |row: &&Row| {
            *row.arm == *arm && *row.flow == *flow && *row.metric == *metric && *row.segment == *"*"
        };
        rows.iter().filter(of).map(|row| row.value).collect()
    };
    let total = of("tcp", "*", "total_rate");
    assert!(
        total.len() == 4 && total.iter().all(|kbps| (550.0..800.0).contains(kbps)),
        "{total:?}"
    );
    assert_eq!(
        of("tcp", "call", "received_rate").len(),
        4,
        "under the name of the flow"
    );
    assert!(
        of("tcp", "call", "queueing_p95").iter().all(|ms| *ms > 150.0),
        "it fills the queue"
    );
    for of_media in ["freezes", "mos", "target_rate", "frame_rate"] {
        assert_eq!(of("tcp", "call", of_media).len(), 0, "{of_media}");
    }

    let (values, registry) = (Values::of_rows(&rows), Registry::network());
    let report = Report::new(&experiment, &values, &registry);
    let text = report.markdown();
    assert!(
        text.contains("tcp, as many TCP connections in the place of the media, comes to Utilisation"),
        "{text}"
    );
    let json: serde_json::Value = serde_json::from_str(&report.json()).unwrap();
    let role = json["arms"]
        .as_array()
        .unwrap()
        .iter()
        .find(|arm| arm["name"] == "tcp")
        .unwrap();
    assert_eq!(role["role"], "tcp");
    let means = json["means"].as_array().unwrap();
    assert!(
        means.iter().any(|table| table["metric"] == "total_rate"),
        "{means:?}"
    );

    let cells: Vec<_> = bench.plan(&experiment).unwrap().cells().collect();
    let cell = cells.iter().find(|cell| cell.arm == "tcp").unwrap();
    assert!(bench.replay(&cell.id().to_string(), &out).unwrap().is_same());
    assert_eq!(
        &jackfield_lab::plan::CellSpec::from_line(&cell.to_line()).unwrap(),
        cell
    );
    let less =
        |cells: &[jackfield_lab::plan::CellSpec]| cells.iter().find(|cell| cell.arm == "less").unwrap().id();
    let before: Vec<_> = bench.plan(&self::experiment(&desk)).unwrap().cells().collect();
    assert_eq!(less(&cells), less(&before), "other cells are named as they were");

    for (arm, says) in [
        (
            "tcp = \"westwood\"",
            [
                "there is no TCP `westwood`",
                "use one of reno, cubic, bbr, prague",
            ],
        ),
        (
            "tcp = \"reno\", truth = true",
            ["TCP is told nothing of the path", "leave out `tcp` or `truth`"],
        ),
        (
            "tcp = \"reno\", pacer = \"jackfield.pacing.null\"",
            [
                "TCP in the place of the media has no plugins",
                "leave out either `tcp` or this socket",
            ],
        ),
    ] {
        let text = with_tcp.replace("tcp = \"cubic\"", arm);
        let error = Experiment::parse(&text, &path, &bench.runners())
            .unwrap_err()
            .to_string();
        assert!(says.iter().all(|says| error.contains(says)), "{error}");
    }
}
