use std::sync::OnceLock;

use jackfield_house_rules::webrtc_map::{TESTKIT, breaches, checks, ids, is_case, is_test};
use jackfield_house_rules::workspace::{root, text};

use super::assert_none;

#[test]
fn every_check_of_the_map_stands_there_once_with_tests_that_exist_or_not_yet() {
    assert_none(&breaches(&text("docs/webrtc-map.md"), has_test));
}

#[test]
fn a_check_that_is_missing_unknown_double_or_names_no_real_test_is_found() {
    let whole = |tests: &str| {
        ids()
            .map(|id| format!("| {id} | something holds | {tests} | |\n"))
            .collect::<String>()
    };
    assert_none(&breaches(&whole("not yet"), |_, _| false));
    assert_none(&breaches(&whole("`a/b.rs`: `c`"), |path, name| {
        (path, name) == ("a/b.rs", "c")
    }));

    let one_is_missing = whole("not yet")
        .lines()
        .skip(1)
        .map(|line| format!("{line}\n"))
        .collect::<String>();
    assert_eq!(breaches(&one_is_missing, |_, _| false).len(), 1);
    let one_too_many = whole("not yet") + "| E99.1 | ? | not yet | |\n| T.1 | again | not yet | |\n";
    assert_eq!(breaches(&one_too_many, |_, _| false).len(), 2);
    assert_eq!(
        breaches(&whole("`a/b.rs`: `c`"), |_, _| false).len(),
        ids().count()
    );
    assert_eq!(breaches(&whole("of course"), |_, _| true).len(), ids().count());
}

#[test]
fn several_tests_in_a_line_are_read() {
    let line = "| E22.1 | parsing undoes building | `a.rs`: `e22_1_x`, `b.rs`: `e22_1_y` | the rest |";
    let check = &checks(line)[0];
    assert_eq!(
        check.tests,
        [
            ("a.rs".into(), "e22_1_x".into()),
            ("b.rs".into(), "e22_1_y".into())
        ]
    );
}

#[test]
fn a_conformance_case_counts_if_a_list_makes_tests_of_it() {
    let suite = "crate::conformance::cases! { $ __mixer_cases mixer:\n    module::is_whole,\n    mixer::e10_2_own_voice,\n}\n\n\
                 pub fn e10_2_own_voice(subject: &Mixers) {}\npub fn e10_2_forgotten(subject: &Mixers) {}\n";
    let path = "plugin-sdk/testkit/src/mixer.rs";
    let counts = |path: &str, name: &str| is_case(path, suite, name, [suite].into_iter());
    assert!(counts(path, "e10_2_own_voice"));
    assert!(
        counts("plugin-sdk/testkit/src/mixer/voices.rs", "e10_2_own_voice"),
        "a part of the module"
    );
    assert!(!counts(path, "e10_2_forgotten"), "no list names it");
    assert!(!counts(path, "is_whole"), "it stands in another file");
    assert!(
        !counts("plugin-sdk/testkit/src/pacer.rs", "e10_2_own_voice"),
        "the list names another module's"
    );
    assert!(!counts("plugins/mixer/sum/src/lib.rs", "e10_2_own_voice"));
}

/// A test in a Rust source, a case of a conformance suite, or a test of that title in a script.
fn has_test(path: &str, name: &str) -> bool {
    let Ok(source) = std::fs::read_to_string(root().join(path)) else {
        return false;
    };
    if !path.ends_with(".rs") {
        return source
            .lines()
            .any(|line| line.trim_start().starts_with("test(") && line.contains(name));
    }
    is_test(&source, name) || is_case(path, &source, name, testkit().iter().map(String::as_str))
}

/// The sources that may hold a list of cases.
fn testkit() -> &'static [String] {
    static SOURCES: OnceLock<Vec<String>> = OnceLock::new();
    SOURCES.get_or_init(|| {
        let folder = std::fs::read_dir(root().join(TESTKIT)).expect("the testkit is there");
        folder
            .filter_map(|entry| std::fs::read_to_string(entry.ok()?.path()).ok())
            .collect()
    })
}
