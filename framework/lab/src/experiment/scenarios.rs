//! The scenario files that an experiment names, with the changes of its variants.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// A change to a scenario: `links.*.queue` to a value.
pub(super) struct Change {
    pub(super) path: String,
    pub(super) value: Value,
}

/// The files that a pattern stands for, in order. A pattern without `*`, `?` and `[` is a path.
///
/// # Errors
/// Why there are none, and what to do.
pub(super) fn files(folder: &Path, pattern: &str) -> Result<Vec<PathBuf>, String> {
    let whole = folder.join(pattern);
    if !pattern.contains(['*', '?', '[']) {
        return if whole.is_file() {
            Ok(vec![whole])
        } else {
            Err(format!("there is no file {}", whole.display()))
        };
    }
    // What stands before the pattern is taken as it is.
    let escaped = Path::new(&glob::Pattern::escape(&folder.display().to_string())).join(pattern);
    let found = glob::glob(&escaped.display().to_string())
        .map_err(|error| format!("this is no pattern for files: {}", error.msg))?;
    let mut files: Vec<PathBuf> = found
        .filter_map(Result::ok)
        .filter(|path| path.is_file() && path.extension().is_some_and(|ending| ending == "toml"))
        .collect();
    files.sort();
    if files.is_empty() {
        return Err(format!("no scenario matches {}", whole.display()));
    }
    Ok(files)
}

/// What stands in a scenario file.
///
/// # Errors
/// If it cannot be read or is no TOML.
pub(super) fn content(path: &Path) -> Result<Value, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let table: toml::Table = text
        .parse()
        .map_err(|error: toml::de::Error| format!("{}: {}", path.display(), error.message()))?;
    json(toml::Value::Table(table)).ok_or_else(|| format!("{}: there is a date in it", path.display()))
}

fn json(value: toml::Value) -> Option<Value> {
    Some(match value {
        toml::Value::String(text) => Value::String(text),
        toml::Value::Integer(number) => Value::from(number),
        toml::Value::Float(number) => Value::Number(serde_json::Number::from_f64(number)?),
        toml::Value::Boolean(truth) => Value::Bool(truth),
        toml::Value::Datetime(_) => return None,
        toml::Value::Array(items) => Value::Array(items.into_iter().map(json).collect::<Option<_>>()?),
        toml::Value::Table(table) => Value::Object(
            table
                .into_iter()
                .map(|(key, value)| Some((key, json(value)?)))
                .collect::<Option<_>>()?,
        ),
    })
}

/// Applies a change. `*` is every member of a table or list; what a path's last part names is set, or added.
///
/// # Errors
/// Where the path ends without having led anywhere.
pub(super) fn apply(content: &mut Value, change: &Change) -> Result<(), String> {
    let parts: Vec<&str> = change.path.split('.').collect();
    if set(content, &parts, &change.value) == 0 {
        return Err(format!("`{}` leads to nothing in this scenario", change.path));
    }
    Ok(())
}

/// How many places were set.
fn set(at: &mut Value, path: &[&str], value: &Value) -> usize {
    let Some((first, rest)) = path.split_first() else {
        return 0;
    };
    let member: Vec<&mut Value> = match at {
        Value::Object(members) if *first == "*" => members.values_mut().collect(),
        Value::Array(items) if *first == "*" => items.iter_mut().collect(),
        Value::Object(members) if rest.is_empty() => {
            members.insert((*first).to_owned(), value.clone());
            return 1;
        }
        Value::Object(members) => members.get_mut(*first).into_iter().collect(),
        Value::Array(items) => first
            .parse::<usize>()
            .ok()
            .and_then(|index| items.get_mut(index))
            .into_iter()
            .collect(),
        _ => Vec::new(),
    };
    if rest.is_empty() {
        let count = member.len();
        member.into_iter().for_each(|place| *place = value.clone());
        return count;
    }
    member.into_iter().map(|place| set(place, rest, value)).sum()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Change, apply};

    #[test]
    fn a_change_reaches_every_member_that_a_star_stands_for() {
        let mut content =
            json!({ "links": { "a": { "queue": 1 }, "b": {} }, "flows": [{ "x": 1 }, { "x": 2 }] });
        let change = |path: &str, value| Change {
            path: path.to_owned(),
            value,
        };
        apply(&mut content, &change("links.*.queue", json!({ "kind": "codel" }))).unwrap();
        apply(&mut content, &change("flows.1.x", json!(7))).unwrap();
        apply(&mut content, &change("duration", json!("5 s"))).unwrap();
        assert_eq!(
            content,
            json!({
                "links": { "a": { "queue": { "kind": "codel" } }, "b": { "queue": { "kind": "codel" } } },
                "flows": [{ "x": 1 }, { "x": 7 }],
                "duration": "5 s"
            })
        );
        assert!(
            apply(&mut content, &change("nodes.*.x", json!(1)))
                .unwrap_err()
                .contains("leads to nothing")
        );
    }
}
