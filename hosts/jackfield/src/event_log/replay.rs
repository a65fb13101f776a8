//! `jackfield replay-bwe`: what other congestion controllers would have decided in a call that was recorded.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use jackfield_core::congestion_controller::CongestionController;
use jackfield_core::units::TimeDelta;
use jackfield_event_log::replay::{Course, Replay};
use jackfield_event_log::timeline::{Decisions, Grid, PathTimeline};
use jackfield_event_log::{ControllerLog, EventLog, Identity};
use jackfield_loader::{Loader, Manifest, ParameterValue};
use miette::{IntoDiagnostic, Result, miette};
use serde_json::{Value, json};

use super::page::{Drawn, page};
use super::table::{Table, write};
use super::wanted::{Wanted, named, parameter};
use super::{origin, plugin, read};
use crate::folders::Folders;

/// The socket that controllers stand in.
const SOCKET: &str = "congestion";
/// It decided otherwise than it is recorded to have.
const DIFFERS: u8 = 1;

/// Tell a congestion controller what another one was told in a recorded call, and print what it would have decided beside what was.
///
/// The loop is open: what it decides changes nothing of what it is told next. Exit status: 1 if the plugin of the recording, with its parameters,
/// decides otherwise now.
#[derive(Debug, Args)]
pub(crate) struct ReplayBweCommand {
    /// The event log: of a call host (`serve --event-log`) or of a simulation.
    log: PathBuf,
    /// The plugin to tell it to. That of the recording gets the recorded parameters and seed.
    #[arg(long = "use", value_name = "PLUGIN")]
    plugin: String,
    /// A parameter of that plugin. May be given several times.
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = parameter)]
    parameters: Vec<(String, ParameterValue)>,
    /// Another plugin, drawn beside it. May be given several times.
    #[arg(long, value_name = "PLUGIN")]
    against: Vec<String>,
    /// Whose controller, in a log of several flows.
    #[arg(long, value_name = "N", default_value_t = 0)]
    flow: u32,
    /// One value for so many milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    step: u32,
    /// Write into this file: .csv, .html (a plot) or .json. May be given several times; without it the CSV goes to the standard output.
    #[arg(long, value_name = "FILE")]
    out: Vec<PathBuf>,
    /// The manifest that says how plugins are run; without one the built-in default.
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
    #[command(flatten)]
    folders: Folders,
}

/// What one plugin made of it.
struct Told {
    name: String,
    replay: Replay,
    /// Whether it is the plugin of the recording, with its parameters.
    as_recorded: bool,
}

impl ReplayBweCommand {
    /// Replays, writes and says what came of it.
    pub(crate) fn run(self) -> Result<ExitCode> {
        let log = read(&self.log)?;
        let course =
            Course::of_flow(&log, self.flow).map_err(|error| miette!("{}: {error}", self.log.display()))?;
        let (manifest, loader) = self.folders.load(self.manifest.as_deref())?;
        let recorded = log.controllers.iter().find(|one| one.flow == self.flow);
        let identity = recorded.and_then(|one| one.identity.as_ref());
        let given: BTreeMap<String, ParameterValue> = self.parameters.iter().cloned().collect();
        let mut told = vec![tell(
            &course,
            (&manifest, &loader),
            &self.plugin,
            &given,
            identity,
        )?];
        for other in &self.against {
            let none = BTreeMap::new();
            told.push(tell(&course, (&manifest, &loader), other, &none, identity)?);
        }

        let grid = Grid::over(&course, TimeDelta::ms(i64::from(self.step)));
        let path = PathTimeline::over(&grid, &course);
        let answers = told[0].replay.answers.iter();
        let then = answers.filter_map(|one| Some((one.at, one.recorded.ok()?)));
        let then_name = format!("recorded ({})", recorded.map_or("", plugin));
        let mut decisions = vec![(then_name, Decisions::over(&grid, then))];
        for one in &told {
            let now = one
                .replay
                .answers
                .iter()
                .map(|answer| (answer.at, answer.replayed));
            decisions.push((one.name.clone(), Decisions::over(&grid, now)));
        }
        let mut table = Table::new(&grid);
        for (name, decided) in &decisions {
            table.decisions(name, decided);
        }
        table.path(&path);

        let facts = self.facts(&log, recorded, &told);
        for out in &self.out {
            write(out, &table, &facts, || {
                let drawn = Drawn {
                    kicker: "replay",
                    title: format!("{} told what was recorded", self.plugin),
                    scope: format!(
                        "{}. The loop is open: what a controller would have decided changes nothing of what it is told next.",
                        origin(&log)
                    ),
                    decisions: &decisions,
                    path: &path,
                    facts: told.iter().map(|one| (one.name.clone(), one.outcome())).collect(),
                };
                page(&log, self.flow, &grid, drawn)
            })?;
        }
        if self.out.is_empty() {
            print!("{}", table.csv());
        }
        for one in &told {
            eprintln!("{}: {}", one.name, one.outcome());
        }
        let differs = told
            .iter()
            .any(|one| one.as_recorded && one.replay.first_difference(0).is_some());
        Ok(if differs {
            ExitCode::from(DIFFERS)
        } else {
            ExitCode::SUCCESS
        })
    }

    fn facts(&self, log: &EventLog, recorded: Option<&ControllerLog>, told: &[Told]) -> Value {
        let outcomes: serde_json::Map<String, Value> = told
            .iter()
            .map(|one| (one.name.clone(), Value::from(one.outcome())))
            .collect();
        json!({
            "log": self.log.display().to_string(),
            "origin": log.origin,
            "flow": self.flow,
            "recorded": recorded.map(plugin),
            "replayed": outcomes,
        })
    }
}

impl Told {
    /// What came of it, in a sentence.
    fn outcome(&self) -> String {
        let events = self.replay.answers.len();
        if let Some((at, fault)) = &self.replay.fault {
            return format!(
                "it failed at {:.3} s, after {events} events: {fault}",
                at.us() as f64 / 1e6
            );
        }
        if !self.as_recorded {
            return format!("told {events} events");
        }
        let own = self.replay.answers.iter().filter(|one| one.instance == 0).count();
        let until = if own < events {
            format!(", all of those until it was swapped ({own})")
        } else {
            String::new()
        };
        match self.replay.first_difference(0) {
            None => format!("told {events} events, and decided as recorded, bit for bit{until}"),
            Some(first) => {
                format!("told {events} events, and decided otherwise than recorded: first at {first}")
            }
        }
    }
}

/// Tells a plugin.
fn tell(
    course: &Course<'_>,
    plugins: (&Manifest, &Loader),
    id: &str,
    given: &BTreeMap<String, ParameterValue>,
    recorded: Option<&Identity>,
) -> Result<Told> {
    let wanted = Wanted::resolve(SOCKET, plugins, id, given, recorded)?;
    let mut controller = plugins
        .1
        .create::<dyn CongestionController>(&wanted.resolved, wanted.seed())
        .into_diagnostic()?;
    wanted.set_recorded(&mut controller)?;
    let replay = course
        .replay(&mut controller, wanted.is_recorded())
        .into_diagnostic()?;
    Ok(Told {
        name: named(id, given),
        replay,
        as_recorded: wanted.is_as_recorded(),
    })
}
