//! Replaying: a cell once more, held against what it left behind.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use crate::cell::{CellError, part_path};
use crate::merge::{DATASET_FILE, PLAN_FILE};
use crate::plan::{CellId, CellSpec, SpecError};
use crate::plugins::Bench;
use crate::rows::{CELL_KEY, Row, RowReader, RowsError};

/// A cell cannot be replayed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// No cell of that name is known.
    #[error("there is no cell `{given}` in {}; the column `cell` of the dataset and the names of the parts have them", .folder.display())]
    Unknown {
        /// What was asked for.
        given: String,
        /// Where it was looked for.
        folder: PathBuf,
    },
    /// Several begin so.
    #[error("several cells in {} begin with `{given}`: {a} and {b}, for instance; give more digits", .folder.display())]
    Ambiguous {
        /// What was asked for.
        given: String,
        /// Where it was looked for.
        folder: PathBuf,
        /// One of them.
        a: CellId,
        /// Another one.
        b: CellId,
    },
    /// What the cell is cannot be read.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// A file cannot be read.
    #[error(transparent)]
    Rows(#[from] RowsError),
    /// The cell cannot be run here.
    #[error(transparent)]
    Cell(#[from] CellError),
}

/// What a replay showed.
#[derive(Clone, Debug, PartialEq)]
pub struct Replay {
    /// The cell.
    pub spec: CellSpec,
    /// What happened on the wire then; empty if the cell failed, nothing if it has left no rows.
    pub before: Option<String>,
    /// What happened on the wire now; empty if the cell failed.
    pub now: String,
    /// Why it failed now; empty if it did not.
    pub failure: String,
    /// What was measured otherwise: then, and now. Where one of them lacks it is nothing.
    pub differences: Vec<(Option<Row>, Option<Row>)>,
    /// The revision of the program that ran it then; empty if it has left no rows.
    pub revision: String,
}

impl Replay {
    /// Whether it went as it did then.
    pub fn is_same(&self) -> bool {
        self.before.as_ref() == Some(&self.now) && self.differences.is_empty()
    }
}

impl Bench {
    /// Runs a cell of which `folder` has a part or a plan once more, and compares. Nothing is written.
    ///
    /// # Errors
    /// If it is not known there, or cannot be run here.
    pub fn replay(&self, given: &str, folder: &Path) -> Result<Replay, ReplayError> {
        let spec = find(given, folder)?;
        let id = spec.id();
        let result = self.outcome(&spec)?;
        let now = self.rows(&spec, id, &result);
        let then = rows_then(id, folder)?;
        let differences = differences(&then, &now);
        let first = |rows: &[Row], of: fn(&Row) -> &str| rows.first().map(|row| of(row).to_owned());
        Ok(Replay {
            before: first(&then, |row| &row.trace_hash),
            revision: first(&then, |row| &row.revision).unwrap_or_default(),
            now: first(&now, |row| &row.trace_hash).unwrap_or_default(),
            failure: first(&now, |row| &row.failure).unwrap_or_default(),
            spec,
            differences,
        })
    }
}

/// The cell that is called so, or whose name begins so: from its part, else from the plan.
///
/// # Errors
/// If there is none, or more than one.
pub fn find(given: &str, folder: &Path) -> Result<CellSpec, ReplayError> {
    let mut found: Option<CellId> = None;
    let mut take = |id: CellId| match found {
        Some(other) if other != id => Err(ReplayError::Ambiguous {
            given: given.to_owned(),
            folder: folder.to_owned(),
            a: other,
            b: id,
        }),
        _ => {
            found = Some(id);
            Ok(())
        }
    };
    for entry in std::fs::read_dir(folder).map_err(|error| RowsError::read(folder, error))? {
        let name = entry.map_err(|error| RowsError::read(folder, error))?.file_name();
        let id = name
            .to_str()
            .and_then(|name| name.strip_prefix("part-")?.strip_suffix(".parquet"));
        if let Some(id) = id.filter(|id| !given.is_empty() && id.starts_with(given)) {
            take(id.parse()?)?;
        }
    }
    let mut spec: Option<CellSpec> = None;
    each_planned(&folder.join(PLAN_FILE), &mut |line| {
        // The name is looked for in the text first: reading a line costs much more.
        if !given.is_empty() && line.contains(&format!("\"id\":\"{given}")) {
            let cell = CellSpec::from_line(line)?;
            take(cell.id())?;
            spec = Some(cell);
        }
        Ok(())
    })?;
    let unknown = || ReplayError::Unknown {
        given: given.to_owned(),
        folder: folder.to_owned(),
    };
    if let Some(spec) = spec {
        return Ok(spec);
    }
    let reader = RowReader::open(&part_path(folder, found.ok_or_else(unknown)?))?;
    Ok(CellSpec::from_line(reader.fact(CELL_KEY).unwrap_or_default())?)
}

fn each_planned(
    path: &Path,
    take: &mut dyn FnMut(&str) -> Result<(), ReplayError>,
) -> Result<(), ReplayError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(RowsError::read(path, error).into()),
    };
    for line in BufReader::new(file).lines() {
        take(&line.map_err(|error| RowsError::read(path, error))?)?;
    }
    Ok(())
}

/// What the cell left behind: its part, or its rows in the dataset.
fn rows_then(id: CellId, folder: &Path) -> Result<Vec<Row>, RowsError> {
    let missing = |error: &RowsError| matches!(error, RowsError::Read { error, .. } if error.kind() == io::ErrorKind::NotFound);
    match RowReader::open(&part_path(folder, id)) {
        Ok(reader) => return reader.read_verified(),
        Err(error) if missing(&error) => {}
        Err(error) => return Err(error),
    }
    let reader = match RowReader::open(&folder.join(DATASET_FILE)) {
        Ok(reader) => reader,
        Err(error) if missing(&error) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let id = id.to_string();
    reader
        .filter(|row| row.as_ref().map_or(true, |row| *row.cell == *id))
        .collect()
}

fn differences(then: &[Row], now: &[Row]) -> Vec<(Option<Row>, Option<Row>)> {
    let same = |a: &Row, b: &Row| a.value.to_bits() == b.value.to_bits() && a.failure == b.failure;
    let gone = then
        .iter()
        .filter(|row| !now.iter().any(|other| other.key() == row.key()));
    let mut found: Vec<_> = gone.map(|row| (Some(row.clone()), None)).collect();
    if then.is_empty() {
        return found;
    }
    for row in now {
        match then.iter().find(|other| other.key() == row.key()) {
            Some(other) if same(other, row) => {}
            other => found.push((other.cloned(), Some(row.clone()))),
        }
    }
    found
}
