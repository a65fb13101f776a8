//! Tables of the page.

use std::fmt::Write as _;

use super::super::Report;
use super::super::analysis::{ArmRole, Comparison, Effect, MetricRole, Outcome};
use super::super::charts::{escape, forest};
use super::super::markdown::word;
use super::super::number::{Format, p_value, signed};
use super::{arm_label, cells_worth_listing, metric, planned};

pub(super) fn overview(report: &Report<'_>) -> String {
    let Some(first) = report.comparisons.first() else {
        return String::new();
    };
    let mut heads = String::new();
    for effect in planned(first) {
        if let Some(metric) = metric(report, &effect.metric) {
            let _ = write!(
                heads,
                "<th scope=col>{} <span class=tag>{}</span></th>",
                escape(metric.label),
                role(effect)
            );
        }
    }
    let mut rows = String::new();
    let baseline: String = planned(first)
        .filter_map(|effect| {
            Some(format!(
                "<td class=n>{}</td>",
                Format::of(metric(report, &effect.metric)?).value(effect.means[0])
            ))
        })
        .collect();
    let _ = write!(
        rows,
        "<tr><th scope=row>{} <span class=role>baseline</span></th>{baseline}</tr>",
        arm_label(report, &report.experiment.baseline)
    );
    for comparison in &report.comparisons {
        let cells: String = planned(comparison)
            .filter_map(|effect| {
                let format = Format::of(metric(report, &effect.metric)?);
                Some(format!(
                    r#"<td class="n {}">{}<small>{} {}</small></td>"#,
                    forest::class(effect.outcome),
                    format.value(effect.means[1]),
                    sign(effect.outcome),
                    difference(effect, &format)
                ))
            })
            .collect();
        let _ = write!(
            rows,
            "<tr><th scope=row>{}</th>{cells}</tr>",
            arm_label(report, &comparison.arm)
        );
    }
    format!(
        "<div class=scroll><table class=overview><thead><tr><th></th>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
    )
}

pub(super) fn wins(report: &Report<'_>) -> String {
    let mut html = String::new();
    for table in &report.wins {
        if table.arms.len() < 2 {
            continue;
        }
        let heads: String = table
            .arms
            .iter()
            .map(|arm| format!("<th scope=col>{}</th>", arm_label(report, arm)))
            .collect();
        let mut rows = String::new();
        for (row, (arm, counts)) in table.arms.iter().zip(&table.counts).enumerate() {
            let _ = write!(rows, "<tr><th scope=row>{}</th>", arm_label(report, arm));
            for (column, [won, tied, lost]) in counts.iter().enumerate() {
                if row == column {
                    rows.push_str("<td class=self>·</td>");
                    continue;
                }
                let all = (won + tied + lost).max(1) as f64;
                let bar = |class: &str, n: usize| {
                    format!(
                        "<i class={class} style=\"width:{:.1}%\"></i>",
                        100.0 * n as f64 / all
                    )
                };
                let _ = write!(
                    rows,
                    "<td><b>{won}</b> / {tied} / {lost}<span class=bar aria-hidden=true>{}{}{}</span></td>",
                    bar("good", *won),
                    bar("even", *tied),
                    bar("bad", *lost)
                );
            }
            rows.push_str("</tr>");
        }
        let label = metric(report, &table.metric).map_or(table.metric.as_str(), |metric| metric.label);
        let _ = write!(
            html,
            "<h3>{}</h3><p class=lead>In how many scenarios the arm of the row beats, equals or loses to the arm of the column: won <b>/</b> tied <b>/</b> lost.</p><div class=scroll><table class=wins><thead><tr><th></th>{heads}</tr></thead><tbody>{rows}</tbody></table></div>",
            escape(label)
        );
    }
    html
}

/// Scenarios against arms, a table for each metric: what each came to.
pub(super) fn means(report: &Report<'_>) -> String {
    let mut html = String::new();
    for table in &report.means {
        let Some(metric) = metric(report, &table.metric) else {
            continue;
        };
        let format = Format::of(metric);
        let heads: String = table
            .arms
            .iter()
            .map(|arm| format!("<th scope=col>{}</th>", arm_label(report, arm)))
            .collect();
        let mut rows = String::new();
        for (scenario, values) in &table.rows {
            let _ = write!(rows, "<tr><th scope=row>{}</th>", escape(scenario));
            for value in values {
                let _ = write!(
                    rows,
                    "<td class=n>{}</td>",
                    format.plain(value.unwrap_or(f64::NAN))
                );
            }
            rows.push_str("</tr>");
        }
        let _ = write!(
            html,
            "<details><summary><h3>{}{}</h3></summary><div class=scroll><table class=means><thead><tr><th></th>{heads}</tr></thead><tbody>{rows}</tbody></table></div></details>",
            escape(metric.label),
            escape(&format.in_brackets())
        );
    }
    html
}

