//! Experiments as JSON, as plans and datasets carry them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jackfield_loader::ParameterValue;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Arm, ArmSocket, Experiment, Guardrail, Places, ScenarioCase, Stopping};
use crate::canonical;

#[derive(Serialize, Deserialize)]
struct Stated {
    name: String,
    question: String,
    kind: String,
    arms: Vec<StatedArm>,
    baseline: String,
    scenarios: Vec<StatedScenario>,
    seeds: Vec<u64>,
    primary: Vec<String>,
    guardrails: Vec<StatedGuardrail>,
    stopping: StatedStopping,
}

#[derive(Serialize, Deserialize)]
struct StatedArm {
    name: String,
    sockets: BTreeMap<String, StatedSocket>,
    truth: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tcp: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct StatedSocket {
    #[serde(rename = "use")]
    id: String,
    params: BTreeMap<String, ParameterValue>,
}

#[derive(Serialize, Deserialize)]
struct StatedScenario {
    name: String,
    scenario: String,
    variant: String,
    /// The digest of what stands in it.
    content: String,
}

#[derive(Serialize, Deserialize)]
struct StatedGuardrail {
    metric: String,
    margin: f64,
    higher_is_better: Option<bool>,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "rule", rename_all = "lowercase")]
enum StatedStopping {
    Fixed,
    Sequential { alpha: f64, every: usize },
}

pub(super) fn value(experiment: &Experiment) -> Value {
    let stated = Stated {
        name: experiment.name.clone(),
        question: experiment.question.clone(),
        kind: experiment.kind.clone(),
        arms: experiment.arms.iter().map(arm).collect(),
        baseline: experiment.baseline.clone(),
        scenarios: experiment
            .scenarios
            .iter()
            .map(|case| StatedScenario {
                name: case.name.clone(),
                scenario: case.scenario.clone(),
                variant: case.variant.clone(),
                content: case.digest.clone(),
            })
            .collect(),
        seeds: experiment.seeds.clone(),
        primary: experiment.primary.clone(),
        guardrails: experiment
            .guardrails
            .iter()
            .map(|one| StatedGuardrail {
                metric: one.metric.clone(),
                margin: one.margin,
                higher_is_better: one.higher_is_better,
            })
            .collect(),
        stopping: match experiment.stopping {
            Stopping::Fixed => StatedStopping::Fixed,
            Stopping::Sequential { alpha, every } => StatedStopping::Sequential { alpha, every },
        },
    };
    // A structure of texts, numbers and maps with texts as keys can always be written.
    serde_json::to_value(stated).unwrap_or_default()
}

fn arm(arm: &Arm) -> StatedArm {
    let sockets = arm
        .sockets
        .iter()
        .map(|(name, socket)| {
            let stated = StatedSocket {
                id: socket.id.clone(),
                params: socket.parameters.clone(),
            };
            (name.clone(), stated)
        })
        .collect();
    StatedArm {
        name: arm.name.clone(),
        sockets,
        truth: arm.truth,
        tcp: arm.tcp.clone(),
    }
}

pub(super) fn experiment(value: &Value) -> Result<Experiment, String> {
    let stated = Stated::deserialize(value).map_err(|error| format!("this is no experiment: {error}"))?;
    Ok(Experiment {
        name: stated.name,
        question: stated.question,
        kind: stated.kind,
        arms: stated
            .arms
            .into_iter()
            .map(|arm| Arm {
                name: arm.name,
                sockets: arm
                    .sockets
                    .into_iter()
                    .map(|(name, socket)| {
                        (
                            name,
                            ArmSocket {
                                id: socket.id,
                                parameters: socket.params,
                            },
                        )
                    })
                    .collect(),
                truth: arm.truth,
                tcp: arm.tcp,
            })
            .collect(),
        baseline: stated.baseline,
        scenarios: stated
            .scenarios
            .into_iter()
            .map(|case| ScenarioCase {
                name: case.name,
                scenario: case.scenario,
                variant: case.variant,
                path: PathBuf::new(),
                content: Value::Null,
                files: BTreeMap::new(),
                digest: case.content,
            })
            .collect(),
        seeds: stated.seeds,
        primary: stated.primary,
        guardrails: stated
            .guardrails
            .into_iter()
            .map(|one| Guardrail {
                metric: one.metric,
                margin: one.margin,
                higher_is_better: one.higher_is_better,
            })
            .collect(),
        stopping: match stated.stopping {
            StatedStopping::Fixed => Stopping::Fixed,
            StatedStopping::Sequential { alpha, every } => Stopping::Sequential { alpha, every },
        },
        manifest: None,
        places: Places::default(),
    })
}

/// The digest of what stands in a scenario and in the files that it names.
pub(super) fn content_digest(content: &Value, files: &BTreeMap<String, String>) -> String {
    let digest = if files.is_empty() {
        canonical::digest(content)
    } else {
        canonical::digest(&serde_json::json!({ "content": content, "files": files }))
    };
    digest.to_hex().to_string()
}
