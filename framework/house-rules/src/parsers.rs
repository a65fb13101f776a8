//! Whatever reads bytes from outside has a fuzz target and a property test: the list of them, and what shows that it is whole.
//!
//! Outside is what another machine, another process or another author wrote: packets, messages, files, plugins. What a library reads for us (TLS
//! files, media files, HTTP itself) is that library's, and what the kernel or our own build says is taken at its word. Why it is done so:
//! `docs/adr/0042-parsers-are-found-by-what-they-do.md`.

mod list;

use syn::{ImplItem, Item};

use self::list::OTHERS;
pub use self::list::PARSERS;
use crate::sources::Source;

/// A parser, and what holds it.
#[derive(Clone, Copy, Debug)]
pub struct Parser {
    /// Where it stands: `Type::function`, or `function` alone, in the first of these files. The others are what it is made of.
    pub function: &'static str,
    /// The files that only it reads for.
    pub files: &'static [&'static str],
    /// The fuzz target that reaches it.
    pub target: &'static str,
    /// What the target calls to get there, if not the function itself.
    pub by: &'static [&'static str],
    /// The file of its property test.
    pub test_file: &'static str,
    /// The name of its property test.
    pub test: &'static str,
}

/// What stands where bytes or texts are taken apart: the ends of paths, and methods.
const SIGNS: &[&str] = &[
    "from_be_bytes",
    "from_le_bytes",
    "from_ne_bytes",
    "from_utf8",
    "from_utf8_lossy",
    "serde_json::from_reader",
    "serde_json::from_slice",
    "serde_json::from_str",
    "serde_json::from_value",
    "toml::from_str",
];
const METHODS: &[&str] = &["parse", "split_ascii_whitespace", "split_once"];

/// What is wrong with one row of the list, where `source` gives the text of a file, if there is one.
pub fn breaches(parser: &Parser, source: &dyn Fn(&str) -> Option<String>) -> Vec<String> {
    let name = parser.function;
    let mut found = Vec::new();
    for (at, file) in parser.files.iter().enumerate() {
        match source(file) {
            None => found.push(format!(
                "{name}: {file} is gone: name the file where it stands now"
            )),
            Some(text) if at == 0 && !defines(&text, name) => {
                found.push(format!(
                    "{name}: {file} has no such function: take it off the list, or name it anew"
                ));
            }
            Some(_) => {}
        }
    }
    let target = format!("fuzz/fuzz_targets/{}.rs", parser.target);
    match source(&target) {
        None => found.push(format!("{name}: its fuzz target {target} is missing")),
        Some(text) => {
            let itself = [name];
            let calls = if parser.by.is_empty() { &itself } else { parser.by };
            for call in calls
                .iter()
                .filter(|call| !reaches(&Source::from_text(&target, &text), call))
            {
                found.push(format!("{name}: the fuzz target {target} does not call `{call}`"));
            }
        }
    }
    let test = source(parser.test_file).is_some_and(|text| {
        let source = Source::from_text(parser.test_file, &text);
        let names = |path: &str| {
            source
                .all_tokens()
                .iter()
                .any(|token| token.text.starts_with(path))
        };
        names("proptest") && follows(&source, "fn", parser.test)
    });
    if !test {
        found.push(format!(
            "{name}: {} has no property test `{}`",
            parser.test_file, parser.test
        ));
    }
    found
}

/// What in this file takes bytes apart although the list has no row for it.
pub fn unlisted(source: &Source) -> Option<String> {
    let known = PARSERS
        .iter()
        .flat_map(|parser| parser.files)
        .any(|file| *file == source.path);
    let other = OTHERS.iter().any(|(room, _)| source.path.starts_with(room));
    if known || other || source.is_for_tests() {
        return None;
    }
    sign(source).map(|(line, sign)| {
        format!(
            "{}:{line}: `{sign}`: what reads bytes from outside stands in framework/house-rules/src/parsers/list.rs with its fuzz target and its property test; what does not, stands there with whose bytes it reads",
            source.path
        )
    })
}

/// Rows of the second list that say something about nothing.
pub fn idle_exceptions(sources: &[Source]) -> Vec<String> {
    let signs: Vec<&str> = sources
        .iter()
        .filter(|source| !source.is_for_tests() && sign(source).is_some())
        .map(|source| source.path.as_str())
        .collect();
    let idle = OTHERS
        .iter()
        .filter(|(room, _)| !signs.iter().any(|path| path.starts_with(room)));
    idle.map(|(room, _)| format!("{room}: nothing there takes bytes apart: take it off the list"))
        .collect()
}

/// Fuzz targets that are not built, or that no parser has.
pub fn idle_targets(targets: &[String], manifest: &str) -> Vec<String> {
    let mut found = Vec::new();
    for target in targets {
        if !manifest.contains(&format!("name = \"{target}\"")) {
            found.push(format!(
                "fuzz/fuzz_targets/{target}.rs: fuzz/Cargo.toml does not build it"
            ));
        }
        if !PARSERS.iter().any(|parser| parser.target == target) {
            found.push(format!(
                "fuzz/fuzz_targets/{target}.rs: no parser has this target"
            ));
        }
    }
    found
}

/// The first sign in the file, with its line.
fn sign(source: &Source) -> Option<(usize, &str)> {
    let tokens = source.tokens();
    tokens.iter().enumerate().find_map(|(at, token)| {
        let text = token.text.trim_end_matches("::");
        let path = SIGNS
            .iter()
            .any(|sign| text == *sign || text.ends_with(&format!("::{sign}")));
        let method = at > 0 && tokens[at - 1].text == "." && METHODS.contains(&text);
        let read = (text == "FromStr" || text.ends_with("::FromStr"))
            && tokens.get(at + 1).is_some_and(|next| next.text == "for");
        (path || method || read).then_some((token.line, text))
    })
}

/// Whether the file has this function: `Type::function` in an implementation for the type, or `function` by itself.
fn defines(text: &str, function: &str) -> bool {
    let Ok(file) = syn::parse_file(text) else {
        return false;
    };
    let Some((kind, method)) = function.rsplit_once("::") else {
        return file
            .items
            .iter()
            .any(|item| matches!(item, Item::Fn(item) if item.sig.ident == function));
    };
    file.items.iter().any(|item| {
        let Item::Impl(item) = item else { return false };
        let syn::Type::Path(path) = &*item.self_ty else {
            return false;
        };
        path.path.segments.last().is_some_and(|last| last.ident == kind)
            && item
                .items
                .iter()
                .any(|item| matches!(item, ImplItem::Fn(item) if item.sig.ident == method))
    })
}

/// Whether the file names this path, or has the type and calls the method on something.
fn reaches(source: &Source, call: &str) -> bool {
    let (kind, method) = call.rsplit_once("::").unwrap_or((call, call));
    let names = |path: &str| {
        source.tokens().iter().any(|token| {
            let text = token.text.trim_end_matches("::");
            text == path || text.ends_with(&format!("::{path}")) || text.starts_with(&format!("{path}::"))
        })
    };
    names(call) || (names(kind) && follows(source, ".", method))
}

fn follows(source: &Source, before: &str, word: &str) -> bool {
    source
        .all_tokens()
        .windows(2)
        .any(|pair| pair[0].text == before && pair[1].text == word)
}
