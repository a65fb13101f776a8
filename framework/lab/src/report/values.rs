//! One value per cell and metric, from the rows of a table.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::rows::Row;

/// The flow of rows that speak of all flows together, and the segment of those that speak of the whole run.
pub const WHOLE: &str = "*";

type BySeed = BTreeMap<u64, f64>;
type ByArm = BTreeMap<Arc<str>, BTreeMap<u64, Gathered>>;

/// What a table holds, gathered row by row: it keeps one small entry per cell and metric, never the rows.
///
/// A cell's value of a metric is that of all flows together over the whole run; if there is none, the mean over flows of their values over the
/// whole run; if there is none either, the mean of all its values. What is not finite says that a metric does not apply and is left out.
#[derive(Clone, Debug, Default)]
pub struct Values {
    metrics: BTreeMap<Arc<str>, BTreeMap<Arc<str>, ByArm>>,
    units: BTreeMap<Arc<str>, Arc<str>>,
    cells: BTreeMap<(Arc<str>, Arc<str>, u64), Cell>,
    experiments: BTreeSet<Arc<str>>,
    revisions: BTreeSet<Arc<str>>,
    digests: BTreeMap<Arc<str>, BTreeSet<Arc<str>>>,
}

/// A cell of the table.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// Its id.
    pub id: Arc<str>,
    /// Why it failed; empty if it did not.
    pub failure: Arc<str>,
    /// The digest of what happened on the wire.
    pub trace_hash: Arc<str>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Gathered {
    whole: Option<f64>,
    flows: (f64, u32),
    rest: (f64, u32),
}

impl Gathered {
    fn value(&self) -> Option<f64> {
        let mean = |(sum, n): (f64, u32)| (n > 0).then(|| sum / f64::from(n));
        self.whole
            .or_else(|| mean(self.flows))
            .or_else(|| mean(self.rest))
    }
}

impl Values {
    /// Of nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Of all these rows.
    pub fn of_rows<'a>(rows: impl IntoIterator<Item = &'a Row>) -> Self {
        let mut values = Self::new();
        for row in rows {
            values.push(row);
        }
        values
    }

    /// Takes a row. The order of rows does not matter, up to the rounding of means over flows.
    pub fn push(&mut self, row: &Row) {
        self.cells
            .entry((Arc::clone(&row.scenario), Arc::clone(&row.arm), row.seed))
            .or_insert_with(|| Cell {
                id: Arc::clone(&row.cell),
                failure: Arc::clone(&row.failure),
                trace_hash: Arc::clone(&row.trace_hash),
            });
        note(&mut self.experiments, &row.experiment);
        note(&mut self.revisions, &row.revision);
        note(
            self.digests.entry(Arc::clone(&row.arm)).or_default(),
            &row.digests,
        );
        if !self.units.contains_key(&row.metric) {
            self.units.insert(Arc::clone(&row.metric), Arc::clone(&row.unit));
        }
        if !row.value.is_finite() {
            return;
        }
        let gathered = self
            .metrics
            .entry(Arc::clone(&row.metric))
            .or_default()
            .entry(Arc::clone(&row.scenario))
            .or_default()
            .entry(Arc::clone(&row.arm))
            .or_default()
            .entry(row.seed)
            .or_default();
        match (&*row.flow == WHOLE, &*row.segment == WHOLE) {
            (true, true) => gathered.whole = Some(row.value),
            (false, true) => gathered.flows = (gathered.flows.0 + row.value, gathered.flows.1 + 1),
            _ => gathered.rest = (gathered.rest.0 + row.value, gathered.rest.1 + 1),
        }
    }

    /// The values of a metric for one arm in one scenario, by seed.
    pub fn by_seed(&self, metric: &str, scenario: &str, arm: &str) -> BySeed {
        self.metrics
            .get(metric)
            .and_then(|scenarios| scenarios.get(scenario))
            .and_then(|arms| arms.get(arm))
            .map(|seeds| {
                seeds
                    .iter()
                    .filter_map(|(seed, gathered)| Some((*seed, gathered.value()?)))
                    .collect()
            })
            .unwrap_or_default()
    }

    /// The names of all metrics that have a value.
    pub fn metrics(&self) -> impl Iterator<Item = &str> {
        self.metrics.keys().map(|name| &**name)
    }

    /// The unit of a metric as its rows have it; empty if there is no row.
    pub fn unit(&self, metric: &str) -> &str {
        self.units.get(metric).map_or("", |unit| unit)
    }

    /// All scenarios, by name.
    pub fn scenarios(&self) -> Vec<Arc<str>> {
        let names: BTreeSet<_> = self
            .cells
            .keys()
            .map(|(scenario, _, _)| Arc::clone(scenario))
            .collect();
        names.into_iter().collect()
    }

    /// All cells by scenario, arm and seed.
    pub fn cells(&self) -> impl Iterator<Item = (&str, &str, u64, &Cell)> {
        self.cells
            .iter()
            .map(|((scenario, arm, seed), cell)| (&**scenario, &**arm, *seed, cell))
    }

    /// The digests of the experiments that the rows belong to.
    pub fn experiments(&self) -> Vec<String> {
        self.experiments.iter().map(ToString::to_string).collect()
    }

    /// The revisions of the programs that made the rows.
    pub fn revisions(&self) -> Vec<String> {
        self.revisions.iter().map(ToString::to_string).collect()
    }

    /// The plugins that ran in an arm: more than one entry means that its cells do not agree.
    pub fn digests(&self, arm: &str) -> Vec<String> {
        self.digests
            .get(arm)
            .map(|digests| digests.iter().map(ToString::to_string).collect())
            .unwrap_or_default()
    }
}

fn note(set: &mut BTreeSet<Arc<str>>, value: &Arc<str>) {
    if !value.is_empty() && !set.contains(value) {
        set.insert(Arc::clone(value));
    }
}
