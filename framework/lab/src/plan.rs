//! Plans: an experiment as a list of cells, one a line, each naming everything that its result depends on.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use jackfield_loader::TextError;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::canonical;
use crate::experiment::Experiment;
use crate::files::Files;
use crate::plugins::{Bench, ModuleSpec};
use crate::rows::SCHEMA;
use crate::runner::Job;

/// The name of a cell: a digest of all that its result depends on. Equal cells of different experiments have one name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CellId([u8; 32]);

impl fmt::Display for CellId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(blake3::Hash::from_bytes(self.0).to_hex().as_str())
    }
}

impl fmt::Debug for CellId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for CellId {
    type Err = SpecError;

    fn from_str(text: &str) -> Result<Self, SpecError> {
        blake3::Hash::from_hex(text)
            .map(|hash| Self(*hash.as_bytes()))
            .map_err(|_| SpecError::NoId(text.chars().take(80).collect()))
    }
}

/// A line is no specification of a cell.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpecError {
    /// Not an id.
    #[error(
        "`{0}` is no cell: an id has 64 hexadecimal digits, as in the column `cell` and the names of the parts"
    )]
    NoId(String),
    /// Not a specification.
    #[error("this is no specification of a cell: {0}; a line of `jackfield ab plan` is one")]
    Unreadable(String),
    /// Written by a later version.
    #[error(
        "this specification has version {0} and this program knows {SCHEMA}; use the program that wrote it, or plan again"
    )]
    Newer(u32),
    /// Changed by hand.
    #[error(
        "this specification was changed after it was planned: it calls itself {named} and is {found}; change the experiment and plan again"
    )]
    Changed {
        /// What it calls itself.
        named: String,
        /// What it is.
        found: CellId,
    },
}

/// A cell: one scenario, one arm, one seed.
#[derive(Clone, Debug, PartialEq)]
pub struct CellSpec {
    /// The kind of run.
    pub kind: String,
    /// The scenario's name in rows.
    pub scenario: String,
    /// Which scenario of the content it is.
    pub part: String,
    /// What stands in the scenario's file.
    pub content: Arc<Value>,
    /// The digests of the files that it names, by those names.
    pub files: Arc<BTreeMap<String, String>>,
    /// The folder that these names start at where the cell was planned; empty without files. It is no part of the cell's name: the same
    /// file may lie elsewhere.
    pub folder: Arc<Path>,
    /// The arm's name.
    pub arm: String,
    /// The plugins.
    pub modules: Arc<BTreeMap<String, ModuleSpec>>,
    /// Whether the arm is told what nobody could know.
    pub truth: bool,
    /// The TCP that is in the place of the media, if any is.
    pub tcp: Option<String>,
    /// What all randomness comes from.
    pub seed: u64,
    /// The digest of the experiment. It is no part of the cell's name: the same cell serves another experiment too.
    pub experiment: Arc<str>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    schema: u32,
    kind: String,
    scenario: String,
    part: String,
    content: Arc<Value>,
    #[serde(default, skip_serializing_if = "is_empty")]
    files: Arc<BTreeMap<String, String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    folder: Option<String>,
    arm: String,
    modules: Arc<BTreeMap<String, ModuleSpec>>,
    truth: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tcp: Option<String>,
    seed: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    experiment: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<String>,
}

fn is_empty(files: &BTreeMap<String, String>) -> bool {
    files.is_empty()
}

impl CellSpec {
    /// The name of the cell.
    pub fn id(&self) -> CellId {
        CellId(*canonical::digest(&self.value(None)).as_bytes())
    }

    /// The specification as one line of canonical JSON, without the end of the line.
    pub fn to_line(&self) -> String {
        canonical::text(&self.value(Some(self.id().to_string())))
    }

    /// Reads a line.
    ///
    /// # Errors
    /// If it is none, or does not have the name that it gives itself.
    pub fn from_line(line: &str) -> Result<Self, SpecError> {
        let unreadable = |error: serde_json::Error| SpecError::Unreadable(error.to_string());
        let value: Value = serde_json::from_str(line).map_err(unreadable)?;
        if let Some(schema) = value.get("schema").and_then(Value::as_u64)
            && schema > u64::from(SCHEMA)
        {
            return Err(SpecError::Newer(u32::try_from(schema).unwrap_or(u32::MAX)));
        }
        let line: Line = serde_json::from_value(value).map_err(unreadable)?;
        let spec = Self {
            kind: line.kind,
            scenario: line.scenario,
            part: line.part,
            content: line.content,
            files: line.files,
            folder: Arc::from(PathBuf::from(line.folder.unwrap_or_default())),
            arm: line.arm,
            modules: line.modules,
            truth: line.truth,
            tcp: line.tcp,
            seed: line.seed,
            experiment: line.experiment.unwrap_or_else(|| Arc::from("")),
        };
        match line.id {
            Some(named) if named != spec.id().to_string() => Err(SpecError::Changed {
                found: spec.id(),
                named,
            }),
            _ => Ok(spec),
        }
    }

