//! Cells: run once, kept in a file that bears their name, never run again while it is whole.

use std::fs;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::files::Files;
use crate::plan::{CellId, CellSpec};
use crate::plugins::{Bench, Plugins};
use crate::rows::{CELL_KEY, FAILURE_KEY, REVISION_KEY, Row, RowReader, RowWriter, RowsError, SCHEMA};
use crate::runner::{Job, Measured, Outcome, Record, Runner};
use crate::series::Series;

/// A cell left no rows, for a reason that lies outside it: it is worth trying again once that is seen to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CellError {
    /// Its rows cannot be written.
    #[error(transparent)]
    Rows(#[from] RowsError),
    /// Its plugins are not to be had here.
    #[error("cell {id}: {reason}")]
    Plugins {
        /// The cell.
        id: CellId,
        /// Why, and what to do.
        reason: String,
    },
    /// The files that its scenario names are not to be had here.
    #[error("cell {id}: {reason}")]
    Files {
        /// The cell.
        id: CellId,
        /// Why, and what to do.
        reason: String,
    },
    /// This program cannot run it.
    #[error("cell {id}: this program cannot run the kind `{kind}`; use the program that made the plan")]
    Kind {
        /// The cell.
        id: CellId,
        /// Its kind.
        kind: String,
    },
}

/// A cell has its rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Done {
    /// The cell.
    pub id: CellId,
    /// Whether it had them before.
    pub skipped: bool,
    /// Why it failed, if it did: its rows then have the worst values.
    pub failure: Option<String>,
}

/// What there is of a cell in a folder.
#[derive(Debug)]
pub(crate) enum Part {
    /// Nothing.
    Missing,
    /// Its rows, and why it failed, if it did.
    Whole { failure: Option<String> },
    /// A file that is no use: it is damaged, or another revision of the program wrote it.
    Useless,
}

/// The file that keeps the rows of a cell.
pub fn part_path(folder: &Path, id: CellId) -> PathBuf {
    folder.join(format!("part-{id}.parquet"))
}

pub(crate) fn part(folder: &Path, id: CellId, revision: &str) -> Result<Part, RowsError> {
    let path = part_path(folder, id);
    match RowReader::open(&path) {
        Ok(reader) if reader.fact(REVISION_KEY) == Some(revision) => Ok(Part::Whole {
            failure: reader.fact(FAILURE_KEY).map(str::to_owned),
        }),
        Ok(_) => Ok(Part::Useless),
        Err(RowsError::Read { error, .. }) if error.kind() == io::ErrorKind::NotFound => Ok(Part::Missing),
        Err(error) if error.is_damage() || matches!(error, RowsError::Newer { .. }) => Ok(Part::Useless),
        Err(error) => Err(error),
    }
}

impl Bench {
    /// Sees to it that a cell's rows lie in `folder`: runs it unless they do. A cell that does not come to its end leaves rows too, with
    /// the worst values.
    ///
    /// # Errors
    /// If there can be no rows: the folder takes none, or the plugins are not those of the plan.
    pub fn run_cell(&self, spec: &CellSpec, folder: &Path) -> Result<Done, CellError> {
        let id = spec.id();
        if let Part::Whole { failure } = part(folder, id, &self.revision)? {
            return Ok(Done {
                id,
                skipped: true,
                failure,
            });
        }
        let result = self.outcome(spec)?;
        let failure = result.as_ref().err().cloned();
        self.write(spec, id, &result, folder)?;
        Ok(Done {
            id,
            skipped: false,
            failure,
        })
    }

    /// Runs a cell and keeps nothing. The inner error is the cell's own: it fails in the same way each time.
    ///
    /// # Errors
    /// If it cannot be run here.
    pub fn outcome(&self, spec: &CellSpec) -> Result<Result<Outcome, String>, CellError> {
        let id = spec.id();
        let runner = self.runner(&spec.kind).ok_or_else(|| CellError::Kind {
            id,
            kind: spec.kind.clone(),
        })?;
        let plugins = self
            .plugins(&spec.modules)
            .map_err(|reason| CellError::Plugins { id, reason })?;
        let files = self.files(spec)?;
        let run = catch_unwind(AssertUnwindSafe(|| runner.run(&spec.job(&files), &plugins)));
        Ok(run.unwrap_or_else(|panic| Err(format!("it panicked: {}", words(&*panic)))))
    }

    /// Runs a cell for what happens in it over time; nothing if cells of its kind have no such thing, or if it fails.
    ///
    /// # Errors
    /// If it cannot be run here.
    pub fn series(&self, spec: &CellSpec) -> Result<Option<Series>, CellError> {
        self.once_more(spec, |runner, job, plugins| runner.series(job, plugins))
    }

