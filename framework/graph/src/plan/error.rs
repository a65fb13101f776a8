//! What keeps a description from being run.

use std::fmt;

use jackfield_core::audio::AudioFormat;

/// Why a description cannot be run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PlanError {
    /// The room's format is none.
    Format {
        /// The format.
        format: AudioFormat,
    },
    /// A node has a name that none may have.
    Name {
        /// The name.
        name: String,
    },
    /// Two nodes have one name.
    TwoNodes {
        /// The name.
        name: String,
    },
    /// A node takes from one that there is not.
    NoSuchNode {
        /// The node.
        node: String,
        /// `from`, `render` or `rates`.
        key: &'static str,
        /// The name that it gives.
        wanted: String,
    },
    /// One end gives what the other does not take.
    Ports {
        /// The node that gives.
        from: String,
        /// What it gives.
        gives: &'static str,
        /// The node that takes.
        to: String,
        /// What it takes.
        takes: &'static str,
        /// What would help.
        between: &'static str,
    },
    /// A node takes nothing.
    Unconnected {
        /// The node.
        node: String,
        /// What it takes.
        takes: &'static str,
        /// The key that connects it.
        key: &'static str,
    },
    /// A node has a key that means nothing to its kind.
    Misplaced {
        /// The node.
        node: String,
        /// The key.
        key: &'static str,
        /// The kinds that it is for.
        belongs: &'static str,
    },
    /// A voice goes two ways, or none.
    Fork {
        /// The node.
        node: String,
        /// How many take its output.
        takers: usize,
    },
    /// There must be one of a kind.
    Count {
        /// The kind.
        kind: &'static str,
        /// How many there are.
        count: usize,
    },
    /// A node has the wrong scope.
    Scope {
        /// The node.
        node: String,
        /// The right one.
        scope: &'static str,
    },
    /// Nodes feed each other.
    Circle {
        /// The nodes.
        nodes: Vec<String>,
    },
    /// No plugin is in a socket.
    EmptySocket {
        /// The node.
        node: String,
        /// The socket.
        socket: String,
        /// The area whose plugins fit.
        area: &'static str,
    },
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Format { format } => write!(
                f,
                "a room cannot mix in {format}: rates are 8 to 48 kHz in steps of 100 Hz, channels 1 to 8"
            ),
            Self::Name { name } => write!(
                f,
                "a node cannot be called `{name}`: use letters, digits, `-` and `_`, at least one of them"
            ),
            Self::TwoNodes { name } => write!(f, "two nodes are called `{name}`: rename one"),
            Self::NoSuchNode { node, key, wanted } => {
                write!(
                    f,
                    "node `{node}` has {key} = \"{wanted}\", and no node is called that: name one that exists"
                )
            }
            Self::Ports {
                from,
                gives,
                to,
                takes,
                between,
            } => {
                write!(f, "`{from}` gives {gives} and `{to}` takes {takes}: {between}")
            }
            Self::Unconnected { node, takes, key } => {
                write!(
                    f,
                    "node `{node}` takes {takes} and is connected to nothing: add `{key} = \"…\"` to it"
                )
            }
            Self::Misplaced { node, key, belongs } => {
                write!(
                    f,
                    "node `{node}` has `{key}`, which is for {belongs}: take it out"
                )
            }
            Self::Fork { node, takers } => {
                write!(
                    f,
                    "the audio of `{node}` goes to {takers} nodes: it must go to one, the next in the chain or the mixer"
                )
            }
            Self::Count { kind, count } => {
                write!(f, "there are {count} nodes of kind \"{kind}\": there must be one")
            }
            Self::Scope { node, scope } => write!(f, "node `{node}` must have scope = \"{scope}\""),
            Self::Circle { nodes } => {
                write!(f, "these nodes feed each other in a circle: {}", nodes.join(", "))
            }
            Self::EmptySocket { node, socket, area } => write!(
                f,
                "node `{node}` has nothing in its socket: add `[sockets.{socket}]` with `use = \"…\"` to the manifest, naming a plugin of {area}"
            ),
        }
    }
}

impl std::error::Error for PlanError {}
