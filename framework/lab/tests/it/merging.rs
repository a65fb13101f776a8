//! Merging gives one dataset, whatever happened on the way.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use jackfield_lab::cell::part_path;
use jackfield_lab::executor::Execution;
use jackfield_lab::merge::{EXPERIMENT_FILE, MergeError, PLAN_FILE, merge};
use jackfield_lab::plan::{CellSpec, Plan};
use jackfield_lab::plugins::Bench;
use jackfield_lab::rows::{EXPERIMENT_KEY, Row, RowReader};

use crate::toy::{Desk, bench, bench_of};

fn run(bench: &Bench, cells: Vec<CellSpec>, folder: &Path, jobs: usize) {
    let stop = AtomicBool::new(false);
    let execution = Execution {
        folder,
        jobs,
        stop: &stop,
        progress: &(),
    };
    bench.run_cells(cells.into_iter(), &execution).unwrap();
}

fn lay_out(plan: &Plan, folder: &Path) {
    let lines: String = plan.cells().map(|cell| cell.to_line() + "\n").collect();
    fs::write(folder.join(PLAN_FILE), lines).unwrap();
}

/// A desk, its plan, and a folder in which the plan lies.
fn prepared(seeds: usize) -> (Desk, Bench, Plan, PathBuf) {
    let desk = Desk::new();
    let bench = bench();
    let experiment = desk.experiment(seeds);
    let plan = bench.plan(&experiment).unwrap();
    let out = desk.folder("out");
    lay_out(&plan, &out);
    fs::write(out.join(EXPERIMENT_FILE), experiment.to_json().to_string()).unwrap();
    (desk, bench, plan, out)
}

#[test]
fn e17_7_the_dataset_is_the_same_whatever_the_order_and_the_number_of_threads() {
    let (desk, bench, plan, out) = prepared(12);
    run(&bench, plan.cells().collect(), &out, 1);
    merge(&out).unwrap();
    let expected = fs::read(out.join("dataset.parquet")).unwrap();

    let mut cells: Vec<CellSpec> = plan.cells().collect();
    for (round, jobs) in [2, 3, 7].into_iter().enumerate() {
        // Another order each time.
        cells.sort_by_key(|cell| blake3::hash(format!("{round} {}", cell.id()).as_bytes()).to_hex());
        let other = desk.folder(&format!("out {round}"));
        lay_out(&plan, &other);
        fs::copy(out.join(EXPERIMENT_FILE), other.join(EXPERIMENT_FILE)).unwrap();
        run(&bench, cells.clone(), &other, jobs);
        merge(&other).unwrap();
        assert_eq!(
            fs::read(other.join("dataset.parquet")).unwrap(),
            expected,
            "{jobs} threads"
        );
    }
}

#[test]
fn a_dataset_is_sorted_and_carries_its_experiment() {
    let (desk, bench, plan, out) = prepared(4);
    run(&bench, plan.cells().collect(), &out, 2);
    let merged = merge(&out).unwrap();
    assert_eq!(
        (merged.cells, merged.missing, merged.failed, merged.others),
        (24, 0, 0, 0)
    );
    assert_eq!(merged.rows, 24 * 4);
    let reader = RowReader::open(&merged.path).unwrap();
    let experiment: serde_json::Value = serde_json::from_str(reader.fact(EXPERIMENT_KEY).unwrap()).unwrap();
    assert_eq!(experiment, desk.experiment(4).to_json());
    let rows: Vec<Row> = reader.map(Result::unwrap).collect();
    assert!(rows.windows(2).all(|pair| pair[0].key() < pair[1].key()));
    RowReader::open(&merged.path).unwrap().verify().unwrap();
}

#[test]
fn the_repeated_baseline_shows_no_difference() {
    let (_desk, bench, plan, out) = prepared(5);
    run(&bench, plan.cells().collect(), &out, 2);
    let path = merge(&out).unwrap().path;
    let of = |arm: &str| {
        let mut values: Vec<_> = RowReader::open(&path)
            .unwrap()
            .map(Result::unwrap)
            .filter(|row| *row.arm == *arm)
            .map(|row| {
                (
                    row.scenario,
                    row.seed,
                    row.flow,
                    row.metric,
                    row.value.to_bits(),
                    row.trace_hash,
                )
            })
            .collect();
        values.sort();
        values
    };
    assert_eq!(of("slow"), of("slow (A/A)"));
    assert_eq!(of("slow").len(), 5 * 2 * 4);
}

