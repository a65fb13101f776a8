//! Scenarios whose links follow traces: a cell leans on what stands in the trace, wherever it lies.

use jackfield_lab::cell::CellError;
use jackfield_lab::experiment::Experiment;
use jackfield_lab::plan::CellSpec;
use jackfield_loader::TextError;

use crate::congestion::{EXPERIMENT, SCENARIO, bench};
use crate::toy::Desk;

const TRACE: &str = "0.0 1.0\n2.0 0.5\n4.0 1.5\n";

/// A desk on which the scenario's uplink follows `traces/drive.txt`.
fn desk(trace: &str) -> Desk {
    let desk = Desk::new();
    let traced = SCENARIO.replace(
        r#"rate = [{ at = "0 s", rate = "1 Mbit/s" }, { at = "3 s", rate = "600 kbit/s" }]"#,
        r#"rate = { trace = "traces/drive.txt" }"#,
    );
    assert_ne!(traced, SCENARIO);
    desk.put("short.toml", &traced);
    desk.folder("traces");
    desk.put("traces/drive.txt", trace);
    desk
}

fn experiment(desk: &Desk) -> Result<Experiment, TextError> {
    Experiment::parse(
        EXPERIMENT,
        &desk.path().join("experiment.toml"),
        &bench().runners(),
    )
}

fn first_cell(desk: &Desk) -> CellSpec {
    bench().plan(&experiment(desk).unwrap()).unwrap().cell(0).unwrap()
}

#[test]
fn e17_7_a_cell_over_a_trace_runs_and_is_replayed() {
    let desk = desk(TRACE);
    let out = desk.folder("out");
    let cell = first_cell(&desk);
    let done = bench().run_cell(&cell, &out).unwrap();
    assert_eq!(done.failure, None);
    let series = bench().series(&cell).unwrap().unwrap();
    let capacity: Vec<f64> = series.links[1].capacity.iter().copied().step_by(10).collect();
    assert_eq!(capacity, [1_000.0, 500.0, 1_500.0], "{}", series.links[1].name);
    assert!(bench().replay(&cell.id().to_string(), &out).unwrap().is_same());
}

#[test]
fn e17_7_what_stands_in_a_trace_names_the_cell_and_where_it_lies_does_not() {
    let one = desk(TRACE);
    let (cell, digest) = (first_cell(&one), experiment(&one).unwrap().digest());
    assert_eq!(CellSpec::from_line(&cell.to_line()).unwrap(), cell);

    let elsewhere = desk(TRACE);
    assert_eq!(
        first_cell(&elsewhere).id(),
        cell.id(),
        "the same trace in another folder"
    );
    assert_eq!(experiment(&elsewhere).unwrap().digest(), digest);

    one.put("traces/drive.txt", &TRACE.replace("1.5", "1.6"));
    assert_ne!(
        first_cell(&one).id(),
        cell.id(),
        "another trace under the same name"
    );
    assert_ne!(experiment(&one).unwrap().digest(), digest);
}

#[test]
fn e17_7_a_trace_that_is_gone_or_changed_is_no_result_of_its_cell() {
    let desk = desk(TRACE);
    let out = desk.folder("out");
    let cell = first_cell(&desk);

    desk.put("traces/drive.txt", "0.0 9.0\n1.0 9.0\n");
    let error = bench().run_cell(&cell, &out).unwrap_err();
    assert!(matches!(error, CellError::Files { .. }), "{error:?}");
    let text = error.to_string();
    for part in [
        "`traces/drive.txt` is not the file that was planned with",
        "blake3:",
        "put that file back, name its folder with --traces, or plan again",
    ] {
        assert!(text.contains(part), "{part} is missing in: {text}");
    }

    std::fs::remove_file(desk.path().join("traces/drive.txt")).unwrap();
    let text = bench().run_cell(&cell, &out).unwrap_err().to_string();
    assert!(
        text.contains("the file `traces/drive.txt` of the scenario (blake3:") && text.contains("is not here"),
        "{text}"
    );
    assert_eq!(
        std::fs::read_dir(&out).unwrap().count(),
        0,
        "no rows that say it failed"
    );

    let kept = desk.folder("kept");
    desk.put("kept/drive.txt", TRACE);
    let done = bench().with_traces(vec![kept]).run_cell(&cell, &out).unwrap();
    assert_eq!(done.failure, None, "found in another folder");
}

#[test]
fn e17_7_a_trace_that_is_none_is_refused_with_file_line_and_what_to_do() {
    for (trace, parts) in [
        (
            "0.0 1.0\n2.0 fast\n",
            ["line 2", "found \"2.0 fast\"", "docs/reference/traces.md"],
        ),
        (
            "",
            [
                "the trace is empty",
                "give it at least one line",
                "`traces/drive.txt`",
            ],
        ),
    ] {
        let text = experiment(&desk(trace)).unwrap_err().to_string();
        let always = ["experiment.toml:", "short.toml", "`links.up.rate.trace`"];
        for part in always.iter().chain(&parts) {
            assert!(text.contains(part), "{part} is missing in: {text}");
        }
    }
    let desk = desk(TRACE);
    std::fs::remove_file(desk.path().join("traces/drive.txt")).unwrap();
    let text = experiment(&desk).unwrap_err().to_string();
    let path = desk.path().join("traces/drive.txt").display().to_string();
    for part in [
        path.as_str(),
        "No such file",
        "a relative path starts at the folder of the scenario",
    ] {
        assert!(text.contains(part), "{part} is missing in: {text}");
    }
}
