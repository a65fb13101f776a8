//! Resources that run short, and what follows from it: each votes for how much may be encoded, and the vote that limits most wins.
//!
//! A resource is whatever has a name and an opinion: the processor, a battery, heat, an operator. What they agree on is told to the encoders, here
//! ([`crate::command::Command::Limit`]) and at the peers; the congestion controller has no say in it, and is not asked: a path may bear more than a
//! machine. Steps and delays are those of libwebrtc (`call/adaptation`, `rtc_base/experiments/balanced_degradation_settings.cc`,
//! `video/adaptation/overuse_frame_detector.cc`).
//!
//! ```
//! use jackfield_core::units::DataRate;
//! use jackfield_graph::resources::{FrameRate, Limits, Pictures, Resources};
//!
//! let mut resources = Resources::new();
//! assert_eq!(resources.limits(), Limits::NONE, "nobody minds");
//! resources.vote("battery", Some(Limits::audio(DataRate::kbps(24))));
//! let few = Pictures::new(FrameRate::fps(15), 640 * 360);
//! resources.vote("processor", Some(Limits { audio: DataRate::kbps(32), pictures: few }));
//! assert_eq!(resources.limits(), Limits { audio: DataRate::kbps(24), pictures: few });
//! resources.vote("battery", None);
//! assert_eq!(resources.limits().audio, DataRate::kbps(32));
//! ```

mod pictures;
mod processor;

use std::collections::BTreeMap;

use jackfield_core::units::DataRate;

pub use pictures::{FrameRate, Pictures};
pub use processor::{ProcessorUse, TickCount};

/// The name under which the processor of this machine votes.
pub const PROCESSOR: &str = "processor";
/// The name under which the peer of a participant votes, about what is sent to it.
pub const PEER: &str = "peer";

/// The most that encoders may make, each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Of sound: payload; infinite for no limit.
    pub audio: DataRate,
    /// Of pictures.
    pub pictures: Pictures,
}

impl Limits {
    /// Everything goes.
    pub const NONE: Self = Self {
        audio: DataRate::INFINITE,
        pictures: Pictures::UNLIMITED,
    };

    /// So much sound, and whatever pictures.
    pub const fn audio(audio: DataRate) -> Self {
        Self {
            audio,
            pictures: Pictures::UNLIMITED,
        }
    }

    /// What keeps within both, in every dimension.
    #[must_use]
    pub fn most_limiting(self, other: Self) -> Self {
        Self {
            audio: self.audio.min(other.audio),
            pictures: self.pictures.most_limiting(other.pictures),
        }
    }
}

/// Who has voted, and for what. \[control\]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resources {
    votes: BTreeMap<String, Limits>,
}

impl Resources {
    /// Nobody has voted.
    pub const fn new() -> Self {
        Self {
            votes: BTreeMap::new(),
        }
    }

    /// `resource` votes for encoders that make at most so much; `None` takes its vote back. A vote replaces the one before. Tells whether the limits
    /// have become others.
    pub fn vote(&mut self, resource: &str, most: Option<Limits>) -> bool {
        let before = self.limits();
        match most {
            Some(most) => {
                let audio = most.audio.max(DataRate::ZERO);
                self.votes.insert(resource.to_owned(), Limits { audio, ..most })
            }
            None => self.votes.remove(resource),
        };
        self.limits() != before
    }

    /// What all can live with.
    pub fn limits(&self) -> Limits {
        agreed(self.votes())
    }

    /// What all but this one can live with.
    pub fn limits_of_others(&self, resource: &str) -> Limits {
        agreed(self.votes().filter(|(name, _)| *name != resource))
    }

    /// Who has voted for what.
    pub fn votes(&self) -> impl Iterator<Item = (&str, Limits)> {
        self.votes.iter().map(|(name, most)| (name.as_str(), *most))
    }
}

fn agreed<'a>(votes: impl Iterator<Item = (&'a str, Limits)>) -> Limits {
    votes.fold(Limits::NONE, |limits, (_, most)| limits.most_limiting(most))
}