/// Scenarios against metrics, a sign in each square.
pub(super) fn grid(report: &Report<'_>) -> String {
    let mut html = String::new();
    for comparison in report
        .comparisons
        .iter()
        .filter(|own| own.role == ArmRole::Candidate)
    {
        let effects: Vec<&Effect> = planned(comparison)
            .chain(
                comparison
                    .effects
                    .iter()
                    .filter(|effect| effect.role == MetricRole::Exploratory && telling(effect)),
            )
            .collect();
        let heads: String = effects
            .iter()
            .filter_map(|effect| {
                Some(format!(
                    "<th scope=col><span>{}</span></th>",
                    escape(metric(report, &effect.metric)?.label)
                ))
            })
            .collect();
        let mut rows = String::new();
        for scenario in report.values.scenarios() {
            let _ = write!(rows, "<tr><th scope=row>{}</th>", escape(&scenario));
            for effect in effects
                .iter()
                .filter(|effect| metric(report, &effect.metric).is_some())
            {
                let found = effect.scenarios.iter().find(|own| *own.scenario == *scenario);
                let outcome = found.map_or(Outcome::Missing, |own| own.outcome);
                let title = found
                    .and_then(|own| own.interval)
                    .zip(metric(report, &effect.metric))
                    .map_or_else(String::new, |(interval, metric)| {
                        let format = Format::of(metric);
                        let texts = format.differences(
                            &[interval.estimate, interval.lower, interval.upper],
                            interval.upper - interval.lower,
                        );
                        format!(
                            "{}: {}{} [{}, {}]",
                            metric.label,
                            signed(&texts[0]),
                            format.short(),
                            signed(&texts[1]),
                            signed(&texts[2])
                        )
                    });
                let _ = write!(
                    rows,
                    r#"<td class="{}" title="{}">{}</td>"#,
                    forest::class(outcome),
                    escape(&title),
                    sign(outcome)
                );
            }
            rows.push_str("</tr>");
        }
        let _ = write!(
            html,
            "<h3>{} <span class=against>scenario by scenario: ▲ better, ▼ worse, · alike</span></h3><div class=scroll><table class=grid><thead><tr><th></th>{heads}</tr></thead><tbody>{rows}</tbody></table></div>",
            arm_label(report, &comparison.arm)
        );
    }
    html
}

/// Whether any scenario shows something.
fn telling(effect: &Effect) -> bool {
    effect
        .scenarios
        .iter()
        .any(|own| matches!(own.outcome, Outcome::Better | Outcome::Worse))
}

pub(super) fn all_metrics(report: &Report<'_>) -> String {
    let mut html = String::new();
    for comparison in report
        .comparisons
        .iter()
        .filter(|own| own.role != ArmRole::Repeat)
    {
        let _ = write!(
            html,
            "<details{}><summary><h3>{} <span class=against>against {}</span></h3></summary>{}</details>",
            if comparison.role == ArmRole::Candidate && report.comparisons.len() <= 3 {
                " open"
            } else {
                ""
            },
            arm_label(report, &comparison.arm),
            arm_label(report, &report.experiment.baseline),
            effects(report, comparison)
        );
    }
    html
}

