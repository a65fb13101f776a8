//! The tutorial, followed word by word: every listing is written and every command run, in one shell, exactly as printed.

use std::fs;
use std::path::{Path, PathBuf};

use crate::pages::{blocks, follow, script};

/// A home that keeps what was compiled from one run to the next.
fn home() -> PathBuf {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("tutorial");
    let _ = fs::remove_dir_all(home.join("my-plugins"));
    fs::create_dir_all(home.join("my-plugins")).expect("made");
    // What is compiled once serves the next run, too.
    let config = format!(
        "[build]\ntarget-dir = {:?}\n[net]\noffline = true\n[profile.release]\nopt-level = 1\n",
        home.join("target")
    );
    fs::create_dir_all(home.join("my-plugins/.cargo")).expect("made");
    fs::write(home.join("my-plugins/.cargo/config.toml"), config).expect("written");
    home
}

#[test]
fn t_7_the_tutorial_works_word_by_word() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .expect("the checkout");
    let page = fs::read_to_string(root.join("docs/tutorial/first-plugin.md")).expect("the tutorial");
    let home = home();
    let real_home = std::env::home_dir().expect("a home");
    let kept = |variable: &str, folder: &str| {
        std::env::var_os(variable).map_or_else(|| real_home.join(folder), PathBuf::from)
    };
    // The tutorial's paths begin at the project; what is compiled lies elsewhere. (A link would lead out of the manifest's folder.)
    let script = script(&page).replace(
        "cargo build --release\n",
        "cargo build --release\nmkdir -p target/release\ncp \"$HOME\"/target/release/*.so target/release\n",
    );
    let (cargo, rustup) = (kept("CARGO_HOME", ".cargo"), kept("RUSTUP_HOME", ".rustup"));
    let said = follow(
        &script,
        &root,
        &home,
        &[("CARGO_HOME", &cargo), ("RUSTUP_HOME", &rustup)],
    );
    assert_eq!(said.matches("test result: ok").count() % 3, 0, "{said}");
    for wanted in [
        "example.processing.soft-clip 0.1.0 — Soft clip",
        "example.processing.loud 0.1.0 — Loud",
        "\"outcome\":\"committed\"",
        "\"outcome\":\"parameters-set\"",
    ] {
        assert!(said.contains(wanted), "{wanted} is missing in:\n{said}");
    }
    assert_eq!(said.matches("\"outcome\":\"committed\"").count(), 2, "{said}");
}

#[test]
fn the_listing_of_the_tutorial_is_a_plugin_of_at_most_40_lines() {
    let page = include_str!("../../../../docs/tutorial/first-plugin.md");
    for block in blocks(page).iter().filter(|block| block.kind.starts_with("rust")) {
        let lines = block
            .text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with("//"))
            .count();
        assert!(lines <= 40, "{lines} lines");
    }
}
