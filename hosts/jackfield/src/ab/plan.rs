//! `jackfield ab plan`: an experiment as a list of cells.

use std::io::{BufWriter, ErrorKind, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use miette::{IntoDiagnostic, Result};

use super::bench::Plugins;

/// Print the cells of an experiment as canonical JSON, one on a line, each naming all that its result depends on.
#[derive(Debug, Args)]
pub(super) struct PlanCommand {
    /// The experiment.
    experiment: PathBuf,
    /// Write the plan and the experiment into this folder, where `ab merge` finds them, and print nothing.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    plugins: Plugins,
}

impl PlanCommand {
    pub(super) fn run(self) -> Result<ExitCode> {
        let (experiment, bench) = self.plugins.experiment(&self.experiment)?;
        let plan = bench.plan(&experiment)?;
        if let Some(folder) = &self.out {
            plan.lay_out(&experiment, usize::MAX, folder).into_diagnostic()?;
            eprintln!("{} cells in {}", plan.len(), folder.display());
            return Ok(ExitCode::SUCCESS);
        }
        let mut out = BufWriter::new(std::io::stdout().lock());
        let mut cells = plan.cells();
        let written = cells
            .try_for_each(|cell| writeln!(out, "{}", cell.to_line()))
            .and_then(|()| out.flush());
        match written {
            // Whoever reads has seen enough: `head`, for instance.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
            written => written.into_diagnostic().map(|()| ExitCode::SUCCESS),
        }
    }
}
