//! The verdict in words: what was found, by how much, and how sure that is. Effect and interval first; p-values only beside them.

use serde::Serialize;

use super::analysis::{ArmRole, Comparison, Effect, MetricRole, Outcome};
use super::number::{Format, signed};
use crate::metrics::{Better, Metric, Registry};

/// The verdict on one arm.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verdict {
    /// The arm.
    pub arm: String,
    /// What the arm is.
    pub role: ArmRole,
    /// The verdict in one word.
    pub finding: Finding,
    /// The verdict in one sentence.
    pub headline: String,
    /// One sentence for each primary metric and each guardrail.
    pub sentences: Vec<Sentence>,
}

/// A sentence of a verdict.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sentence {
    /// The metric that it is about.
    pub metric: String,
    /// What the metric comes to.
    pub outcome: Outcome,
    /// The sentence.
    pub text: String,
}

/// A verdict in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Finding {
    /// Better in a primary metric, worse in none, and every guardrail holds.
    Better,
    /// Worse in a primary metric and better in none.
    Worse,
    /// Better in one primary metric and worse in another.
    Mixed,
    /// No primary metric differs.
    Alike,
    /// Not worse in any primary metric, but a guardrail is broken.
    Broken,
    /// Better in a primary metric, but it is not sure that every guardrail holds.
    Open,
    /// The repeated baseline differs from the baseline: nothing else in the report can be believed.
    Alarm,
    /// Too few values.
    Missing,
}

impl Verdict {
    /// On an arm that was compared with `baseline`.
    pub fn of(comparison: &Comparison, baseline: &str, registry: &Registry) -> Self {
        let arm = comparison.arm.as_str();
        let planned: Vec<(&Effect, &Metric)> = comparison
            .effects
            .iter()
            .filter(|effect| effect.role != MetricRole::Exploratory)
            .filter_map(|effect| Some((effect, registry.find(&effect.metric)?)))
            .collect();
        let (finding, headline) = match comparison.role {
            ArmRole::Repeat => repeated(&planned),
            ArmRole::Oracle => bound(&planned, arm, baseline),
            ArmRole::Tcp => beside(&planned, arm, baseline),
            _ => judged(&planned, arm, baseline),
        };
        Self {
            arm: arm.to_owned(),
            role: comparison.role,
            finding,
            headline,
            sentences: planned
                .iter()
                .map(|(effect, metric)| Sentence {
                    metric: effect.metric.clone(),
                    outcome: effect.outcome,
                    text: sentence(effect, metric, arm, baseline),
                })
                .collect(),
        }
    }
}

/// The repeated baseline: any difference whose interval leaves out zero is an alarm, whatever the metric's role.
fn repeated(planned: &[(&Effect, &Metric)]) -> (Finding, String) {
    let differing: Vec<&str> = planned
        .iter()
        .filter(|(effect, _)| effect.overall.is_some_and(|interval| !interval.holds(0.0)))
        .map(|(_, metric)| metric.label)
        .collect();
    let (pairs, equal) = planned.iter().fold((0, 0), |(pairs, equal), (effect, _)| {
        (pairs + effect.pairs[0], equal + effect.pairs[1])
    });
    if pairs == 0 {
        let text =
            "The A/A arm has no cells: whether the method finds differences that are not there is unknown.";
        return (Finding::Missing, text.to_owned());
    }
    if differing.is_empty() {
        let text = if pairs == equal {
            "The A/A arm shows no difference: every value agrees to the last bit.".to_owned()
        } else {
            format!(
                "The A/A arm shows no difference: {} of {} values differ, and every interval holds zero.",
                pairs - equal,
                pairs
            )
        };
        return (Finding::Alike, text);
    }
    let text = format!(
        "The A/A arm differs in {}: something other than the arms moves the numbers. Find it before believing anything below.",
        joined(&differing)
    );
    (Finding::Alarm, text)
}

