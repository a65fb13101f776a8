//! `jackfield plugin check`, and what looks at plugin files without running them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn jackfield(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_jackfield"))
        .args(arguments)
        .output()
        .expect("the binary runs")
}

/// A file that Cargo puts beside the program.
fn built(name: &str) -> PathBuf {
    let file = Path::new(env!("CARGO_BIN_EXE_jackfield"))
        .parent()
        .expect("a folder")
        .join(name);
    assert!(file.exists(), "{} is missing: run `make plugins`", file.display());
    file
}

#[test]
fn the_status_is_the_verdict() {
    let good = built("libjackfield_processing_null.so");
    let checked = jackfield(&["plugin", "check", good.to_str().expect("text"), "--level", "1"]);
    let said = String::from_utf8_lossy(&checked.stdout);
    assert_eq!(checked.status.code(), Some(0), "{said}");
    assert!(said.contains("passes level 1"), "{said}");

    let bad = built("examples/libbad_plugins.so");
    let bad = bad.to_str().expect("text");
    let page = tempfile::tempdir().expect("a folder");
    let page = page.path().join("report.html");
    let arguments = [
        "plugin",
        "check",
        bad,
        "--id",
        "jackfield.bad.aborts",
        "--json",
        "--html",
        page.to_str().expect("text"),
    ];
    let checked = jackfield(&arguments);
    assert_eq!(checked.status.code(), Some(1));
    let report: serde_json::Value = serde_json::from_slice(&checked.stdout).expect("JSON");
    assert_eq!(report["modules"][0]["findings"][0]["rule"], "aborts");
    assert!(fs::read_to_string(page).expect("written").contains("aborts"));

    let nothing = jackfield(&["plugin", "check", "no.such.plugin"]);
    assert_eq!(nothing.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&nothing.stderr).contains("no.such.plugin"));
}

#[test]
fn damaged_plugin_files_are_listed_as_such_and_inspected_without_a_crash() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("ours");
    let whole = fs::read(built("libjackfield_processing_null.so")).expect("read");
    let file = folder.path().join("damaged.so");
    for n in 0..60 {
        let mut bytes = whole.clone();
        // Across the headers, byte by byte, and at the end in larger steps.
        let at = if n < 40 {
            n
        } else {
            bytes.len() - 1 - (n - 40) * 997 % bytes.len()
        };
        bytes[at] ^= 0xFF;
        if n % 3 == 0 {
            bytes.truncate(bytes.len() * n / 60);
        }
        fs::write(&file, bytes).expect("written");
        let folder = folder.path().to_str().expect("text");
        for arguments in [
            &["plugin", "list", "--plugins", folder][..],
            &[
                "plugin",
                "inspect",
                file.to_str().expect("text"),
                "--plugins",
                folder,
            ],
        ] {
            let looked = jackfield(arguments);
            assert!(
                matches!(looked.status.code(), Some(0 | 1)),
                "byte {at}, {arguments:?}: {:?}",
                looked.status
            );
        }
    }
}
