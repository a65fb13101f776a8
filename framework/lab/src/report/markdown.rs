//! The report as Markdown.

use std::fmt::Write as _;

use super::analysis::{ArmRole, Effect, MetricRole, Outcome};
use super::number::{Format, p_value, signed};
use super::{Report, page};

pub(super) fn document(report: &Report<'_>) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write(report, &mut text);
    text
}

fn write(report: &Report<'_>, out: &mut String) -> std::fmt::Result {
    writeln!(
        out,
        "# {}\n\n{}\n",
        line(&report.experiment.name),
        line(&report.experiment.question)
    )?;
    writeln!(out, "{}\n\n## Verdict\n", page::scope(report))?;
    for verdict in &report.verdicts {
        writeln!(out, "- **{}**", line(&verdict.headline))?;
        for sentence in &verdict.sentences {
            writeln!(out, "  - {}", line(&sentence.text))?;
        }
    }
    let gate = report.gate();
    if gate.passes() {
        writeln!(out, "\nThe regression gate passes.\n")?;
    } else {
        writeln!(out, "\nThe regression gate does not pass:\n")?;
        for reason in &gate.reasons {
            writeln!(out, "- {}", line(reason))?;
        }
        writeln!(out)?;
    }
    for comparison in report
        .comparisons
        .iter()
        .filter(|own| own.role != ArmRole::Repeat)
    {
        writeln!(
            out,
            "## {} against {}\n\nDifferences are {} minus {}, with their 95 % interval.\n",
            line(&comparison.arm),
            line(&report.experiment.baseline),
            line(&comparison.arm),
            line(&report.experiment.baseline)
        )?;
        writeln!(
            out,
            "| metric | role | {} | {} | difference | interval | p | |",
            line(&report.experiment.baseline),
            line(&comparison.arm)
        )?;
        writeln!(out, "|---|---|--:|--:|--:|--:|--:|---|")?;
        for effect in &comparison.effects {
            row(report, effect, out)?;
        }
        writeln!(out)?;
        scenarios(
            report,
            comparison
                .effects
                .iter()
                .find(|effect| effect.role == MetricRole::Primary),
            out,
        )?;
    }
    for table in &report.wins {
        writeln!(out, "## Scenarios won, tied, lost: {}\n", line(&table.metric))?;
        let heads: Vec<String> = table.arms.iter().map(|arm| line(arm)).collect();
        writeln!(out, "| row against column | {} |", heads.join(" | "))?;
        writeln!(out, "|---|{}", ":-:|".repeat(heads.len()))?;
        for (index, (arm, counts)) in heads.iter().zip(&table.counts).enumerate() {
            let cells: Vec<String> = counts
                .iter()
                .enumerate()
                .map(|(other, [won, tied, lost])| {
                    if other == index {
                        "·".to_owned()
                    } else {
                        format!("{won} / {tied} / {lost}")
                    }
                })
                .collect();
            writeln!(out, "| {arm} | {} |", cells.join(" | "))?;
        }
        writeln!(out)?;
    }
    means(report, out)?;
    writeln!(
        out,
        "## Replay\n\nEvery cell can be run again by its id, and its packets compared with those of this run. In the folder of the dataset, or from elsewhere with `--in FOLDER`:\n"
    )?;
    writeln!(out, "```sh\njackfield ab replay CELL\n```\n")?;
    for (scenario, arm, seed, cell) in page::cells_worth_listing(report) {
        writeln!(
            out,
            "- `{}`: {}, {}, seed {seed}",
            code(&cell.id),
            line(scenario),
            line(arm)
        )?;
    }
    Ok(())
}

fn row(report: &Report<'_>, effect: &Effect, out: &mut String) -> std::fmt::Result {
    let Some(metric) = report.registry.find(&effect.metric) else {
        return Ok(());
    };
    let format = Format::of(metric);
    let role = match effect.role {
        MetricRole::Primary => "primary".to_owned(),
        MetricRole::Guardrail { margin } => format!("guardrail, {}{}", format.plain(margin), format.short()),
        MetricRole::Exploratory => "exploratory".to_owned(),
    };
    let (difference, interval) = effect.overall.map_or_else(
        || ("–".to_owned(), "–".to_owned()),
        |overall| {
            let numbers = format.differences(
                &[overall.estimate, overall.lower, overall.upper],
                overall.upper - overall.lower,
            );
            (
                format!("{}{}", signed(&numbers[0]), format.short()),
                format!("{} to {}", signed(&numbers[1]), signed(&numbers[2])),
            )
        },
    );
    writeln!(
        out,
        "| {} | {role} | {} | {} | {difference} | {interval} | {} | {} |",
        metric.label,
        format.value(effect.means[0]),
        format.value(effect.means[1]),
        p_value(effect.adjusted),
        word(effect.outcome),
    )
}

fn scenarios(report: &Report<'_>, effect: Option<&Effect>, out: &mut String) -> std::fmt::Result {
    let Some((effect, metric)) =
        effect.and_then(|effect| Some((effect, report.registry.find(&effect.metric)?)))
    else {
        return Ok(());
    };
    let format = Format::of(metric);
    writeln!(
        out,
        "{} by scenario:\n\n| scenario | pairs | difference | interval | |\n|---|--:|--:|--:|---|",
        metric.label
    )?;
    for scenario in &effect.scenarios {
        let Some(interval) = scenario.interval else {
            continue;
        };
        let numbers = format.differences(
            &[interval.estimate, interval.lower, interval.upper],
            interval.upper - interval.lower,
        );
        writeln!(
            out,
            "| {} | {} | {}{} | {} to {} | {} |",
            line(&scenario.scenario),
            scenario.pairs,
            signed(&numbers[0]),
            format.short(),
            signed(&numbers[1]),
            signed(&numbers[2]),
            word(scenario.outcome)
        )?;
    }
    writeln!(out)
}

/// What every arm came to in every scenario, the unit in the heading.
fn means(report: &Report<'_>, out: &mut String) -> std::fmt::Result {
    for table in &report.means {
        let Some(metric) = report.registry.find(&table.metric) else {
            continue;
        };
        let format = Format::of(metric);
        let heads: Vec<String> = table.arms.iter().map(|arm| line(arm)).collect();
        writeln!(
            out,
            "## {}{} by scenario\n\n| scenario | {} |\n|---|{}",
            metric.label,
            format.in_brackets(),
            heads.join(" | "),
            "--:|".repeat(heads.len())
        )?;
        for (scenario, values) in &table.rows {
            let values: Vec<String> = values
                .iter()
                .map(|value| format.plain(value.unwrap_or(f64::NAN)))
                .collect();
            writeln!(out, "| {} | {} |", line(scenario), values.join(" | "))?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// An outcome with a sign that can be told without colour.
pub(super) fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Better => "▲ better",
        Outcome::Worse => "▼ worse",
        Outcome::Different => "◆ different",
        Outcome::Alike => "= alike",
        Outcome::Holds => "✓ holds",
        Outcome::Broken => "✗ broken",
        Outcome::Open => "? open",
        Outcome::Missing => "– too few",
    }
}

/// Text that cannot leave a span of code: ids are hexadecimal digits, and what is not stays out.
fn code(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// Text that cannot leave its line or its cell, and that starts nothing of Markdown's.
fn line(text: &str) -> String {
    text.chars()
        .flat_map(|c| match c {
            '\n' | '\r' => vec![' '],
            '|' | '<' | '>' | '`' | '[' | ']' | '*' | '#' | '\\' | '!' => vec!['\\', c],
            other => vec![other],
        })
        .collect()
}
