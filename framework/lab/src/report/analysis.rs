//! From values to effects: for every arm against the baseline, for every metric, by how much they differ and how sure that is.

use std::collections::BTreeMap;

use serde::Serialize;

use super::values::Values;
use crate::decision;
use crate::experiment::{Experiment, Stopping};
use crate::metrics::{Better, Metric, Registry};
use crate::statistics::Interval;
use crate::statistics::bootstrap::{Resampling, bca};
use crate::statistics::hierarchy::Hierarchy;
use crate::statistics::multiple::{benjamini_hochberg, holm};
use crate::statistics::paired::Pairs;
use crate::statistics::rank::{Method, Side, Zeros, wilcoxon};
use crate::statistics::summary::mean;

/// How often intervals of effects hold the truth, and the level of tests that goes with it.
pub const CONFIDENCE: f64 = 0.95;
pub(super) const LEVEL: f64 = 0.05;

/// What an arm is in the experiment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ArmRole {
    /// What the others are compared with.
    Baseline,
    /// What may be better.
    Candidate,
    /// The baseline once more: between the two there must be no difference.
    Repeat,
    /// It knows what the path bears: an upper bound.
    Oracle,
    /// TCP in the place of the media: what as many connections get.
    Tcp,
}

/// What a metric is in the experiment.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MetricRole {
    /// It decides.
    Primary,
    /// It must not get worse by more than this, in its unit.
    Guardrail {
        /// The margin.
        margin: f64,
    },
    /// Looked at without a plan.
    Exploratory,
}

/// What an effect comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The candidate is better.
    Better,
    /// The candidate is worse.
    Worse,
    /// It differs, and the metric does not judge.
    Different,
    /// No difference is shown.
    Alike,
    /// The guardrail holds: it is surely not worse by more than the margin.
    Holds,
    /// The guardrail is broken: it is surely worse by more than the margin.
    Broken,
    /// Neither is sure.
    Open,
    /// There are too few values to say anything.
    Missing,
}

/// One arm against the baseline.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// The arm.
    pub arm: String,
    /// What it is.
    pub role: ArmRole,
    /// Its effects: primary metrics, guardrails, then the rest by name.
    pub effects: Vec<Effect>,
}

/// By how much an arm differs from the baseline in one metric. Differences are arm minus baseline.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Effect {
    /// The metric.
    pub metric: String,
    /// What it is in the experiment.
    pub role: MetricRole,
    /// Which way is better.
    pub better: Better,
    /// The mean over scenarios of the means over seeds, of the baseline and of the arm, where both have a value.
    pub means: [f64; 2],
    /// The difference over all scenarios and its interval; nothing if there are too few values.
    pub overall: Option<Interval>,
    /// The 90 % interval, whose ends are the one-sided 95 % bounds that guardrails are judged by: TOST by its interval (Schuirmann 1987).
    pub one_sided: Option<Interval>,
    /// How likely so much is if there were no difference.
    pub p_value: f64,
    /// The same, corrected for the number of metrics of the same role (Holm for primary ones, Benjamini–Hochberg for the rest).
    pub adjusted: f64,
    /// The cross-check by ranks (Wilcoxon's signed-rank test over all pairs).
    pub wilcoxon: f64,
    /// How many pairs of cells there are, how many of them are equal to the last bit, and how many cells found no partner.
    pub pairs: [usize; 3],
    /// By scenario.
    pub scenarios: Vec<ScenarioEffect>,
    /// What it comes to.
    pub outcome: Outcome,
}

/// The same in one scenario.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ScenarioEffect {
    /// The scenario.
    pub scenario: String,
    /// How many pairs.
    pub pairs: usize,
    /// Means of the baseline and of the arm.
    pub means: [f64; 2],
    /// The difference and its interval; nothing if there is one pair only.
    pub interval: Option<Interval>,
    /// What it comes to here: better, worse, alike or missing.
    pub outcome: Outcome,
}

/// What stays the same over all comparisons of a report.
pub(super) struct Analyst<'a> {
    pub(super) experiment: &'a Experiment,
    pub(super) values: &'a Values,
    pub(super) registry: &'a Registry,
    /// Of the draws of the bootstrap.
    pub(super) seed: u64,
}

