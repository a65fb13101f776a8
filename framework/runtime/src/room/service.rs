//! The room's part of the control thread: what came back from the audio thread is looked at and dropped here, a hundred times a second.

use std::collections::BTreeMap;

use jackfield_core::time::Timestamp;
use jackfield_core::units::TimeDelta;
use jackfield_graph::command::Outcome;
use jackfield_graph::swap::{SwapMeasure, SwapOutcome as Ended};

use super::{Inner, Room, State, participant_id, trace};
use crate::view::RoomEvent;

/// How often the levels are told.
const LEVELS_EVERY: TimeDelta = TimeDelta::ms(100);

impl Room {
    /// Looks at what came back. \[control\]
    pub(crate) fn service(&self, now: Timestamp) {
        let inner = &self.inner;
        let mut state = inner.state();
        let mut broken = Vec::new();
        let mut steps = Vec::new();
        while let Ok(outcome) = state.control.outcomes.pop() {
            if let Outcome::Stepped { swap, step } = outcome {
                steps.push((swap, step));
                continue;
            }
            if let Some(bypassed) = state.take(&inner.name, outcome) {
                broken.push(bypassed);
            }
        }
        if now.since(state.levels_at) >= LEVELS_EVERY {
            state.levels_at = now;
            inner.tell(levels(&state));
        }
        inner.trace_statistics(&mut state, now);
        drop(state);
        for (swap, step) in steps {
            inner.progress(swap, step);
        }
        for (participant, socket, reason) in broken {
            inner.replace_broken(participant, socket, reason);
        }
    }
}

impl State {
    /// Takes one outcome; what it holds is dropped here. Gives the place of a processor that broke.
    fn take(&mut self, room: &str, outcome: Outcome) -> Option<(u32, usize, &'static str)> {
        match outcome {
            Outcome::ParameterSet { ticket, result } => {
                if let Some(waiting) = self.tickets.remove(&ticket) {
                    let _ = waiting.send(result);
                }
            }
            Outcome::ProcessorSwapped {
                swap,
                participant,
                socket,
                measure,
                retired,
            } => {
                self.bypassed.remove(&(participant, socket));
                self.count(room, swap, measure);
                drop(retired);
            }
            Outcome::MixerSwapped(swapped) => self.count(room, swapped.id, swapped.measure),
            Outcome::JitterSwapped {
                swap,
                participant,
                measure,
                retired,
            } => {
                let member = self.member(participant);
                if let Some(log) = member.and_then(|member| member.event_log.as_ref()) {
                    let stays = measure.outcome == Ended::Committed;
                    log.jitter_swapped(swap, (!stays).then_some(measure.reason));
                }
                self.count(room, swap, measure);
                drop(retired);
            }
            Outcome::CodecSwapped {
                swap,
                measure,
                retired,
                ..
            } => {
                self.count(room, swap, measure);
                drop(retired);
            }
            Outcome::Stepped { .. } => {}
            Outcome::Bypassed {
                participant,
                socket,
                reason,
            } => {
                self.bypassed.insert((participant, socket));
                return Some((participant, socket, reason));
            }
            Outcome::Left(_) | Outcome::UnusedEncoder(_) | Outcome::UnusedDecoders(_) => {}
        }
        None
    }

    /// One place of a swap has ended.
    fn count(&mut self, room: &str, swap: u64, measure: SwapMeasure) {
        self.stalls.record(measure.stall_us);
        trace::swapped(room, swap, &measure);
        let Some(under_way) = self.swaps_under_way.get_mut(&swap) else {
            return;
        };
        under_way.measure = under_way.measure.worst(measure);
        under_way.left = under_way.left.saturating_sub(1);
        under_way.committed += usize::from(measure.outcome == Ended::Committed);
        if under_way.left == 0
            && let Some(ended) = self.swaps_under_way.remove(&swap)
        {
            let _ = ended.done.send((ended.measure, ended.committed));
        }
    }
}

impl Inner {
    /// A processor broke while it ran: the socket's fallback takes its place for this participant.
    fn replace_broken(&self, participant: u32, socket: usize, reason: &'static str) {
        let mut state = self.state();
        let Some(broken) = state
            .fitting
            .processors(&state.plan)
            .get(socket)
            .map(|s| (*s).clone())
        else {
            return;
        };
        tracing::error!(
            room = self.name,
            participant = participant_id(participant),
            socket = broken.name(),
            plugin = broken.resolved.id,
            reason,
            "a plugin broke and is bypassed"
        );
        let loader = &self.shared.loader;
        let fallback = loader
            .resolve_fallback(&broken.manifest, broken.area())
            .ok()
            .flatten();
        if let Some(resolved) = fallback.filter(|f| f.id != broken.resolved.id)
            && let Ok(standby) = state.newcomer(&broken, resolved)
            && let Ok(newcomer) = crate::fitting::processor(
                loader,
                &standby,
                self.config.format,
                self.seed(participant, socket as u64),
            )
        {
            let swap = self.shared.next_number();
            state.order(jackfield_graph::command::Command::SwapProcessor(
                jackfield_graph::command::SwapProcessor {
                    swap,
                    participant,
                    socket,
                    newcomer,
                    hold: false,
                },
            ));
        }
        let event = state.change();
        drop(state);
        self.tell(event);
    }
}

fn levels(state: &State) -> RoomEvent {
    let mut levels = BTreeMap::new();
    let mut active = Vec::new();
    for member in &state.members {
        let level = member.strip.level_dbov();
        levels.insert(member.id(), level);
        if member.strip.is_heard() {
            active.push((level, member.id()));
        }
    }
    active.sort_by(|a, b| b.0.total_cmp(&a.0));
    RoomEvent::Levels {
        levels,
        active: active.into_iter().map(|(_, id)| id).collect(),
    }
}
