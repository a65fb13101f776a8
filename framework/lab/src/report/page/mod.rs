//! The report as one HTML file.

mod figures;
mod tables;

use std::fmt::Write as _;

use super::Report;
use super::analysis::{ArmRole, Comparison, Effect, LEVEL, MetricRole};
use super::charts::{escape, forest, marker};
use super::values::Cell;
use super::verdict::{Finding, Verdict};
use crate::experiment::Stopping;
use crate::metrics::Metric;

pub(super) const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");
/// Above so many cells only those worth a look are listed; the JSON has all.
const CELLS_LISTED: usize = 400;

pub(super) fn page(report: &Report<'_>) -> String {
    let name = escape(&report.experiment.name);
    let sections = [
        section("verdict", "Verdict", "", &verdicts(report)),
        section(
            "overview",
            "Overview",
            "Each arm's mean over scenarios; beneath it the difference from the baseline. Metrics that were stated beforehand.",
            &tables::overview(report),
        ),
        section(
            "pareto",
            "Gain against cost",
            "Large: mean over all scenarios. Small: each scenario. The line joins the arms that no other arm beats in both ways.",
            &figures::pareto(report),
        ),
        section(
            "differences",
            "By scenario",
            "Each row is a scenario: the mean difference over its seeds and its 95 % interval (BCa bootstrap, widened for few seeds). The diamond is the mean over scenarios with its interval.",
            &figures::forests(report),
        ),
        section(
            "matrix",
            "Won, tied, lost",
            "",
            &format!("{}{}", tables::wins(report), tables::grid(report)),
        ),
        section(
            "means",
            "What each came to",
            "The mean over seeds of every arm in every scenario.",
            &tables::means(report),
        ),
        section(
            "time",
            "Cells over time",
            "Thick: what arrived, mean over a second. Thin: what the controller aimed at. Grey: what the tightest link bears.",
            &figures::over_time(report),
        ),
        section(
            "all",
            "Every metric",
            "What was not stated beforehand is exploratory: its p-values are corrected for the share of false discoveries (Benjamini–Hochberg), and it calls for an experiment of its own.",
            &tables::all_metrics(report),
        ),
        section("replay", "Replay", "", &tables::replay(report)),
        section("methods", "Reading this", "", &methods(report)),
    ];
    let links: String = sections
        .iter()
        .flatten()
        .map(|own| format!(r##"<a href="#{}">{}</a>"##, own.id, own.title))
        .collect();
    let body: String = sections.into_iter().flatten().map(|own| own.html).collect();
    format!(
        r#"<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>{name}</title><style>{STYLE}</style></head>
<body><header><p class="kicker">Jackfield · experiment</p><h1>{name}</h1><p class="question">{question}</p>
<p class="scope">{scope}</p>{key}<nav aria-label="Sections">{links}<button id="theme" type="button" hidden>dark</button></nav></header>
<main>{body}</main>
<script>{SCRIPT}</script></body></html>
"#,
        question = escape(&report.experiment.question),
        scope = escape(&scope(report)),
        key = key(report),
    )
}

struct Section {
    id: &'static str,
    title: &'static str,
    html: String,
}

/// Nothing for an empty one.
fn section(id: &'static str, title: &'static str, lead: &str, content: &str) -> Option<Section> {
    if content.is_empty() {
        return None;
    }
    let lead = if lead.is_empty() {
        String::new()
    } else {
        format!(r#"<p class="lead">{lead}</p>"#)
    };
    Some(Section {
        id,
        title,
        html: format!(r#"<section id="{id}"><h2>{title}</h2>{lead}{content}</section>"#),
    })
}

/// "6 arms, 12 scenarios, 30 seeds, 2160 cells, 2 of them failed."
pub(super) fn scope(report: &Report<'_>) -> String {
    let counted = |n: usize, one: &str, many: &str| format!("{n} {}", if n == 1 { one } else { many });
    let cells = report.values.cells().count();
    let failed = report
        .values
        .cells()
        .filter(|(_, _, _, cell)| !cell.failure.is_empty())
        .count();
    let arms = report
        .arms
        .iter()
        .filter(|(_, role)| *role != ArmRole::Repeat)
        .count();
    let seeds: std::collections::BTreeSet<u64> = report.values.cells().map(|(_, _, seed, _)| seed).collect();
    format!(
        "{}, {}, {}, {}{}.",
        counted(arms, "arm", "arms"),
        counted(report.values.scenarios().len(), "scenario", "scenarios"),
        counted(seeds.len(), "seed", "seeds"),
        counted(cells, "cell", "cells"),
        if failed == 0 {
            String::new()
        } else {
            format!(", of which {failed} failed")
        }
    )
}

/// All cells if there are few, else those that failed and one for each scenario and arm.
pub(super) fn cells_worth_listing<'r>(report: &'r Report<'_>) -> Vec<(&'r str, &'r str, u64, &'r Cell)> {
    let all: Vec<_> = report.values.cells().collect();
    if all.len() <= CELLS_LISTED {
        return all;
    }
    let mut kept: Vec<(&str, &str, u64, &Cell)> = Vec::new();
    for cell in all {
        let first = kept
            .last()
            .is_none_or(|last| (last.0, last.1) != (cell.0, cell.1));
        if first || !cell.3.failure.is_empty() {
            kept.push(cell);
        }
    }
    kept
}

/// The place of an arm in the order of colours and shapes.
fn index_of(report: &Report<'_>, arm: &str) -> usize {
    report.arms.iter().position(|(name, _)| name == arm).unwrap_or(0)
}

/// A metric by name; charts and tables leave out what nobody has described.
fn metric<'r>(report: &'r Report<'_>, name: &str) -> Option<&'r Metric> {
    report.registry.find(name)
}

fn planned(comparison: &Comparison) -> impl Iterator<Item = &Effect> {
    comparison
        .effects
        .iter()
        .filter(|effect| effect.role != MetricRole::Exploratory)
}

pub(super) fn swatch(index: usize) -> String {
    format!(
        r#"<svg class="swatch arm a{}" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">{}</svg>"#,
        index % 8,
        marker(index, (8.0, 8.0), 5.2, "dot")
    )
}

fn arm_label(report: &Report<'_>, arm: &str) -> String {
    format!(
        r#"<span class="arm-label">{}{}</span>"#,
        swatch(index_of(report, arm)),
        escape(arm)
    )
}

fn key(report: &Report<'_>) -> String {
    let mut list = String::new();
    for (arm, role) in &report.arms {
        let role = match role {
            ArmRole::Baseline => "baseline",
            ArmRole::Candidate => "candidate",
            ArmRole::Repeat => "the baseline once more",
            ArmRole::Oracle => "knows the path",
            ArmRole::Tcp => "TCP in place of the media",
        };
        let _ = write!(
            list,
            "<li>{} <span class=\"role\">{role}</span></li>",
            arm_label(report, arm)
        );
    }
    format!(r#"<ul class="key" aria-label="Arms">{list}</ul>"#)
}

fn verdicts(report: &Report<'_>) -> String {
    let mut html = String::new();
    for verdict in &report.verdicts {
        html.push_str(&card(report, verdict));
    }
    let gate = report.gate();
    if gate.passes() {
        html.push_str(r#"<p class="gate good"><span class="sign">✓</span>The regression gate passes: by its confidence bounds nothing that was stated beforehand got worse.</p>"#);
    } else {
        let reasons: String = gate
            .reasons
            .iter()
            .map(|reason| format!("<li>{}</li>", escape(reason)))
            .collect();
        let _ = write!(
            html,
            r#"<div class="gate bad"><p><span class="sign">✗</span>The regression gate does not pass:</p><ul>{reasons}</ul></div>"#
        );
    }
    html
}

fn card(report: &Report<'_>, verdict: &Verdict) -> String {
    let (class, sign, word) = match verdict.finding {
        Finding::Missing => ("even quiet", "–", "too few"),
        _ if verdict.role == ArmRole::Tcp => ("even", "◇", "benchmark"),
        Finding::Better if verdict.role == ArmRole::Oracle => ("even", "◇", "upper bound"),
        Finding::Better => ("good", "▲", "better"),
        Finding::Worse => ("bad", "▼", "worse"),
        Finding::Mixed => ("mixed", "◆", "mixed"),
        Finding::Alike if verdict.role == ArmRole::Repeat => ("even quiet", "=", "sound"),
        Finding::Alike => ("even", "=", "alike"),
        Finding::Broken => ("bad", "✗", "guardrail broken"),
        Finding::Open => ("open", "?", "open"),
        Finding::Alarm => ("alarm", "!", "alarm"),
    };
    let mut sentences = String::new();
    if verdict.role != ArmRole::Repeat || verdict.finding == Finding::Alarm {
        for sentence in &verdict.sentences {
            let _ = write!(
                sentences,
                r#"<li class="{}">{}</li>"#,
                forest::class(sentence.outcome),
                kept_together(&escape(&sentence.text))
            );
        }
    }
    let list = if sentences.is_empty() {
        String::new()
    } else {
        format!("<ul>{sentences}</ul>")
    };
    format!(
        r#"<article class="verdict {class}"><p class="finding"><span class="sign" aria-hidden="true">{sign}</span> {word}</p><div><h3>{}{}</h3>{list}</div></article>"#,
        swatch(index_of(report, &verdict.arm)),
        escape(&verdict.headline)
    )
}

/// A number and its unit do not part at the end of a line.
fn kept_together(text: &str) -> String {
    text.replace(" %", "\u{a0}%")
        .replace(" ms", "\u{a0}ms")
        .replace(" s)", "\u{a0}s)")
}

fn methods(report: &Report<'_>) -> String {
    let mut terms = String::new();
    for name in report.values.metrics() {
        if let Some(metric) = metric(report, name) {
            let _ = write!(
                terms,
                "<dt>{} <code>{}</code></dt><dd>{}</dd>",
                escape(metric.label),
                escape(metric.name),
                escape(metric.description)
            );
        }
    }
    let (level, sequential) = match report.experiment.stopping {
        Stopping::Fixed => (LEVEL, ""),
        Stopping::Sequential { alpha, .. } => (
            alpha,
            " This experiment ends as soon as that is known: p-values and intervals of primary metrics are those of an always-valid test, whose promise holds however often one looks (a mixture of t statistics with the right Haar prior). Guardrails are judged as if the number of seeds had been fixed.",
        ),
    };
    let confidence = (1.0 - level) * 100.0;
    format!(
        r"<div class=prose><p>Arms meet under equal seeds: in one scenario and seed they meet the same network and the same pictures, so that every difference is a difference of the arms. A scenario's interval comes from its differences by the bias-corrected and accelerated bootstrap (10 000 resamples). The interval over all scenarios resamples scenarios, their variants and seeds, level by level, so that many seeds of few scenarios do not pass for much evidence.</p>
<p>A primary metric counts as better or worse if its p-value, corrected for the number of primary metrics by Holm's method, is at most {level} and its {confidence:.0}&nbsp;% interval leaves out zero.{sequential} A guardrail is judged by two one-sided tests (TOST): it holds if the one-sided 95&nbsp;% bound of the harm lies within its margin, and is broken if the opposite bound lies beyond it; else it is open. The column “ranks” is Wilcoxon's signed-rank test over all pairs, as a check that assumes less.</p>
<p>A cell that failed counts with the worst value of each metric. An interval says how far the mean would stray if other seeds and scenarios of the same kind had been drawn; it says nothing of scenarios of another kind.</p></div>
<details><summary><h3>What the metrics measure</h3></summary><dl class=terms>{terms}</dl></details>"
    )
}