impl Analyst<'_> {
    /// Every arm that has rows against the baseline, in the order of the experiment, the repeated baseline last.
    pub(super) fn comparisons(&self) -> Vec<Comparison> {
        self.arms()
            .into_iter()
            .filter(|(_, role)| *role != ArmRole::Baseline)
            .map(|(arm, role)| self.compare(&arm, role))
            .collect()
    }

    /// The arms that have rows.
    pub(super) fn arms(&self) -> Vec<(String, ArmRole)> {
        let repeat = self.experiment.repeat();
        let mut arms: Vec<(String, ArmRole)> = self
            .experiment
            .arms
            .iter()
            .map(|arm| {
                let role = if arm.name == self.experiment.baseline {
                    ArmRole::Baseline
                } else if arm.truth {
                    ArmRole::Oracle
                } else if arm.tcp.is_some() {
                    ArmRole::Tcp
                } else {
                    ArmRole::Candidate
                };
                (arm.name.clone(), role)
            })
            .collect();
        arms.push((repeat, ArmRole::Repeat));
        arms.retain(|(name, _)| self.values.cells().any(|(_, arm, _, _)| arm == name));
        arms
    }

    fn compare(&self, arm: &str, role: ArmRole) -> Comparison {
        let mut effects = Vec::new();
        for name in &self.experiment.primary {
            effects.extend(self.effect(arm, name, MetricRole::Primary, None));
        }
        for guardrail in &self.experiment.guardrails {
            let better = guardrail
                .higher_is_better
                .map(|higher| if higher { Better::Higher } else { Better::Lower });
            let role = MetricRole::Guardrail {
                margin: guardrail.margin,
            };
            effects.extend(self.effect(arm, &guardrail.metric, role, better));
        }
        let planned: Vec<String> = effects.iter().map(|effect| effect.metric.clone()).collect();
        for name in self
            .values
            .metrics()
            .filter(|name| !planned.iter().any(|own| own == name))
        {
            effects.extend(self.effect(arm, name, MetricRole::Exploratory, None));
        }
        adjust(&mut effects);
        let level = match self.experiment.stopping {
            Stopping::Sequential { alpha, .. } => alpha,
            Stopping::Fixed => LEVEL,
        };
        for effect in &mut effects {
            effect.outcome = outcome(effect, level);
        }
        Comparison {
            arm: arm.to_owned(),
            role,
            effects,
        }
    }

    /// Nothing for a metric that nobody has described.
    fn effect(&self, arm: &str, name: &str, role: MetricRole, better: Option<Better>) -> Option<Effect> {
        let metric = self.registry.find(name)?;
        let better = better.unwrap_or(metric.better);
        let mut scenarios = Vec::new();
        let mut levels: BTreeMap<String, Vec<Vec<f64>>> = BTreeMap::new();
        let (mut differences, mut unmatched) = (Vec::new(), 0);
        for scenario in self.values.scenarios() {
            let pairs = self.pairs(metric, &scenario, &self.experiment.baseline, arm);
            unmatched += pairs.unmatched;
            if pairs.is_empty() {
                continue;
            }
            let own = pairs.differences();
            let interval = bca(&own, mean, &self.resampling(role).widened()).ok();
            scenarios.push(ScenarioEffect {
                scenario: scenario.to_string(),
                pairs: pairs.len(),
                means: [mean(&pairs.baseline), mean(&pairs.candidate)],
                interval,
                outcome: interval.map_or(Outcome::Missing, |interval| judged(&interval, better)),
            });
            levels
                .entry(family(&scenario).to_owned())
                .or_default()
                .push(own.clone());
            differences.extend(own);
        }
        let hierarchy = Hierarchy::new(levels.into_values().collect());
        let resampling = self.resampling(role);
        let mut overall = hierarchy.interval(&resampling).ok();
        let one_sided = hierarchy.interval(&resampling.at(1.0 - 2.0 * LEVEL)).ok();
        let mut p_value = hierarchy.p_value(&resampling).unwrap_or(f64::NAN);
        if let (Stopping::Sequential { alpha, .. }, MetricRole::Primary) = (self.experiment.stopping, role) {
            let test = decision::test(self.experiment, self.values, metric.name, arm, alpha);
            p_value = test.p_value();
            overall = Some(test.interval()).filter(|interval| interval.lower.is_finite());
        }
        let ranks = wilcoxon(&differences, Side::Both, Zeros::Drop, Method::Automatic);
        // Weighted as the difference is: variants of a scenario count together as one.
        let of_means = |which: usize| {
            let mut families: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
            for own in &scenarios {
                families
                    .entry(family(&own.scenario))
                    .or_default()
                    .push(own.means[which]);
            }
            mean(&families.values().map(|means| mean(means)).collect::<Vec<_>>())
        };
        let means = [of_means(0), of_means(1)];
        Some(Effect {
            metric: name.to_owned(),
            role,
            better,
            means,
            overall,
            one_sided,
            p_value,
            adjusted: p_value,
            wilcoxon: ranks.map_or(f64::NAN, |test| test.p_value),
            pairs: [
                differences.len(),
                differences
                    .iter()
                    .filter(|difference| **difference == 0.0)
                    .count(),
                unmatched,
            ],
            scenarios,
            outcome: Outcome::Missing,
        })
    }

    pub(super) fn pairs(&self, metric: &Metric, scenario: &str, baseline: &str, candidate: &str) -> Pairs {
        Pairs::matched(
            &self.values.by_seed(metric.name, scenario, baseline),
            &self.values.by_seed(metric.name, scenario, candidate),
        )
    }

    /// 10,000 replicates for what was planned, fewer for what is only looked at.
    pub(super) fn resampling(&self, role: MetricRole) -> Resampling {
        let replicates = if role == MetricRole::Exploratory {
            2_000
        } else {
            10_000
        };
        Resampling {
            replicates,
            confidence: CONFIDENCE,
            ..Resampling::seeded(self.seed)
        }
    }
}

