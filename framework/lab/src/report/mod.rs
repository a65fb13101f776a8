//! What an experiment showed, for people: a verdict in words with effect and interval, and everything that it rests on.
//!
//! The rows of an experiment go into [`Values`]; [`Report::new`] compares every arm with the baseline; then it can be written as one HTML file
//! that needs nothing else ([`Report::html`]), as Markdown ([`Report::markdown`]) and as JSON ([`Report::json`]). Pure: the same rows give the
//! same bytes.
//!
//! A program that must fail when something got worse asks [`Report::gate`]: it goes by confidence bounds, never by means.

mod analysis;
mod charts;
mod gate;
mod json;
mod markdown;
mod matrix;
mod means;
mod number;
mod over_time;
mod page;
mod values;
mod verdict;

pub use analysis::{ArmRole, CONFIDENCE, Comparison, Effect, MetricRole, Outcome, ScenarioEffect};
pub use gate::Gate;
pub use matrix::WinTieLoss;
pub use means::ScenarioMeans;
pub use over_time::{OverTime, OverTimeLine, OverTimePanel};
pub use values::{Cell, Values, WHOLE};
pub use verdict::{Finding, Sentence, Verdict};

use crate::experiment::Experiment;
use crate::metrics::Registry;
use crate::series::Series;
use analysis::Analyst;

/// A cell whose course over time is drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct CellSeries {
    /// The scenario.
    pub scenario: String,
    /// The arm.
    pub arm: String,
    /// The seed.
    pub seed: u64,
    /// What happened.
    pub series: Series,
}

/// A report.
#[derive(Clone, Debug)]
pub struct Report<'a> {
    experiment: &'a Experiment,
    values: &'a Values,
    registry: &'a Registry,
    arms: Vec<(String, ArmRole)>,
    comparisons: Vec<Comparison>,
    verdicts: Vec<Verdict>,
    wins: Vec<WinTieLoss>,
    means: Vec<ScenarioMeans>,
    series: Vec<CellSeries>,
}

impl<'a> Report<'a> {
    /// Compares every arm of `experiment` that has values with its baseline. `registry` says what the metrics mean: those that it does not know
    /// are left out.
    pub fn new(experiment: &'a Experiment, values: &'a Values, registry: &'a Registry) -> Self {
        let analyst = Analyst {
            experiment,
            values,
            registry,
            seed: 1,
        };
        let comparisons = analyst.comparisons();
        let mut verdicts: Vec<Verdict> = comparisons
            .iter()
            .map(|comparison| Verdict::of(comparison, &experiment.baseline, registry))
            .collect();
        // The repeated baseline speaks first if it has something to say, else last.
        if let Some(alarm) = verdicts
            .iter()
            .position(|verdict| verdict.finding == Finding::Alarm)
        {
            let alarm = verdicts.remove(alarm);
            verdicts.insert(0, alarm);
        }
        Self {
            experiment,
            values,
            registry,
            arms: analyst.arms(),
            wins: matrix::tables(&analyst),
            means: means::tables(&analyst),
            comparisons,
            verdicts,
            series: Vec::new(),
        }
    }

    /// With the course of some cells over time. Those of one scenario and seed are drawn together.
    #[must_use]
    pub fn with_series(mut self, series: Vec<CellSeries>) -> Self {
        self.series = series;
        self
    }

    /// Every arm against the baseline.
    pub fn comparisons(&self) -> &[Comparison] {
        &self.comparisons
    }

    /// The verdict on every arm; that on the repeated baseline stands last, unless it is an alarm.
    pub fn verdicts(&self) -> &[Verdict] {
        &self.verdicts
    }

    /// For each primary metric, in how many scenarios each arm is better than each other.
    pub fn wins(&self) -> &[WinTieLoss] {
        &self.wins
    }

    /// For each metric that was stated beforehand, what every arm came to in every scenario.
    pub fn means(&self) -> &[ScenarioMeans] {
        &self.means
    }

    /// Whether nothing got worse.
    pub fn gate(&self) -> Gate {
        Gate::of(&self.comparisons, &self.verdicts, self.values)
    }

    /// One HTML file with everything in it: no other file, no address on the network.
    pub fn html(&self) -> String {
        page::page(self)
    }

    /// The same for a terminal or a code review.
    pub fn markdown(&self) -> String {
        markdown::document(self)
    }

    /// The same for programs. The keys are those of the types of this module.
    pub fn json(&self) -> String {
        json::document(self)
    }

    /// The scenario and seed whose cells are most worth a look: where a candidate differs most from the baseline in the first primary metric,
    /// measured in widths of that scenario's interval. At most `count`, one for each scenario, the most telling first; the seed is the one
    /// whose difference is the median of its scenario.
    pub fn telling_cells(&self, count: usize) -> Vec<(String, u64)> {
        matrix::telling(self, count)
    }
}
