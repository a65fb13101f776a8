//! The report: for a terminal, for programs, for a browser.

use super::support::{bad_plugins, check, quick};
use jackfield_check::{Options, Report};

fn report() -> Report {
    let options = Options {
        only: Some("sound".to_owned()),
        seed: 7,
        ..quick()
    };
    check(&bad_plugins(), Some("jackfield.bad.gives-silence"), options)
}

#[test]
fn the_text_says_what_why_and_what_to_do() {
    let report = report();
    let text = report.to_string();
    for part in [
        "silent (level 2)",
        "A voice that comes in comes out.",
        "comes out at -127 dBov",
        "why:",
        "do:",
        "docs/reference/validator-rules.md#silent",
        "passes level 1 of 5",
    ] {
        assert!(text.contains(part), "`{part}` is not in:\n{text}");
    }
}

#[test]
fn the_json_can_be_read_by_programs() {
    let json: serde_json::Value = serde_json::from_str(&report().json()).expect("JSON");
    assert_eq!(json["file"], "libbad_plugins.so");
    assert_eq!(json["seed"], 7);
    let finding = &json["modules"][0]["findings"][0];
    assert_eq!(finding["rule"], "silent");
    assert_eq!(finding["seen"][0]["cases"][0], "sound");
}

#[test]
fn the_page_stands_alone() {
    let page = report().html();
    assert!(page.starts_with("<!doctype html>") && page.contains("<h3 id='silent'>"));
    assert!(
        !page.contains("src=") && !page.contains("<link") && !page.contains("http"),
        "it loads something"
    );
}