/// The scenario that a variant belongs to: `rfc8867-5.1` of `rfc8867-5.1+codel` and of `rfc8867-5.1/queue=codel,owd=50ms`.
fn family(scenario: &str) -> &str {
    let plain = scenario.split_once('+').map_or(scenario, |(family, _)| family);
    match plain.rsplit_once('/') {
        Some((family, swept)) if swept.contains('=') => family,
        _ => plain,
    }
}

fn adjust(effects: &mut [Effect]) {
    type Correction = fn(&[f64]) -> Vec<f64>;
    let families: [(fn(MetricRole) -> bool, Correction); 2] = [
        (|role| role == MetricRole::Primary, holm),
        (|role| role == MetricRole::Exploratory, benjamini_hochberg),
    ];
    for (belongs, correct) in families {
        let mut family: Vec<&mut Effect> = effects
            .iter_mut()
            .filter(|effect| belongs(effect.role) && !effect.p_value.is_nan())
            .collect();
        let adjusted = correct(&family.iter().map(|effect| effect.p_value).collect::<Vec<_>>());
        for (effect, adjusted) in family.iter_mut().zip(adjusted) {
            effect.adjusted = adjusted;
        }
    }
}

fn outcome(effect: &Effect, level: f64) -> Outcome {
    let (Some(overall), Some(one_sided)) = (effect.overall, effect.one_sided) else {
        return Outcome::Missing;
    };
    match effect.role {
        MetricRole::Guardrail { margin } => {
            let (at_least, at_most) = match effect.better {
                Better::Higher => (-one_sided.upper, -one_sided.lower),
                _ => (one_sided.lower, one_sided.upper),
            };
            if at_most <= margin {
                Outcome::Holds
            } else if at_least > margin {
                Outcome::Broken
            } else {
                Outcome::Open
            }
        }
        _ if effect.adjusted > level => Outcome::Alike,
        _ => judged(&overall, effect.better),
    }
}

/// By whether the interval leaves out zero.
pub(super) fn judged(interval: &Interval, better: Better) -> Outcome {
    if interval.holds(0.0) {
        return Outcome::Alike;
    }
    match better.judges(interval.estimate) {
        Some(true) => Outcome::Better,
        Some(false) => Outcome::Worse,
        None => Outcome::Different,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variants_belong_to_their_scenario() {
        for (scenario, of) in [
            ("rfc8867-5.1+codel", "rfc8867-5.1"),
            ("rfc8867-5.1/queue=codel,owd=50ms", "rfc8867-5.1"),
            ("rfc8867-5.1/queue=codel+bloat", "rfc8867-5.1"),
            ("rfc8867/5.1", "rfc8867/5.1"),
        ] {
            assert_eq!(family(scenario), of);
        }
    }
}
