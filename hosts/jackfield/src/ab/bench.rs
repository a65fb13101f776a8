//! The bench that all steps work at: plugins from where calls take them.

use std::path::{Path, PathBuf};

use clap::Args;
use jackfield_lab::experiment::Experiment;
use jackfield_lab::plugins::Bench;
use jackfield_lab::runner::Runner;
use jackfield_lab::{revision, runners};
use jackfield_loader::{LoaderOptions, Manifest};
use miette::{IntoDiagnostic, Result};

use crate::folders::Folders;

/// Where plugins come from.
#[derive(Debug, Args)]
pub(super) struct Plugins {
    /// The manifest that says what stands in sockets that an arm does not name; without one that of the experiment, or the built-in default.
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
    #[command(flatten)]
    folders: Folders,
    /// A folder with traces that do not lie where they did when the cells were planned; may be given more than once.
    #[arg(long, value_name = "DIR")]
    traces: Vec<PathBuf>,
}

impl Plugins {
    /// A bench with the manifest of the command line, or this one.
    pub(super) fn bench(&self, manifest: Option<&Path>) -> Result<Bench> {
        let mut manifest = match self.manifest.as_deref().or(manifest) {
            Some(path) => Manifest::read(path)?,
            None => Manifest::embedded_default(),
        };
        // Who names a folder on the command line wants what lies there, whatever the manifest names.
        manifest.folders.splice(0..0, self.folders.named());
        let options = LoaderOptions {
            folders: self.folders.all()?,
            ..LoaderOptions::default()
        };
        Bench::new(options, manifest, runners(), &own_revision())
            .into_diagnostic()
            .map(|bench| bench.with_traces(self.traces.clone()))
    }

    /// An experiment, and a bench with its manifest.
    pub(super) fn experiment(&self, path: &Path) -> Result<(Experiment, Bench)> {
        let runners = runners();
        let runners: Vec<&dyn Runner> = runners.iter().map(AsRef::as_ref).collect();
        let experiment = Experiment::read(path, &runners)?;
        let bench = self.bench(experiment.manifest.as_deref())?;
        Ok((experiment, bench))
    }
}

/// Version, commit and the digest of this very program.
fn own_revision() -> String {
    let name = concat!(env!("CARGO_PKG_VERSION"), "+", env!("JACKFIELD_COMMIT"));
    match std::env::current_exe().and_then(|program| revision::of_program(&program)) {
        Ok(digest) => format!("{name}.{digest}"),
        Err(_) => name.to_owned(),
    }
}
