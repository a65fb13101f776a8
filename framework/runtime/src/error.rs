//! What can go wrong in a room, and what to do about it.

use jackfield_core::Fault;
use jackfield_graph::plan::PlanError;
use jackfield_loader::LoadError;

/// The engine cannot start, or a room cannot be opened or joined.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// A plugin of the manifest cannot be used.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The graph cannot be run.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A socket cannot be filled.
    #[error(transparent)]
    Socket(#[from] SocketError),
    /// The manifest names a profile that the graph does not know.
    #[error("there is no graph profile `{name}`; use one of: {}", jackfield_graph::description::Description::PROFILES.join(", "))]
    Profile {
        /// The name.
        name: String,
    },
    /// The machine refused a thread or a socket.
    #[error("the machine refused: {0}; free the port or choose another with --media")]
    Machine(String),
    /// The room is full.
    #[error(
        "the room `{room}` is full ({most} people); try again later, or raise `max_participants` in the manifest"
    )]
    RoomFull {
        /// The room.
        room: String,
        /// How many it takes.
        most: usize,
    },
    /// There are too many rooms.
    #[error("the host has as many rooms as it takes; close one first")]
    TooManyRooms,
    /// The engine has been closed.
    #[error("the host is shutting down")]
    Closed,
    /// A robot's clip cannot be played.
    #[error("cannot play {clip}: {reason}")]
    Clip {
        /// The file.
        clip: String,
        /// Why.
        reason: String,
    },
}

/// A socket cannot be changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SocketError {
    /// The room has no such socket.
    #[error("the room has no socket `{socket}`; it has: {known}")]
    NoSuchSocket {
        /// The name.
        socket: String,
        /// Those that there are.
        known: String,
    },
    /// The plugin cannot be used.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// A parameter does not fit.
    #[error("{0}")]
    Parameter(String),
    /// The plugin refused.
    #[error("`{id}` refused: {fault}")]
    Plugin {
        /// The plugin.
        id: String,
        /// What it said.
        fault: Fault,
    },
    /// Not everybody in the room can go along.
    #[error("{0}")]
    NotNegotiated(String),
    /// Another change of this socket is under way.
    #[error("socket `{socket}` is being changed by somebody else; try again in a second")]
    Busy {
        /// The socket.
        socket: String,
    },
    /// There is nothing to decide about this swap.
    #[error("swap {swap} is not under way: {why}")]
    NotUnderWay {
        /// The swap.
        swap: u64,
        /// Why not.
        why: String,
    },
    /// The audio thread did not answer.
    #[error("the audio thread did not answer within ten seconds; look at `tick` in the room's statistics")]
    NoAnswer,
    /// The formats cannot be converted.
    #[error(transparent)]
    Convert(#[from] jackfield_graph::converter::ConvertError),
}

/// An offer or a candidate was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NegotiationError {
    /// The offer is malformed, or nothing in it can be met.
    #[error("{0}")]
    Offer(String),
    /// A plugin failed.
    #[error(transparent)]
    Socket(#[from] SocketError),
    /// The transport refused.
    #[error("the transport refused: {0}")]
    Transport(Fault),
    /// Nobody asked for a connection with this number.
    #[error("there is no connection {0}: it has ended, or nobody asked for it; offer without a number")]
    NoSuchConnection(u64),
    /// The participant has left.
    #[error("the participant has left; join again")]
    Left,
    /// The engine has been closed.
    #[error("the host is shutting down")]
    Closed,
}
