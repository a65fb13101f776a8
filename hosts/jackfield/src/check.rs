//! `jackfield plugin check`: the validator.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use jackfield_check::{HIGHEST_LEVEL, Options, Validator};
use miette::{IntoDiagnostic, Result, WrapErr, miette};

use crate::folders::Folders;

/// The hidden command that runs one case; `plugin` comes before it.
const CASE: &str = "check-case";

/// Check a plugin: says which rules it breaks, from where, and what to do. Ends with status 1 if it breaks one, 2 if it could not be checked.
#[derive(Debug, Args)]
pub(crate) struct CheckCommand {
    /// The plugin file, or the id of a plugin in the plugin folders.
    plugin: String,
    /// Up to which level: 1 it lives, 2 it behaves, 3 it is fit for the audio thread, 4 it is what it says, 5 it lives long.
    #[arg(long, value_name = "N", default_value_t = HIGHEST_LEVEL, value_parser = clap::value_parser!(u8).range(1..=i64::from(HIGHEST_LEVEL)))]
    level: u8,
    /// Cut the long cases short.
    #[arg(long)]
    quick: bool,
    /// The seed of everything random in the cases.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// How many cases run at a time; as many as there are processors if nothing is said.
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
    /// Only the module with this id, of a file that has several.
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// Only cases whose name contains this, and those of the first level.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// What to open, for a plugin that opens something; a recording of a voice if nothing is said.
    #[arg(long, value_name = "LOCATION")]
    location: Option<String>,
    /// As JSON.
    #[arg(long)]
    json: bool,
    /// Write the report as a page of HTML too.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    #[command(flatten)]
    folders: Folders,
}

/// Runs one case for the validator.
#[derive(Debug, Args)]
pub(crate) struct CheckCaseCommand {
    /// The case, as the validator wrote it.
    request: String,
}

impl CheckCommand {
    /// Checks, prints the report and ends the process with the verdict.
    pub(crate) fn run(self) -> Result<()> {
        match self.check() {
            Ok(true) => Ok(()),
            Ok(false) => std::process::exit(1),
            Err(error) => {
                eprintln!("{error:?}");
                std::process::exit(2);
            }
        }
    }

    fn check(&self) -> Result<bool> {
        let (file, id) = self.find()?;
        let defaults = Options::default();
        let options = Options {
            level: self.level,
            quick: self.quick,
            seed: self.seed,
            jobs: self.jobs.unwrap_or(defaults.jobs),
            location: self.location.clone(),
            only: self.only.clone(),
        };
        let program = std::env::current_exe()
            .into_diagnostic()
            .wrap_err("this program cannot find itself, and each case runs in a process of its own")?;
        let report = Validator::new(program, &["plugin", CASE], options)
            .check(&file, id.as_deref())
            .into_diagnostic()?;
        // First, for whoever reads what is printed may stop before the end.
        if let Some(path) = &self.html {
            fs::write(path, report.html())
                .into_diagnostic()
                .wrap_err_with(|| format!("{} cannot be written", path.display()))?;
        }
        if self.json {
            println!("{}", report.json());
        } else {
            print!("{report}");
        }
        Ok(report.passed())
    }

    /// The file, and the id in it if one was asked for.
    fn find(&self) -> Result<(PathBuf, Option<String>)> {
        let path = Path::new(&self.plugin);
        if path.is_file() {
            return Ok((path.to_owned(), self.id.clone()));
        }
        let (_, loader) = self.folders.load(None)?;
        let catalogue = loader.catalogue();
        let found = catalogue
            .modules()
            .find(|(file, module)| module.id == self.plugin && file.digest.is_some());
        match found {
            Some((file, module)) => Ok((file.path.clone(), Some(module.id.clone()))),
            None => Err(miette!(
                "there is no file `{0}` and no plugin with the id `{0}`; `jackfield plugin list` names those that there are",
                self.plugin
            )),
        }
    }
}

impl CheckCaseCommand {
    /// Runs the case. Does not come back.
    pub(crate) fn run(&self) -> ExitCode {
        jackfield_check::run_case(&self.request)
    }
}
