//! `jackfield replay-jitter`: how other jitter buffers would have played a stream that was recorded.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use jackfield_core::jitter_buffer::JitterBuffer;
use jackfield_core::units::TimeDelta;
use jackfield_event_log::jitter::replay::{Replay, replay};
use jackfield_event_log::jitter::timeline::{Heard, Summary};
use jackfield_event_log::jitter::{Arrivals, BufferLog, Listening};
use jackfield_event_log::timeline::Grid;
use jackfield_event_log::{EventLog, Identity};
use jackfield_loader::{Loader, Manifest, ParameterValue};
use miette::{IntoDiagnostic, Result, miette};
use serde_json::{Map, Value, json};

use super::heard::{line, page, summary};
use super::table::{Table, write};
use super::wanted::{Wanted, named, parameter};
use super::{origin, plugin_of, read};
use crate::folders::Folders;

/// The socket that jitter buffers stand in.
const SOCKET: &str = "jitter";
/// It decided otherwise than it is recorded to have.
const DIFFERS: u8 = 1;

/// Let a jitter buffer play what came in a recorded call, and print what would have been heard beside what was. The plugin of the recording is asked
/// word for word what it was asked then. Exit status: 1 if it decides otherwise now, with the recorded parameters.
#[derive(Debug, Args)]
pub(crate) struct ReplayJitterCommand {
    /// The event log of a call host (`serve --event-log`).
    log: PathBuf,
    /// The plugin that plays. Without it, that of the recording; that gets the recorded parameters and seed.
    #[arg(long = "use", value_name = "PLUGIN")]
    plugin: Option<String>,
    /// A parameter of that plugin. May be given several times.
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = parameter)]
    parameters: Vec<(String, ParameterValue)>,
    /// Another plugin, drawn beside it. May be given several times.
    #[arg(long, value_name = "PLUGIN")]
    against: Vec<String>,
    /// Which stream, in a log of several.
    #[arg(long, value_name = "N", default_value_t = 0)]
    stream: u32,
    /// One value for so many milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..))]
    step: u32,
    /// Write over time into this file: .csv, .html (a plot) or .json. May be given several times.
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
    listening: Listening,
    /// The plugin of the recording, asked the same; none of another one, or with other parameters.
    replay: Option<Replay>,
}

impl ReplayJitterCommand {
    /// Replays, writes and says what came of it.
    pub(crate) fn run(self) -> Result<ExitCode> {
        let log = read(&self.log)?;
        let of_log = |error| miette!("{}: {error}", self.log.display());
        let arrivals = Arrivals::of_stream(&log, self.stream).map_err(of_log)?;
        let then = Listening::of_record(&log, self.stream).map_err(of_log)?;
        let first = log.jitter_buffers.iter().find(|one| one.stream == self.stream);
        let first = first.ok_or_else(|| miette!("the log has no such stream"))?;
        let identity = first.identity.as_ref();
        let wanted = match (&self.plugin, identity) {
            (Some(wanted), _) => wanted,
            (None, Some(identity)) if !identity.plugin.is_empty() => &identity.plugin,
            (None, _) => {
                return Err(miette!(
                    "the log does not say which plugin it was; name one with --use"
                ));
            }
        };

        let (manifest, loader) = self.folders.load(self.manifest.as_deref())?;
        let stream = Stream {
            plugins: (&manifest, &loader),
            arrivals: &arrivals,
            first,
        };
        let given: BTreeMap<String, ParameterValue> = self.parameters.iter().cloned().collect();
        let mut told = vec![stream.tell(wanted, &given)?];
        for other in &self.against {
            told.push(stream.tell(other, &BTreeMap::new())?);
        }

        let then_name = format!("recorded ({})", plugin_of(identity));
        let mut heard = vec![(then_name.as_str(), &then)];
        heard.extend(told.iter().map(|one| (one.name.as_str(), &one.listening)));
        let rows: Vec<(String, Summary)> = heard
            .iter()
            .map(|(name, listening)| ((*name).to_owned(), Summary::of(listening)))
            .collect();
        self.write(&log, &arrivals, &heard, &rows, &told)?;
        print!("{}", summary(&rows));
        for one in &told {
            eprintln!("{}: {}", one.name, one.outcome(first));
        }
        let differs = told
            .iter()
            .filter_map(|one| one.replay.as_ref())
            .any(|replay| replay.first_difference(first).is_some());
        Ok(if differs {
            ExitCode::from(DIFFERS)
        } else {
            ExitCode::SUCCESS
        })
    }