fn effects(report: &Report<'_>, comparison: &Comparison) -> String {
    let mut rows = String::new();
    for effect in &comparison.effects {
        let Some(metric) = metric(report, &effect.metric) else {
            continue;
        };
        let format = Format::of(metric);
        let interval = effect.overall.map_or_else(
            || "–".to_owned(),
            |overall| {
                let texts =
                    format.differences(&[overall.lower, overall.upper], overall.upper - overall.lower);
                format!("{} to {}", signed(&texts[0]), signed(&texts[1]))
            },
        );
        let _ = write!(
            rows,
            r#"<tr class="{}"><th scope=row>{} <span class=tag>{}</span></th><td class=n>{}</td><td class=n>{}</td><td class=n>{}</td><td class=n>{interval}</td><td class=n>{}</td><td class=n>{}</td><td class="outcome {}">{}</td></tr>"#,
            role(effect),
            escape(metric.label),
            role(effect),
            format.value(effect.means[0]),
            format.value(effect.means[1]),
            difference(effect, &format),
            escape(&p_value(effect.adjusted)),
            escape(&p_value(effect.wilcoxon)),
            forest::class(effect.outcome),
            word(effect.outcome)
        );
    }
    format!(
        "<div class=scroll><table class=effects><thead><tr><th></th><th scope=col class=n>{}</th><th scope=col class=n>{}</th><th scope=col class=n>difference</th><th scope=col class=n>95 % interval</th><th scope=col class=n>p, corrected</th><th scope=col class=n>p, ranks</th><th></th></tr></thead><tbody>{rows}</tbody></table></div>",
        escape(&report.experiment.baseline),
        escape(&comparison.arm)
    )
}

pub(super) fn replay(report: &Report<'_>) -> String {
    let cells = cells_worth_listing(report);
    let all = report.values.cells().count();
    let mut rows = String::new();
    for (scenario, arm, seed, cell) in &cells {
        let state = if cell.failure.is_empty() {
            format!(
                "<code title=\"digest of its packets\">{}</code>",
                escape(&short(&cell.trace_hash))
            )
        } else {
            format!("<span class=bad>{}</span>", escape(&cell.failure))
        };
        let id = escape(&cell.id);
        let _ = write!(
            rows,
            "<tr><td>{}</td><td>{}</td><td class=n>{seed}</td><td><code class=copy data-copy=\"jackfield ab replay {id}\" title=\"{id}\">jackfield ab replay {}…</code></td><td>{state}</td></tr>",
            escape(scenario),
            escape(arm),
            escape(&short(&cell.id))
        );
    }
    let mut origin = String::new();
    for (term, values) in [
        ("Experiment", report.values.experiments()),
        ("Revision", report.values.revisions()),
    ] {
        for value in values {
            let _ = write!(origin, "<dt>{term}</dt><dd><code>{}</code></dd>", escape(&value));
        }
    }
    for (arm, _) in &report.arms {
        for digests in report.values.digests(arm) {
            let plugins: String = digests
                .split(' ')
                .map(|own| format!("<code>{}</code> ", escape(own)))
                .collect();
            let _ = write!(origin, "<dt>{}</dt><dd>{plugins}</dd>", arm_label(report, arm));
        }
    }
    let which = if cells.len() == all {
        format!("All {all} cells")
    } else {
        format!(
            "{} of {all} cells: those that failed, and one for each scenario and arm; the JSON of this report lists all",
            cells.len()
        )
    };
    format!(
        "<div class=prose><p>A cell is named by its content: scenario, plugins, parameters, seed. Run again, it gives the same packets at the same nanoseconds, and says so by comparing their digest. The first digits of an id suffice as long as no other begins with them. In the folder of the dataset: <code>jackfield ab replay CELL</code>; from elsewhere with <code>--in FOLDER</code>.</p></div><dl class=origin>{origin}</dl><details><summary><h3>{which}</h3></summary><p class=tools><label>Only with <input id=filter type=search autocomplete=off></label></p><div class=scroll><table class=cells id=cells><thead><tr><th scope=col>scenario</th><th scope=col>arm</th><th scope=col class=n>seed</th><th scope=col>command</th><th scope=col>packets</th></tr></thead><tbody>{rows}</tbody></table></div></details>"
    )
}

fn short(digest: &str) -> String {
    digest.chars().take(12).collect()
}

fn difference(effect: &Effect, format: &Format) -> String {
    effect.overall.map_or_else(
        || "–".to_owned(),
        |overall| {
            let texts = format.differences(&[overall.estimate], overall.upper - overall.lower);
            format!("{}{}", signed(&texts[0]), format.short())
        },
    )
}

fn role(effect: &Effect) -> &'static str {
    match effect.role {
        MetricRole::Primary => "primary",
        MetricRole::Guardrail { .. } => "guardrail",
        MetricRole::Exploratory => "exploratory",
    }
}

fn sign(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Better => "▲",
        Outcome::Worse => "▼",
        Outcome::Different => "◆",
        Outcome::Alike => "·",
        Outcome::Holds => "✓",
        Outcome::Broken => "✗",
        Outcome::Open => "?",
        Outcome::Missing => "–",
    }
}
