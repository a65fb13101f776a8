//! Every template makes a plugin that builds and passes the suite of its area; small ones, as they promise.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use jackfield_loader::{Loader, LoaderOptions};

const AREAS: [&str; 9] = [
    "audio-source",
    "audio-sink",
    "audio-processor",
    "audio-codec",
    "jitter-buffer",
    "mixer",
    "congestion-controller",
    "pacer",
    "transport",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .expect("the checkout")
}

fn jackfield(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jackfield"));
    command
        .args(["plugin", "new", "--sdk"])
        .arg(root())
        .args(arguments);
    command
}

fn run(command: &mut Command) -> String {
    let output = command.output().expect("the program is there");
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}:\n{said}");
    said
}

/// The folder of target in which this test's binary lies: what is compiled here is not compiled again.
fn target() -> PathBuf {
    let tests = std::env::current_exe().expect("our own path");
    tests.ancestors().nth(3).expect("target/debug/deps").to_owned()
}

/// A workspace with a plugin of each area, built with the settings of this one so that it shares what is compiled already.
fn workspace() -> PathBuf {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("new-plugins");
    let _ = fs::remove_dir_all(&place);
    fs::create_dir_all(&place).expect("made");
    for area in AREAS {
        let name = format!("new-{area}");
        run(jackfield(&[area, &name, "--member", "--in"]).arg(&place));
    }
    let ours: toml::Table = fs::read_to_string(root().join("Cargo.toml"))
        .expect("it is there")
        .parse()
        .expect("TOML");
    let mut profile = ours["profile"]["dev"].clone();
    if let Some(packages) = profile.get_mut("package").and_then(toml::Value::as_table_mut) {
        packages.retain(|name, _| name == "*");
    }
    let text = toml::toml! {
        [workspace]
        resolver = "3"
        members = ["*"]
    };
    let mut text = text;
    text.insert(
        "profile".to_owned(),
        toml::Value::Table([("dev".to_owned(), profile)].into_iter().collect()),
    );
    fs::write(place.join("Cargo.toml"), text.to_string()).expect("written");
    fs::copy(root().join("Cargo.lock"), place.join("Cargo.lock")).expect("copied");
    place
}

#[test]
fn t_7_every_template_builds_and_passes_the_suite_of_its_area_and_is_found() {
    let place = workspace();
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let built = run(Command::new(&cargo)
        .args(["test", "--offline", "--lib", "--tests", "--no-fail-fast"])
        .current_dir(&place)
        .env("CARGO_TARGET_DIR", target()));
    assert_eq!(
        built.matches("test result: ok").count(),
        2 * AREAS.len(),
        "{built}"
    );

    // Tests leave a plugin's file among the intermediate ones; this puts it where an author looks for it.
    run(Command::new(&cargo)
        .args(["build", "--offline", "--lib"])
        .current_dir(&place)
        .env("CARGO_TARGET_DIR", target()));
    let found = place.join("found");
    fs::create_dir(&found).expect("made");
    for area in AREAS {
        let file = format!("libnew_{}.so", area.replace('-', "_"));
        fs::copy(target().join("debug").join(&file), found.join(&file)).expect("it was built");
    }
    let options = LoaderOptions {
        folders: vec![found],
        ..LoaderOptions::default()
    };
    let catalogue = Loader::new(options).expect("a loader").catalogue();
    assert_eq!(catalogue.problems(), []);
    for area in AREAS {
        let area = format!("jackfield.{area}/1");
        assert!(catalogue.of_area(&area).count() == 1, "{area}");
    }
}

#[test]
fn the_author_of_the_smallest_plugin_of_an_area_writes_at_most_40_lines() {
    let templates = root().join("plugin-sdk/templates");
    let in_rust = AREAS.map(|area| format!("rust/{area}.rs"));
    let in_c = AREAS.map(|area| format!("c/{area}.c"));
    for file in in_rust.into_iter().chain(in_c) {
        let text = fs::read_to_string(templates.join(&file)).expect("a template");
        let lines = text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with("//"))
            .count();
        assert!(lines <= 40, "{file}: {lines} lines");
    }
}