    fn write(
        &self,
        log: &EventLog,
        arrivals: &Arrivals,
        heard: &[(&str, &Listening)],
        rows: &[(String, Summary)],
        told: &[Told],
    ) -> Result<()> {
        let grid = Grid::between(arrivals.span(), TimeDelta::ms(i64::from(self.step)));
        let heard: Vec<(String, Heard)> = heard
            .iter()
            .map(|(name, listening)| ((*name).to_owned(), Heard::over(&grid, listening)))
            .collect();
        let mut table = Table::new(&grid);
        for (name, heard) in &heard {
            table.heard(name, heard);
        }
        let first = log.jitter_buffers.iter().find(|one| one.stream == self.stream);
        let outcomes: Vec<(String, String)> = told
            .iter()
            .filter_map(|one| Some((one.name.clone(), one.outcome(first?))))
            .collect();
        let facts = json!({
            "log": self.log.display().to_string(),
            "origin": log.origin,
            "stream": self.stream,
            "packets": arrivals.packets(),
            "heard": rows.iter().map(|(name, row)| (name.clone(), line(row))).collect::<Map<String, Value>>(),
            "replayed": outcomes.iter().map(|(name, outcome)| (name.clone(), Value::from(outcome.as_str()))).collect::<Map<String, Value>>(),
        });
        for out in &self.out {
            write(out, &table, &facts, || {
                page(log, (self.stream, &origin(log)), &grid, &heard, rows, &outcomes)
            })?;
        }
        Ok(())
    }
}

impl Told {
    /// What came of it, in a sentence.
    fn outcome(&self, recorded: &BufferLog) -> String {
        let played = self.listening.played.len();
        if let Some((at, fault)) = &self.listening.fault {
            return format!(
                "it failed at {:.3} s, after {played} answers: {fault}",
                at.us() as f64 / 1e6
            );
        }
        if let Some(replay) = &self.replay {
            let steps = replay.steps.len();
            return match replay.first_difference(recorded) {
                None => format!("asked the same {steps} times, and decided as recorded, bit for bit"),
                Some(first) => {
                    format!(
                        "asked the same {steps} times, and decided otherwise than recorded: first at {first}"
                    )
                }
            };
        }
        format!("played what came, with {played} answers")
    }
}

/// What was recorded, and how plugins are had.
struct Stream<'a> {
    plugins: (&'a Manifest, &'a Loader),
    arrivals: &'a Arrivals,
    first: &'a BufferLog,
}

impl Stream<'_> {
    /// Lets a plugin play; that of the recording is asked what it was asked, too.
    fn tell(&self, id: &str, given: &BTreeMap<String, ParameterValue>) -> Result<Told> {
        let recorded: Option<&Identity> = self.first.identity.as_ref();
        let wanted = Wanted::resolve(SOCKET, self.plugins, id, given, recorded)?;
        let made = || {
            let mut buffer = self
                .plugins
                .1
                .create::<dyn JitterBuffer>(&wanted.resolved, wanted.seed())
                .into_diagnostic()?;
            wanted.set_recorded(&mut buffer)?;
            Ok::<_, miette::Report>(buffer)
        };
        let listening = Listening::of_plugin(self.arrivals, &mut made()?).into_diagnostic()?;
        let replay = match wanted.is_as_recorded() {
            true => Some(replay(self.first, &mut made()?).into_diagnostic()?),
            false => None,
        };
        Ok(Told {
            name: named(id, given),
            listening,
            replay,
        })
    }
}
