//! `jackfield graph`: the plan that a manifest comes to, in words or as a picture.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use jackfield_runtime::negotiate_plan;
use miette::{IntoDiagnostic, Result};

use crate::folders::Folders;

/// Show the plan of a room: every node with its format, its latency, and every converter with its reason.
#[derive(Debug, Args)]
pub(crate) struct GraphCommand {
    #[command(subcommand)]
    form: Form,
}

#[derive(Debug, Subcommand)]
enum Form {
    /// In words.
    Explain(Source),
    /// In the language of Graphviz: `jackfield graph dot | dot -Tsvg > graph.svg`.
    Dot(Source),
}

#[derive(Debug, Args)]
struct Source {
    /// The manifest; without one the built-in default.
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
    #[command(flatten)]
    folders: Folders,
}

impl GraphCommand {
    /// Prints the plan.
    pub(crate) fn run(self) -> Result<()> {
        let (source, dot) = match self.form {
            Form::Explain(source) => (source, false),
            Form::Dot(source) => (source, true),
        };
        let (manifest, loader) = source.folders.load(source.manifest.as_deref())?;
        let plan = negotiate_plan(&manifest, &loader).into_diagnostic()?;
        print!("{}", if dot { plan.dot() } else { plan.explain() });
        Ok(())
    }
}
