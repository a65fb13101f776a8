//! `jackfield ab report`: what a dataset shows, for people and for programs.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use jackfield_lab::cell::replace;
use jackfield_lab::experiment::Experiment;
use jackfield_lab::merge::DATASET_FILE;
use jackfield_lab::metrics::Registry;
use jackfield_lab::plugins::Bench;
use jackfield_lab::replay;
use jackfield_lab::report::{CellSeries, Gate, Report, Values};
use jackfield_lab::rows::{EXPERIMENT_KEY, RowReader};
use jackfield_lab::runner::Runner;
use miette::{Context, IntoDiagnostic, Result, miette};

use super::FAILED;
use super::bench::Plugins;

/// So many scenarios are drawn over time.
const DRAWN: usize = 4;

/// Write `report.html`, `report.md` and `report.json` for a dataset: the verdict in words, with effects, intervals and plots.
#[derive(Debug, Args)]
pub(super) struct ReportCommand {
    /// The dataset, or the folder in which it lies.
    dataset: PathBuf,
    /// The experiment, if the dataset does not carry it.
    #[arg(long, value_name = "FILE")]
    experiment: Option<PathBuf>,
    /// Where the report goes; beside the dataset if nothing is said.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Draw this cell over time, and those of the other arms beside it, and not the most telling ones: its id, or the first digits of it. May be
    /// given several times.
    #[arg(long, value_name = "CELL")]
    draw: Vec<String>,
    /// End with exit status 1 if something got worse: a primary metric surely, a guardrail possibly.
    #[arg(long)]
    gate: bool,
    #[command(flatten)]
    plugins: Plugins,
}

impl ReportCommand {
    pub(super) fn run(self) -> Result<ExitCode> {
        let dataset = if self.dataset.is_dir() {
            self.dataset.join(DATASET_FILE)
        } else {
            self.dataset
        };
        let (experiment, bench) = match &self.experiment {
            Some(path) => self.plugins.experiment(path)?,
            None => (carried(&dataset)?, self.plugins.bench(None)?),
        };
        let beside = dataset.parent().unwrap_or(Path::new("")).to_owned();
        let out = self.out.unwrap_or(beside);
        let written = write_with(&bench, &experiment, &dataset, &out, &self.draw)?;
        print_verdicts(&written);
        if self.gate && !written.gate.passes() {
            for reason in &written.gate.reasons {
                eprintln!("{reason}");
            }
            return Ok(ExitCode::from(FAILED));
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The experiment that a dataset carries.
fn carried(dataset: &Path) -> Result<Experiment> {
    let reader = RowReader::open(dataset).into_diagnostic()?;
    let text = reader.fact(EXPERIMENT_KEY).ok_or_else(|| {
        miette!(
            "{} does not carry its experiment: name it with --experiment FILE",
            dataset.display()
        )
    })?;
    let value = serde_json::from_str(text).into_diagnostic()?;
    Experiment::from_json(&value).map_err(|reason| miette!("{}: {reason}", dataset.display()))
}

/// What was written.
pub(super) struct Written {
    headlines: Vec<String>,
    gate: Gate,
    page: PathBuf,
}

/// Says what came out.
pub(super) fn print_verdicts(written: &Written) {
    println!();
    for headline in &written.headlines {
        println!("{headline}");
    }
    println!("\nThe report: {}", written.page.display());
}

/// Writes the report of a dataset into `folder`, with the most telling cells over time.
pub(super) fn write(
    bench: &Bench,
    experiment: &Experiment,
    dataset: &Path,
    folder: &Path,
) -> Result<Written> {
    write_with(bench, experiment, dataset, folder, &[])
}

/// The same with these cells over time, if there are any.
fn write_with(
    bench: &Bench,
    experiment: &Experiment,
    dataset: &Path,
    folder: &Path,
    wanted: &[String],
) -> Result<Written> {
    RowReader::open(dataset)
        .and_then(RowReader::verify)
        .into_diagnostic()
        .wrap_err("`jackfield ab merge` makes the dataset anew from the rows of the cells")?;
    let mut values = Values::new();
    for row in RowReader::open(dataset).into_diagnostic()? {
        values.push(&row.into_diagnostic()?);
    }
    let registry = bench
        .runner(&experiment.kind)
        .map_or_else(Registry::network, Runner::metrics);
    let plain = Report::new(experiment, &values, &registry);
    let drawn = if wanted.is_empty() {
        plain.telling_cells(DRAWN)
    } else {
        named(&values, wanted)?
    };
    let cells = dataset.parent().unwrap_or(Path::new("."));
    let report = plain.with_series(series(bench, &values, &drawn, cells));
    std::fs::create_dir_all(folder).into_diagnostic()?;
    for (name, text) in [
        ("report.html", report.html()),
        ("report.md", report.markdown()),
        ("report.json", report.json()),
    ] {
        let path = folder.join(name);
        replace(&path, text.as_bytes())
            .into_diagnostic()
            .wrap_err_with(|| {
                format!(
                    "{}; the dataset is whole: `jackfield ab report` tries again",
                    path.display()
                )
            })?;
    }
    Ok(Written {
        headlines: report
            .verdicts()
            .iter()
            .map(|verdict| verdict.headline.clone())
            .collect(),
        gate: report.gate(),
        page: folder.join("report.html"),
    })
}

/// The scenario and seed of each of these cells.
fn named(values: &Values, wanted: &[String]) -> Result<Vec<(String, u64)>> {
    let one = |id: &String| {
        let found: BTreeSet<(&str, u64)> = values
            .cells()
            .filter(|(.., cell)| cell.id.starts_with(id))
            .map(|(scenario, _, seed, _)| (scenario, seed))
            .collect();
        match found.first() {
            Some((scenario, seed)) if found.len() == 1 => Ok(((*scenario).to_owned(), *seed)),
            Some(_) => Err(miette!("several cells begin with {id}: give more digits of it")),
            None => Err(miette!(
                "no cell of this dataset begins with {id}; report.json lists all of them"
            )),
        }
    };
    wanted.iter().map(one).collect()
}

/// What happened in some cells over time: they are run once more for that. A cell whose plugins are not to be had here is not drawn.
fn series(bench: &Bench, values: &Values, drawn: &[(String, u64)], folder: &Path) -> Vec<CellSeries> {
    values
        .cells()
        .filter(|(scenario, _, seed, _)| {
            drawn
                .iter()
                .any(|(name, number)| name == scenario && number == seed)
        })
        .filter_map(|(scenario, arm, seed, cell)| {
            let spec = replay::find(&cell.id, folder).ok()?;
            let series = bench.series(&spec).ok()??;
            Some(CellSeries {
                scenario: scenario.to_owned(),
                arm: arm.to_owned(),
                seed,
                series,
            })
        })
        .collect()
}
