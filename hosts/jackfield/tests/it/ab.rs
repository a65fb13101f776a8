//! `jackfield ab` as people and executors run it, with the plugins of this build, loaded from their files.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

const EXPERIMENT: &str = r#"
name = "short"
question = "Is more than there is better than less?"
kind = "congestion"
seeds = SEEDS
primary = ["utilisation"]
arms = [
    { name = "less", congestion = { use = "jackfield.congestion.fixed", params = { rate = 400.0 } } },
    { name = "gcc", congestion = "jackfield.congestion.gcc", pacer = "jackfield.pacing.leaky-bucket" },
]
scenarios = [{ files = "short.toml" }]
"#;

const SCENARIO: &str = r#"
name = "short"
duration = "20 s"

[links.up]
rate = "1 Mbit/s"
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

fn folder(seeds: usize) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("short.toml"), SCENARIO).unwrap();
    let experiment = EXPERIMENT.replace("SEEDS", &seeds.to_string());
    fs::write(folder.path().join("experiment.toml"), experiment).unwrap();
    folder
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let binary = PathBuf::from(env!("CARGO_BIN_EXE_jackfield"));
    let built = binary.with_file_name("libjackfield_congestion_gcc.so");
    assert!(
        built.exists(),
        "{} is missing: `make plugins` builds them",
        built.display()
    );
    let mut command = Command::new(binary);
    command.arg("ab").args(arguments).current_dir(folder);
    command
}

