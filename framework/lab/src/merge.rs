//! Merging: the parts of all cells into one dataset, the same byte for byte in whatever order and wherever they were run.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;

use crate::canonical;
use crate::cell::{aside, part_path};
use crate::plan::CellId;
use crate::rows::{EXPERIMENT_KEY, FAILURE_KEY, REVISION_KEY, Row, RowReader, RowWriter, RowsError};

/// The plan's name in a folder of parts.
pub const PLAN_FILE: &str = "cells.jsonl";
/// The experiment's name in a folder of parts.
pub const EXPERIMENT_FILE: &str = "experiment.json";
/// The dataset's name in a folder of parts.
pub const DATASET_FILE: &str = "dataset.parquet";
/// So many cells are named where there may be thousands.
const NAMED: usize = 20;

/// What a merge came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Merged {
    /// The dataset.
    pub path: PathBuf,
    /// Cells in it.
    pub cells: usize,
    /// Rows in it.
    pub rows: u64,
    /// Cells of it that failed.
    pub failed: usize,
    /// How many cells of the plan have no part.
    pub missing: usize,
    /// The first of them.
    pub first_missing: Vec<CellId>,
    /// Parts in the folder that the plan does not name; they are left alone.
    pub others: usize,
}

/// Parts could not be merged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MergeError {
    /// A file cannot be read or written.
    #[error(transparent)]
    Rows(#[from] RowsError),
    /// Parts are damaged. There is no new dataset.
    #[error("{} of the parts are of no use: {}{}; `jackfield ab run` runs their cells again, or remove them", .parts.len(), first(.parts), more(.parts.len(), 3))]
    Damaged {
        /// Each with what is wrong.
        parts: Vec<(CellId, RowsError)>,
    },
    /// There is nothing to merge.
    #[error("there are no parts in {}; `jackfield ab run`, `ab cell` or `ab cells` with --out {} make some", .folder.display(), .folder.display())]
    Nothing {
        /// The folder.
        folder: PathBuf,
    },
    /// Different programs ran the cells.
    #[error(
        "the parts come from different revisions of the program, {a} and {b}, and cannot be compared; run the cells again with one of them: those of the other one are run anew"
    )]
    Revisions {
        /// One revision.
        a: String,
        /// Another one.
        b: String,
    },
    /// The plan cannot be read.
    #[error("{}, line {line}: {reason}; plan again", .path.display())]
    Plan {
        /// The plan.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
}

fn first(parts: &[(CellId, RowsError)]) -> String {
    parts
        .iter()
        .take(3)
        .map(|(_, error)| error.to_string())
        .collect::<Vec<_>>()
        .join("; ")
}

fn more(all: usize, shown: usize) -> String {
    if all > shown {
        format!("; and {} more", all - shown)
    } else {
        String::new()
    }
}

/// Merges the parts in `folder` into its dataset. If a plan lies there, the cells of the plan, no others; cells that lack are named, and the
/// dataset is written without them. Holds one part at a time, and 32 bytes for each cell.
///
/// # Errors
/// If a part is damaged, or revisions are mixed, or something cannot be read or written. A dataset that was there before is there still.
pub fn merge(folder: &Path) -> Result<Merged, MergeError> {
    let in_folder = parts(folder)?;
    let planned = plan(&folder.join(PLAN_FILE))?;
    let (cells, experiment) = match planned {
        Some((ids, experiment)) => (ids, Some(experiment)),
        None => (in_folder.clone(), None),
    };
    let others = in_folder
        .iter()
        .filter(|id| cells.binary_search(id).is_err())
        .count();
    if in_folder.len() == others {
        return Err(MergeError::Nothing {
            folder: folder.to_owned(),
        });
    }
    let path = folder.join(DATASET_FILE);
    let aside = aside(&path);
    let result = write(folder, &cells, experiment.as_ref(), &path, &aside, others);
    match result {
        Ok(merged) => {
            fs::rename(&aside, &path).map_err(|error| RowsError::write(&path, error))?;
            Ok(merged)
        }
        Err(error) => {
            let _ = fs::remove_file(&aside);
            Err(error)
        }
    }
}

