//! What every arm came to in every scenario.

use std::sync::Arc;

use serde::Serialize;

use super::analysis::{Analyst, ArmRole};
use crate::statistics::summary::mean;

/// The mean over its seeds of one metric, for each scenario and arm.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ScenarioMeans {
    /// The metric.
    pub metric: String,
    /// The arms, in the order of the columns; the repeated baseline is left out.
    pub arms: Vec<String>,
    /// The scenarios by name, each with a value for each arm; none where no cell has one.
    pub rows: Vec<(Arc<str>, Vec<Option<f64>>)>,
}

/// What RFC 8869 section 3.2 sets TCP beside the media for.
const TOTAL: &str = "total_rate";

/// A table for each metric that was stated beforehand, and where TCP stands beside the media one of what all together got.
pub(super) fn tables(analyst: &Analyst<'_>) -> Vec<ScenarioMeans> {
    let arms: Vec<String> = analyst
        .arms()
        .into_iter()
        .filter(|(_, role)| *role != ArmRole::Repeat)
        .map(|(arm, _)| arm)
        .collect();
    let experiment = analyst.experiment;
    let guardrails = experiment.guardrails.iter().map(|guardrail| &guardrail.metric);
    let total = experiment
        .arms
        .iter()
        .any(|arm| arm.tcp.is_some())
        .then_some(TOTAL);
    let planned = experiment.primary.iter().chain(guardrails).map(String::as_str);
    let mut names: Vec<&str> = planned.collect();
    names.extend(total.filter(|name| !names.contains(name)));
    names
        .into_iter()
        .filter_map(|name| analyst.registry.find(name))
        .map(|metric| {
            let of = |scenario: &str, arm: &String| {
                let values = analyst.values.by_seed(metric.name, scenario, arm);
                (!values.is_empty()).then(|| mean(&values.into_values().collect::<Vec<_>>()))
            };
            let rows = analyst.values.scenarios().into_iter().map(|scenario| {
                let values = arms.iter().map(|arm| of(&scenario, arm)).collect();
                (scenario, values)
            });
            ScenarioMeans {
                metric: metric.name.to_owned(),
                rows: rows.collect(),
                arms: arms.clone(),
            }
        })
        .collect()
}