fn ab(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().expect("the binary runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn e17_7_e26_7_an_experiment_ends_with_a_verdict_and_its_steps_give_the_same_dataset() {
    let folder = folder(5);
    let at = folder.path();
    let ran = ab(at, &["run", "experiment.toml", "--out", "whole", "--jobs", "2"]);
    assert!(ran.status.success(), "{ran:?}");
    let said = text(&ran.stdout);
    assert!(
        said.contains("15 cells") && said.contains("report.html"),
        "{said}"
    );
    for name in ["report.html", "report.md", "report.json", "dataset.parquet"] {
        assert!(at.join("whole").join(name).is_file(), "{name}");
    }
    let report: Value = serde_json::from_slice(&fs::read(at.join("whole/report.json")).unwrap()).unwrap();
    assert!(report.to_string().contains("utilisation"));

    // The same by steps, last cells first, one of them from the standard input.
    assert!(
        ab(at, &["plan", "experiment.toml", "--out", "steps"])
            .status
            .success()
    );
    for (from, to) in [("8", "15"), ("1", "8"), ("3", "5")] {
        let ran = ab(at, &["cells", "--out", "steps", "--from", from, "--to", to]);
        assert!(ran.status.success(), "{ran:?}");
    }
    let lacking = ab(at, &["merge", "steps"]);
    assert_eq!(lacking.status.code(), Some(1));
    assert!(
        text(&lacking.stderr).contains("1 cells of the plan are missing"),
        "{lacking:?}"
    );
    let plan = text(&ab(at, &["plan", "experiment.toml"]).stdout);
    let mut cell = command(at, &["cell", "--spec", "-", "--out", "steps"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    cell.stdin
        .take()
        .unwrap()
        .write_all(plan.lines().next().unwrap().as_bytes())
        .unwrap();
    assert_eq!(cell.wait().unwrap().code(), Some(0));
    assert!(ab(at, &["merge", "steps"]).status.success());
    assert_eq!(
        fs::read(at.join("steps/dataset.parquet")).unwrap(),
        fs::read(at.join("whole/dataset.parquet")).unwrap()
    );

    let spec: Value = serde_json::from_str(plan.lines().nth(1).unwrap()).unwrap();
    let id = spec["id"].as_str().unwrap();
    assert!(
        spec["modules"]["congestion"]["digest"]
            .as_str()
            .unwrap()
            .starts_with("blake3:")
    );
    let replayed = ab(
        at,
        &["replay", &id[..10], "--in", "whole", "--series", "cell.csv"],
    );
    assert!(replayed.status.success(), "{replayed:?}");
    assert!(
        text(&replayed.stdout).contains("the same, packet by packet"),
        "{replayed:?}"
    );
    assert!(
        fs::read_to_string(at.join("cell.csv"))
            .unwrap()
            .starts_with("time s,")
    );
    assert!(ab(at, &["report", "steps"]).status.success());

    // A cell of one's own choice is drawn beside those of the other arms.
    let chosen = format!("seed {}</span>", spec["seed"]);
    let page = || fs::read_to_string(at.join("steps/report.html")).unwrap();
    let drawn = ab(at, &["report", "steps", "--draw", id]);
    assert!(drawn.status.success(), "{drawn:?}");
    assert_eq!(page().matches("<span class=\"tag\">seed").count(), 1);
    assert!(page().contains(&chosen), "{chosen}");
    let unknown = ab(at, &["report", "steps", "--draw", "no-such-cell"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(
        text(&unknown.stderr).contains("report.json lists all"),
        "{unknown:?}"
    );

    // A dataset that is not as it was written shows nothing.
    let dataset = at.join("steps/dataset.parquet");
    let mut bytes = fs::read(&dataset).unwrap();
    bytes.truncate(bytes.len() / 2);
    fs::write(&dataset, bytes).unwrap();
    let broken = ab(at, &["report", "steps"]);
    assert_eq!(broken.status.code(), Some(1));
    assert!(text(&broken.stderr).contains("dataset.parquet"), "{broken:?}");
}

#[test]
fn what_is_killed_goes_on_where_it_was_and_ctrl_c_ends_it_with_a_word() {
    let folder = folder(60);
    let at = folder.path();
    let parts = || {
        fs::read_dir(at.join("out")).map_or(0, |entries| {
            entries
                .filter(|entry| {
                    entry
                        .as_ref()
                        .unwrap()
                        .file_name()
                        .to_string_lossy()
                        .starts_with("part-")
                })
                .count()
        })
    };
    let until = |count: usize| {
        let begun = Instant::now();
        while parts() < count {
            assert!(
                begun.elapsed() < Duration::from_secs(120),
                "{} of {count} parts",
                parts()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    };
    let start = || {
        command(at, &["run", "experiment.toml", "--out", "out", "--jobs", "2"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    };
    let mut killed = start();
    until(5);
    killed.kill().unwrap();
    killed.wait().unwrap();

    let interrupted = start();
    until(parts() + 10);
    let sent = Command::new("kill")
        .args(["-INT", &interrupted.id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
    let output = interrupted.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    assert!(text(&output.stdout).contains("goes on from there"), "{output:?}");
    let kept = parts();
    assert!(kept < 180, "it was stopped in the middle");

    let output = ab(at, &["run", "experiment.toml", "--out", "out"]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(parts(), 180);
}

/// Runs it where no file may be longer than so many blocks of 512 bytes: so it is on a disk that is full.
fn with_little_room(at: &Path, blocks: u32, arguments: &[&str]) -> Output {
    let narrow = command(at, arguments);
    Command::new("sh")
        .args([
            "-c",
            &format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\""),
        ])
        .arg(narrow.get_program())
        .args(narrow.get_args())
        .current_dir(at)
        .output()
        .unwrap()
}

#[test]
fn a_sweep_for_which_there_is_no_room_says_so_and_goes_on_once_there_is() {
    let folder = folder(1);
    let at = folder.path();
    let full = with_little_room(at, 2, &["run", "experiment.toml", "--out", "out"]);
    assert!(!full.status.success(), "{full:?}");
    assert!(text(&full.stderr).contains("File too large"), "{full:?}");
    let parts = || {
        let files = fs::read_dir(at.join("out")).unwrap().flatten();
        let names = files.map(|file| file.file_name().into_string().unwrap());
        names.filter(|name| name.starts_with("part-")).count()
    };
    assert_eq!(parts(), 0, "nothing half written is left");
    let ran = ab(at, &["run", "experiment.toml", "--out", "out"]);
    assert!(ran.status.success(), "{ran:?}");
    assert_eq!(parts(), 3);
}

/// The parts are shorter than 16 KiB, a report is not.
#[test]
fn a_report_for_which_there_is_no_room_leaves_the_one_before_whole() {
    let folder = folder(2);
    let at = folder.path();
    assert!(
        ab(at, &["run", "experiment.toml", "--out", "out"])
            .status
            .success()
    );
    let before = fs::read(at.join("out/report.html")).unwrap();
    let kept = || fs::read_dir(at.join("out")).unwrap().count();
    let count = kept();

    let output = with_little_room(at, 32, &["report", "out"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(
        text(&output.stderr).contains("the dataset is whole"),
        "{output:?}"
    );
    assert_eq!(fs::read(at.join("out/report.html")).unwrap(), before);
    assert_eq!(kept(), count, "nothing half written is left");
    assert!(ab(at, &["report", "out"]).status.success());
}

#[test]
fn what_is_wrong_is_told_by_words_and_by_exit_status() {
    let folder = folder(1);
    let at = folder.path();
    for (plugin, words) in [
        ("congestion.gc", ["jackfield.congestion.gcc", "looked in"]),
        (
            "congestion.receive-side",
            ["does not fit", "decides at the sender"],
        ),
    ] {
        let wrong = fs::read_to_string(at.join("experiment.toml"))
            .unwrap()
            .replace("congestion.gcc", plugin);
        fs::write(at.join("wrong.toml"), wrong).unwrap();
        let output = ab(at, &["plan", "wrong.toml"]);
        // Long lines are folded to the width of a terminal.
        let said = text(&output.stderr).replace('│', " ");
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(!output.status.success());
        assert!(words.iter().all(|word| said.contains(word)), "{said}");
    }

    let line = text(&ab(at, &["plan", "experiment.toml"]).stdout)
        .lines()
        .next()
        .unwrap()
        .to_owned();
    fs::write(at.join("cell.json"), &line).unwrap();
    fs::write(at.join("file"), "").unwrap();
    assert_eq!(
        ab(at, &["cell", "--spec", "cell.json", "--out", "file"])
            .status
            .code(),
        Some(75),
        "no folder"
    );
    fs::write(at.join("changed.json"), line.replace("\"seed\":1", "\"seed\":2")).unwrap();
    assert_eq!(
        ab(at, &["cell", "--spec", "changed.json", "--out", "out"])
            .status
            .code(),
        Some(2)
    );
    assert_eq!(ab(at, &["merge", "nowhere"]).status.code(), Some(1));

    let list = ab(at, &["list", "--json"]);
    let kinds: Value = serde_json::from_slice(&list.stdout).unwrap();
    assert_eq!(kinds[0]["kind"], "congestion");
    let offered = kinds[0]["sockets"]["congestion"].as_array().unwrap();
    let offers = |id: &str| offered.contains(&id.into());
    assert!(offers("jackfield.congestion.gcc"), "{kinds}");
    assert!(!offers("jackfield.congestion.receive-side"), "{kinds}");
}
