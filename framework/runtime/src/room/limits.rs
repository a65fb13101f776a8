//! What resources let be encoded, here for participants and at their peers for the room.

use jackfield_core::units::DataRate;
use jackfield_graph::command::Command;
use jackfield_graph::resources::{FrameRate, Limits, PEER, Pictures};
use jackfield_session::signalling;

use super::negotiate::Participant;
use super::{Inner, Room, State};
use crate::view::{RoomEvent, RoomLimits};

impl Participant {
    /// `resource` votes for encoding at most so much for this participant; `None` takes its vote back. The most limiting vote wins, those for the whole
    /// room included. Its peer is asked to send no more than that either.
    pub fn vote(&self, resource: &str, most: Option<Limits>) {
        self.room().inner.vote_for(self.number(), resource, most);
    }

    /// Its peer has told how much it can bear of what is sent to it.
    pub fn set_limits(&self, limits: signalling::Limits) {
        self.vote(PEER, vote(limits));
    }

    /// How much its peer shall send at most: what those have voted for who vote for the room, or for this participant and are not its peer.
    pub fn limits(&self) -> signalling::Limits {
        let state = self.room().inner.state();
        let own = state.member(self.number());
        let own = own.map_or(Limits::NONE, |member| member.resources.limits_of_others(PEER));
        told(state.resources.limits().most_limiting(own))
    }
}

impl Room {
    /// `resource` votes for encoding at most so much for each participant; `None` takes its vote back. The most limiting vote wins. All peers are asked
    /// to send no more than that either.
    pub fn vote(&self, resource: &str, most: Option<Limits>) {
        let inner = &self.inner;
        let mut state = inner.state();
        let before = state.resources.limits();
        if !state.resources.vote(resource, most) {
            return;
        }
        let limits = state.resources.limits();
        tracing::info!(
            room = inner.name,
            resource,
            ?limits,
            "a resource limits what is encoded"
        );
        state.order_limit(None, before, limits);
        drop(state);
        inner.tell(RoomEvent::Limits);
    }

    /// As [`Room::vote`], of what was told as a message; without any limit the vote is taken back.
    pub fn set_limits(&self, resource: &str, limits: signalling::Limits) {
        self.vote(resource, vote(limits));
    }

    /// Who has voted for what in this room, and what all can live with.
    pub fn limits(&self) -> RoomLimits {
        let state = self.inner.state();
        let votes = state.resources.votes();
        RoomLimits {
            room: self.inner.name.clone(),
            limits: told(state.resources.limits()),
            votes: votes.map(|(name, most)| (name.to_owned(), told(most))).collect(),
        }
    }
}

impl Inner {
    fn vote_for(&self, number: u32, resource: &str, most: Option<Limits>) {
        let mut state = self.state();
        let Some(member) = state.member_mut(number) else {
            return;
        };
        let before = member.resources.limits();
        if !member.resources.vote(resource, most) {
            return;
        }
        let limits = member.resources.limits();
        state.order_limit(Some(number), before, limits);
        drop(state);
        if resource != PEER {
            self.tell(RoomEvent::Limits);
        }
    }
}

impl State {
    /// Encoders here make sound alone.
    pub(super) fn order_limit(&mut self, participant: Option<u32>, before: Limits, limits: Limits) {
        if limits.audio != before.audio {
            self.order(Command::Limit {
                participant,
                most: limits.audio,
            });
        }
    }
}

fn vote(limits: signalling::Limits) -> Option<Limits> {
    let limit = |most: Option<std::num::NonZeroU32>| most.map_or(u32::MAX, std::num::NonZeroU32::get);
    let audio = limits
        .audio_kbps
        .map_or(DataRate::INFINITE, |kbps| DataRate::kbps(kbps.get().into()));
    let pictures = Pictures::new(FrameRate::fps(limit(limits.frame_rate)), limit(limits.pixels));
    let limits = Limits { audio, pictures };
    (limits != Limits::NONE).then_some(limits)
}

fn told(limits: Limits) -> signalling::Limits {
    // What is no limit, or too little to be said, is left out or said as the least.
    let limit = |most: u32| std::num::NonZeroU32::new(most.max(1)).filter(|most| most.get() < u32::MAX);
    let kbps = u32::try_from(limits.audio.as_bps() / 1_000).unwrap_or(u32::MAX);
    signalling::Limits {
        audio_kbps: limit(kbps),
        frame_rate: limit(limits.pictures.frame_rate.as_fps()),
        pixels: limit(limits.pictures.pixels),
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    #[test]
    fn d5_2_what_is_told_of_limits_is_what_was_voted_for() {
        let message = signalling::Limits {
            audio_kbps: NonZeroU32::new(24),
            frame_rate: None,
            pixels: NonZeroU32::new(230_400),
        };
        let voted = vote(message).unwrap();
        assert_eq!(voted.audio, DataRate::kbps(24));
        assert_eq!(voted.pictures, Pictures::new(FrameRate::UNLIMITED, 230_400));
        assert_eq!(told(voted), message);
        assert_eq!(vote(signalling::Limits::default()), None, "no limit is no vote");
        assert_eq!(told(Limits::NONE), signalling::Limits::default());
        let nothing = Limits {
            audio: DataRate::ZERO,
            pictures: Pictures::new(FrameRate::fps(0), 0),
        };
        assert_eq!(told(nothing).pixels, NonZeroU32::new(1), "no limit is a wall");
    }
}
