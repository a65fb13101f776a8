//! Event logs on the command line: looked at, and replayed into other congestion controllers and jitter buffers.

mod buffers;
mod heard;
mod page;
mod replay;
mod replay_jitter;
mod table;
mod view;
mod wanted;

use std::path::Path;

use jackfield_event_log::{ControllerLog, EventLog, Identity, Swapped};
use miette::{IntoDiagnostic, Result, WrapErr, miette};

pub(crate) use replay::ReplayBweCommand;
pub(crate) use replay_jitter::ReplayJitterCommand;
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
    for buffer in log.jitter_buffers.iter().filter(|one| one.missing > 0) {
        eprintln!(
            "Warning: {} steps of the jitter buffer {} are missing, because they came faster than they could be written.",
            buffer.missing,
            numbered(buffer.stream, buffer.instance)
        );
    }
    Ok(log)
}

/// Which controller it is.
fn name(controller: &ControllerLog) -> String {
    numbered(controller.flow, controller.instance)
}

/// "0" for the first one of a flow or stream, "0.1" for its successor.
fn numbered(of: u32, instance: u32) -> String {
    match instance {
        0 => of.to_string(),
        instance => format!("{of}.{instance}"),
    }
}

/// The plugin's id, as far as it was noted.
fn plugin(controller: &ControllerLog) -> &str {
    plugin_of(controller.identity.as_ref())
}

fn plugin_of(identity: Option<&Identity>) -> &str {
    identity
        .map(|identity| identity.plugin.as_str())
        .filter(|id| !id.is_empty())
        .unwrap_or("an unnamed plugin")
}

/// How a swap ended, in words.
fn ended(swap: &Swapped) -> String {
    match &swap.rolled_back {
        None => "committed".to_owned(),
        Some(why) => format!("rolled back: {why}"),
    }
}

/// Version, parameters and seed, by name.
fn identity_facts(identity: Option<&Identity>) -> Vec<(String, String)> {
    let Some(identity) = identity else {
        return Vec::new();
    };
    let parameters = identity.parameters.iter();
    let parameters: Vec<String> = parameters
        .map(|(name, value)| format!("{name} = {value}"))
        .collect();
    vec![
        ("version".to_owned(), identity.version.clone()),
        ("parameters".to_owned(), parameters.join(", ")),
        ("seed".to_owned(), identity.seed.to_string()),
    ]
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