#[test]
fn cells_that_lack_are_named_and_the_rest_is_merged() {
    let (_desk, bench, plan, out) = prepared(3);
    run(&bench, plan.cells().collect(), &out, 2);
    let gone: Vec<_> = [2, 5].map(|index| plan.cell(index).unwrap().id()).into();
    for id in &gone {
        fs::remove_file(part_path(&out, *id)).unwrap();
    }
    let merged = merge(&out).unwrap();
    assert_eq!((merged.missing, merged.cells), (2, plan.len() - 2));
    let mut named = merged.first_missing;
    named.sort();
    let mut expected = gone;
    expected.sort();
    assert_eq!(named, expected);

    // What lacked is run, and nothing else; then the dataset is as if nothing had happened.
    run(&bench, plan.cells().collect(), &out, 2);
    assert_eq!(merge(&out).unwrap().missing, 0);
}

#[test]
fn a_damaged_part_is_named_and_the_dataset_before_it_stays() {
    let (_desk, bench, plan, out) = prepared(2);
    run(&bench, plan.cells().collect(), &out, 2);
    let path = merge(&out).unwrap().path;
    let before = fs::read(&path).unwrap();
    let part = part_path(&out, plan.cell(1).unwrap().id());
    let whole = fs::read(&part).unwrap();
    for damaged in [whole[..whole.len() / 3].to_vec(), {
        let mut bytes = whole.clone();
        bytes[60] ^= 1;
        bytes
    }] {
        fs::write(&part, damaged).unwrap();
        let error = merge(&out).unwrap_err();
        assert!(
            matches!(&error, MergeError::Damaged { parts } if parts.len() == 1),
            "{error}"
        );
        assert!(error.to_string().contains(&part.display().to_string()), "{error}");
        assert_eq!(fs::read(&path).unwrap(), before);
    }
    // A part under the name of another one is damage too.
    fs::copy(part_path(&out, plan.cell(2).unwrap().id()), &part).unwrap();
    assert!(
        merge(&out)
            .unwrap_err()
            .to_string()
            .contains("rows of another cell")
    );
    let left: Vec<_> = fs::read_dir(&out)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert!(
        left.iter().all(|name| !name.to_string_lossy().starts_with('.')),
        "{left:?}"
    );
}

#[test]
fn parts_that_the_plan_does_not_name_are_left_alone_and_two_revisions_are_not_mixed() {
    let (desk, bench, plan, out) = prepared(2);
    run(&bench, plan.cells().collect(), &out, 1);
    let smaller = bench.plan(&desk.experiment(1)).unwrap();
    lay_out(&smaller, &out);
    let merged = merge(&out).unwrap();
    assert_eq!(
        (merged.cells, merged.others),
        (smaller.len(), plan.len() - smaller.len())
    );

    fs::remove_file(out.join(PLAN_FILE)).unwrap();
    assert_eq!(
        merge(&out).unwrap().cells,
        plan.len(),
        "without a plan, whatever there is"
    );
    fs::remove_file(part_path(&out, plan.cell(0).unwrap().id())).unwrap();
    bench_of("revision 2")
        .run_cell(&plan.cell(0).unwrap(), &out)
        .unwrap();
    assert!(matches!(merge(&out), Err(MergeError::Revisions { .. })));
}

#[test]
fn a_folder_without_parts_and_a_plan_that_is_none_are_told() {
    let desk = Desk::new();
    assert!(matches!(merge(desk.path()), Err(MergeError::Nothing { .. })));
    assert!(matches!(
        merge(&desk.path().join("nowhere")),
        Err(MergeError::Rows(_))
    ));
    desk.put(PLAN_FILE, "{\"id\":\"xyz\",\"experiment\":\"\"}\n");
    assert!(matches!(
        merge(desk.path()),
        Err(MergeError::Plan { line: 1, .. })
    ));
}