    /// The plugins as rows name them.
    pub fn digests(&self) -> String {
        let modules: Vec<_> = self
            .modules
            .iter()
            .map(|(socket, module)| format!("{socket}={}@{}", module.id, module.digest))
            .collect();
        modules.join(" ")
    }

    /// What is asked of the runner.
    pub(crate) fn job<'a>(&'a self, files: &'a Files) -> Job<'a> {
        Job {
            content: &self.content,
            files,
            scenario: &self.part,
            seed: self.seed,
            truth: self.truth,
            tcp: self.tcp.as_deref(),
        }
    }

    fn value(&self, id: Option<String>) -> Value {
        let line = Line {
            schema: SCHEMA,
            kind: self.kind.clone(),
            scenario: self.scenario.clone(),
            part: self.part.clone(),
            content: self.content.clone(),
            files: self.files.clone(),
            folder: (id.is_some() && !self.files.is_empty())
                .then(|| self.folder.to_string_lossy().into_owned()),
            arm: self.arm.clone(),
            modules: self.modules.clone(),
            truth: self.truth,
            tcp: self.tcp.clone(),
            seed: self.seed,
            experiment: id.is_some().then(|| self.experiment.clone()),
            id,
        };
        // A structure of texts, numbers and maps with texts as keys can always be written.
        serde_json::to_value(line).unwrap_or_default()
    }
}

/// The cells of an experiment. They are made one at a time, however many there are.
pub struct Plan {
    kind: String,
    digest: Arc<str>,
    cases: Vec<Case>,
    arms: Vec<PlannedArm>,
    seeds: Vec<u64>,
}

/// An arm of a plan, with the plugins that were found.
struct PlannedArm {
    name: String,
    truth: bool,
    tcp: Option<String>,
    modules: Arc<BTreeMap<String, ModuleSpec>>,
}

/// A scenario of a plan, shared by its cells.
struct Case {
    name: String,
    part: String,
    content: Arc<Value>,
    files: Arc<BTreeMap<String, String>>,
    folder: Arc<Path>,
}

impl Bench {
    /// Plans an experiment: finds every plugin of every arm.
    ///
    /// # Errors
    /// If one is not there, does not fit or does not take its parameters; with the place in the experiment, the nearest id and where plugins
    /// were looked for.
    pub fn plan(&self, experiment: &Experiment) -> Result<Plan, TextError> {
        let Some(runner) = self.runner(&experiment.kind) else {
            return Err(experiment.fault(&format!("this program cannot run the kind `{}`", experiment.kind)));
        };
        let mut arms = Vec::new();
        for arm in experiment.all_arms() {
            let modules = self
                .modules(&arm, runner)
                .map_err(|(socket, reason)| experiment.fault_in_arm(&arm.name, &socket, &reason))?;
            arms.push(PlannedArm {
                name: arm.name,
                truth: arm.truth,
                tcp: arm.tcp,
                modules: Arc::new(modules),
            });
        }
        let cases = experiment
            .scenarios
            .iter()
            .map(|case| Case {
                name: case.name.clone(),
                part: case.scenario.clone(),
                content: Arc::new(case.content.clone()),
                files: Arc::new(case.files.clone()),
                folder: Arc::from(if case.files.is_empty() {
                    PathBuf::new()
                } else {
                    case.folder()
                }),
            })
            .collect();
        Ok(Plan {
            kind: experiment.kind.clone(),
            digest: Arc::from(experiment.digest()),
            cases,
            arms,
            seeds: experiment.seeds.clone(),
        })
    }
}

impl Plan {
    /// The digest of the experiment.
    pub fn experiment(&self) -> &str {
        &self.digest
    }

    /// How many cells there are.
    pub fn len(&self) -> usize {
        self.seeds.len() * self.cells_per_seed()
    }

    /// Whether there are none: never, because an experiment has at least one arm, scenario and seed.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many cells each seed has. Cells of one seed stand together in the plan, so that what is done at any time is as balanced as can be.
    pub fn cells_per_seed(&self) -> usize {
        self.cases.len() * self.arms.len()
    }

    /// The cell at this place.
    pub fn cell(&self, index: usize) -> Option<CellSpec> {
        let seed = *self.seeds.get(index / self.cells_per_seed().max(1))?;
        let within = index % self.cells_per_seed();
        let case = &self.cases[within / self.arms.len()];
        let arm = &self.arms[within % self.arms.len()];
        Some(CellSpec {
            kind: self.kind.clone(),
            scenario: case.name.clone(),
            part: case.part.clone(),
            content: case.content.clone(),
            files: case.files.clone(),
            folder: case.folder.clone(),
            arm: arm.name.clone(),
            modules: arm.modules.clone(),
            truth: arm.truth,
            tcp: arm.tcp.clone(),
            seed,
            experiment: self.digest.clone(),
        })
    }

    /// All cells: seed by seed, scenario by scenario, arm by arm.
    pub fn cells(&self) -> impl Iterator<Item = CellSpec> + '_ {
        (0..self.len()).filter_map(|index| self.cell(index))
    }
}