#[test]
fn every_template_is_in_the_format_that_its_project_asks_for() {
    let templates = root().join("plugin-sdk/templates/rust");
    let settings = tempfile::tempdir().expect("a folder");
    fs::copy(
        templates.join("common/rustfmt.toml"),
        settings.path().join("rustfmt.toml"),
    )
    .expect("copied");
    for area in AREAS {
        run(Command::new("rustfmt")
            .args(["--check", "--edition", "2024", "--config-path"])
            .arg(settings.path())
            .arg(templates.join(format!("{area}.rs"))));
    }
}

#[test]
fn t_7_every_template_in_c_builds_with_make_and_with_cmake_is_found_and_passes_the_validator() {
    let place = tempfile::tempdir().expect("a folder");
    for area in AREAS {
        let name = format!("c-{area}");
        run(jackfield(&[area, &name, "--lang", "c", "--in"]).arg(place.path()));
        let project = place.path().join(&name);
        let file = format!("lib{}.so", name.replace('-', "_"));
        run(Command::new("make").current_dir(&project));
        run(Command::new("cmake").args(["-B", "cmake"]).current_dir(&project));
        run(Command::new("cmake")
            .args(["--build", "cmake"])
            .current_dir(&project));
        for folder in [project.join("build"), project.join("cmake")] {
            let options = LoaderOptions {
                folders: vec![folder],
                ..LoaderOptions::default()
            };
            let catalogue = Loader::new(options).expect("a loader").catalogue();
            assert_eq!(catalogue.problems(), []);
            let (_, module) = catalogue.modules().next().expect("one plugin");
            assert_eq!(module.area, format!("jackfield.{area}/1"));
        }
        run(Command::new(env!("CARGO_BIN_EXE_jackfield"))
            .args(["plugin", "check", "--quick"])
            .arg(project.join("build").join(&file)));
    }
}

/// In C++ a constant is not exported by itself, and a pointer to anything fits nothing.
#[test]
fn t_7_every_template_in_c_is_cpp_too() {
    let place = tempfile::tempdir().expect("a folder");
    for area in AREAS {
        let name = format!("c-{area}");
        run(jackfield(&[area, &name, "--lang", "c", "--in"]).arg(place.path()));
        let source = format!("{}.c", name.replace('-', "_"));
        run(Command::new("c++")
            .args(["-x", "c++", "-std=c++20", "-Wall", "-Wextra", "-Werror", "-pedantic"])
            // C leaves out what is zero, and says so by leaving it out.
            .arg("-Wno-missing-field-initializers")
            .args(["-O2", "-fPIC", "-fvisibility=hidden", "-shared"])
            .arg("-I")
            .arg(root().join("plugin-sdk/abi/include"))
            .arg("-I")
            .arg(root().join("plugin-sdk/c/include"))
            .arg("-o")
            .arg(place.path().join(format!("{name}.so")))
            .arg(place.path().join(&name).join(source)));
    }
    let options = LoaderOptions {
        folders: vec![place.path().to_owned()],
        ..LoaderOptions::default()
    };
    let catalogue = Loader::new(options).expect("a loader").catalogue();
    assert_eq!(catalogue.problems(), []);
    assert_eq!(catalogue.files().len(), AREAS.len());
}

#[test]
fn what_cannot_be_made_is_refused_with_what_to_do() {
    let place = tempfile::tempdir().expect("a folder");
    fs::create_dir(place.path().join("taken")).expect("made");
    fs::write(place.path().join("taken/file"), "").expect("written");
    for (arguments, says) in [
        (&["mixer", "Loud"][..], "lower-case"),
        (&["mixer", "a--b"], "lower-case"),
        (&["mixer", "../up"], "lower-case"),
        (&["mixer", "self"], "my-self"),
        (&["mixer", "jackfield-x"], "cannot be called `jackfield-x`"),
        (&["mixer", "x", "--vendor", "A B"], "vendor"),
        (&["mixer", "taken"], "there already"),
        (&["mixer", "x", "--sdk", "/nowhere"], "plugin-sdk/sdk/Cargo.toml"),
        (&["blender", "x"], "audio-processor"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_jackfield"))
            .args(["plugin", "new"])
            .args(arguments)
            .current_dir(place.path())
            .output()
            .expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr).replace(['\n', '│'], " ");
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(!output.status.success(), "{arguments:?}");
        assert!(said.contains(says), "{arguments:?}: {said}");
        assert!(!place.path().join("x").exists());
    }
}
