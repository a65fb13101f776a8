//! `jackfield ab run`: an experiment from its file to its report.

use std::num::NonZero;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use jackfield_lab::cell::Done;
use jackfield_lab::decision::suffices;
use jackfield_lab::executor::Progress;
use jackfield_lab::sweep::Sweep;
use miette::{IntoDiagnostic, Result};

use super::bench::Plugins;
use super::report::{print_verdicts, write};
use super::{STOPPED, merge};

/// Run an experiment on all processors, merge what it gives, and write the report.
///
/// What is there already is not run again: after Ctrl-C, a crash or a full disk the same command goes on where it was.
#[derive(Debug, Args)]
pub(super) struct RunCommand {
    /// The experiment, such as benches/ab/experiments/quick.toml.
    experiment: PathBuf,
    /// Where everything goes; `ab-NAME` in the current folder if nothing is said.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// How many cells run at a time; as many as there are processors if nothing is said.
    #[arg(long, value_name = "N")]
    jobs: Option<NonZero<usize>>,
    /// Run with so many of its seeds only: for a first look.
    #[arg(long, value_name = "N")]
    seeds: Option<NonZero<usize>>,
    #[command(flatten)]
    plugins: Plugins,
}

impl RunCommand {
    pub(super) fn run(self) -> Result<ExitCode> {
        let (mut experiment, bench) = self.plugins.experiment(&self.experiment)?;
        if let Some(seeds) = self.seeds {
            experiment.seeds.truncate(seeds.get());
        }
        let folder = self
            .out
            .unwrap_or_else(|| PathBuf::from(format!("ab-{}", word(&experiment.name))));
        let plan = bench.plan(&experiment)?;
        let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
        let jobs = self.jobs.map_or(processors, NonZero::get);
        println!(
            "{}: {} arms and the baseline once more, {} scenarios, {} seeds: {} cells, {jobs} at a time, into {}",
            experiment.name,
            experiment.arms.len(),
            experiment.scenarios.len(),
            experiment.seeds.len(),
            plan.len(),
            folder.display()
        );
        let stop = super::interrupt::flag();
        let bar = Bar::new(plan.len());
        let sweep = Sweep {
            folder: &folder,
            jobs,
            stop: &stop,
            progress: &bar,
        };
        let result = bench.sweep(&experiment, &sweep, &|dataset| suffices(&experiment, dataset));
        bar.end();
        let swept = result.into_diagnostic()?;
        let Some(merged) = swept.merged else {
            println!(
                "Stopped: {} of {} cells are done and kept. The same command goes on from there.",
                swept.tally.run + swept.tally.skipped,
                plan.len()
            );
            return Ok(ExitCode::from(STOPPED));
        };
        merge::print(&merged, &folder);
        if let Some(seeds) = swept.decided_after {
            println!(
                "After {seeds} seeds it is known; the other {} were not run.",
                experiment.seeds.len() - seeds
            );
        }
        let written = write(&bench, &experiment, &merged.path, &folder)?;
        print_verdicts(&written);
        Ok(ExitCode::SUCCESS)
    }
}

/// A name that is good for a folder.
fn word(name: &str) -> String {
    let plain = |letter: char| {
        if letter.is_ascii_alphanumeric() {
            letter.to_ascii_lowercase()
        } else {
            '-'
        }
    };
    name.chars().map(plain).collect()
}

/// How far it is, and how long it will take.
struct Bar {
    bar: ProgressBar,
    failed: AtomicUsize,
    run: AtomicUsize,
}

impl Bar {
    fn new(cells: usize) -> Self {
        let bar = ProgressBar::new(cells as u64);
        let style = ProgressStyle::with_template("{wide_bar} {pos}/{len} cells, {eta} left{msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self {
            bar,
            failed: AtomicUsize::new(0),
            run: AtomicUsize::new(0),
        }
    }

    fn end(&self) {
        self.bar.finish_and_clear();
    }
}

impl Progress for Bar {
    fn done(&self, done: &Done) {
        // What was there already tells nothing about how long the rest will take.
        if done.skipped && self.run.load(Ordering::Relaxed) == 0 {
            self.bar.inc(1);
            self.bar.reset_eta();
            return;
        }
        self.run.fetch_add(1, Ordering::Relaxed);
        if done.failure.is_some() {
            let failed = self.failed.fetch_add(1, Ordering::Relaxed) + 1;
            self.bar.set_message(format!(", {failed} failed"));
        }
        self.bar.inc(1);
    }
}
