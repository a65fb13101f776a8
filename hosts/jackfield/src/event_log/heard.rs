//! What was heard of a stream: a table, and the page over time.

use std::fmt::Write as _;

use jackfield_event_log::EventLog;
use jackfield_event_log::jitter::timeline::{Heard, Summary};
use jackfield_event_log::timeline::Grid;
use jackfield_lab::report::{OverTime, OverTimeLine, OverTimePanel};
use serde_json::{Value, json};

use super::buffers::delay;
use super::page::swap_marks;

/// A line for each who played it.
pub(super) fn summary(rows: &[(String, Summary)]) -> String {
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let mut text = format!(
        "{:width$}  {:>8}  {:>8}  {:>10}  {:>11}  {:>9}  {:>6}  {:>8}  {:>7}\n",
        "", "delay ms", "95 % ms", "made up %", "faster %", "slower %", "late", "let go", "played"
    );
    // Of what was not played nothing is known.
    let ms = |delay: f64| {
        if delay.is_nan() {
            "-".to_owned()
        } else {
            format!("{delay:.1}")
        }
    };
    for (name, row) in rows {
        let _ = writeln!(
            text,
            "{name:width$}  {:>8}  {:>8}  {:>10.2}  {:>11.2}  {:>9.2}  {:>6}  {:>8}  {:>7}",
            ms(row.delay_ms),
            ms(row.delay_95_ms),
            100.0 * row.concealed,
            100.0 * row.accelerated,
            100.0 * row.expanded,
            row.late,
            row.let_go,
            row.packets,
        );
    }
    text
}

/// A row as JSON; what is not known is null.
pub(super) fn line(row: &Summary) -> Value {
    json!({
        "seconds": row.seconds,
        "packets": row.packets,
        "delay_ms": row.delay_ms,
        "delay_95_ms": row.delay_95_ms,
        "concealed": row.concealed,
        "recovered": row.recovered,
        "accelerated": row.accelerated,
        "expanded": row.expanded,
        "paused": row.paused,
        "late": row.late,
        "duplicate": row.duplicate,
        "let_go": row.let_go,
    })
}

/// Delay, what was made up, stretched and lost, over time.
pub(super) fn page(
    log: &EventLog,
    (stream, origin): (u32, &str),
    grid: &Grid,
    heard: &[(String, Heard)],
    rows: &[(String, Summary)],
    outcomes: &[(String, String)],
) -> String {
    let lines = |title: &str, thin: bool, factor: f64, values: fn(&Heard) -> &[f64]| {
        let of = |(index, (name, heard)): (usize, &(String, Heard))| OverTimeLine {
            name: index,
            thin,
            title: format!("{name}: {title}"),
            values: values(heard).iter().map(|value| value * factor).collect(),
        };
        heard.iter().enumerate().map(of).collect::<Vec<_>>()
    };
    let panel = |label: &str, least: f64, lines: Vec<OverTimeLine>| OverTimePanel {
        label: label.to_owned(),
        least,
        lines,
    };
    let mut delays = lines("delay", false, 1.0, |heard| &heard.delay);
    delays.extend(lines("target", true, 1.0, |heard| &heard.target));
    let mut facts: Vec<(String, String)> = Vec::new();
    for (name, row) in rows {
        let value = format!(
            "{}; {:.2} % made up, {:.2} % recovered; {} packets late, {} let go",
            delay(row),
            100.0 * row.concealed,
            100.0 * row.recovered,
            row.late,
            row.let_go
        );
        facts.push((name.clone(), value));
    }
    facts.extend(outcomes.iter().cloned());
    OverTime {
        kicker: "replay".to_owned(),
        title: "what came, played by jitter buffers".to_owned(),
        scope: format!(
            "{origin}. Others than the recorded one play the packets that came, by a receiver that knows their times and not their sound."
        ),
        names: heard.iter().map(|(name, _)| name.clone()).collect(),
        step: grid.step_seconds(),
        panels: vec![
            panel("delay, ms", 100.0, delays),
            panel("made up, %", 5.0, lines("made up", false, 100.0, |heard| &heard.concealed)),
            panel(
                "taken out to play faster, %",
                5.0,
                lines("faster", false, 100.0, |heard| &heard.accelerated),
            ),
            panel(
                "put in to play slower, %",
                5.0,
                lines("slower", false, 100.0, |heard| &heard.expanded),
            ),
            panel(
                "packets late or thrown away",
                5.0,
                lines("lost", false, 1.0, |heard| &heard.lost),
            ),
        ],
        marks: swap_marks(&log.jitter_swaps, stream, grid),
        facts,
    }
    .html()
}
