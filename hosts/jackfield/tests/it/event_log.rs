//! Event logs at the command line: the page that says how they are replayed, followed word by word, and what goes wrong.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use super::pages::{follow, script};

const PAGE: &str = include_str!("../../../../docs/how-to/replay-a-call-into-another-controller.md");

fn binary() -> PathBuf {
    let binary = PathBuf::from(env!("CARGO_BIN_EXE_jackfield"));
    let built = binary.with_file_name("libjackfield_congestion_gcc.so");
    assert!(
        built.exists(),
        "{} is missing: `make plugins` builds them",
        built.display()
    );
    binary
}

fn jackfield(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(binary());
    command.args(arguments).current_dir(folder);
    command.output().expect("the binary runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Everything that the page says, done in a folder of its own. What it says on the error output goes with the rest.
fn followed() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let programs = binary().parent().expect("it lies somewhere").to_owned();
    let path = format!(
        "{}:{}",
        programs.display(),
        std::env::var("PATH").unwrap_or_default()
    );
    let script = format!("exec 2>&1\n{}", script(PAGE));
    let said = follow(
        &script,
        folder.path(),
        folder.path(),
        &[("PATH", Path::new(&path))],
    );
    (folder, said)
}

#[test]
fn e26_3_e26_4_the_page_about_replays_works_word_by_word() {
    let (folder, said) = followed();
    let at = folder.path();
    // The summary.
    for wanted in [
        "controller 0: jackfield.congestion.gcc",
        "PacketFeedback",
        "bit for bit",
        "jackfield.congestion.scream: told ",
        "jackfield.congestion.nada: told ",
    ] {
        assert!(said.contains(wanted), "{wanted} is missing in:\n{said}");
    }
    for page in ["call.html", "others.html"] {
        let html = fs::read_to_string(at.join(page)).expect(page);
        assert!(html.contains("<svg") && html.contains("round trip"), "{page}");
        for outside in ["http://", "https://", "src=", "url("] {
            assert!(!html.contains(outside), "{page} needs {outside}");
        }
    }
    let csv = fs::read_to_string(at.join("others.csv")).expect("it was written");
    let header = csv.lines().next().expect("a first line");
    for column in [
        "time s",
        "recorded (jackfield.congestion.gcc) target kbit/s",
        "jackfield.congestion.scream target kbit/s",
        "jackfield.congestion.nada pacing kbit/s",
        "acknowledged kbit/s",
    ] {
        assert!(header.contains(column), "{header}");
    }
    assert!(
        (295..=305).contains(&csv.lines().count()),
        "30 s by 100 ms: {}",
        csv.lines().count()
    );
    // Replayed into itself, what is drawn is what was recorded.
    let same = fs::read_to_string(at.join("same.csv")).expect("it was written");
    for line in same.lines().skip(1) {
        let values: Vec<&str> = line.split(',').collect();
        assert_eq!(values[1..4], values[4..7], "{line}");
    }

    // The same log, the same bytes.
    let out = [
        "replay-bwe",
        "call.jsonl",
        "--use",
        "jackfield.congestion.nada",
        "--out",
        "a.json",
    ];
    assert!(jackfield(at, &out).status.success());
    let first = fs::read(at.join("a.json")).expect("it was written");
    assert!(jackfield(at, &out).status.success());
    assert_eq!(first, fs::read(at.join("a.json")).expect("it was written"));
    let json: Value = serde_json::from_slice(&first).expect("JSON");
    assert_eq!(json["facts"]["recorded"], "jackfield.congestion.gcc");
    assert_eq!(json["step_s"], 0.1);

    // Another log: the first difference is named, and the status says so.
    let log = fs::read_to_string(at.join("call.jsonl")).expect("it was written");
    let changed = log.replacen("\"target\":300000,", "\"target\":300001,", 1);
    assert_ne!(log, changed);
    fs::write(at.join("changed.jsonl"), changed).expect("written");
    let differs = jackfield(
        at,
        &[
            "replay-bwe",
            "changed.jsonl",
            "--use",
            "jackfield.congestion.gcc",
            "--out",
            "b.csv",
        ],
    );
    assert_eq!(differs.status.code(), Some(1));
    let said = text(&differs.stderr);
    assert!(
        said.contains("first at event 1 at ") && said.contains("then"),
        "{said}"
    );

    // What goes wrong says what to do.
    let fails = |arguments: &[&str], wanted: &str| {
        let ran = jackfield(at, arguments);
        let said = text(&ran.stderr).replace(['\n', '│'], " ");
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            !ran.status.success() && said.contains(wanted),
            "{arguments:?}: {said}"
        );
    };
    let gcc = "jackfield.congestion.gcc";
    fs::write(at.join("two.jsonl"), log.replacen("events/1", "events/2", 1)).expect("written");
    fails(&["replay-bwe", "two.jsonl", "--use", gcc], "jackfield.events/2");
    fails(
        &["replay-bwe", "call.jsonl", "--use", "jackfield.mixer.sum"],
        "jackfield.mixer.sum",
    );
    fails(
        &["replay-bwe", "call.jsonl", "--use", gcc, "--flow", "7"],
        "no flow 7; it has: 0",
    );
    fails(
        &["replay-bwe", "call.jsonl", "--use", gcc, "--out", "a.pdf"],
        ".csv, .html or .json",
    );
    fails(
        &["replay-bwe", "call.jsonl", "--use", gcc, "--param", "nonsense=1"],
        "nonsense",
    );
    fails(&["event-log", "nowhere.jsonl"], "cannot read the event log");

    // A torn last line is a warning.
    fs::write(at.join("torn.jsonl"), &log[..log.len() - 20]).expect("written");
    let torn = jackfield(at, &["replay-bwe", "torn.jsonl", "--use", gcc]);
    assert!(torn.status.success(), "{}", text(&torn.stderr));
    assert!(text(&torn.stderr).contains("torn"));
    assert!(text(&torn.stdout).starts_with("time s,"));
}