/// An oracle is no candidate: it shows how much there is to gain.
fn bound(planned: &[(&Effect, &Metric)], arm: &str, baseline: &str) -> (Finding, String) {
    let (finding, headline) = judged(planned, arm, baseline);
    let better: Vec<&str> = planned
        .iter()
        .filter(|(effect, _)| effect.outcome == Outcome::Better)
        .map(|(_, metric)| metric.label)
        .collect();
    if better.is_empty() {
        return (finding, headline);
    }
    let text = format!(
        "{arm} knows what the path bears and beats {baseline} in {}: so much is left to gain, about.",
        joined(&better)
    );
    (finding, text)
}

/// TCP in the place of the media is no candidate either, and what it was found to be is no judgement: it shows what would be usual there.
fn beside(planned: &[(&Effect, &Metric)], arm: &str, baseline: &str) -> (Finding, String) {
    let (finding, headline) = judged(planned, arm, baseline);
    let means: Vec<String> = planned
        .iter()
        .filter(|(effect, _)| effect.role == MetricRole::Primary && effect.overall.is_some())
        .map(|(effect, metric)| {
            let format = Format::of(metric);
            let [own, other] = [format.value(effect.means[1]), format.value(effect.means[0])];
            format!("{} {own} against {other}", metric.label)
        })
        .collect();
    if finding == Finding::Missing || means.is_empty() {
        return (finding, headline);
    }
    let text = format!(
        "{arm}, as many TCP connections in the place of the media, comes to {} of {baseline}.",
        means.join(" and ")
    );
    (finding, text)
}

fn judged(planned: &[(&Effect, &Metric)], arm: &str, baseline: &str) -> (Finding, String) {
    let with = |outcome: Outcome| -> Vec<&str> {
        planned
            .iter()
            .filter(|(effect, _)| effect.outcome == outcome)
            .map(|(_, metric)| metric.label)
            .collect()
    };
    let (better, worse) = (with(Outcome::Better), with(Outcome::Worse));
    let (broken, open) = (with(Outcome::Broken), with(Outcome::Open));
    let decided = planned
        .iter()
        .any(|(effect, _)| effect.role == MetricRole::Primary && effect.outcome != Outcome::Missing);
    if !decided {
        return (
            Finding::Missing,
            format!("Nothing can be said of {arm} yet: it shares too few finished cells with {baseline}."),
        );
    }
    match (better.is_empty(), worse.is_empty()) {
        (false, false) => (
            Finding::Mixed,
            format!(
                "{arm} is better than {baseline} in {} and worse in {}: which matters more is not for numbers to say.",
                joined(&better),
                joined(&worse)
            ),
        ),
        (true, false) => (
            Finding::Worse,
            format!("{arm} is worse than {baseline} in {}.", joined(&worse)),
        ),
        (false, true) if !broken.is_empty() => (
            Finding::Broken,
            format!(
                "{arm} is better than {baseline} in {}, at a price that was ruled out beforehand: it breaks the guardrail on {}.",
                joined(&better),
                joined(&broken)
            ),
        ),
        (false, true) if !open.is_empty() => (
            Finding::Open,
            format!(
                "{arm} is better than {baseline} in {}; whether the guardrail on {} holds is not known yet. More seeds would tell.",
                joined(&better),
                joined(&open)
            ),
        ),
        (false, true) => (
            Finding::Better,
            format!(
                "{arm} is better than {baseline} in {}{}.",
                joined(&better),
                if with(Outcome::Holds).is_empty() {
                    ""
                } else {
                    ", and every guardrail holds"
                }
            ),
        ),
        (true, true) if !broken.is_empty() => (
            Finding::Broken,
            format!(
                "{arm} shows no gain over {baseline}, and it breaks the guardrail on {}.",
                joined(&broken)
            ),
        ),
        (true, true) => (
            Finding::Alike,
            format!("No difference between {arm} and {baseline} is shown."),
        ),
    }
}

