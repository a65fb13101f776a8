//! `jackfield ab merge`: what all cells left behind, as one dataset.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use jackfield_lab::merge::{Merged, merge};
use miette::{IntoDiagnostic, Result};

use super::FAILED;

/// Merge the parts in a folder into `dataset.parquet`: the same bytes in whatever order and wherever the cells were run.
///
/// Exit status: 1 if cells of the plan are missing; the dataset is written without them.
#[derive(Debug, Args)]
pub(super) struct MergeCommand {
    /// The folder of `ab run`, `ab cell` or `ab cells`.
    folder: PathBuf,
}

impl MergeCommand {
    pub(super) fn run(self) -> Result<ExitCode> {
        let merged = merge(&self.folder).into_diagnostic()?;
        print(&merged, &self.folder);
        Ok(if merged.missing > 0 {
            ExitCode::from(FAILED)
        } else {
            ExitCode::SUCCESS
        })
    }
}

/// Says what there is, and what lacks.
pub(super) fn print(merged: &Merged, folder: &Path) {
    println!(
        "{} cells, {} rows: {}",
        merged.cells,
        merged.rows,
        merged.path.display()
    );
    if merged.failed > 0 {
        eprintln!(
            "{} cells failed; their rows have the worst values, and the column `failure` says why.",
            merged.failed
        );
    }
    if merged.others > 0 {
        eprintln!(
            "{} parts in {} belong to no cell of the plan and were left alone.",
            merged.others,
            folder.display()
        );
    }
    if merged.missing > 0 {
        eprintln!("{} cells of the plan are missing:", merged.missing);
        for id in &merged.first_missing {
            eprintln!("  {id}");
        }
        if merged.missing > merged.first_missing.len() {
            eprintln!("  and {} more", merged.missing - merged.first_missing.len());
        }
        eprintln!("`jackfield ab cells --out {}` runs them.", folder.display());
    }
}
