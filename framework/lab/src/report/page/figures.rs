//! The page's charts, each with its frame.

use std::fmt::Write as _;

use super::super::Report;
use super::super::analysis::{ArmRole, MetricRole};
use super::super::charts::{escape, forest, pareto as plot, series};
use super::{arm_label, index_of, metric, planned};
use crate::metrics::Metric;
use crate::statistics::summary::mean;

pub(super) fn pareto(report: &Report<'_>) -> String {
    let of_plan: Vec<&Metric> = report
        .comparisons
        .iter()
        .take(1)
        .flat_map(|comparison| planned(comparison).filter_map(|effect| metric(report, &effect.metric)))
        .collect();
    let has = |name: &str| metric(report, name).filter(|_| report.values.metrics().any(|own| own == name));
    let Some((x, y)) = plot::axes(&of_plan, has) else {
        return String::new();
    };
    let points: Vec<plot::Point> = report
        .arms
        .iter()
        .enumerate()
        .filter(|(_, (_, role))| *role != ArmRole::Repeat)
        .filter_map(|(index, (arm, _))| {
            let scenarios: Vec<(String, f64, f64)> = report
                .values
                .scenarios()
                .iter()
                .filter_map(|scenario| {
                    let of = |metric: &Metric| {
                        let values: Vec<f64> = report
                            .values
                            .by_seed(metric.name, scenario, arm)
                            .into_values()
                            .collect();
                        (!values.is_empty()).then(|| mean(&values))
                    };
                    Some((scenario.to_string(), of(x)?, of(y)?))
                })
                .collect();
            let n = scenarios.len() as f64;
            (n > 0.0).then(|| plot::Point {
                arm: arm.clone(),
                index,
                at: (
                    scenarios.iter().map(|own| own.1).sum::<f64>() / n,
                    scenarios.iter().map(|own| own.2).sum::<f64>() / n,
                ),
                scenarios,
            })
        })
        .collect();
    if points.is_empty() {
        return String::new();
    }
    format!(
        r#"<figure class="chart">{}</figure>"#,
        plot::pareto(&points, x, y)
    )
}

pub(super) fn forests(report: &Report<'_>) -> String {
    let mut html = String::new();
    let several = report.comparisons.len() > 3;
    for comparison in report
        .comparisons
        .iter()
        .filter(|own| own.role != ArmRole::Repeat)
    {
        let mut charts = String::new();
        for effect in planned(comparison) {
            let Some(metric) = metric(report, &effect.metric) else {
                continue;
            };
            let role = match effect.role {
                MetricRole::Guardrail { .. } => "guardrail",
                _ => "primary",
            };
            let _ = write!(
                charts,
                r#"<figure class="chart"><figcaption>{} <span class="tag">{role}</span></figcaption>{}</figure>"#,
                escape(metric.label),
                forest::forest(
                    effect,
                    metric,
                    (index_of(report, &comparison.arm), &comparison.arm),
                    &report.experiment.baseline
                )
            );
        }
        let _ = write!(
            html,
            r#"<details{}><summary><h3>{} <span class="against">against {}</span></h3></summary>{charts}</details>"#,
            if several && matches!(comparison.role, ArmRole::Oracle | ArmRole::Tcp) {
                ""
            } else {
                " open"
            },
            arm_label(report, &comparison.arm),
            arm_label(report, &report.experiment.baseline)
        );
    }
    html
}

pub(super) fn over_time(report: &Report<'_>) -> String {
    let mut groups: Vec<(&str, u64)> = Vec::new();
    for cell in &report.series {
        if !groups.contains(&(&cell.scenario, cell.seed)) {
            groups.push((&cell.scenario, cell.seed));
        }
    }
    let mut html = String::new();
    for (scenario, seed) in groups {
        let mut cells: Vec<_> = report
            .series
            .iter()
            .filter(|cell| cell.scenario == scenario && cell.seed == seed)
            .map(|cell| (index_of(report, &cell.arm), cell))
            .collect();
        cells.sort_by_key(|(index, _)| *index);
        let arms: String = cells
            .iter()
            .map(|(_, cell)| arm_label(report, &cell.arm))
            .collect();
        let _ = write!(
            html,
            r#"<figure class="chart time"><figcaption>{} <span class="tag">seed {seed}</span> <span class="legend">{arms}</span></figcaption>{}</figure>"#,
            escape(scenario),
            series::over_time(&cells)
        );
    }
    html
}
