//! `jackfield ab`: which of several plugins is better, by how much, on what, and how sure one can be.

mod bench;
mod cell;
mod interrupt;
mod list;
mod merge;
mod plan;
mod replay;
mod report;
mod run;

use std::process::ExitCode;

use clap::{Args, Subcommand};
use miette::Result;

/// Compare plugins: experiments in virtual time, their tables, and what they show.
#[derive(Debug, Args)]
pub(crate) struct AbCommand {
    #[command(subcommand)]
    step: Step,
}

#[derive(Debug, Subcommand)]
enum Step {
    Run(run::RunCommand),
    Plan(plan::PlanCommand),
    Cell(cell::CellCommand),
    Cells(cell::CellsCommand),
    Merge(merge::MergeCommand),
    Report(report::ReportCommand),
    Replay(replay::ReplayCommand),
    List(list::ListCommand),
}

impl AbCommand {
    /// Takes the step.
    pub(crate) fn run(self) -> Result<ExitCode> {
        match self.step {
            Step::Run(command) => command.run(),
            Step::Plan(command) => command.run(),
            Step::Cell(command) => command.run(),
            Step::Cells(command) => command.run(),
            Step::Merge(command) => command.run(),
            Step::Report(command) => command.run(),
            Step::Replay(command) => command.run(),
            Step::List(command) => command.run(),
        }
    }
}

/// The cell failed, and will fail again; its row says so.
const FAILED: u8 = 1;
/// There is no row, for a reason outside the cell: to try again is worthwhile (`EX_TEMPFAIL` of sysexits.h).
const RETRY: u8 = 75;
/// Stopped by Ctrl-C.
const STOPPED: u8 = 130;
