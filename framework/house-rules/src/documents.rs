//! Documents: links lead somewhere, no file is too long, and nothing tells where this repository happens to lie.

use std::path::{Component, Path, PathBuf};

/// How long a file of code may be. One that comes near asks to be two.
pub const LONGEST_FILE: usize = 700;

/// What programs write and nobody edits may be longer.
const GENERATED: &[&str] = &["plugin-sdk/abi/include/jackfield.h"];

/// Says so if a file of code is too long.
pub fn too_long(path: &str, text: &str) -> Option<String> {
    let lines = text.lines().count();
    (lines > LONGEST_FILE && !GENERATED.contains(&path))
        .then(|| format!("{path}: {lines} lines, {LONGEST_FILE} at most. Split it by subject; aim for 400"))
}

/// The relative links of a Markdown file that lead to nothing, where `exists` tells what is there.
pub fn broken_links(path: &str, text: &str, exists: impl Fn(&str) -> bool) -> Vec<String> {
    let folder = Path::new(path).parent().unwrap_or(Path::new(""));
    let mut found = Vec::new();
    for target in links(text) {
        let file = target.split('#').next().unwrap_or_default();
        if file.is_empty() || target.contains("://") || target.starts_with("mailto:") {
            continue;
        }
        match inside(&folder.join(file)) {
            Some(place) if exists(&place) => {}
            _ => found.push(format!("{path}: the link to `{target}` leads to nothing")),
        }
    }
    found
}

/// The targets of `[text](target)`, those in code left out.
fn links(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut fenced = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        // The odd pieces between backticks are code.
        let prose: String = line.split('`').step_by(2).collect::<Vec<_>>().join("code");
        let mut rest = prose.as_str();
        while let Some(start) = rest.find("](") {
            rest = &rest[start + 2..];
            let Some(end) = rest.find(')') else { break };
            found.push(rest[..end].to_owned());
            rest = &rest[end..];
        }
    }
    found
}

/// The path without `.` and `..`; nothing if it leaves the repository.
fn inside(path: &Path) -> Option<String> {
    let mut place = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => place.push(name),
            Component::CurDir => {}
            Component::ParentDir => {
                if !place.pop() {
                    return None;
                }
            }
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(place.to_string_lossy().into_owned())
}
