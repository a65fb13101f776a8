//! Ten thousand cells, listed, run and merged, in memory that does not grow with their number.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::process::Command;
use std::sync::atomic::AtomicBool;

use jackfield_lab::executor::Execution;
use jackfield_lab::merge::{PLAN_FILE, merge};

use crate::toy::{Desk, bench};

const ROLE: &str = "JACKFIELD_LAB_TEST_SEEDS";

/// The largest memory that this process has had, in kilobytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Not a test of its own: what a child process does when it is asked to.
#[test]
fn child_lists_runs_and_merges() {
    let Ok(seeds) = std::env::var(ROLE) else { return };
    let desk = Desk::new();
    let bench = bench();
    let plan = bench.plan(&desk.experiment(seeds.parse().unwrap())).unwrap();
    let out = desk.folder("out");
    let mut file = BufWriter::new(File::create(out.join(PLAN_FILE)).unwrap());
    for cell in plan.cells() {
        writeln!(file, "{}", cell.to_line()).unwrap();
    }
    file.flush().unwrap();
    let stop = AtomicBool::new(false);
    let execution = Execution {
        folder: &out,
        jobs: 2,
        stop: &stop,
        progress: &(),
    };
    bench.run_cells(plan.cells(), &execution).unwrap();
    let merged = merge(&out).unwrap();
    assert_eq!((merged.cells, merged.missing), (plan.len(), 0));
    println!("cells {} peak {}", plan.len(), peak());
}

fn measured(seeds: usize) -> (u64, u64) {
    let output = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "many_cells::child_lists_runs_and_merges",
            "--nocapture",
        ])
        .env(ROLE, seeds.to_string())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let words: Vec<&str> = text.split_whitespace().collect();
    let after = |word: &str| {
        let at = words.iter().position(|one| *one == word).unwrap();
        words[at + 1].parse().unwrap()
    };
    (after("cells"), after("peak"))
}

#[test]
fn e26_7_ten_thousand_cells_take_the_memory_of_two_thousand() {
    let (few, small) = measured(350);
    let (many, large) = measured(1_700);
    assert!(few > 2_000 && many > 10_000, "{few} and {many} cells");
    println!("{few} cells: {small} kB; {many} cells: {large} kB");
    // 32 bytes for each cell are kept, twice: to know which parts there are, and which there should be.
    assert!(
        large < small + 2_048,
        "{few} cells took {small} kB and {many} cells {large} kB"
    );
}
