//! The traces that scenarios name: each is opened and read once, however many links and variants name it.

use std::collections::BTreeMap;

use super::{ScenarioError, TraceSource};
use crate::trace::RateTrace;

/// Traces by the names that the scenario gives them.
pub(super) struct Traces<'a> {
    source: &'a mut dyn TraceSource,
    rates: BTreeMap<String, RateTrace>,
}

impl<'a> Traces<'a> {
    pub(super) fn of(source: &'a mut dyn TraceSource) -> Self {
        Self {
            source,
            rates: BTreeMap::new(),
        }
    }

    /// The rates of the trace that stands at `key`.
    pub(super) fn rate(&mut self, key: &str, name: &str) -> Result<&RateTrace, ScenarioError> {
        if !self.rates.contains_key(name) {
            let text = self.source.text(name).map_err(|why| {
                ScenarioError::new(
                    key,
                    format!("the trace `{name}` cannot be had: {why}"),
                    "put it there, or name another; a relative path starts at the folder of the scenario",
                )
            })?;
            let trace = RateTrace::parse(&text).map_err(|error| {
                ScenarioError::new(
                    key,
                    format!("the trace `{name}` cannot be used: {error}"),
                    "mend it, or name another; docs/reference/traces.md shows what traces look like",
                )
            })?;
            self.rates.insert(name.to_owned(), trace);
        }
        Ok(&self.rates[name])
    }
}