    /// Runs a cell for a record of everything that happens in it; nothing if cells of its kind leave none, or if it fails.
    ///
    /// # Errors
    /// If it cannot be run here.
    pub fn record(&self, spec: &CellSpec, record: Record) -> Result<Option<Vec<u8>>, CellError> {
        self.once_more(spec, |runner, job, plugins| runner.record(job, plugins, record))
    }

    fn once_more<T>(
        &self,
        spec: &CellSpec,
        run: impl FnOnce(&dyn Runner, &Job<'_>, &Plugins) -> Result<Option<T>, String>,
    ) -> Result<Option<T>, CellError> {
        let id = spec.id();
        let kind = || CellError::Kind {
            id,
            kind: spec.kind.clone(),
        };
        let runner = self.runner(&spec.kind).ok_or_else(kind)?;
        let plugins = self
            .plugins(&spec.modules)
            .map_err(|reason| CellError::Plugins { id, reason })?;
        let files = self.files(spec)?;
        let run = catch_unwind(AssertUnwindSafe(|| run(runner, &spec.job(&files), &plugins)));
        Ok(run.ok().and_then(Result::ok).flatten())
    }

    /// The files that a cell's scenario names, as they were when it was planned.
    fn files(&self, spec: &CellSpec) -> Result<Files, CellError> {
        Files::pinned(&spec.files, &spec.folder, &self.traces).map_err(|reason| CellError::Files {
            id: spec.id(),
            reason,
        })
    }

    /// The rows of a cell that ran, or of one that failed.
    pub(crate) fn rows(&self, spec: &CellSpec, id: CellId, result: &Result<Outcome, String>) -> Vec<Row> {
        let (values, failure, trace_hash) = match result {
            Ok(outcome) => (
                outcome.values.clone(),
                String::new(),
                blake3::Hash::from_bytes(outcome.trace_hash).to_hex().to_string(),
            ),
            Err(reason) => (self.worst(spec), reason.clone(), String::new()),
        };
        let shared = Row {
            schema: SCHEMA,
            experiment: spec.experiment.clone(),
            cell: Arc::from(id.to_string()),
            scenario: Arc::from(spec.scenario.as_str()),
            arm: Arc::from(spec.arm.as_str()),
            seed: spec.seed,
            failure: Arc::from(failure),
            digests: Arc::from(spec.digests()),
            revision: self.revision.clone(),
            trace_hash: Arc::from(trace_hash),
            ..Row::default()
        };
        let mut rows: Vec<Row> = values
            .into_iter()
            .map(|one| Row {
                flow: one.flow,
                segment: one.segment,
                metric: one.metric,
                unit: one.unit,
                // One form of what is not a number, so that equal results are equal bytes.
                value: if one.value.is_nan() { f64::NAN } else { one.value },
                ..shared.clone()
            })
            .collect();
        rows.sort_by(|a, b| a.key().cmp(&b.key()));
        rows
    }

    /// What a failed cell leaves behind: the worst of everything that it would have given.
    fn worst(&self, spec: &CellSpec) -> Vec<Measured> {
        let outline = self.runner(&spec.kind).and_then(|runner| {
            let files = self.files(spec).ok()?;
            let outline = || runner.outline(&spec.job(&files));
            catch_unwind(AssertUnwindSafe(outline)).ok()?.ok()
        });
        let mut values = outline.unwrap_or_default();
        values.push(Measured {
            flow: Arc::from("*"),
            segment: Arc::from("*"),
            metric: Arc::from("failed"),
            unit: Arc::from(""),
            value: 1.0,
        });
        values
    }

    fn write(
        &self,
        spec: &CellSpec,
        id: CellId,
        result: &Result<Outcome, String>,
        folder: &Path,
    ) -> Result<(), RowsError> {
        let path = part_path(folder, id);
        let mut bytes = Vec::new();
        let mut writer = RowWriter::new(&mut bytes, &path)?;
        writer.fact(CELL_KEY, &spec.to_line());
        writer.fact(REVISION_KEY, &self.revision);
        if let Err(reason) = result {
            writer.fact(FAILURE_KEY, reason);
        }
        for row in self.rows(spec, id, result) {
            writer.push(row)?;
        }
        writer.finish()?;
        replace(&path, &bytes)
    }
}

/// Puts `bytes` into the file at `path` in one step: whoever reads it finds all or nothing of it.
///
/// # Errors
/// If there is no room, or no right to. What was there before is still there then.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), RowsError> {
    let aside = aside(path);
    let result = fs::write(&aside, bytes).and_then(|()| fs::rename(&aside, path));
    result.map_err(|error| {
        let _ = fs::remove_file(&aside);
        RowsError::write(path, error)
    })
}

/// A name beside `path` that nobody else uses.
pub(crate) fn aside(path: &Path) -> PathBuf {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}-{count}", std::process::id()))
}

fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("without a word");
    text.replace('\n', " ")
}
