//! Cells are run once, and what they leave behind is all or nothing.

use std::fs;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use jackfield_lab::cell::{CellError, Done, part_path};
use jackfield_lab::executor::{Execution, Progress};
use jackfield_lab::rows::{CELL_KEY, Row, RowReader, RowsError};

use crate::toy::{Desk, bench, bench_of};

#[test]
fn a_cell_runs_once() {
    let desk = Desk::new();
    let bench = bench();
    let out = desk.folder("out");
    let cell = bench.plan(&desk.experiment(1)).unwrap().cell(0).unwrap();
    let first = bench.run_cell(&cell, &out).unwrap();
    assert_eq!(
        first,
        Done {
            id: cell.id(),
            skipped: false,
            failure: None
        }
    );
    let bytes = fs::read(part_path(&out, cell.id())).unwrap();
    assert!(bench.run_cell(&cell, &out).unwrap().skipped);
    assert_eq!(fs::read_dir(&out).unwrap().count(), 1, "nothing lies about");

    fs::remove_file(part_path(&out, cell.id())).unwrap();
    bench.run_cell(&cell, &out).unwrap();
    assert_eq!(
        fs::read(part_path(&out, cell.id())).unwrap(),
        bytes,
        "the same bytes again"
    );
}

#[test]
fn rows_say_everything_that_it_takes_to_run_the_cell_again() {
    let desk = Desk::new();
    let bench = bench();
    let experiment = desk.experiment(1);
    let cell = bench.plan(&experiment).unwrap().cell(0).unwrap();
    bench.run_cell(&cell, desk.path()).unwrap();
    let reader = RowReader::open(&part_path(desk.path(), cell.id())).unwrap();
    assert_eq!(reader.fact(CELL_KEY), Some(cell.to_line().as_str()));
    let rows: Vec<Row> = reader.read_verified().unwrap();
    assert_eq!(rows.len(), 4);
    for row in &rows {
        assert_eq!(*row.experiment, *experiment.digest());
        assert_eq!(*row.cell, *cell.id().to_string());
        assert_eq!(
            (&*row.scenario, &*row.arm, row.seed, &*row.revision),
            ("calm", "slow", 1, "revision 1")
        );
        assert!(
            row.digests
                .starts_with("congestion=jackfield.congestion.fixed@linked:"),
            "{}",
            row.digests
        );
        assert_eq!((row.trace_hash.len(), &*row.failure), (64, ""));
    }
}

#[test]
fn a_cell_that_fails_or_panics_leaves_the_worst_values_and_not_a_gap() {
    let desk = Desk::new();
    let bench = bench();
    for (trouble, reason) in [
        ("fault", "it did not work out"),
        ("panic", "it panicked: nobody expected this"),
    ] {
        desk.put(
            "one.toml",
            &format!("names = [\"{trouble}\"]\ntrouble = \"{trouble}\"\n"),
        );
        let cell = bench.plan(&desk.experiment(1)).unwrap().cell(0).unwrap();
        let done = bench.run_cell(&cell, desk.path()).unwrap();
        assert_eq!(done.failure.as_deref(), Some(reason));
        let rows = RowReader::open(&part_path(desk.path(), cell.id()))
            .unwrap()
            .read_verified()
            .unwrap();
        let values: Vec<_> = rows.iter().map(|row| (&*row.metric, row.value)).collect();
        assert_eq!(
            values,
            [("failed", 1.0), ("delay_p95", -1.0), ("utilisation", -1.0)]
        );
        assert!(
            rows.iter()
                .all(|row| *row.failure == *reason && row.trace_hash.is_empty())
        );
        let again = bench.run_cell(&cell, desk.path()).unwrap();
        assert!(
            again.skipped && again.failure.as_deref() == Some(reason),
            "{again:?}"
        );
    }
}

#[test]
fn damaged_parts_and_parts_of_another_revision_are_run_again() {
    let desk = Desk::new();
    let bench = bench();
    let cell = bench.plan(&desk.experiment(1)).unwrap().cell(0).unwrap();
    bench.run_cell(&cell, desk.path()).unwrap();
    let path = part_path(desk.path(), cell.id());
    let whole = fs::read(&path).unwrap();
    for damaged in [
        &whole[..0],
        &whole[..7],
        &whole[..whole.len() / 2],
        &whole[..whole.len() - 1],
        b"PAR1 nonsense PAR1",
    ] {
        fs::write(&path, damaged).unwrap();
        assert!(!bench.run_cell(&cell, desk.path()).unwrap().skipped);
        assert_eq!(fs::read(&path).unwrap(), whole);
    }
    assert!(
        !bench_of("revision 2")
            .run_cell(&cell, desk.path())
            .unwrap()
            .skipped
    );
    assert_ne!(fs::read(&path).unwrap(), whole);
}