/// "B uses 6.1 percentage points more of what the path offers than A (95 % interval 5.2 to 7.0)."
pub(super) fn sentence(effect: &Effect, metric: &Metric, arm: &str, baseline: &str) -> String {
    let Some(overall) = effect.overall else {
        return format!("{}: too few values.", metric.label);
    };
    if let MetricRole::Guardrail { margin } = effect.role {
        return guardrail(effect, metric, margin);
    }
    let format = Format::of(metric);
    let spread = overall.upper - overall.lower;
    let means = format!(
        "{} against {}",
        format.value(effect.means[1]),
        format.value(effect.means[0])
    );
    let percent = super::number::written(overall.confidence * 100.0, 0);
    if effect.outcome == Outcome::Alike {
        let numbers = format.differences(&[overall.estimate, overall.lower, overall.upper], spread);
        return format!(
            "{}: no difference is shown, {}{} ({percent} % interval {} to {}; {means}).",
            metric.label,
            signed(&numbers[0]),
            format.difference,
            numbers[1],
            signed(&numbers[2]),
        );
    }
    let less = overall.estimate < 0.0;
    let shown = if less { overall.negated() } else { overall };
    let numbers = format.differences(&[shown.estimate, shown.lower, shown.upper], spread);
    let amount = format!("{}{}", numbers[0], format.difference);
    let wording = metric.wording[usize::from(less)];
    let claim = if wording.is_empty() {
        format!(
            "{}: {arm} has {amount} {} than {baseline}",
            metric.label,
            if less { "less" } else { "more" }
        )
    } else {
        format!("{arm} {} than {baseline}", wording.replace("{}", &amount))
    };
    format!(
        "{claim} ({percent} % interval {} to {}; {means}).",
        numbers[1], numbers[2]
    )
}

fn guardrail(effect: &Effect, metric: &Metric, margin: f64) -> String {
    let Some(one_sided) = effect.one_sided else {
        return format!("Guardrail {}: too few values.", metric.label);
    };
    let worse = if effect.better == Better::Higher {
        one_sided.negated()
    } else {
        one_sided
    };
    let format = Format::of(metric);
    let numbers = format.differences(
        &[worse.estimate, worse.lower, worse.upper],
        (worse.upper - worse.lower).max(margin * 0.05),
    );
    let (unit, allowed) = (format.difference, format.plain(margin));
    let by = |text: &str| {
        text.strip_prefix('−').map_or_else(
            || format!("{text}{unit} worse"),
            |better| format!("{better}{unit} better"),
        )
    };
    // A bound of the harm: at most so much worse is at least so much better.
    let bounded = |least: bool, text: &str| {
        let word = if least == text.starts_with('−') {
            "at most"
        } else {
            "at least"
        };
        format!("{word} {}", by(text))
    };
    let name = lower_first(metric.label);
    let allowed = format!("{allowed}{unit} worse are allowed");
    if worse.lower == 0.0 && worse.upper == 0.0 {
        return format!("Guardrail {name} holds: no difference at all ({allowed}).");
    }
    match effect.outcome {
        Outcome::Holds => format!(
            "Guardrail {name} holds: {}, with 95 % confidence {} ({allowed}).",
            by(&numbers[0]),
            bounded(false, &numbers[2]),
        ),
        Outcome::Broken => format!(
            "Guardrail {name} is broken: {}, with 95 % confidence {} ({allowed}).",
            by(&numbers[0]),
            bounded(true, &numbers[1]),
        ),
        _ => format!(
            "Guardrail {name} is open: {}, but it may be {} ({allowed}).",
            by(&numbers[0]),
            by(&numbers[2]),
        ),
    }
}

/// "a", "a and b", "a, b and c", with a lower-case letter at the front unless it begins an abbreviation.
fn joined(labels: &[&str]) -> String {
    let small: Vec<String> = labels.iter().map(|label| lower_first(label)).collect();
    match small.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [front @ .., last] => format!("{} and {last}", front.join(", ")),
    }
}

fn lower_first(label: &str) -> String {
    let mut letters = label.chars();
    match (letters.next(), letters.next()) {
        (Some(first), Some(second)) if second.is_lowercase() && !label.starts_with("Jain") => {
            first.to_lowercase().chain(label.chars().skip(1)).collect()
        }
        _ => label.to_owned(),
    }
}