fn write(
    folder: &Path,
    cells: &[CellId],
    experiment: Option<&Arc<str>>,
    path: &Path,
    aside: &Path,
    others: usize,
) -> Result<Merged, MergeError> {
    let sink = File::create(aside).map_err(|error| RowsError::write(path, error))?;
    let mut writer = RowWriter::new(sink, path)?;
    let mut merged = Merged {
        path: path.to_owned(),
        cells: 0,
        rows: 0,
        failed: 0,
        missing: 0,
        first_missing: Vec::new(),
        others,
    };
    let mut revision: Option<String> = None;
    let mut damaged = Vec::new();
    for &id in cells {
        let (rows, facts) = match rows_of(&part_path(folder, id), id) {
            Ok(found) => found,
            Err(RowsError::Read { error, .. }) if error.kind() == io::ErrorKind::NotFound => {
                merged.missing += 1;
                if merged.first_missing.len() < NAMED {
                    merged.first_missing.push(id);
                }
                continue;
            }
            Err(error) if error.is_damage() => {
                damaged.push((id, error));
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        match &revision {
            Some(known) if *known != facts.revision => {
                return Err(MergeError::Revisions {
                    a: known.clone(),
                    b: facts.revision,
                });
            }
            Some(_) => {}
            None => revision = Some(facts.revision),
        }
        merged.cells += 1;
        merged.failed += usize::from(facts.failed);
        if !damaged.is_empty() {
            continue;
        }
        for mut row in rows {
            // A cell may have been run for another experiment.
            if let Some(experiment) = experiment {
                row.experiment = experiment.clone();
            }
            writer.push(row)?;
        }
    }
    if !damaged.is_empty() {
        return Err(MergeError::Damaged { parts: damaged });
    }
    writer.fact(REVISION_KEY, revision.as_deref().unwrap_or_default());
    if let Some(text) = experiment.and_then(|digest| experiment_text(folder, digest)) {
        writer.fact(EXPERIMENT_KEY, &text);
    }
    merged.rows = writer.rows();
    writer.finish()?;
    Ok(merged)
}

struct Facts {
    revision: String,
    failed: bool,
}

/// The rows of a part, all of them, and only if they are those that were written.
fn rows_of(path: &Path, id: CellId) -> Result<(Vec<Row>, Facts), RowsError> {
    let reader = RowReader::open(path)?;
    let facts = Facts {
        revision: reader.fact(REVISION_KEY).unwrap_or_default().to_owned(),
        failed: reader.fact(FAILURE_KEY).is_some(),
    };
    let mut rows = reader.read_verified()?;
    let id = id.to_string();
    if rows.iter().any(|row| *row.cell != *id) {
        return Err(RowsError::broken(path, "it holds the rows of another cell"));
    }
    rows.sort_by(|a, b| a.key().cmp(&b.key()));
    Ok((rows, facts))
}

/// The experiment of the plan, if it lies beside it.
fn experiment_text(folder: &Path, digest: &str) -> Option<String> {
    let text = fs::read_to_string(folder.join(EXPERIMENT_FILE)).ok()?;
    let value = serde_json::from_str(&text).ok()?;
    (canonical::digest(&value).to_hex().as_str() == digest).then(|| canonical::text(&value))
}

/// The cells that have a part, sorted.
fn parts(folder: &Path) -> Result<Vec<CellId>, RowsError> {
    let reading = |error| RowsError::read(folder, error);
    let mut ids = Vec::new();
    for entry in fs::read_dir(folder).map_err(reading)? {
        let name = entry.map_err(reading)?.file_name();
        let id: Option<CellId> = name
            .to_str()
            .and_then(|name| name.strip_prefix("part-")?.strip_suffix(".parquet")?.parse().ok());
        ids.extend(id);
    }
    ids.sort_unstable();
    Ok(ids)
}

/// The cells of a plan, sorted, and the digest of its experiment; nothing if there is no plan.
fn plan(path: &Path) -> Result<Option<(Vec<CellId>, Arc<str>)>, MergeError> {
    #[derive(Deserialize)]
    struct Named {
        id: String,
        experiment: Arc<str>,
    }
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(RowsError::read(path, error).into()),
    };
    let mut ids = Vec::new();
    let mut experiment: Option<Arc<str>> = None;
    for (index, line) in BufReader::new(file).lines().enumerate() {
        let fault = |reason: String| MergeError::Plan {
            path: path.to_owned(),
            line: index + 1,
            reason,
        };
        let line = line.map_err(|error| RowsError::read(path, error))?;
        let named: Named = serde_json::from_str(&line).map_err(|error| fault(error.to_string()))?;
        ids.push(
            named
                .id
                .parse()
                .map_err(|error: crate::plan::SpecError| fault(error.to_string()))?,
        );
        match &experiment {
            Some(known) if *known != named.experiment => {
                return Err(fault(
                    "it belongs to another experiment than the lines before it".to_owned(),
                ));
            }
            Some(_) => {}
            None => experiment = Some(named.experiment),
        }
    }
    ids.sort_unstable();
    ids.dedup();
    Ok(experiment.map(|experiment| (ids, experiment)))
}
