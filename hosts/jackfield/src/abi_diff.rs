//! `jackfield plugin abi-diff`: what changed between the tables of two builds, and whether they still work together.

use std::path::{Path, PathBuf};

use clap::Args;
use jackfield_loader::AbiText;
use miette::{IntoDiagnostic, Result, miette};
use serde_json::json;

/// Compare the tables of two plugin files, without running any of their code. Fails if older and newer do not work together.
#[derive(Debug, Args)]
pub(crate) struct AbiDiffCommand {
    /// The older plugin file, a file with the lines `area` and `method` of its metadata, or `host` for this program's own tables.
    #[arg(value_name = "OLDER")]
    older: PathBuf,
    /// The newer one, of the same three kinds.
    #[arg(value_name = "NEWER")]
    newer: PathBuf,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

impl AbiDiffCommand {
    /// Prints what changed.
    pub(crate) fn run(&self) -> Result<()> {
        let changes = read(&self.older)?.changes(&read(&self.newer)?);
        if self.json {
            let changes: Vec<_> = changes
                .iter()
                .map(|c| json!({ "area": c.area, "what": c.what, "compatible": c.compatible }))
                .collect();
            println!("{:#}", json!(changes));
        } else if changes.is_empty() {
            println!("nothing changed");
        } else {
            changes.iter().for_each(|change| println!("{change}"));
        }
        match changes.iter().filter(|change| !change.compatible).count() {
            0 => Ok(()),
            broken => Err(miette!(
                "{broken} incompatible: tables and structs that grow may only get longer at their end, with a new revision for each method; give the area a new major number (`.../2`) if it must change otherwise"
            )),
        }
    }
}

fn read(path: &Path) -> Result<AbiText> {
    if path == Path::new("host") {
        Ok(AbiText::of_host())
    } else {
        AbiText::of_file(path).into_diagnostic()
    }
}
