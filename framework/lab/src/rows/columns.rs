//! The columns, in the order in which they stand in a file.

use std::sync::Arc;

use super::Row;

/// A column of texts.
pub(super) struct TextColumn {
    pub(super) name: &'static str,
    pub(super) of: fn(&Row) -> &Arc<str>,
    pub(super) set: fn(&mut Row, Arc<str>),
}

macro_rules! text {
    ($($name:ident),*) => {
        &[$(TextColumn {
            name: stringify!($name),
            of: |row| &row.$name,
            set: |row, text| row.$name = text,
        }),*]
    };
}

/// Every column of texts. `schema` and `seed` stand before them, `value` behind.
pub(super) const TEXTS: &[TextColumn] = text![
    experiment, cell, scenario, arm, flow, segment, metric, unit, failure, digests, revision, trace_hash
];

/// The columns as Parquet has them.
pub(super) fn message_type() -> String {
    let texts: String = TEXTS
        .iter()
        .map(|column| format!("required binary {} (STRING); ", column.name))
        .collect();
    format!(
        "message row {{ required int32 schema (INTEGER(32, false)); required int64 seed (INTEGER(64, false)); {texts}required double value; }}"
    )
}

/// A digest over rows as they come: the same for equal rows in equal order, whatever file they lie in.
#[derive(Default)]
pub(super) struct Content(blake3::Hasher);

impl Content {
    pub(super) fn add(&mut self, row: &Row) {
        self.0.update(&row.schema.to_le_bytes());
        self.0.update(&row.seed.to_le_bytes());
        for column in TEXTS {
            let text = (column.of)(row);
            self.0.update(&(text.len() as u64).to_le_bytes());
            self.0.update(text.as_bytes());
        }
        self.0.update(&row.value.to_bits().to_le_bytes());
    }

    pub(super) fn digest(&self) -> String {
        self.0.finalize().to_hex().to_string()
    }
}
