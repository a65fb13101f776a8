//! Coming and going.

use std::path::Path;
use std::sync::{Arc, MutexGuard};

use jackfield_abi::Area;
use jackfield_core::audio::AudioFormat;
use jackfield_core::audio_source::AudioSource;
use jackfield_core::environment::Environment;
use jackfield_core::module::Module;
use jackfield_graph::command::Command;
use jackfield_graph::processor::ProcessorSlot;
use jackfield_graph::resources::{Limits, Resources};
use jackfield_graph::stats::StripStats;
use jackfield_graph::strip::{Input, Output, Strip};
use jackfield_session::signalling::Link;

use super::negotiate::Participant;
use super::{Inner, Member, Room, State, participant_id};
use crate::error::{EngineError, SocketError};
use crate::fitting::{self, Socket};
use crate::view::{ParticipantKind, RoomEvent};

/// So often instances are made while the room's control path is free; then nothing may be changed meanwhile.
pub(super) const FREE_ROUNDS: u32 = 3;
/// The plugin that plays clips, if it is there.
const CLIP_PLAYER: &str = "jackfield.capture.file";

impl Room {
    /// Somebody comes in; media flow once they have made an offer.
    ///
    /// # Errors
    /// If the room is full.
    pub fn join(&self, name: &str, kind: ParticipantKind) -> Result<Participant, EngineError> {
        let inner = &self.inner;
        let mut state = inner.state();
        let number = inner.enter(&mut state, name, kind)?;
        drop(state);
        Ok(Participant::new(self.clone(), number))
    }

    /// A robot comes in that plays the clip in the file `clip` over and over.
    ///
    /// # Errors
    /// If the room is full or the clip cannot be played.
    pub fn add_robot(&self, name: &str, clip: &Path) -> Result<Participant, EngineError> {
        let inner = &self.inner;
        let source = inner.open_clip(clip)?;
        let number = inner.enter(&mut inner.state(), name, ParticipantKind::Robot)?;
        let robot = Participant::new(self.clone(), number);
        match inner.play(number, source) {
            Ok(()) => Ok(robot),
            Err(error) => {
                inner.leave(number);
                Err(error.into())
            }
        }
    }
}

impl Inner {
    fn enter(&self, state: &mut State, name: &str, kind: ParticipantKind) -> Result<u32, EngineError> {
        if state.members.len() >= self.config.max_participants {
            return Err(EngineError::RoomFull {
                room: self.name.clone(),
                most: self.config.max_participants,
            });
        }
        let number = state.next_number;
        state.next_number += 1;
        let processors = state.plan.processors().count();
        state.members.push(Member {
            number,
            name: name.to_owned(),
            kind,
            muted: false,
            link: Link::default(),
            resources: Resources::new(),
            strip: Arc::new(StripStats::new(processors)),
            network: None,
            estimated: false,
            event_log: None,
            media: None,
            transport: None,
            connection: 0,
            connection_before: 0,
        });
        let view = state.members.last().map(Member::view);
        if let Some(view) = view {
            self.tell(RoomEvent::ParticipantJoined(view));
        }
        Ok(number)
    }

    /// Has a robot play `source`. Its processors are made while the room's control path is free; if something else stands in their sockets by then,
    /// they are made anew, the last time with the room's control path held. [control, may block]
    fn play(&self, number: u32, source: Box<dyn AudioSource>) -> Result<(), SocketError> {
        for _ in 0..FREE_ROUNDS {
            let sockets = self.state().processors();
            let slots = self.slots(&sockets, number)?;
            let state = self.state();
            if fitting::make_the_same(&sockets, &state.processors()) {
                self.play_through(state, number, source, slots);
                return Ok(());
            }
        }
        let state = self.state();
        let slots = self.slots(&state.processors(), number)?;
        self.play_through(state, number, source, slots);
        Ok(())
    }

