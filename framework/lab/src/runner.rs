//! Runners: what a cell of one kind is. Congestion controllers are one kind; audio processors, jitter buffers and codecs are others.

use std::sync::Arc;

use serde_json::Value;

use crate::files::Files;
use crate::metrics::Registry;
use crate::plugins::Plugins;
use crate::series::Series;

/// Runs cells of one kind. It knows the kind's scenarios, the sockets that an arm may fill, and what is measured.
pub trait Runner: Send + Sync {
    /// The kind's name, as experiments write it: `congestion`.
    fn kind(&self) -> &'static str;

    /// The sockets of a call that cells of this kind have, by the names of the manifest.
    fn sockets(&self) -> &'static [&'static str];

    /// What an arm may put in the place of the media and all its plugins (`tcp = "cubic"`): the congestion controllers of TCP that there are.
    fn tcp(&self) -> &'static [&'static str] {
        &[]
    }

    /// The metrics that a run may give.
    fn metrics(&self) -> Registry;

    /// The names of the scenarios that a scenario file stands for. Files that it names are opened: they are then part of each of its cells.
    ///
    /// # Errors
    /// What is wrong with it, and what to do, on one line.
    fn scenarios(&self, content: &Value, files: &mut Files) -> Result<Vec<String>, String>;

    /// What a run of this scenario gives a value for. What a cell that failed leaves behind has exactly these.
    ///
    /// # Errors
    /// If there is no such scenario.
    fn outline(&self, job: &Job<'_>) -> Result<Vec<Measured>, String>;

    /// Runs one cell.
    ///
    /// # Errors
    /// Why it did not come to its end, on one line. The same job fails in the same way each time.
    fn run(&self, job: &Job<'_>, plugins: &Plugins) -> Result<Outcome, String>;

    /// Runs one cell for what happens in it over time; nothing if cells of this kind have no such thing.
    ///
    /// # Errors
    /// As [`Runner::run`].
    fn series(&self, job: &Job<'_>, plugins: &Plugins) -> Result<Option<Series>, String> {
        let _ = (job, plugins);
        Ok(None)
    }

    /// Runs one cell for a record of everything that happens; nothing if cells of this kind leave none of this kind.
    ///
    /// # Errors
    /// As [`Runner::run`].
    fn record(&self, job: &Job<'_>, plugins: &Plugins, record: Record) -> Result<Option<Vec<u8>>, String> {
        let _ = (job, plugins, record);
        Ok(None)
    }
}

/// A record of everything that happens in a run, for other programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Record {
    /// Lines of JSON: every packet, decision and frame.
    Events,
    /// A capture of packets in pcapng.
    Capture,
}

/// What a runner is to run.
#[derive(Clone, Copy, Debug)]
pub struct Job<'a> {
    /// What stands in the scenario's file, with the changes of the variant.
    pub content: &'a Value,
    /// The files that were opened when its scenarios were listed.
    pub files: &'a Files,
    /// Which of the scenarios in it.
    pub scenario: &'a str,
    /// What all randomness comes from.
    pub seed: u64,
    /// Whether the arm is told what nobody could know.
    pub truth: bool,
    /// The TCP that is in the place of the media, if any is: one of [`Runner::tcp`].
    pub tcp: Option<&'a str>,
}

/// One value of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// The flow, or `*` for all.
    pub flow: Arc<str>,
    /// The segment, or `*` for the whole run.
    pub segment: Arc<str>,
    /// The metric.
    pub metric: Arc<str>,
    /// Its unit.
    pub unit: Arc<str>,
    /// The value; in an outline the worst that it could be.
    pub value: f64,
}

/// What a run gave.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// A digest of everything that happened.
    pub trace_hash: [u8; 32],
    /// What was measured.
    pub values: Vec<Measured>,
}
