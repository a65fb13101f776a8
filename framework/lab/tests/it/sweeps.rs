//! Sweeps end with a dataset, whatever was there before.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use jackfield_lab::cell::part_path;
use jackfield_lab::experiment::Experiment;
use jackfield_lab::plugins::Bench;
use jackfield_lab::replay::ReplayError;
use jackfield_lab::sweep::{Sweep, Swept};

use crate::toy::{Desk, bench, bench_of, text};

fn sweep(bench: &Bench, experiment: &Experiment, folder: &Path) -> Swept {
    let stop = AtomicBool::new(false);
    let sweep = Sweep {
        folder,
        jobs: 2,
        stop: &stop,
        progress: &(),
    };
    bench.sweep(experiment, &sweep, &|_| Ok(false)).unwrap()
}

#[test]
fn e26_7_a_sweep_is_taken_up_where_it_was_and_mends_what_is_damaged() {
    let desk = Desk::new();
    let (bench, experiment, out) = (bench(), desk.experiment(4), desk.path().join("new/out"));
    let swept = sweep(&bench, &experiment, &out);
    assert_eq!((swept.tally.run, swept.tally.skipped), (24, 0));
    let path = swept.merged.unwrap().path;
    let expected = fs::read(&path).unwrap();

    let plan = bench.plan(&experiment).unwrap();
    let part = |index: usize| part_path(&out, plan.cell(index).unwrap().id());
    fs::remove_file(part(3)).unwrap();
    fs::write(part(7), "half of a").unwrap();
    let mut bytes = fs::read(part(9)).unwrap();
    bytes[70] ^= 1;
    fs::write(part(9), bytes).unwrap();
    let swept = sweep(&bench, &experiment, &out);
    assert_eq!(
        (swept.tally.run, swept.tally.skipped),
        (2, 22),
        "the third shows only when it is read whole"
    );
    assert_eq!(fs::read(&path).unwrap(), expected);
}

#[test]
fn more_seeds_run_only_what_is_new() {
    let desk = Desk::new();
    let (bench, out) = (bench(), desk.folder("out"));
    sweep(&bench, &desk.experiment(3), &out);
    let swept = sweep(&bench, &desk.experiment(5), &out);
    assert_eq!((swept.tally.run, swept.tally.skipped), (12, 18));
    let swept = sweep(&bench_of("revision 2"), &desk.experiment(5), &out);
    assert_eq!(
        (swept.tally.run, swept.tally.skipped),
        (30, 0),
        "another program runs everything anew"
    );
}

#[test]
fn a_sweep_that_looks_stops_when_it_knows() {
    let desk = Desk::new();
    let (bench, out) = (bench(), desk.folder("out"));
    let experiment = desk
        .read(&format!(
            "{}\n[stopping]\nrule = \"sequential\"\nevery = 4\n",
            text("seeds = 18")
        ))
        .unwrap();
    let looks = AtomicUsize::new(0);
    let stop = AtomicBool::new(false);
    let how = Sweep {
        folder: &out,
        jobs: 2,
        stop: &stop,
        progress: &(),
    };
    let decided = |_: &Path| Ok(looks.fetch_add(1, Ordering::Relaxed) == 2);
    let swept = bench.sweep(&experiment, &how, &decided).unwrap();
    assert_eq!(swept.decided_after, Some(12));
    assert_eq!((swept.tally.run, swept.tally.skipped), (12 * 6, 0));
    assert_eq!(swept.merged.unwrap().cells, 12 * 6);

    let swept = bench.sweep(&experiment, &how, &|_| Ok(false)).unwrap();
    assert_eq!((swept.decided_after, swept.merged.unwrap().cells), (None, 18 * 6));
}

#[test]
fn a_cell_replays_as_it_went() {
    let desk = Desk::new();
    let (bench, experiment, out) = (bench(), desk.experiment(2), desk.folder("out"));
    sweep(&bench, &experiment, &out);
    let id = bench.plan(&experiment).unwrap().cell(1).unwrap().id().to_string();
    let replay = bench.replay(&id[..12], &out).unwrap();
    assert!(replay.is_same(), "{replay:?}");
    assert_eq!(replay.spec.arm, "quick");

    // From the part alone, from plan and dataset alone, and from the plan alone.
    fs::rename(out.join("cells.jsonl"), out.join("aside")).unwrap();
    assert!(bench.replay(&id, &out).unwrap().is_same());
    fs::rename(out.join("aside"), out.join("cells.jsonl")).unwrap();
    fs::remove_file(part_path(&out, id.parse().unwrap())).unwrap();
    assert!(bench.replay(&id, &out).unwrap().is_same());
    fs::remove_file(out.join("dataset.parquet")).unwrap();
    let replay = bench.replay(&id, &out).unwrap();
    assert!(
        !replay.is_same() && replay.before.is_none() && replay.differences.is_empty(),
        "{replay:?}"
    );

    assert!(matches!(
        bench.replay("0123456789", &out),
        Err(ReplayError::Unknown { .. })
    ));
    assert!(matches!(bench.replay("", &out), Err(ReplayError::Unknown { .. })));
}

#[test]
fn what_has_been_run_suffices_when_every_candidate_is_known() {
    use jackfield_lab::rows::{Row, RowWriter};
    let desk = Desk::new();
    let stopping = "\n[stopping]\nrule = \"sequential\"\n";
    let sequential = desk.read(&format!("{}{stopping}", text("seeds = 30"))).unwrap();
    let fixed = desk.experiment(30);
    let dataset = |seeds: u64, difference: f64| {
        let path = desk.path().join("dataset.parquet");
        let mut writer = RowWriter::new(fs::File::create(&path).unwrap(), &path).unwrap();
        for seed in 1..=seeds {
            for (arm, value) in [("slow", 0.5), ("quick", 0.5 + difference)] {
                let noise = if seed % 2 == 0 { 0.01 } else { -0.01 } * f64::from(u8::from(arm == "slow"));
                let row = Row {
                    scenario: "calm".into(),
                    arm: arm.into(),
                    seed,
                    flow: "*".into(),
                    segment: "*".into(),
                    metric: "utilisation".into(),
                    value: value + noise,
                    ..Row::default()
                };
                writer.push(row).unwrap();
            }
        }
        writer.finish().unwrap();
        path
    };
    let suffices = jackfield_lab::decision::suffices;
    assert!(suffices(&sequential, &dataset(12, 0.1)).unwrap());
    assert!(
        !suffices(&sequential, &dataset(2, 0.1)).unwrap(),
        "two seeds tell nothing"
    );
    assert!(!suffices(&sequential, &dataset(30, 0.0)).unwrap());
    assert!(
        !suffices(&fixed, &dataset(30, 0.1)).unwrap(),
        "its end was fixed beforehand"
    );
}
