//! One file, several scenarios: every combination of the values of its `[sweep]`.
//!
//! ```toml
//! [sweep.owd]
//! keys = ["links.forward.delay", "links.backward.delay"]
//! values = ["50 ms", "100 ms"]
//!
//! [sweep.queue]
//! keys = ["links.forward.queue"]
//! labels = ["drop-tail", "codel"]
//! values = ["300 ms", { kind = "codel" }]
//! ```
//! Where one choice changes several things at once, `choices` stands instead of `keys` and `values`:
//!
//! ```toml
//! [sweep.queue]
//! choices = [
//!     { label = "drop-tail", set = { "links.forward.queue" = "300 ms" } },
//!     { label = "dual-pi2", set = { "links.forward.queue" = { kind = "dual-pi2" }, "flows.*.feedback" = "ccfb" } },
//! ]
//! ```
//!
//! The four scenarios of the first are called `<name>/owd=50ms,queue=drop-tail` and so on: axes by name, values by label, or as they are written without
//! blanks.

use toml::{Table, Value};

use super::ScenarioError;

/// More scenarios than this are not made of one file.
const MOST: usize = 10_000;

/// A variant: the file with other values in it.
pub(super) struct Variant {
    pub(super) name: String,
    pub(super) table: Table,
}

struct Axis {
    name: String,
    choices: Vec<Choice>,
}

/// One value of an axis: what it is called, and what stands where.
struct Choice {
    label: String,
    set: Vec<(String, Value)>,
}

/// The variants of a file that has been read once already; none if it has no `sweep`.
pub(super) fn variants(text: &str) -> Result<Vec<Variant>, ScenarioError> {
    let mut base: Table = toml::from_str(text).map_err(|error| ScenarioError::syntax(text, &error))?;
    let Some(sweep) = base.remove("sweep") else {
        return Ok(Vec::new());
    };
    let Value::Table(sweep) = sweep else {
        return Err(ScenarioError::new(
            "sweep",
            "it is no table",
            "write `[sweep.NAME]` with `keys` and `values`",
        ));
    };
    let mut variants = vec![Variant {
        name: String::new(),
        table: base,
    }];
    for (name, value) in sweep {
        let axis = axis(&name, value)?;
        if variants.len() * axis.choices.len() > MOST {
            return Err(ScenarioError::new(
                "sweep",
                format!("it makes more than {MOST} scenarios"),
                "take values out, or split the file",
            ));
        }
        let mut next = Vec::with_capacity(variants.len() * axis.choices.len());
        for variant in &variants {
            for Choice { label, set: given } in &axis.choices {
                let mut table = variant.table.clone();
                for (key, value) in given {
                    set(&mut table, key, value).map_err(|why| {
                        ScenarioError::new(
                            format!("sweep.{}", axis.name),
                            why,
                            "name a key that the file has, or whose table it has",
                        )
                    })?;
                }
                let comma = if variant.name.is_empty() { "" } else { "," };
                next.push(Variant {
                    name: format!("{}{comma}{}={label}", variant.name, axis.name),
                    table,
                });
            }
        }
        variants = next;
    }
    Ok(variants)
}

