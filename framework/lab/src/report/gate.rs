//! Whether something got worse, for programs that must fail then.

use serde::Serialize;

use super::analysis::{ArmRole, Comparison, MetricRole, Outcome};
use super::values::Values;
use super::verdict::{Finding, Verdict};

/// Passes if it has no reasons against.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Gate {
    /// Why it does not pass: primary metrics that are surely worse (the whole interval on the worse side, corrected for their number), guardrails
    /// that do not surely hold, an A/A alarm, cells of a candidate that failed where those of the baseline did not.
    pub reasons: Vec<String>,
}

impl Gate {
    /// Whether it passes.
    pub fn passes(&self) -> bool {
        self.reasons.is_empty()
    }

    pub(super) fn of(comparisons: &[Comparison], verdicts: &[Verdict], values: &Values) -> Self {
        let mut reasons = Vec::new();
        for verdict in verdicts
            .iter()
            .filter(|verdict| verdict.finding == Finding::Alarm)
        {
            reasons.push(verdict.headline.clone());
        }
        for comparison in comparisons.iter().filter(|own| own.role == ArmRole::Candidate) {
            for effect in &comparison.effects {
                let wrong = match (effect.role, effect.outcome) {
                    (MetricRole::Primary, Outcome::Worse) => "is worse",
                    (MetricRole::Guardrail { .. }, Outcome::Broken) => "breaks its guardrail",
                    (MetricRole::Guardrail { .. }, Outcome::Open) => "may break its guardrail",
                    (MetricRole::Primary | MetricRole::Guardrail { .. }, Outcome::Missing) => {
                        "has too few values"
                    }
                    _ => continue,
                };
                reasons.push(format!("{}: {} {wrong}", comparison.arm, effect.metric));
            }
            let failed = values
                .cells()
                .filter(|(_, arm, _, cell)| *arm == comparison.arm && !cell.failure.is_empty())
                .count();
            if failed > 0 {
                let cells = if failed == 1 { "cell" } else { "cells" };
                reasons.push(format!("{}: {failed} {cells} failed", comparison.arm));
            }
        }
        Self { reasons }
    }
}
