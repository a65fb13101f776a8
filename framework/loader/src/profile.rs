//! Profiles: which sockets a kind of call has, what fits into each, and what stands in it unless the manifest says otherwise.

use jackfield_core::congestion_controller::CongestionRole;
use serde::Serialize;

use crate::error::LoadError;
use crate::loader::{Loader, Resolved};
use crate::manifest::SocketManifest;
use crate::metadata::ModuleInfo;

/// A kind of call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Profile {
    /// Everyone hears everyone else, mixed by the host.
    Conference,
}

impl Profile {
    /// All there are.
    pub const ALL: &'static [Self] = &[Self::Conference];

    /// The name that manifests use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Conference => "conference",
        }
    }

    /// The profile of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|profile| profile.name() == name)
    }

    /// Its sockets in signal order.
    pub const fn sockets(self) -> &'static [SocketDefinition] {
        match self {
            Self::Conference => CONFERENCE,
        }
    }

    /// The definition of the socket of this name.
    pub fn socket(self, name: &str) -> Option<&'static SocketDefinition> {
        self.sockets().iter().find(|socket| socket.name == name)
    }

    /// The plugin that is to stand in a socket of a call of this kind: [`Loader::resolve`], and whether it decides where that socket does
    /// ([`SocketDefinition::fit`]).
    ///
    /// # Errors
    /// As those.
    pub fn resolve(self, loader: &Loader, socket: &SocketManifest) -> Result<Resolved, LoadError> {
        match self.socket(&socket.name) {
            Some(definition) => definition.fit(loader.resolve(socket, definition.area)?),
            None => loader.resolve(socket, ""),
        }
    }

    /// The manifest text from which sockets come that a manifest with this profile leaves out.
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Conference => include_str!("default.toml"),
        }
    }
}

/// A socket of a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct SocketDefinition {
    /// The name that manifests use: `echo`.
    pub name: &'static str,
    /// The name that people read: `Echo canceller`.
    pub title: &'static str,
    /// The area of the plugins that fit: `jackfield.audio-processor/1`.
    pub area: &'static str,
    /// Whether there is one instance for each participant or one for the room.
    pub scope: Scope,
    /// Of a congestion controller: where it decides.
    #[serde(skip)]
    pub congestion_role: CongestionRole,
}

impl SocketDefinition {
    /// Whether a module fits into it.
    pub fn takes(&self, module: &ModuleInfo) -> bool {
        module.area == self.area && module.congestion_role.serves(self.congestion_role)
    }

    /// Hands on what fits into it.
    ///
    /// # Errors
    /// [`LoadError::WrongRole`] if it is a congestion controller that decides elsewhere.
    pub fn fit(&self, resolved: Resolved) -> Result<Resolved, LoadError> {
        let offered = resolved.module().congestion_role;
        if self.takes(resolved.module()) {
            return Ok(resolved);
        }
        Err(LoadError::WrongRole {
            socket: self.name.to_owned(),
            id: resolved.id,
            wanted: self.congestion_role,
            offered,
        })
    }
}

/// How many instances of a socket's plugin there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// One, or one for each direction, for each participant.
    Participant,
    /// One for the room.
    Room,
}

const fn socket(
    name: &'static str,
    title: &'static str,
    area: &'static str,
    scope: Scope,
) -> SocketDefinition {
    SocketDefinition {
        name,
        title,
        area,
        scope,
        congestion_role: CongestionRole::Sender,
    }
}

const CONFERENCE: &[SocketDefinition] = &[
    socket(
        "transport",
        "Transport",
        "jackfield.transport/1",
        Scope::Participant,
    ),
    socket(
        "jitter",
        "Jitter buffer",
        "jackfield.jitter-buffer/1",
        Scope::Participant,
    ),
    socket("codec", "Codec", "jackfield.audio-codec/1", Scope::Participant),
    socket(
        "echo",
        "Echo canceller",
        "jackfield.audio-processor/1",
        Scope::Participant,
    ),
    socket(
        "noise",
        "Noise suppressor",
        "jackfield.audio-processor/1",
        Scope::Participant,
    ),
    socket("gain", "Gain", "jackfield.audio-processor/1", Scope::Participant),
    socket("mixer", "Mixer", "jackfield.mixer/1", Scope::Room),
    socket(
        "congestion",
        "Congestion controller",
        "jackfield.congestion-controller/1",
        Scope::Participant,
    ),
    socket("pacer", "Pacer", "jackfield.pacer/1", Scope::Participant),
    SocketDefinition {
        congestion_role: CongestionRole::Receiver,
        ..socket(
            "estimator",
            "Receive-side estimator",
            "jackfield.congestion-controller/1",
            Scope::Participant,
        )
    },
];