fn axis(name: &str, value: Value) -> Result<Axis, ScenarioError> {
    let wrong = |key: &str, what: &str, advice: &str| {
        ScenarioError::new(format!("sweep.{name}{key}"), what.to_owned(), advice.to_owned())
    };
    let Value::Table(mut table) = value else {
        return Err(wrong("", "it is no table", "give it `keys` and `values`"));
    };
    if let Some(choices) = table.remove("choices") {
        if let Some(key) = table.keys().next() {
            return Err(wrong(
                &format!(".{key}"),
                "it does not go with `choices`",
                "leave one of them out",
            ));
        }
        return Ok(Axis {
            name: name.to_owned(),
            choices: self::choices(choices).ok_or_else(|| {
                wrong(
                    ".choices",
                    "they are no list of choices",
                    "write [{ label = \"NAME\", set = { \"KEY\" = VALUE } }, …]",
                )
            })?,
        });
    }
    let keys: Vec<String> = match table.remove("keys") {
        Some(Value::Array(keys)) if !keys.is_empty() => keys
            .into_iter()
            .map(|key| match key {
                Value::String(key) => Ok(key),
                _ => Err(wrong(".keys", "a key is no text", "write \"links.NAME.delay\"")),
            })
            .collect::<Result<_, _>>()?,
        _ => {
            return Err(wrong(
                ".keys",
                "there are none",
                "list the keys that vary together",
            ));
        }
    };
    let values = match table.remove("values") {
        Some(Value::Array(values)) if !values.is_empty() => values,
        _ => return Err(wrong(".values", "there are none", "list at least one value")),
    };
    let labels = match table.remove("labels") {
        None => values.iter().map(label).collect(),
        Some(Value::Array(labels)) if labels.len() == values.len() => labels
            .into_iter()
            .map(|label| match label {
                Value::String(label) => Ok(label),
                _ => Err(wrong(".labels", "a label is no text", "put it in quotes")),
            })
            .collect::<Result<Vec<_>, _>>()?,
        Some(_) => {
            return Err(wrong(
                ".labels",
                "they are not as many as the values",
                "give one label for each value, or none at all",
            ));
        }
    };
    if let Some(key) = table.keys().next() {
        return Err(wrong(
            &format!(".{key}"),
            "there is no such key",
            "use `keys`, `values` and `labels`, or `choices`",
        ));
    }
    let set = |value: &Value| keys.iter().map(|key| (key.clone(), value.clone())).collect();
    Ok(Axis {
        name: name.to_owned(),
        choices: labels
            .into_iter()
            .zip(&values)
            .map(|(label, value)| Choice {
                label,
                set: set(value),
            })
            .collect(),
    })
}

/// The choices of an axis; nothing if they are written in any other way than they should be.
fn choices(list: Value) -> Option<Vec<Choice>> {
    let Value::Array(list) = list else { return None };
    let mut choices = Vec::new();
    for choice in list {
        let Value::Table(mut choice) = choice else {
            return None;
        };
        let (Some(Value::String(label)), Some(Value::Table(set))) =
            (choice.remove("label"), choice.remove("set"))
        else {
            return None;
        };
        if !choice.is_empty() {
            return None;
        }
        choices.push(Choice {
            label,
            set: set.into_iter().collect(),
        });
    }
    (!choices.is_empty()).then_some(choices)
}

/// A value as a part of a name.
fn label(value: &Value) -> String {
    match value {
        Value::String(text) => text.chars().filter(|c| !c.is_whitespace()).collect(),
        Value::Table(table) => match table.get("kind") {
            Some(Value::String(kind)) => kind.clone(),
            _ => "table".to_owned(),
        },
        Value::Array(list) => format!("{}-steps", list.len()),
        other => other.to_string(),
    }
}

/// Puts `value` at a path such as `links.uplink.delay`, `flows.0.start` or `flows.*.feedback`.
fn set(table: &mut Table, path: &str, value: &Value) -> Result<(), String> {
    let parts: Vec<&str> = path.split('.').collect();
    let Some((last, way)) = parts.split_last() else {
        return Err("the key is empty".to_owned());
    };
    set_in_table(table, way, last, value)
        .map_err(|part| format!("`{path}` leads nowhere: there is no `{part}`"))
}

fn set_in_table(table: &mut Table, way: &[&str], last: &str, value: &Value) -> Result<(), String> {
    let Some((part, rest)) = way.split_first() else {
        table.insert(last.to_owned(), value.clone());
        return Ok(());
    };
    if *part == "*" {
        for (_, child) in table.iter_mut() {
            set_in_value(child, rest, last, value, part)?;
        }
        return Ok(());
    }
    let child = table.get_mut(*part).ok_or_else(|| (*part).to_owned())?;
    set_in_value(child, rest, last, value, part)
}

fn set_in_value(
    child: &mut Value,
    way: &[&str],
    last: &str,
    value: &Value,
    name: &str,
) -> Result<(), String> {
    match child {
        Value::Table(table) => set_in_table(table, way, last, value),
        Value::Array(list) => {
            let (part, rest) = match way.split_first() {
                Some((part, rest)) => (*part, rest),
                None => (last, &[][..]),
            };
            let whole = way.is_empty();
            let mut found = false;
            for (n, item) in list.iter_mut().enumerate() {
                if part == "*" || part.parse() == Ok(n) {
                    found = true;
                    if whole {
                        *item = value.clone();
                    } else {
                        set_in_value(item, rest, last, value, part)?;
                    }
                }
            }
            if found { Ok(()) } else { Err(part.to_owned()) }
        }
        _ => Err(name.to_owned()),
    }
}
