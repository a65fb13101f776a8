//! The traces that scenarios name: each is opened and read once, however many links, streams and variants name it.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::{ScenarioError, TraceSource};
use crate::trace::{FrameTrace, RateTrace, TraceError};

/// Traces by the names that the scenario gives them.
pub(super) struct Traces<'a> {
    source: &'a mut dyn TraceSource,
    rates: BTreeMap<String, RateTrace>,
    frames: BTreeMap<String, FrameTrace>,
}

impl<'a> Traces<'a> {
    pub(super) fn of(source: &'a mut dyn TraceSource) -> Self {
        Self {
            source,
            rates: BTreeMap::new(),
            frames: BTreeMap::new(),
        }
    }

    /// The rates of the trace that stands at `key`.
    pub(super) fn rate(&mut self, key: &str, name: &str) -> Result<&RateTrace, ScenarioError> {
        read(self.source, &mut self.rates, key, name, RateTrace::parse)
    }

    /// The sizes of frames of the trace that stands at `key`.
    pub(super) fn frames(&mut self, key: &str, name: &str) -> Result<&FrameTrace, ScenarioError> {
        read(self.source, &mut self.frames, key, name, FrameTrace::parse)
    }
}

fn read<'a, T>(
    source: &mut dyn TraceSource,
    known: &'a mut BTreeMap<String, T>,
    key: &str,
    name: &str,
    parse: fn(&str) -> Result<T, TraceError>,
) -> Result<&'a T, ScenarioError> {
    let vacant = match known.entry(name.to_owned()) {
        Entry::Occupied(read) => return Ok(read.into_mut()),
        Entry::Vacant(vacant) => vacant,
    };
    let text = source.text(name).map_err(|why| {
        ScenarioError::new(
            key,
            format!("the trace `{name}` cannot be had: {why}"),
            "put it there, or name another; a relative path starts at the folder of the scenario",
        )
    })?;
    let trace = parse(&text).map_err(|error| {
        ScenarioError::new(
            key,
            format!("the trace `{name}` cannot be used: {error}"),
            "mend it, or name another; docs/reference/traces.md shows what traces look like",
        )
    })?;
    Ok(vacant.insert(trace))
}
