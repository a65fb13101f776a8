//! What the control thread tells of each node of a room's plan, for whoever turns it on: `debug` for what changes, `trace` for how each
//! node is doing once a second. The audio thread tells nothing.

use jackfield_core::time::Timestamp;
use jackfield_core::units::TimeDelta;
use jackfield_graph::plan::Plan;
use jackfield_graph::swap::SwapMeasure;

use super::{Inner, State, participant_id};

/// The target of these events, to filter by.
pub(crate) const TARGET: &str = "jackfield::node";

/// How often the statistics of the nodes are told.
const STATISTICS_EVERY: TimeDelta = TimeDelta::seconds(1);

/// Tells every node of a plan that has been made.
pub(super) fn plan(room: &str, plan: &Plan) {
    for node in &plan.nodes {
        let format = node
            .format
            .map_or_else(|| "packets".to_owned(), |format| format.to_string());
        tracing::debug!(
            target: TARGET,
            room,
            node = node.name,
            socket = node.socket.as_deref(),
            kind = node.kind.map_or("converter", jackfield_graph::description::Kind::name),
            plugin = node.plugin,
            format,
            latency_ms = node.latency_ms,
            reason = node.reason,
            "planned"
        );
    }
}

/// Tells what a swap did in one place.
pub(super) fn swapped(room: &str, swap: u64, measure: &SwapMeasure) {
    tracing::debug!(
        target: TARGET,
        room,
        swap,
        outcome = ?measure.outcome,
        reason = measure.reason,
        samples_lost = measure.samples_lost,
        discontinuity_db = measure.discontinuity_db,
        stall_us = measure.stall_us,
        added_latency_ms = measure.added_latency_ms,
        "swapped"
    );
}

impl Inner {
    /// Tells, if somebody listens and it is time, how each node of each participant is doing.
    pub(super) fn trace_statistics(&self, state: &mut State, now: Timestamp) {
        if !tracing::enabled!(target: TARGET, tracing::Level::TRACE)
            || now.since(state.traced_at) < STATISTICS_EVERY
        {
            return;
        }
        state.traced_at = now;
        for (at, socket) in state.fitting.processors(&state.plan).into_iter().enumerate() {
            let statistics = &socket.module().statistics;
            for member in &state.members {
                let Some(place) = member.strip.sockets.get(at) else {
                    continue;
                };
                let values: Vec<String> = statistics
                    .iter()
                    .zip(place.values())
                    .map(|(statistic, value)| format!("{}={value}", statistic.name))
                    .collect();
                tracing::trace!(
                    target: TARGET,
                    room = self.name,
                    participant = participant_id(member.number),
                    node = socket.name(),
                    plugin = socket.resolved.id,
                    latency_samples = place.latency_samples(),
                    bypassed = place.is_bypassed(),
                    statistics = values.join(" "),
                    "running"
                );
            }
        }
    }
}
