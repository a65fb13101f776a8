//! `jackfield plugin abi-diff` says what changed between two builds, and fails if they do not work together.

use std::fs;
use std::process::{Command, Output};

const OLDER: &str = "area\ttest.counter/1\t1\nmethod\tadd(amount: uint32_t) -> status\n";

fn diff(older: &str, newer: &str) -> Output {
    let folder = tempfile::tempdir().expect("a folder");
    let [a, b] = [("older", older), ("newer", newer)].map(|(name, text)| {
        let file = folder.path().join(name);
        fs::write(&file, text).expect("written");
        file
    });
    Command::new(env!("CARGO_BIN_EXE_jackfield"))
        .args(["plugin", "abi-diff"])
        .args([a, b])
        .output()
        .expect("the binary runs")
}

#[test]
fn e1_4_growth_is_told_and_is_no_failure() {
    let newer = OLDER.replace("/1\t1", "/1\t2") + "method\ttotal() -> status, uint32_t\n";
    let run = diff(OLDER, &newer);
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{run:?}");
    assert_eq!(
        said.trim(),
        "compatible    test.counter/1: method `total` was appended"
    );
    assert_eq!(
        String::from_utf8_lossy(&diff(OLDER, OLDER).stdout).trim(),
        "nothing changed"
    );
}

#[test]
fn e1_4_a_break_is_told_and_fails() {
    let run = diff(OLDER, &OLDER.replace("uint32_t", "float"));
    assert!(!run.status.success());
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(
        said.contains(
            "incompatible  test.counter/1: method `add`: `amount: uint32_t` became `amount: float`"
        ),
        "{said}"
    );
}
