//! The page on comparing two controllers, followed word by word with fewer seeds.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::pages::{follow, script};

#[test]
fn e17_7_the_page_on_comparing_two_controllers_works_word_by_word() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .expect("the checkout");
    let page = fs::read_to_string(root.join("docs/how-to/compare-two-controllers.md")).expect("the page");
    // A checkout to write into.
    let checkout = tempfile::tempdir().expect("a folder");
    let binaries = PathBuf::from(env!("CARGO_BIN_EXE_jackfield"));
    let binaries = binaries.parent().expect("it lies in a folder");
    fs::create_dir(checkout.path().join("target")).expect("made");
    symlink(binaries, checkout.path().join("target/debug")).expect("linked");
    symlink(root.join("benches"), checkout.path().join("benches")).expect("linked");

    let script = script(&page);
    let few = script
        .replace("seeds = 20 ", "seeds = 3 ")
        .replace("quick.toml --out", "quick.toml --seeds 2 --out");
    assert!(few.contains("seeds = 3 ") && few.contains("--seeds 2"), "{few}");
    let said = follow(&few, checkout.path(), checkout.path(), &[]);
    for wanted in [
        "jackfield.congestion.scream",
        "4 scenarios, 3 seeds: 36 cells",
        "the same, packet by packet and value by value",
    ] {
        assert!(said.contains(wanted), "{wanted} is missing in:\n{said}");
    }
    for left in [
        "mine/report.html",
        "mine/dataset.parquet",
        "cell.csv",
        "cell.jsonl",
        "cell.pcapng",
        "apart/dataset.parquet",
    ] {
        assert!(checkout.path().join(left).is_file(), "{left} is missing");
    }
}
