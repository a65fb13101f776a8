//! `jackfield swap-test` swaps real plugins for each other and says what came of it.

use std::path::PathBuf;
use std::process::{Command, Output};

/// The plugins of this build stand beside the binary, where it looks by itself.
fn jackfield(arguments: &[&str]) -> Output {
    let binary = PathBuf::from(env!("CARGO_BIN_EXE_jackfield"));
    let built = binary.with_file_name("libjackfield_processing_gain.so");
    assert!(
        built.exists(),
        "{} is missing: `make plugins` builds them",
        built.display()
    );
    Command::new(binary)
        .args(arguments)
        .output()
        .expect("the binary runs")
}

#[test]
fn t_7_the_worst_of_each_figure_is_printed_for_every_kind_of_plugin() {
    for (a, b) in [
        ("jackfield.processing.null", "jackfield.processing.gain"),
        ("jackfield.mixer.sum", "jackfield.mixer.active-speaker"),
        ("jackfield.jitter.fixed", "jackfield.jitter.adaptive"),
        ("jackfield.codec.opus", "jackfield.codec.g711"),
    ] {
        let ran = jackfield(&["swap-test", a, b, "--swaps", "12", "--json"]);
        assert!(ran.status.success(), "{a}, {b}: {ran:?}");
        let report: serde_json::Value = serde_json::from_slice(&ran.stdout).expect("JSON");
        assert_eq!(report["a"], a);
        assert_eq!(
            (&report["swaps"], &report["committed"]),
            (&12.into(), &12.into()),
            "{report}"
        );
        assert_eq!(report["samples_lost"], 0);
        let step = report["discontinuity_db"].as_f64().expect("a number");
        assert!((-120.0..=-20.0).contains(&step), "{a}, {b}: {step} dB");
        assert!(report["stall_us"].as_f64().is_some_and(|us| us > 0.0), "{report}");
        assert!(
            report["seconds"].as_f64().is_some_and(|seconds| seconds > 6.0),
            "{report}"
        );
    }
}

/// What comes with Jackfield for a plugin of its own: against one from a template.
#[test]
fn t_7_plugins_of_the_network_are_swapped_without_losing_a_packet() {
    let place = tempfile::tempdir().expect("a folder");
    for (area, family, ours) in [
        ("pacer", "pacing", "jackfield.pacing.null"),
        (
            "congestion-controller",
            "congestion",
            "jackfield.congestion.fixed",
        ),
    ] {
        let name = format!("c-{area}");
        let sdk = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
        let made = Command::new(env!("CARGO_BIN_EXE_jackfield"))
            .args(["plugin", "new", area, &name, "--lang", "c", "--sdk", sdk, "--in"])
            .arg(place.path())
            .status();
        assert!(made.expect("it runs").success());
        let project = place.path().join(&name);
        let built = Command::new("make").current_dir(&project).output().expect("make");
        assert!(built.status.success(), "{built:?}");
        let theirs = format!("example.{family}.{name}");
        let folder = project.join("build").display().to_string();
        let ran = jackfield(&[
            "swap-test",
            ours,
            &theirs,
            "--swaps",
            "12",
            "--json",
            "--plugins",
            &folder,
        ]);
        assert!(ran.status.success(), "{area}: {ran:?}");
        let report: serde_json::Value = serde_json::from_slice(&ran.stdout).expect("JSON");
        assert_eq!(report["area"], format!("jackfield.{area}/1"));
        assert_eq!(
            (&report["committed"], &report["samples_lost"]),
            (&12.into(), &0.into()),
            "{report}"
        );
        assert!(
            report["seconds"].as_f64().is_some_and(|seconds| seconds > 2.0),
            "{report}"
        );
    }
}

#[test]
fn it_reads_well_and_stands_beside_the_other_commands_of_plugins_too() {
    let (a, b) = ("jackfield.processing.null", "jackfield.processing.gain");
    let ran = jackfield(&["plugin", "swap-test", a, b, "--swaps", "4"]);
    let text = String::from_utf8(ran.stdout).expect("text");
    assert!(
        text.starts_with("jackfield.processing.null <-> jackfield.processing.gain"),
        "{text}"
    );
    for line in [
        "swaps              4 in",
        "samples lost       0",
        "tick held up",
        "largest step",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
}

#[test]
fn what_cannot_be_swapped_is_refused_in_words() {
    for (a, b, said) in [
        (
            "jackfield.processing.null",
            "jackfield.mixer.sum",
            "no area in common",
        ),
        (
            "jackfield.processing.null",
            "jackfield.nothing",
            "no plugin has the id",
        ),
        (
            "jackfield.transport.ice-dtls",
            "jackfield.transport.loopback",
            "a transport keeps its path",
        ),
    ] {
        let ran = jackfield(&["swap-test", a, b]);
        assert!(!ran.status.success());
        let text = String::from_utf8(ran.stderr).expect("text");
        // A long error is folded, with a bar before each line.
        let text = text.replace('│', " ");
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(said), "{text}");
    }
}
