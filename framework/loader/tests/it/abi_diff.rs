//! What changed between two builds is told, and what older and newer do not bear is told apart from what they do.

use std::path::Path;

use jackfield_loader::{AbiChange, AbiText, LoadError};

use crate::support::gain_file;

const BEFORE: &str = "area\ttest.counter/1\t1\n\
    method\tbegin(setup: const*jf_setup_t{...,size:uint32_t,start:uint32_t}) -> status\n\
    method\tadd(amount: uint32_t) -> status, uint32_t\n";

fn changes(after: &str) -> Vec<AbiChange> {
    AbiText::of_text(BEFORE).changes(&AbiText::of_text(after))
}

/// The one change that there is: whether it is compatible, and what it says.
fn only(after: &str) -> (bool, String) {
    let changes = changes(after);
    assert_eq!(changes.len(), 1, "{changes:?}");
    (changes[0].compatible, changes[0].what.clone())
}

#[test]
fn e1_4_nothing_changed_is_no_change() {
    assert_eq!(changes(BEFORE), []);
}

#[test]
fn e1_4_growth_at_the_end_is_compatible() {
    let appended = BEFORE.replace("/1\t1\n", "/1\t2\n") + "method\ttotal() -> status, uint32_t\n";
    assert_eq!(only(&appended), (true, "method `total` was appended".to_owned()));
    let grown = BEFORE.replace("start:uint32_t}", "start:uint32_t,step:uint32_t}");
    assert_eq!(
        only(&grown),
        (
            true,
            "method `begin`: something that it passes has grown".to_owned()
        )
    );
    let new = BEFORE.to_owned() + "area\ttest.other/1\t1\nmethod\tgo() -> status\n";
    assert_eq!(only(&new), (true, "it is new".to_owned()));
}

#[test]
fn e1_4_everything_else_is_not() {
    for (after, what) in [
        (
            BEFORE.replace("amount: uint32_t", "amount: float"),
            "method `add`: `amount: uint32_t` became `amount: float`",
        ),
        (
            BEFORE.replace(",start:uint32_t}", "}"),
            "method `begin`: something that it passes has lost its end",
        ),
        (
            BEFORE.replace(
                "{...,size:uint32_t,start:uint32_t}",
                "{...,size:uint32_t,start:float}",
            ),
            "method `begin`: `start:uint32_t` became `start:float`",
        ),
        (
            BEFORE.to_owned() + "method\ttotal() -> status, uint32_t\n",
            "method `total` was appended without a new revision: mark it #[since(2)]",
        ),
        (
            BEFORE.replace("method\tadd(amount: uint32_t) -> status, uint32_t\n", ""),
            "method `add` is gone",
        ),
        (BEFORE.replace("/1\t1\n", "/1\t2\n"), "revision 1 became 2"),
        (String::new(), "it is gone"),
    ] {
        assert_eq!(only(&after), (false, what.to_owned()));
    }
}

/// Plugins that were built with the traits of revision 1 work with those of today.
#[test]
fn e1_4_the_areas_have_only_grown_since_their_first_revision() {
    let first = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/areas-revision-1.txt");
    let first = AbiText::of_file(&first).unwrap();
    let changes = first.changes(&AbiText::of_host());
    let broken: Vec<String> = changes
        .iter()
        .filter(|change| !change.compatible)
        .map(ToString::to_string)
        .collect();
    assert!(broken.is_empty(), "{broken:#?}");
    assert!(
        changes
            .iter()
            .any(|change| change.what == "method `status` was appended"),
        "{changes:#?}"
    );
    let back = AbiText::of_host().changes(&first);
    assert!(
        back.iter().any(|change| !change.compatible),
        "the other way round is no growth"
    );
}

#[test]
fn e1_4_a_plugin_file_is_read_without_running_it() {
    let changes = AbiText::of_file(&gain_file())
        .unwrap()
        .changes(&AbiText::of_host());
    assert!(changes.iter().all(|change| change.compatible), "{changes:?}");
    let error = AbiText::of_file(Path::new("/nowhere.so")).unwrap_err();
    assert!(matches!(error, LoadError::Open { .. }), "{error}");
    let text = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let error = AbiText::of_file(&text).unwrap_err();
    assert!(matches!(error, LoadError::File { .. }), "{error}");
}
