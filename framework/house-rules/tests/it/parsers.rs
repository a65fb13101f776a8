use jackfield_house_rules::parsers::{PARSERS, Parser, breaches, idle_exceptions, idle_targets, unlisted};
use jackfield_house_rules::sources::Source;
use jackfield_house_rules::workspace::{files, root, text};

use super::assert_none;

fn here(path: &str) -> Option<String> {
    root().join(path).is_file().then(|| text(path))
}

#[test]
fn e29_4_every_parser_has_a_fuzz_target_that_calls_it_and_a_property_test() {
    let found: Vec<String> = PARSERS
        .iter()
        .flat_map(|parser| breaches(parser, &here))
        .collect();
    assert_none(&found);
}

#[test]
fn e29_4_whatever_takes_bytes_apart_is_on_the_list() {
    let sources: Vec<Source> = files(&["rs"])
        .iter()
        .map(|path| Source::from_text(path, &text(path)))
        .collect();
    let mut found: Vec<String> = sources.iter().filter_map(unlisted).collect();
    found.extend(idle_exceptions(&sources));
    assert_none(&found);
}

#[test]
fn e29_4_every_fuzz_target_is_built_and_has_a_parser() {
    let targets: Vec<String> = files(&["rs"])
        .iter()
        .filter_map(|path| path.strip_prefix("fuzz/fuzz_targets/")?.strip_suffix(".rs"))
        .map(str::to_owned)
        .collect();
    assert!(targets.len() > 20, "{targets:?}");
    assert_none(&idle_targets(&targets, &text("fuzz/Cargo.toml")));
    let stray = idle_targets(&["sample".to_owned()], "[[bin]]\nname = \"other\"");
    assert_eq!(stray.len(), 2, "{stray:?}");
}

const SAMPLE: Parser = Parser {
    function: "Letter::read",
    files: &["letter.rs"],
    target: "letter",
    by: &[],
    test_file: "tests/letter.rs",
    test: "any_letter_is_read",
};

fn sample(path: &str) -> Option<String> {
    let text = match path {
        "letter.rs" => "struct Letter; impl Letter { pub fn read(_: &[u8]) {} }",
        "fuzz/fuzz_targets/letter.rs" => "fuzz_target!(|bytes: &[u8]| { Letter::read(bytes); });",
        "tests/letter.rs" => "proptest! { #[test] fn any_letter_is_read(bytes: Vec<u8>) {} }",
        _ => return None,
    };
    Some(text.to_owned())
}

#[test]
fn a_parser_that_is_gone_untested_or_out_of_reach_is_found() {
    assert_none(&breaches(&SAMPLE, &sample));
    let without = |path: &'static str| {
        breaches(&SAMPLE, &move |asked: &str| {
            sample(asked).filter(|_| asked != path)
        })
    };
    for path in ["letter.rs", "fuzz/fuzz_targets/letter.rs", "tests/letter.rs"] {
        assert_eq!(without(path).len(), 1, "{path}");
    }
    let with = |word: &'static str, other: &'static str| {
        breaches(&SAMPLE, &move |asked: &str| {
            sample(asked).map(|text| text.replace(word, other))
        })
    };
    assert_eq!(with("fn read", "fn write").len(), 1);
    assert_eq!(with("Letter::read", "Letter::write").len(), 1);
    assert_eq!(with("fn any_letter", "fn one_letter").len(), 1);
    assert_eq!(with("proptest!", "mod").len(), 1);
    // A method is called on something, whatever it is called.
    assert_none(&with(
        "Letter::read(bytes)",
        "let letter = Letter::new(); letter.read(bytes)",
    ));
}

#[test]
fn a_new_parser_is_found_and_one_in_a_test_is_none() {
    for line in [
        "let number = u16::from_be_bytes([a, b]);",
        "let value: Value = serde_json::from_slice(bytes)?;",
        "let number: u32 = text.parse().ok()?;",
        "let number = text.parse::<u32>().ok()?;",
        "let (name, value) = line.split_once('=')?;",
    ] {
        let code = format!("fn sample() {{ {line} }}");
        assert!(
            unlisted(&Source::from_text("framework/session/src/sample.rs", &code)).is_some(),
            "{line}"
        );
        assert!(
            unlisted(&Source::from_text("framework/session/tests/it/sample.rs", &code)).is_none(),
            "{line}"
        );
    }
    let read = "impl std::str::FromStr for Letter { type Err = (); }";
    assert!(unlisted(&Source::from_text("framework/session/src/sample.rs", read)).is_some());
}
