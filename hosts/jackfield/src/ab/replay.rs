//! `jackfield ab replay`: a cell once more, held against what it left behind.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use jackfield_lab::cell::replace;
use jackfield_lab::replay::Replay;
use jackfield_lab::rows::Row;
use jackfield_lab::runner::Record;
use miette::{IntoDiagnostic, Result};

use super::FAILED;
use super::bench::Plugins;

/// So many differences are printed.
const PRINTED: usize = 20;

/// Run a cell once more and compare what happens, packet by packet, with what happened then. Exit status: 1 if it went otherwise.
#[derive(Debug, Args)]
pub(super) struct ReplayCommand {
    /// The cell: its id, the first digits of it, or the file of its rows.
    cell: String,
    /// The folder of `ab run`.
    #[arg(long = "in", value_name = "DIR", default_value = ".")]
    folder: PathBuf,
    /// Write what happens over time into this file, as CSV.
    #[arg(long, value_name = "FILE")]
    series: Option<PathBuf>,
    /// Write everything that happens into this file, as an event log: for `jackfield event-log` and `jackfield replay-bwe`.
    #[arg(long, value_name = "FILE")]
    event_log: Option<PathBuf>,
    /// Write the packets into this file, as a capture in pcapng that Wireshark reads.
    #[arg(long, value_name = "FILE")]
    capture: Option<PathBuf>,
    #[command(flatten)]
    plugins: Plugins,
}

impl ReplayCommand {
    pub(super) fn run(self) -> Result<ExitCode> {
        let bench = self.plugins.bench(None)?;
        let (cell, folder) = named(&self.cell, self.folder);
        let replay = bench.replay(&cell, &folder).into_diagnostic()?;
        if let Some(path) = &self.series {
            match bench.series(&replay.spec).into_diagnostic()? {
                Some(series) => replace(path, series.to_csv().as_bytes()).into_diagnostic()?,
                None => eprintln!("This cell has nothing that happens over time."),
            }
        }
        for (path, record) in [
            (&self.event_log, Record::Events),
            (&self.capture, Record::Capture),
        ] {
            let Some(path) = path else { continue };
            match bench.record(&replay.spec, record).into_diagnostic()? {
                Some(bytes) => replace(path, &bytes).into_diagnostic()?,
                None => eprintln!("This cell leaves no such record: {}", path.display()),
            }
        }
        print(&replay, bench.revision());
        Ok(if replay.is_same() {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(FAILED)
        })
    }
}

/// A file stands for the cell that it is named after, in its folder.
fn named(cell: &str, folder: PathBuf) -> (String, PathBuf) {
    let path = Path::new(cell);
    let id = path
        .file_name()
        .and_then(|name| name.to_str()?.strip_prefix("part-")?.strip_suffix(".parquet"));
    match (id, path.parent()) {
        (Some(id), Some(parent)) if path.is_file() => (id.to_owned(), parent.join("")),
        _ => (cell.to_owned(), folder),
    }
}

fn print(replay: &Replay, revision: &str) {
    let spec = &replay.spec;
    println!(
        "{}: {}, {}, seed {}",
        spec.id(),
        spec.scenario,
        spec.arm,
        spec.seed
    );
    println!("  plugins   {}", spec.digests());
    println!(
        "  then      {}",
        replay
            .before
            .as_deref()
            .map_or("no rows", |hash| if hash.is_empty() { "it failed" } else { hash })
    );
    println!(
        "  now       {}",
        if replay.failure.is_empty() {
            &replay.now
        } else {
            &replay.failure
        }
    );
    if replay.is_same() {
        println!("  the same, packet by packet and value by value");
        return;
    }
    if replay.before.is_some() && replay.revision != revision {
        println!("  it was run by {}, and this is {revision}", replay.revision);
    }
    for (then, now) in replay.differences.iter().take(PRINTED) {
        let Some(row) = then.as_ref().or(now.as_ref()) else {
            continue;
        };
        let value = |row: &Option<Row>| {
            row.as_ref()
                .map_or_else(|| "nothing".to_owned(), |row| row.value.to_string())
        };
        println!(
            "  {} {} {}: {} then, {} now",
            row.flow,
            row.segment,
            row.metric,
            value(then),
            value(now)
        );
    }
    if replay.differences.len() > PRINTED {
        println!("  and {} more", replay.differences.len() - PRINTED);
    }
}
