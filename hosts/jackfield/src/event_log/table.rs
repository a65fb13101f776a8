//! Columns over time, and the files that they are written into.

use std::fmt::Write as _;
use std::path::Path;

use jackfield_event_log::jitter::timeline::Heard;
use jackfield_event_log::timeline::{Decisions, Grid, PathTimeline};
use miette::{IntoDiagnostic, Result, WrapErr, miette};
use serde_json::{Value, json};

/// Values over time under their names, in steps of equal length.
pub(super) struct Table {
    pub(super) step: f64,
    pub(super) columns: Vec<(String, Vec<f64>)>,
}

impl Table {
    pub(super) fn new(grid: &Grid) -> Self {
        Self {
            step: grid.step_seconds(),
            columns: Vec::new(),
        }
    }

    /// What somebody decided.
    pub(super) fn decisions(&mut self, name: &str, decisions: &Decisions) {
        for (what, values) in [
            ("target", &decisions.target),
            ("pacing", &decisions.pacing),
            ("estimate", &decisions.estimate),
        ] {
            self.columns
                .push((format!("{name} {what} kbit/s"), values.clone()));
        }
    }

    /// What was heard.
    pub(super) fn heard(&mut self, name: &str, heard: &Heard) {
        for (what, values) in [
            ("delay ms", &heard.delay),
            ("target ms", &heard.target),
            ("made up", &heard.concealed),
            ("faster", &heard.accelerated),
            ("slower", &heard.expanded),
            ("lost packets", &heard.lost),
        ] {
            self.columns.push((format!("{name} {what}"), values.clone()));
        }
    }

    /// What the path did.
    pub(super) fn path(&mut self, path: &PathTimeline) {
        for (name, values) in [
            ("sent kbit/s", &path.sent),
            ("acknowledged kbit/s", &path.acknowledged),
            ("loss", &path.loss),
            ("round trip ms", &path.round_trip),
        ] {
            self.columns.push((name.to_owned(), values.clone()));
        }
    }

    /// A line per step, with the time in seconds at which it ends; where nothing is known the field stays empty.
    pub(super) fn csv(&self) -> String {
        let mut text = String::from("time s");
        for (name, _) in &self.columns {
            let _ = write!(text, ",{}", name.replace([',', '"', '\n'], " "));
        }
        text.push('\n');
        let steps = self
            .columns
            .iter()
            .map(|(_, values)| values.len())
            .max()
            .unwrap_or(0);
        for step in 0..steps {
            let _ = write!(text, "{:.3}", (step + 1) as f64 * self.step);
            for (_, values) in &self.columns {
                text.push(',');
                if let Some(value) = values.get(step).filter(|value| value.is_finite()) {
                    let _ = write!(text, "{value}");
                }
            }
            text.push('\n');
        }
        text
    }

    /// The same as JSON, with `facts` beside it.
    pub(super) fn json(&self, facts: &Value) -> String {
        let columns: serde_json::Map<String, Value> = self
            .columns
            .iter()
            // What is not a number is null.
            .map(|(name, values)| (name.clone(), json!(values)))
            .collect();
        format!(
            "{:#}\n",
            json!({ "step_s": self.step, "facts": facts, "columns": columns })
        )
    }
}

/// Writes a file whose name says what it is to hold.
pub(super) fn write(path: &Path, table: &Table, facts: &Value, page: impl FnOnce() -> String) -> Result<()> {
    let extension = path.extension().and_then(|extension| extension.to_str());
    let text = match extension {
        Some("csv") => table.csv(),
        Some("json") => table.json(facts),
        Some("html") => page(),
        _ => {
            return Err(miette!(
                "{}: end the name in .csv, .html or .json, which says what is written",
                path.display()
            ));
        }
    };
    std::fs::write(path, text)
        .into_diagnostic()
        .wrap_err_with(|| format!("cannot write {}", path.display()))
}
