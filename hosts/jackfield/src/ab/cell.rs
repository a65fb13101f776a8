//! `jackfield ab cell` and `jackfield ab cells`: the cells of a plan, one or many, as executors on other machines run them.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use jackfield_lab::plan::CellSpec;
use miette::{Context, IntoDiagnostic, Result, miette};

use super::bench::Plugins;
use super::{FAILED, RETRY};

/// Run one cell, unless its rows are there already.
///
/// Exit status: 0 if its rows are there; 1 if it failed and will fail again, which its rows say; 75 if there are no rows and it is
/// worthwhile to try again, once what the message says is seen to; 2 and others if what was given is no cell.
#[derive(Debug, Args)]
pub(super) struct CellCommand {
    /// A file with a line of the plan; `-` for the standard input.
    #[arg(long, value_name = "FILE")]
    spec: PathBuf,
    /// Where its rows go: `part-<cell>.parquet`.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    plugins: Plugins,
}

/// Run some cells of a plan one after the other, those excepted whose rows are there already.
///
/// Exit status: that of `ab cell`, the highest of all cells.
#[derive(Debug, Args)]
pub(super) struct CellsCommand {
    /// The plan; `-` for the standard input. Without one `cells.jsonl` in the folder of `--out`.
    #[arg(long, value_name = "FILE")]
    plan: Option<PathBuf>,
    /// The first cell, counted from 0.
    #[arg(long, value_name = "A", default_value_t = 0)]
    from: usize,
    /// The cell behind the last; without one the end of the plan.
    #[arg(long, value_name = "B")]
    to: Option<usize>,
    /// Where the rows go.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    plugins: Plugins,
}

impl CellCommand {
    pub(super) fn run(self) -> Result<ExitCode> {
        let mut line = String::new();
        open(&self.spec)?
            .take(1 << 24)
            .read_to_string(&mut line)
            .into_diagnostic()?;
        let spec = match CellSpec::from_line(line.trim()) {
            Ok(spec) => spec,
            Err(error) => {
                eprintln!("{error}");
                return Ok(ExitCode::from(2));
            }
        };
        let status = run(std::iter::once(Ok(spec)), &self.out, &self.plugins)?;
        Ok(ExitCode::from(status))
    }
}

impl CellsCommand {
    pub(super) fn run(self) -> Result<ExitCode> {
        let plan = self
            .plan
            .clone()
            .unwrap_or_else(|| self.out.join(jackfield_lab::merge::PLAN_FILE));
        let to = self.to.unwrap_or(usize::MAX);
        let cells = open(&plan)?
            .lines()
            .enumerate()
            .skip(self.from)
            .take(to.saturating_sub(self.from))
            .map(|(index, line)| {
                let line = line.into_diagnostic()?;
                CellSpec::from_line(&line)
                    .into_diagnostic()
                    .wrap_err_with(|| format!("{}, line {}", plan.display(), index + 1))
            });
        let status = run(cells, &self.out, &self.plugins)?;
        Ok(ExitCode::from(status))
    }
}

fn open(path: &Path) -> Result<Box<dyn BufRead>> {
    if path == Path::new("-") {
        return Ok(Box::new(BufReader::new(std::io::stdin())));
    }
    let file = File::open(path).map_err(|error| {
        miette!(
            "{}: {error}; name a plan with --plan, or make one with `jackfield ab plan`",
            path.display()
        )
    })?;
    Ok(Box::new(BufReader::new(file)))
}

/// Runs cells in this thread: whoever calls has as many processes as there are processors.
fn run(cells: impl Iterator<Item = Result<CellSpec>>, out: &Path, plugins: &Plugins) -> Result<u8> {
    let bench = plugins.bench(None)?;
    if let Err(error) = std::fs::create_dir_all(out) {
        eprintln!("{}: {error}; name a folder in which you may write", out.display());
        return Ok(RETRY);
    }
    let mut status = 0;
    for cell in cells {
        match bench.run_cell(&cell?, out) {
            Ok(done) => {
                if let Some(reason) = done.failure {
                    eprintln!("cell {}: {reason}", done.id);
                    status = status.max(FAILED);
                }
            }
            Err(error) => {
                eprintln!("{error}");
                return Ok(RETRY);
            }
        }
    }
    Ok(status)
}
