//! JSON in one form only, so that equal contents have equal digests.

use serde_json::Value;

/// The canonical text of a value: keys in the order of their bytes, nothing between, numbers as short as they can be read back.
pub(crate) fn text(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

/// The digest of the canonical text.
pub(crate) fn digest(value: &Value) -> blake3::Hash {
    blake3::hash(text(value).as_bytes())
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Object(members) => {
            // The order of the map depends on how the library was built.
            let mut keys: Vec<_> = members.keys().collect();
            keys.sort();
            out.push('{');
            for (at, key) in keys.into_iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write(&Value::String(key.clone()), out);
                out.push(':');
                write(&members[key], out);
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        simple => out.push_str(&simple.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn order_and_space_do_not_matter() {
        let value = json!({ "b": [1, 2.5, "x\n"], "a": { "z": null, "y": true } });
        assert_eq!(
            super::text(&value),
            r#"{"a":{"y":true,"z":null},"b":[1,2.5,"x\n"]}"#
        );
        let other: serde_json::Value =
            serde_json::from_str(r#" { "a": {"z":null, "y":true}, "b": [1, 2.50, "x\u000a"] }"#).unwrap();
        assert_eq!(super::digest(&value), super::digest(&other));
    }
}
