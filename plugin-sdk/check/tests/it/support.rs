//! Where the plugins are, and the program that checks them.

use std::path::{Path, PathBuf};
use std::process::Command;

use jackfield_check::{Options, Report, Validator};

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .expect("the repository")
}

/// Where Cargo puts plugins: the parent of where it puts tests.
fn built() -> PathBuf {
    let tests = std::env::current_exe().expect("a test has a file");
    tests
        .parent()
        .and_then(Path::parent)
        .expect("target/debug/deps")
        .to_owned()
}

fn existing(file: PathBuf, package: &str) -> PathBuf {
    assert!(
        file.exists(),
        "{} is missing: run `cargo build -p {package} --lib --examples`, or `make plugins` for all",
        file.display()
    );
    file
}

/// All that do wrong in one file.
pub(crate) fn bad_plugins() -> PathBuf {
    existing(built().join("examples/libbad_plugins.so"), "jackfield-bad")
}

/// The plugin of a package.
pub(crate) fn plugin(package: &str) -> PathBuf {
    existing(
        built().join(format!("lib{}.so", package.replace('-', "_"))),
        package,
    )
}

/// A bad plugin in C.
pub(crate) fn in_c(name: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let made = Command::new("make")
        .arg("-C")
        .arg(root().join("plugins/bad/c"))
        .arg(format!("OUT={}", folder.path().display()))
        .output()
        .expect("make is part of the setup");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let file = folder.path().join(format!("{name}.so"));
    (folder, file)
}

/// Quick, and one case at a time: tests run beside each other already.
pub(crate) fn quick() -> Options {
    Options {
        quick: true,
        jobs: 1,
        ..Options::default()
    }
}

pub(crate) fn check(file: &Path, id: Option<&str>, options: Options) -> Report {
    let program = existing(built().join("examples/check"), "jackfield-check");
    Validator::new(program, &["--case"], options)
        .check(file, id)
        .expect("a plugin file")
}
