//! The report for programs.

use serde_json::{Value, json};

use super::Report;

pub(super) fn document(report: &Report<'_>) -> String {
    let gate = report.gate();
    let cells: Vec<Value> = report
        .values
        .cells()
        .map(|(scenario, arm, seed, cell)| {
            json!({
                "cell": &*cell.id, "scenario": scenario, "arm": arm, "seed": seed,
                "failure": &*cell.failure, "trace_hash": &*cell.trace_hash,
            })
        })
        .collect();
    let arms: Vec<Value> = report
        .arms
        .iter()
        .map(|(arm, role)| json!({ "name": arm, "role": role, "plugins": report.values.digests(arm) }))
        .collect();
    let metrics: Vec<Value> = report
        .registry
        .iter()
        .filter(|metric| report.values.metrics().any(|name| name == metric.name))
        .map(|metric| {
            json!({
                "name": metric.name, "label": metric.label, "unit": metric.unit.name(),
                "better": metric.better, "description": metric.description,
            })
        })
        .collect();
    let document = json!({
        "schema": 1,
        "experiment": report.experiment.name,
        "question": report.experiment.question,
        "digests": report.values.experiments(),
        "revisions": report.values.revisions(),
        "baseline": report.experiment.baseline,
        "gate": { "passes": gate.passes(), "reasons": gate.reasons },
        "verdicts": report.verdicts,
        "comparisons": report.comparisons,
        "wins": report.wins,
        "means": report.means,
        "arms": arms,
        "metrics": metrics,
        "cells": cells,
    });
    // A tree of texts and numbers can always be written; what is not finite becomes null.
    serde_json::to_string_pretty(&document).unwrap_or_default()
}
