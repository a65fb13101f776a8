//! Whether what has been run suffices, for experiments that end as soon as they know.

use std::collections::BTreeMap;
use std::path::Path;

use crate::experiment::{Experiment, Stopping};
use crate::report::Values;
use crate::rows::{RowReader, RowsError};
use crate::statistics::multiple::holm;
use crate::statistics::sequential::SequentialMean;
use crate::statistics::summary::mean;

/// Whether every candidate is known to be better or worse than the baseline in every primary metric: an always-valid test of the mean over
/// scenarios, seed by seed, corrected for several metrics by Holm's method. An arm that knows the truth is no candidate, nor is one of TCP. Never, unless the
/// experiment says that it ends so.
///
/// # Errors
/// If the dataset cannot be read.
pub fn suffices(experiment: &Experiment, dataset: &Path) -> Result<bool, RowsError> {
    let Stopping::Sequential { alpha, .. } = experiment.stopping else {
        return Ok(false);
    };
    let mut values = Values::new();
    for row in RowReader::open(dataset)? {
        values.push(&row?);
    }
    let mut candidates = experiment
        .arms
        .iter()
        .filter(|arm| arm.name != experiment.baseline && !arm.truth && arm.tcp.is_none())
        .peekable();
    if candidates.peek().is_none() {
        return Ok(false);
    }
    Ok(candidates.all(|arm| {
        let p_values: Vec<f64> = experiment
            .primary
            .iter()
            .map(|metric| test(experiment, &values, metric, &arm.name, alpha).p_value())
            .collect();
        holm(&p_values).iter().all(|p| *p <= alpha)
    }))
}

/// The always-valid test of the mean over scenarios, seed by seed in the order of the experiment; only seeds that every scenario has in which
/// the metric is measured at all.
pub(crate) fn test(
    experiment: &Experiment,
    values: &Values,
    metric: &str,
    arm: &str,
    alpha: f64,
) -> SequentialMean {
    let mut by_seed: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
    let mut measured = 0;
    for scenario in &values.scenarios() {
        let baseline = values.by_seed(metric, scenario, &experiment.baseline);
        measured += usize::from(!baseline.is_empty());
        for (seed, value) in values.by_seed(metric, scenario, arm) {
            if let Some(other) = baseline.get(&seed) {
                by_seed.entry(seed).or_default().push(value - other);
            }
        }
    }
    let mut test = SequentialMean::new(alpha);
    for seed in &experiment.seeds {
        if let Some(differences) = by_seed.get(seed).filter(|found| found.len() == measured) {
            test.push(mean(differences));
        }
    }
    test
}
