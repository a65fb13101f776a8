//! Experiments: the question, the arms, where they are tried, and what counts.
//!
//! ```toml
//! name = "gentle"
//! question = "Is the gentle controller as quick as the fixed one is rude?"
//! kind = "congestion"
//! baseline = "fixed"
//! seeds = 30
//! primary = ["utilisation"]
//!
//! [[guardrails]]
//! metric = "delay_p95"
//! margin = 10.0
//!
//! [[arms]]
//! name = "fixed"
//! congestion = { use = "jackfield.congestion.fixed", params = { rate = 800.0 } }
//!
//! [[arms]]
//! name = "gentle"
//! congestion = { use = "example.congestion.gentle" }
//!
//! [[scenarios]]
//! files = "../scenarios/rfc8867/*.toml"
//! variants = [{ name = "drop-tail" }, { name = "codel", set = { "links.*.queue" = { kind = "codel" } } }]
//! ```

mod json;
mod read;
mod scenarios;
mod table;

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use jackfield_loader::{ParameterValue, TextError};
use serde_json::Value;

use crate::canonical;
use crate::runner::Runner;

/// What errors about experiments are called by.
const CODE: &str = "jackfield::experiment";

/// An experiment as its file states it.
#[derive(Clone, Debug, PartialEq)]
pub struct Experiment {
    /// Its name: a word.
    pub name: String,
    /// What it is to answer, in a sentence.
    pub question: String,
    /// What kind of run its cells are: `congestion`.
    pub kind: String,
    /// What is compared, in the order of the file.
    pub arms: Vec<Arm>,
    /// The name of the arm that the others are compared with.
    pub baseline: String,
    /// Where the arms are tried, in the order of the file.
    pub scenarios: Vec<ScenarioCase>,
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
    /// Where things stand in its file, for errors that are found later; empty if it does not come from a file.
    pub places: Places,
}

/// What is compared: plugins in sockets.
#[derive(Clone, Debug, PartialEq)]
pub struct Arm {
    /// Its name.
    pub name: String,
    /// What stands in which socket: `congestion`, `pacer`. What is not named comes from the manifest.
    pub sockets: BTreeMap<String, ArmSocket>,
    /// Whether its controller is told what the path bears: an oracle.
    pub truth: bool,
    /// The congestion controller of the TCP connections that are in the place of the media; it then has no plugins. A benchmark, no candidate.
    pub tcp: Option<String>,
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
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScenarioCase {
    /// The name in rows: that of the scenario, with the variant `5.1 single flow+codel`.
    pub name: String,
    /// Which scenario of the file it is.
    pub scenario: String,
    /// The variant's name; empty if it is as the file says.
    pub variant: String,
    /// The file.
    pub path: PathBuf,
    /// What stands in it, changed as the variant says.
    pub content: Value,
    /// The digests of the files that it names, by those names, which start at its folder.
    pub files: BTreeMap<String, String>,
    /// The digest of both: 64 hexadecimal digits.
    pub digest: String,
}

impl ScenarioCase {
    /// The folder that it lies in, as long as this machine is asked.
    pub(crate) fn folder(&self) -> PathBuf {
        let folder = self.path.parent().unwrap_or(Path::new(""));
        std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned())
    }
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

/// Where things stand in the file of an experiment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Places {
    file: PathBuf,
    text: String,
    sockets: BTreeMap<(String, String), Range<usize>>,
    scenarios: BTreeMap<String, Range<usize>>,
}

impl Experiment {
    /// Reads an experiment, and the scenario files that it names, from the file at `path`.
    ///
    /// # Errors
    /// With file, line, what was expected and the nearest name that would have been valid.
    pub fn read(path: &Path, runners: &[&dyn Runner]) -> Result<Self, TextError> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            TextError::of(CODE, path, format!("cannot read the experiment: {error}"))
                .with_help("name the file of an experiment, such as benches/ab/experiments/quick.toml")
        })?;
        Self::parse(&text, path, runners)
    }

    /// Reads an experiment from `text`. Paths in it start at the folder of `file`, which need not be there.
    ///
    /// # Errors
    /// As [`Experiment::read`].
    pub fn parse(text: &str, file: &Path, runners: &[&dyn Runner]) -> Result<Self, TextError> {
        read::experiment(text, file, runners)
    }

    /// The name of the arm that is added to every experiment: the baseline once more. Between the two there must be no difference.
    pub fn repeat(&self) -> String {
        format!("{}{REPEAT}", self.baseline)
    }

    /// Every arm that is run: those of the file, and the baseline once more.
    pub fn all_arms(&self) -> Vec<Arm> {
        let again = self
            .arms
            .iter()
            .find(|arm| arm.name == self.baseline)
            .map(|arm| Arm {
                name: self.repeat(),
                ..arm.clone()
            });
        self.arms.iter().cloned().chain(again).collect()
    }

    /// The experiment as data that holds no path of this machine: what its digest is made from, and what a dataset carries.
    pub fn to_json(&self) -> Value {
        json::value(self)
    }

    /// The experiment that a dataset carries. What stands in its scenarios is not in there, so that it can be reported on and not be planned.
    ///
    /// # Errors
    /// If it is none.
    pub fn from_json(value: &Value) -> Result<Self, String> {
        json::experiment(value)
    }

    /// The digest of the experiment: 64 hexadecimal digits.
    pub fn digest(&self) -> String {
        canonical::digest(&self.to_json()).to_hex().to_string()
    }

    /// An error about the experiment as a whole.
    pub(crate) fn fault(&self, message: &str) -> TextError {
        TextError::of(CODE, &self.places.file, message)
    }

    /// An error about what an arm puts into a socket.
    pub(crate) fn fault_in_arm(&self, arm: &str, socket: &str, message: &str) -> TextError {
        // The arm that is added repeats what stands where the baseline does.
        let arm = arm.strip_suffix(REPEAT).unwrap_or(arm);
        match self.places.sockets.get(&(arm.to_owned(), socket.to_owned())) {
            Some(place) => TextError::at(
                CODE,
                &self.places.file,
                &self.places.text,
                place.clone(),
                format!("arm `{arm}`: {message}"),
                "this plugin",
            ),
            None => TextError::of(
                CODE,
                &self.places.file,
                format!("arm `{arm}`, whose `{socket}` comes from the manifest: {message}"),
            ),
        }
    }
}

/// What the name of the repeated baseline ends in.
const REPEAT: &str = " (A/A)";