    fn play_through(
        &self,
        mut state: MutexGuard<'_, State>,
        number: u32,
        source: Box<dyn AudioSource>,
        slots: Vec<ProcessorSlot>,
    ) {
        // One that was sent away meanwhile is not heard.
        if state.member(number).is_none() {
            return;
        }
        state.add_strip(
            number,
            self.config.format,
            Input::Source(source),
            slots,
            Output::None,
        );
        let graph = state.change();
        drop(state);
        self.tell(graph);
    }

    /// The processors of a newcomer's chain. [control, may block]
    pub(super) fn slots(&self, sockets: &[Socket], number: u32) -> Result<Vec<ProcessorSlot>, SocketError> {
        let format = self.config.format;
        (0_u64..)
            .zip(sockets)
            .map(|(place, socket)| {
                let processor =
                    fitting::processor(&self.shared.loader, socket, format, self.seed(number, place))?;
                Ok(ProcessorSlot::new(format, processor))
            })
            .collect()
    }

    pub(super) fn mute(&self, number: u32, muted: bool) {
        let mut state = self.state();
        let Some(member) = state.member_mut(number) else {
            return;
        };
        member.muted = muted;
        let view = member.view();
        state.order(Command::Mute {
            participant: number,
            muted,
        });
        drop(state);
        self.tell(RoomEvent::ParticipantChanged(view));
    }

    /// Takes somebody out of the room, and off both threads.
    pub(super) fn leave(&self, number: u32) -> bool {
        let mut state = self.state();
        let Some(at) = state.members.iter().position(|m| m.number == number) else {
            return false;
        };
        state.members.remove(at);
        state.order(Command::RemoveStrip(number));
        state.bypassed.retain(|(participant, _)| *participant != number);
        let graph = state.change();
        drop(state);
        self.shared.network.remove(self.key, number);
        self.tell(RoomEvent::ParticipantLeft(participant_id(number)));
        self.tell(graph);
        true
    }

    fn open_clip(&self, clip: &Path) -> Result<Box<dyn AudioSource>, EngineError> {
        let refuse = |reason: String| EngineError::Clip {
            clip: clip.display().to_string(),
            reason,
        };
        let area = <dyn AudioSource as Area>::SHAPE.id;
        let catalogue = self.shared.loader.catalogue();
        let (file, module) = catalogue
            .of_area(area)
            .find(|(_, module)| module.id == CLIP_PLAYER)
            .ok_or_else(|| {
                refuse(format!(
                    "the plugin `{CLIP_PLAYER}` is in none of the plugin folders; build it, or add its folder"
                ))
            })?;
        let image = self.shared.loader.image(file)?;
        let mut source = image.create::<dyn AudioSource>(&module.id, &Environment::seeded(1))?;
        let looped = (0_u32..)
            .zip(&module.parameters)
            .find(|(_, p)| p.name == "loop" || p.name == "looped");
        if let Some((index, _)) = looped {
            source
                .set_parameter(index, 1.0)
                .map_err(|fault| refuse(fault.to_string()))?;
        }
        let path = clip
            .to_str()
            .ok_or_else(|| refuse("its path is not UTF-8; rename it".to_owned()))?;
        source
            .open(path, &self.config.format)
            .map_err(|fault| refuse(fault.to_string()))?;
        Ok(Box::new(source))
    }
}

impl State {
    /// What stands in the chain of a voice.
    pub(super) fn processors(&self) -> Vec<Socket> {
        self.fitting.processors(&self.plan).into_iter().cloned().collect()
    }

    /// Gives the strip of somebody who came in to the audio thread.
    pub(super) fn add_strip(
        &mut self,
        number: u32,
        format: AudioFormat,
        input: Input,
        slots: Vec<ProcessorSlot>,
        output: Output,
    ) {
        let Some(member) = self.member(number) else { return };
        let (stats, muted) = (Arc::clone(&member.strip), member.muted);
        let limits = member.resources.limits();
        let strip = Strip::new(number, format, input, slots, output, stats);
        self.order(Command::AddStrip(Box::new(strip)));
        if muted {
            self.order(Command::Mute {
                participant: number,
                muted,
            });
        }
        // What was voted for before there was an encoder.
        self.order_limit(Some(number), Limits::NONE, limits);
        self.arrivals += 1;
    }
}
