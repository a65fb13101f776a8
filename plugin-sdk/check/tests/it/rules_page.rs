//! The page of rules and the rules are the same.

use std::fmt::Write;

use jackfield_check::{RULES, Rule};

use super::support::root;

const HEAD: &str = "# The rules of the validator

`jackfield plugin check` asks a plugin these questions ([how to](../how-to/check-a-plugin.md)). Every finding names one of them. A plugin passes a level
if it keeps every rule up to it: 1 it lives, 2 it behaves, 3 it is fit for the audio thread, 4 it is what it says, 5 it lives long.

This page is written from `plugin-sdk/check/src/rule.rs`, and a test holds both equal: run it with `JACKFIELD_WRITE_RULES=1` to write the page
anew.
";

fn page() -> String {
    let mut page = HEAD.to_owned();
    for level in 1..=5 {
        let _ = write!(page, "\n## Level {level}\n");
        for Rule {
            id,
            title,
            why,
            advice,
            ..
        } in RULES.iter().filter(|rule| rule.level == level)
        {
            let _ = write!(
                page,
                "\n### {id}\n\n**{title}**\n\n{why}\n\nWhat to do: {advice}\n"
            );
        }
    }
    page
}

#[test]
fn the_page_says_what_the_rules_say() {
    let path = root().join(Rule::PAGE);
    if std::env::var_os("JACKFIELD_WRITE_RULES").is_some() {
        std::fs::write(&path, page()).expect("written");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page(),
        "{} is not what rule.rs says: run this test with JACKFIELD_WRITE_RULES=1",
        path.display()
    );
}

#[test]
fn every_rule_has_a_name_of_its_own_that_can_be_an_anchor() {
    for (n, rule) in RULES.iter().enumerate() {
        assert!(
            rule.id.chars().all(|c| c.is_ascii_lowercase() || c == '-'),
            "{}",
            rule.id
        );
        assert!(
            RULES[..n].iter().all(|other| other.id != rule.id),
            "{} twice",
            rule.id
        );
        assert!(
            RULES[..n].iter().all(|other| other.level <= rule.level),
            "by level"
        );
        assert_eq!(Rule::named(rule.id).map(|found| found.id), Some(rule.id));
    }
}
