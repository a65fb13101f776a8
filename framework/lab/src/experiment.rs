//! Experiments: the question, the arms, where they are tried, and what counts.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jackfield_loader::ParameterValue;

/// An experiment as its file states it.
#[derive(Clone, Debug, PartialEq)]
pub struct Experiment {
    /// Its name: a word.
    pub name: String,
    /// What it is to answer, in a sentence.
    pub question: String,
    /// What kind of run its cells are: `congestion`.
    pub kind: String,
    /// What is compared, the baseline first.
    pub arms: Vec<Arm>,
    /// The name of the arm that the others are compared with.
    pub baseline: String,
    /// Where the arms are tried.
    pub scenarios: Vec<ScenarioFile>,
    /// What pairs the arms, in the order in which they are run.
    pub seeds: Vec<u64>,
    /// The metrics that decide, stated beforehand.
    pub primary: Vec<String>,
    /// The metrics that must not get worse.
    pub guardrails: Vec<Guardrail>,
    /// When it ends.
    pub stopping: Stopping,
    /// The manifest that says what stands in the sockets that no arm speaks of; the built-in one if none is named.
    pub manifest: Option<PathBuf>,
}

impl Experiment {
    /// The name of the arm that is added to every experiment: the baseline once more. Between the two there must be no difference.
    pub fn repeat(&self) -> String {
        format!("{} (A/A)", self.baseline)
    }
}

/// What is compared: plugins in sockets.
#[derive(Clone, Debug, PartialEq)]
pub struct Arm {
    /// Its name.
    pub name: String,
    /// What stands in which socket: `congestion`, `pacer`.
    pub sockets: BTreeMap<String, ArmSocket>,
    /// Whether its controller is told what the path bears: an oracle.
    pub truth: bool,
}

/// What an arm puts into a socket.
#[derive(Clone, Debug, PartialEq)]
pub struct ArmSocket {
    /// The id of the plugin.
    pub id: String,
    /// Its parameters, by name.
    pub parameters: BTreeMap<String, ParameterValue>,
}

/// A scenario, perhaps varied.
#[derive(Clone, Debug, PartialEq)]
pub struct ScenarioFile {
    /// The file.
    pub path: PathBuf,
    /// The name in rows: `rfc8867/5.1`, with the variant `rfc8867/5.1+codel`.
    pub name: String,
    /// The variant's name; empty if it is as the file says.
    pub variant: String,
}

/// A metric that must not get worse by more than a margin.
#[derive(Clone, Debug, PartialEq)]
pub struct Guardrail {
    /// The metric.
    pub metric: String,
    /// How much worse is still as good, in the metric's unit.
    pub margin: f64,
    /// Which way is better; nothing if the metric itself says so.
    pub higher_is_better: Option<bool>,
}

/// When an experiment ends.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Stopping {
    /// With the last seed.
    Fixed,
    /// As soon as an always-valid test of the primary metrics knows at this level, looked at after every so many seeds.
    Sequential {
        /// The level, such as 0.05.
        alpha: f64,
        /// Seeds between two looks.
        every: usize,
    },
}
