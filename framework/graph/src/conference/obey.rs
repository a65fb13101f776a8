//! What the control thread orders.

use std::collections::VecDeque;

use jackfield_core::time::Timestamp;

use super::Conference;
use crate::command::{Command, Outcome};
use crate::processor::SlotEvent;
use crate::publish;
use crate::stopwatch::Stopwatch;
use crate::strip::{Input, Strip};
use crate::swap::SwapMeasure;
use crate::swaps;

impl Conference {
    /// Does what an order says, between two ticks. \[audio\]
    pub(super) fn obey(&mut self, now: Timestamp, command: Command, watch: &mut dyn Stopwatch) {
        match command {
            Command::AddStrip(strip) => {
                if self.strips.len() < self.config.max_participants {
                    self.strips.push(strip);
                } else {
                    self.waiting_outcomes.push_back(Outcome::Left(strip));
                }
            }
            Command::RemoveStrip(id) => {
                if let Some(at) = self.strips.iter().position(|s| s.id == id) {
                    let mut strip = self.strips.remove(at);
                    swaps::end_orphans(&strip, &mut self.strips, &mut self.waiting_outcomes);
                    end_swaps(&mut strip, &mut self.waiting_outcomes);
                    self.waiting_outcomes.push_back(Outcome::Left(strip));
                }
            }
            Command::Mute { participant, muted } => {
                if let Some(strip) = self.strips.iter_mut().find(|s| s.id == participant) {
                    strip.muted = muted;
                }
            }
            Command::AddSharedEncoder(encoder) => {
                let has_room = self.shared.len() < self.shared.capacity();
                let unused = match self.shared.iter_mut().find(|s| s.codec == encoder.codec) {
                    Some(present) => present.successor.replace(encoder),
                    None if has_room => {
                        self.shared.push(encoder);
                        None
                    }
                    None => Some(encoder),
                };
                self.waiting_outcomes.extend(unused.map(Outcome::UnusedEncoder));
            }
            Command::SetParameter(set) => {
                let result =
                    publish::set_parameter(&mut self.strips, &mut self.shared, &mut self.mixing, &set);
                self.waiting_outcomes.push_back(Outcome::ParameterSet {
                    ticket: set.ticket,
                    result,
                });
            }
            Command::SwapProcessor(order) => {
                let Some(strip) = self.strips.iter_mut().find(|s| s.id == order.participant) else {
                    self.waiting_outcomes.push_back(Outcome::gone(
                        order.swap,
                        order.participant,
                        order.socket,
                        order.newcomer,
                    ));
                    return;
                };
                let Some(slot) = strip.slots.get_mut(order.socket) else {
                    self.waiting_outcomes.push_back(Outcome::gone(
                        order.swap,
                        order.participant,
                        order.socket,
                        order.newcomer,
                    ));
                    return;
                };
                let displaced = slot.begin_swap(order.swap, order.newcomer, order.hold, watch);
                tell(
                    &mut self.waiting_outcomes,
                    displaced,
                    order.participant,
                    order.socket,
                );
            }
            Command::SwapMixer { swap, newcomer, hold } => {
                let displaced = self.mixing.begin_swap(swap, newcomer, hold, &self.sources, watch);
                if let Some(displaced) = displaced {
                    self.waiting_outcomes.push_back(Outcome::MixerSwapped(displaced));
                }
            }
            Command::SwapJitter(order) => swaps::jitter(
                &mut self.strips,
                order,
                now,
                &mut self.pool,
                &mut self.waiting_outcomes,
                watch,
            ),
            Command::SwapCodec(order) => {
                let from = self.waiting_outcomes.len();
                swaps::note_codec(&mut self.strips, order, &mut self.waiting_outcomes);
                swaps::follow_failed_trials(&mut self.strips, &mut self.waiting_outcomes, from);
            }
            Command::DecideSwap { swap, promote } => self.decide(swap, promote),
            Command::Limit { participant, most } => self.limit(participant, most),
            Command::AddDecoders {
                participant,
                decoders,
            } => {
                let mut unused = decoders;
                if let Some(strip) = self.strips.iter_mut().find(|s| s.id == participant)
                    && let Input::Packets { receiver, .. } = &mut strip.input
                {
                    unused = receiver.swap_decoders(unused);
                }
                self.waiting_outcomes.push_back(Outcome::UnusedDecoders(unused));
            }
        }
    }
}

impl Conference {
    fn decide(&mut self, swap: u64, promote: bool) {
        let ended = self.mixing.decide(swap, promote);
        self.waiting_outcomes.extend(ended.map(Outcome::MixerSwapped));
        for strip in &mut self.strips {
            for (socket, slot) in strip.slots.iter_mut().enumerate() {
                let event = slot.decide(swap, promote);
                tell(&mut self.waiting_outcomes, event, strip.id, socket);
            }
            if let Input::Packets { receiver, .. } = &mut strip.input {
                receiver.decide(swap, promote);
            }
        }
        let from = self.waiting_outcomes.len();
        swaps::decide_codecs(&mut self.strips, swap, promote, &mut self.waiting_outcomes);
        swaps::follow_failed_trials(&mut self.strips, &mut self.waiting_outcomes, from);
    }
}

/// Somebody leaves: whatever was being swapped in the strip has come to its end.
fn end_swaps(strip: &mut Strip, outcomes: &mut VecDeque<Outcome>) {
    let participant = strip.id;
    for (socket, slot) in strip.slots.iter_mut().enumerate() {
        tell(outcomes, slot.end_swap(), participant, socket);
    }
    if let Input::Packets { receiver, .. } = &mut strip.input {
        let ended = receiver.take_ended().into_iter().chain(receiver.end_swap());
        outcomes.extend(ended.map(|ended| swaps::jitter_ended(participant, ended)));
    }
    outcomes.extend(swaps::settled(strip));
    if let Some(order) = strip.codec_swap.take() {
        outcomes.push_back(swaps::codec_ended(order, SwapMeasure::CLEAN));
    }
}

/// Passes on what a slot told.
pub(super) fn tell(
    outcomes: &mut VecDeque<Outcome>,
    event: Option<SlotEvent>,
    participant: u32,
    socket: usize,
) {
    match event {
        Some(SlotEvent::Swapped { id, measure, retired }) => {
            outcomes.push_back(Outcome::ProcessorSwapped {
                swap: id,
                participant,
                socket,
                measure,
                retired,
            });
        }
        Some(SlotEvent::Stepped { id, step }) => outcomes.push_back(Outcome::Stepped { swap: id, step }),
        Some(SlotEvent::Bypassed { reason }) => outcomes.push_back(Outcome::Bypassed {
            participant,
            socket,
            reason,
        }),
        None => {}
    }
}
