use jackfield_house_rules::sources::Source;
use jackfield_house_rules::unsafe_code::breaches;
use jackfield_house_rules::workspace::{files, text};

use super::assert_none;

#[test]
fn unsafe_stands_in_its_rooms_only_and_says_why() {
    let found: Vec<String> = files(&["rs"])
        .iter()
        .flat_map(|path| breaches(&Source::from_text(path, &text(path))))
        .collect();
    assert_none(&found);
}

#[test]
fn unsafe_in_another_room_is_found() {
    let source = Source::from_text(
        "framework/session/src/sample.rs",
        "// SAFETY: none.\nfn sample() { unsafe { std::hint::unreachable_unchecked() } }",
    );
    assert_eq!(breaches(&source).len(), 1);
}

#[test]
fn unsafe_in_a_test_is_found_too() {
    let source = Source::from_text(
        "framework/session/tests/it/sample.rs",
        "#[test]\nfn sample() { unsafe { std::hint::unreachable_unchecked() } }",
    );
    assert_eq!(breaches(&source).len(), 1);
}

#[test]
fn unsafe_without_a_reason_is_found_and_a_comment_or_a_name_is_none() {
    let place = "framework/loader/src/sample.rs";
    let block = "fn sample(at: *const u8) -> u8 { unsafe { *at } }";
    assert_eq!(breaches(&Source::from_text(place, block)).len(), 1);
    let reason =
        "// SAFETY: the caller gives a valid pointer.\nfn sample(at: *const u8) -> u8 { unsafe { *at } }";
    assert_none(&breaches(&Source::from_text(place, reason)));
    let asks = "pub unsafe fn sample(at: *const u8); // unsafe {";
    assert_none(&breaches(&Source::from_text(place, asks)));
}
