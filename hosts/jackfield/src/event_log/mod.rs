//! Event logs on the command line: looked at, and replayed into other congestion controllers.

mod page;
mod replay;
mod table;
mod view;

use std::path::Path;

use jackfield_event_log::{ControllerLog, EventLog};
use miette::{IntoDiagnostic, Result, WrapErr, miette};

pub(crate) use replay::ReplayBweCommand;
pub(crate) use view::EventLogCommand;

/// Reads a log. What is odd about it is said, and it is used all the same.
fn read(path: &Path) -> Result<EventLog> {
    let place = path.display();
    let bytes = std::fs::read(path)
        .into_diagnostic()
        .wrap_err_with(|| format!("cannot read the event log {place}"))?;
    let log = EventLog::parse(&bytes).map_err(|error| miette!("{place}: {error}"))?;
    if log.torn {
        eprintln!(
            "Warning: the last line of {place} is torn and left out: the program that wrote it was ended in the middle."
        );
    }
    if let Some(why) = &log.stopped {
        eprintln!("Warning: {place} ends before the call does: {why}.");
    }
    for controller in log.controllers.iter().filter(|one| one.missing > 0) {
        eprintln!(
            "Warning: {} events of the controller {} are missing, because they came faster than they could be written.",
            controller.missing,
            name(controller)
        );
    }
    Ok(log)
}

/// Which controller it is: "0" for the first of a flow, "0.1" for its successor.
fn name(controller: &ControllerLog) -> String {
    match controller.instance {
        0 => controller.flow.to_string(),
        instance => format!("{}.{instance}", controller.flow),
    }
}

/// The plugin's id, as far as it was noted.
fn plugin(controller: &ControllerLog) -> &str {
    controller
        .identity
        .as_ref()
        .map(|identity| identity.plugin.as_str())
        .filter(|id| !id.is_empty())
        .unwrap_or("an unnamed controller")
}

/// Where the log comes from, in words.
fn origin(log: &EventLog) -> String {
    let facts: Vec<String> = log
        .origin
        .iter()
        .map(|(key, value)| format!("{key} {value}"))
        .collect();
    facts.join(", ")
}
