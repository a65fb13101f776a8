//! Who wins where.

use serde::Serialize;

use super::Report;
use super::analysis::{Analyst, ArmRole, MetricRole, Outcome, judged};
use crate::statistics::bootstrap::bca;
use crate::statistics::summary::{mean, median};

/// In how many scenarios each arm is better than each other in one metric. A scenario is won if its interval lies wholly on the better side.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WinTieLoss {
    /// The metric.
    pub metric: String,
    /// The arms, in the order of the rows and columns.
    pub arms: Vec<String>,
    /// Row against column: scenarios won, tied and lost.
    pub counts: Vec<Vec<[usize; 3]>>,
}

/// A table for each primary metric, over all arms but the repeated baseline.
pub(super) fn tables(analyst: &Analyst<'_>) -> Vec<WinTieLoss> {
    let arms: Vec<String> = analyst
        .arms()
        .into_iter()
        .filter(|(_, role)| *role != ArmRole::Repeat)
        .map(|(arm, _)| arm)
        .collect();
    analyst
        .experiment
        .primary
        .iter()
        .filter_map(|name| analyst.registry.find(name))
        .map(|metric| {
            let mut counts = vec![vec![[0; 3]; arms.len()]; arms.len()];
            // Fewer replicates: what counts is only on which side of zero the interval lies.
            let resampling = analyst.resampling(MetricRole::Exploratory).widened();
            for scenario in analyst.values.scenarios() {
                for row in 0..arms.len() {
                    for column in 0..row {
                        let pairs = analyst.pairs(metric, &scenario, &arms[column], &arms[row]);
                        let Ok(interval) = bca(&pairs.differences(), mean, &resampling) else {
                            continue;
                        };
                        let place = match judged(&interval, metric.better) {
                            Outcome::Better => 0,
                            Outcome::Worse => 2,
                            _ => 1,
                        };
                        counts[row][column][place] += 1;
                        counts[column][row][2 - place] += 1;
                    }
                }
            }
            WinTieLoss {
                metric: metric.name.to_owned(),
                arms: arms.clone(),
                counts,
            }
        })
        .collect()
}

pub(super) fn telling(report: &Report<'_>, count: usize) -> Vec<(String, u64)> {
    let Some(name) = report.experiment.primary.first() else {
        return Vec::new();
    };
    let mut best: Vec<(f64, &str, &str)> = Vec::new();
    for comparison in report
        .comparisons
        .iter()
        .filter(|own| own.role == ArmRole::Candidate)
    {
        let effects = comparison.effects.iter().filter(|effect| effect.metric == *name);
        for scenario in effects.flat_map(|effect| &effect.scenarios) {
            let Some(interval) = scenario.interval else {
                continue;
            };
            let width = (interval.upper - interval.lower).max(1e-12);
            best.push((
                interval.estimate.abs() / width,
                &scenario.scenario,
                &comparison.arm,
            ));
        }
    }
    best.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| (a.1, a.2).cmp(&(b.1, b.2))));
    let mut chosen: Vec<(String, u64)> = Vec::new();
    for (_, scenario, arm) in best {
        if chosen.len() == count {
            break;
        }
        if chosen.iter().any(|(own, _)| own == scenario) {
            continue;
        }
        let baseline = report.values.by_seed(name, scenario, &report.experiment.baseline);
        let differences: Vec<(u64, f64)> = report
            .values
            .by_seed(name, scenario, arm)
            .into_iter()
            .filter_map(|(seed, value)| Some((seed, value - baseline.get(&seed)?)))
            .collect();
        let centre = median(&differences.iter().map(|(_, value)| *value).collect::<Vec<_>>());
        let nearest = differences
            .iter()
            .min_by(|a, b| (a.1 - centre).abs().total_cmp(&(b.1 - centre).abs()));
        if let Some((seed, _)) = nearest {
            chosen.push((scenario.to_owned(), *seed));
        }
    }
    chosen
}
