//! `unsafe` stands in few rooms, and each use says above it why it holds.

use crate::sources::Source;

/// Where `unsafe` may stand: the beginning of a path, and why.
const ROOMS: &[(&str, &str)] = &[
    ("plugin-sdk/abi/", "the C boundary itself"),
    (
        "plugin-sdk/macros/",
        "writes the shims and proxies, whose output is unsafe",
    ),
    ("framework/loader/", "opens images and calls through their tables"),
    (
        "plugin-sdk/testkit/src/shim.rs",
        "a counting allocator and a trap for system calls: the eyes of the real-time-safety checks",
    ),
    (
        "plugin-sdk/check/src/shim/",
        "stands between a plugin and the C library, fences buffers, catches signals",
    ),
    ("plugins/bad/", "plugins that do wrong on purpose"),
    ("hosts/sandbox/", "shared memory and futex of the child process"),
    (
        "framework/runtime/src/platform",
        "a thin shim over calls that the standard library lacks",
    ),
];

/// How far above an `unsafe` its `// SAFETY:` may begin, in lines.
const COMMENT_REACH: usize = 12;

/// What in this file is unsafe in the wrong room, or without a reason.
pub fn breaches(source: &Source) -> Vec<String> {
    let lines: Vec<&str> = source.text.lines().collect();
    let allowed = ROOMS.iter().any(|(room, _)| source.path.starts_with(room));
    let mut found = Vec::new();
    for (at, token) in source.all_tokens().iter().enumerate() {
        if token.text != "unsafe" {
            continue;
        }
        let place = format!("{}:{}", source.path, token.line);
        if !allowed {
            found.push(format!(
                "{place}: `unsafe` outside the rooms that may hold it. Use what plugin-sdk/abi or framework/loader offers, or add a thin shim there"
            ));
        } else if needs_reason(source, at) && !has_reason(&lines, token.line) {
            found.push(format!(
                "{place}: `unsafe` without a `// SAFETY:` comment above it that says why it holds"
            ));
        }
    }
    found
}

/// A block or an implementation promises something; a function, a trait or a function pointer only asks for a promise,
/// and `#[unsafe(no_mangle)]` is an attribute.
fn needs_reason(source: &Source, at: usize) -> bool {
    source
        .all_tokens()
        .get(at + 1)
        .is_some_and(|next| ["{", "impl"].contains(&next.text.as_str()))
}

fn has_reason(lines: &[&str], line: usize) -> bool {
    let first = line.saturating_sub(COMMENT_REACH + 1);
    lines[first..line.min(lines.len())]
        .iter()
        .any(|text| text.contains("SAFETY:"))
}