#[test]
fn any_byte_that_changes_is_noticed_or_does_no_harm() {
    let desk = Desk::new();
    let bench = bench();
    let cell = bench.plan(&desk.experiment(1)).unwrap().cell(0).unwrap();
    bench.run_cell(&cell, desk.path()).unwrap();
    let path = part_path(desk.path(), cell.id());
    let whole = fs::read(&path).unwrap();
    let rows = RowReader::open(&path).unwrap().read_verified().unwrap();
    let mut noticed = 0;
    for place in (0..whole.len()).step_by(3) {
        let mut bytes = whole.clone();
        bytes[place] ^= 0x55;
        fs::write(&path, bytes).unwrap();
        match RowReader::open(&path).and_then(RowReader::read_verified) {
            Ok(read) => assert_eq!(read, rows, "byte {place}"),
            Err(RowsError::Read { error, .. }) => panic!("byte {place}: {error}"),
            Err(_) => noticed += 1,
        }
    }
    assert!(noticed > 100, "{noticed}");
}

#[test]
fn a_folder_that_takes_nothing_is_a_reason_to_try_again_and_not_a_failed_cell() {
    let desk = Desk::new();
    let bench = bench();
    let plan = bench.plan(&desk.experiment(2)).unwrap();
    let nowhere = desk.path().join("not there");
    let error = bench.run_cell(&plan.cell(0).unwrap(), &nowhere).unwrap_err();
    assert!(
        matches!(error, CellError::Rows(RowsError::Write { .. })),
        "{error}"
    );
    assert!(error.to_string().contains("make the folder"), "{error}");
    let stop = AtomicBool::new(false);
    let execution = Execution {
        folder: &nowhere,
        jobs: 2,
        stop: &stop,
        progress: &(),
    };
    assert!(bench.run_cells(plan.cells(), &execution).is_err());
}

/// A device that is full takes the place of a full disk.
#[test]
fn a_full_disk_is_called_so() {
    let error = jackfield_lab::rows::RowWriter::new(
        fs::OpenOptions::new().write(true).open("/dev/full").unwrap(),
        std::path::Path::new("dataset.parquet"),
    )
    .and_then(|mut writer| {
        writer.push(Row::default())?;
        writer.finish()
    })
    .unwrap_err();
    assert!(error.to_string().contains("make room on the disk"), "{error}");
}

#[test]
fn a_plugin_that_changed_since_the_plan_is_refused() {
    let desk = Desk::new();
    let bench = bench();
    let line = bench
        .plan(&desk.experiment(1))
        .unwrap()
        .cell(0)
        .unwrap()
        .to_line();
    let mut value: serde_json::Value = serde_json::from_str(&line).unwrap();
    value["modules"]["congestion"]["digest"] = "linked:0.0.0".into();
    value.as_object_mut().unwrap().remove("id");
    let cell = jackfield_lab::plan::CellSpec::from_line(&value.to_string()).unwrap();
    let error = bench.run_cell(&cell, desk.path()).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("is not the plugin that was planned with"),
        "{error}"
    );
}

/// Stops the execution after some cells.
struct StopAfter<'a>(usize, Mutex<usize>, &'a AtomicBool);

impl Progress for StopAfter<'_> {
    fn done(&self, _: &Done) {
        let mut count = self.1.lock().unwrap();
        *count += 1;
        if *count == self.0 {
            self.2.store(true, Ordering::Relaxed);
        }
    }
}

#[test]
fn e26_7_what_is_stopped_goes_on_where_it_was() {
    let desk = Desk::new();
    let bench = bench();
    let plan = bench.plan(&desk.experiment(20)).unwrap();
    let stop = AtomicBool::new(false);
    let progress = StopAfter(17, Mutex::new(0), &stop);
    let execution = Execution {
        folder: desk.path(),
        jobs: 3,
        stop: &stop,
        progress: &progress,
    };
    let tally = bench.run_cells(plan.cells(), &execution).unwrap();
    assert!(tally.stopped && tally.run >= 17 && tally.run < 25, "{tally:?}");

    stop.store(false, Ordering::Relaxed);
    let execution = Execution {
        folder: desk.path(),
        jobs: 3,
        stop: &stop,
        progress: &(),
    };
    let second = bench.run_cells(plan.cells(), &execution).unwrap();
    assert_eq!((second.skipped, second.run), (tally.run, plan.len() - tally.run));
    assert!(!second.stopped);
}
