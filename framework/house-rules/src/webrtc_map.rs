//! `docs/webrtc-map.md`: every check of the map stands there once, with tests that exist or with "not yet".

use std::collections::BTreeMap;

/// One line of the table of checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Such as `E22.1`.
    pub id: String,
    /// The tests named in the line as path and name; none if the line says "not yet".
    pub tests: Vec<(String, String)>,
    /// The line of the file, from 1.
    pub line: usize,
}

/// How many checks each item of the map has. An id is the item and a number from 1.
pub const ITEMS: &[(&str, usize)] = &[
    ("T", 7),
    ("A1", 6),
    ("A2", 7),
    ("A3", 8),
    ("A4", 5),
    ("B1", 8),
    ("B2", 5),
    ("C1", 1),
    ("C2", 1),
    ("C3", 2),
    ("C4", 1),
    ("C5", 1),
    ("C6", 3),
    ("D1", 6),
    ("D2", 7),
    ("D4", 7),
    ("D5", 7),
    ("D6", 7),
    ("D7", 9),
    ("E1", 5),
    ("E2", 5),
    ("E3", 5),
    ("E4", 7),
    ("E5", 6),
    ("E6", 6),
    ("E7", 7),
    ("E8", 7),
    ("E9", 9),
    ("E10", 8),
    ("E11", 8),
    ("E12", 9),
    ("E13", 6),
    ("E14", 10),
    ("E15", 5),
    ("E17", 8),
    ("E18", 6),
    ("E19", 5),
    ("E20", 7),
    ("E21", 5),
    ("E22", 7),
    ("E23", 4),
    ("E24", 8),
    ("E25", 7),
    ("E26", 7),
    ("E27", 6),
    ("E28", 4),
    ("E29", 4),
];

/// Reads the lines of the tables that begin with an id.
pub fn checks(document: &str) -> Vec<Check> {
    document
        .lines()
        .enumerate()
        .filter_map(|(number, line)| check(number + 1, line))
        .collect()
}

/// What is wrong with the checks: an id that is missing, unknown or there twice; a test that does not exist, where
/// `has_test` tells whether a file holds a test of that name; a line that names neither a test nor "not yet".
pub fn breaches(document: &str, has_test: impl Fn(&str, &str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    let mut lines: BTreeMap<String, usize> = BTreeMap::new();
    for check in checks(document) {
        let at = format!("docs/webrtc-map.md:{}: {}", check.line, check.id);
        if let Some(first) = lines.insert(check.id.clone(), check.line) {
            found.push(format!("{at} stands in line {first} too: keep one of them"));
        }
        if !is_known(&check.id) {
            found.push(format!(
                "{at} is no check of the map: mend the id, or add it to ITEMS in framework/house-rules"
            ));
        }
        let text = document.lines().nth(check.line - 1).unwrap_or_default();
        if check.tests.is_empty() != text.contains("not yet") {
            found.push(format!(
                "{at} must either name tests or say \"not yet\": run scripts/webrtc-map.py"
            ));
        }
        for (path, name) in &check.tests {
            if !has_test(path, name) {
                found.push(format!(
                    "{at} names the test {name} of {path}, which is not there: run scripts/webrtc-map.py"
                ));
            }
        }
    }
    for id in ids() {
        if !lines.contains_key(&id) {
            found.push(format!(
                "docs/webrtc-map.md: {id} is missing: add its line to the table"
            ));
        }
    }
    found
}

/// All ids of the map.
pub fn ids() -> impl Iterator<Item = String> {
    ITEMS
        .iter()
        .flat_map(|(item, count)| (1..=*count).map(move |number| format!("{item}.{number}")))
}

/// Whether a Rust source holds a test of that name: a function after a `#[test]` or `#[tokio::test(…)]`.
pub fn is_test(source: &str, name: &str) -> bool {
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    lines.iter().enumerate().any(|(at, line)| {
        line.contains(&format!("fn {name}("))
            && lines[..at]
                .iter()
                .rev()
                .take_while(|line| !line.is_empty())
                .any(|line| line.contains("test]") || line.contains("test("))
    })
}

/// Where the conformance suites are.
pub const TESTKIT: &str = "plugin-sdk/testkit/src/";

/// Whether the file of the testkit at `path` holds a case of that name, which is a test of every plugin of its area: a public function that a
/// `cases!` of one of the testkit's `sources` lists.
pub fn is_case<'a>(path: &str, source: &str, name: &str, mut sources: impl Iterator<Item = &'a str>) -> bool {
    let Some(inside) = path.strip_prefix(TESTKIT) else {
        return false;
    };
    let module = inside
        .split('/')
        .next()
        .unwrap_or_default()
        .trim_end_matches(".rs");
    let function = format!("pub fn {name}");
    let entry = format!("{module}::{name}");
    let is_it = |line: &str| {
        line.strip_prefix(&function)
            .is_some_and(|rest| rest.starts_with(['<', '(']))
    };
    source.lines().any(is_it)
        && sources.any(|text| {
            text.split("cases! {")
                .skip(1)
                .filter_map(|list| list.split('}').next())
                .flat_map(str::lines)
                .any(|line| line.trim().trim_end_matches(',') == entry)
        })
}

fn is_known(id: &str) -> bool {
    ids().any(|known| known == id)
}

fn check(line: usize, text: &str) -> Option<Check> {
    let mut cells = text.strip_prefix('|')?.split('|').map(str::trim);
    let id = cells.next()?.trim_matches('`').to_owned();
    let (item, number) = id.split_once('.')?;
    let is_id = item.starts_with(['A', 'B', 'C', 'D', 'E', 'T'])
        && item[1..].chars().all(|digit| digit.is_ascii_digit())
        && number.chars().all(|digit| digit.is_ascii_digit());
    if !is_id {
        return None;
    }
    // The text of the check, then the tests: `path`: `name`.
    let tests = cells.nth(1).unwrap_or_default();
    let code: Vec<&str> = tests.split('`').skip(1).step_by(2).collect();
    let tests = code
        .chunks_exact(2)
        .map(|pair| (pair[0].to_owned(), pair[1].to_owned()))
        .collect();
    Some(Check { id, tests, line })
}
