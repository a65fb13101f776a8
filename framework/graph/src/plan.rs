//! Negotiation: from a description and what the plugins in its sockets can do to a plan that can be run and explained.

use std::collections::BTreeMap;
use std::fmt;

use jackfield_core::audio::AudioFormat;
use jackfield_core::units::SampleRate;

use crate::description::{Description, Kind, Node, Port, Scope};

/// What negotiation must know of the plugin in a socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fitted {
    /// The plugin's id.
    pub plugin: String,
    /// Sample rates that it takes, best first; empty if any.
    pub sample_rates: Vec<u32>,
    /// The most channels that it takes.
    pub max_channels: u32,
    /// Whether it wants the render signal.
    pub render: bool,
    /// Latency in samples at the rate that it works in, as far as it is known before it runs.
    pub latency_samples: u32,
}

/// A graph that can be run.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The format of the room.
    pub format: AudioFormat,
    /// The nodes in the order in which they run, converters included.
    pub nodes: Vec<PlannedNode>,
    /// What flows where: indices into `nodes`.
    pub edges: Vec<Edge>,
}

/// A node of a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedNode {
    /// Its name.
    pub name: String,
    /// Its socket; `None` for a converter.
    pub socket: Option<String>,
    /// The plugin in it; empty for a converter.
    pub plugin: String,
    /// What it does; `None` for a converter.
    pub kind: Option<Kind>,
    /// How many there are.
    pub scope: Scope,
    /// The format of the audio that it gives; `None` if it gives none.
    pub format: Option<AudioFormat>,
    /// Its latency in ms.
    pub latency_ms: f64,
    /// Why it is there.
    pub reason: String,
}

/// What flows from one node to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Index of the node that gives.
    pub from: usize,
    /// Index of the node that takes.
    pub to: usize,
    /// What flows.
    pub port: Port,
    /// Whether it is the render signal.
    pub render: bool,
}

impl Plan {
    /// Negotiates `description` for a room in `format`, with what `fitted` says of the plugin in each socket and kind of node.
    ///
    /// # Errors
    /// If the graph is not one that can be run; the text names both ends, what each wants, and the line to add.
    pub fn negotiate(
        description: &Description,
        format: AudioFormat,
        fitted: &dyn Fn(&str, Kind) -> Option<Fitted>,
    ) -> Result<Self, PlanError> {
        if !format.is_valid() {
            return Err(PlanError::Format { format });
        }
        let order = order(description)?;
        let mut plan = Self {
            format,
            nodes: Vec::new(),
            edges: Vec::new(),
        };
        let mut place: BTreeMap<&str, usize> = BTreeMap::new();
        for node in &order {
            let at = plan.add(node, fitted)?;
            place.insert(&node.name, at);
        }
        for node in &order {
            for (key, from, port) in inputs(node) {
                let Some(from) = from else { continue };
                plan.edges.push(Edge {
                    from: place[from.as_str()],
                    to: plan.first_of(place[node.name.as_str()]),
                    port,
                    render: key == "render",
                });
            }
        }
        Ok(plan)
    }

    /// The sockets of the processors in the order in which a voice passes them.
    pub fn processors(&self) -> impl Iterator<Item = &PlannedNode> {
        self.nodes.iter().filter(|n| n.kind == Some(Kind::Processor))
    }

    /// The latency from a packet's arrival to its mix, without the jitter buffer and the network, in ms.
    pub fn latency_ms(&self) -> f64 {
        self.nodes.iter().map(|n| n.latency_ms).sum()
    }

    /// Adds a node, with converters around it where it works in another format than the room. Gives the index of the last of them.
    fn add(
        &mut self,
        node: &Node,
        fitted: &dyn Fn(&str, Kind) -> Option<Fitted>,
    ) -> Result<usize, PlanError> {
        let plugin = fitted(&node.socket, node.kind).ok_or_else(|| PlanError::EmptySocket {
            node: node.name.clone(),
            socket: node.socket.clone(),
            area: node.kind.area(),
        })?;
        let audio = node.kind.gives() == Port::Audio || node.kind.takes() == Port::Audio;
        let works_in = if audio {
            working_format(self.format, &plugin)
        } else {
            self.format
        };
        let latency_ms = f64::from(plugin.latency_samples) * 1e3 / f64::from(works_in.sample_rate.as_hz());
        let planned = PlannedNode {
            name: node.name.clone(),
            socket: Some(node.socket.clone()),
            plugin: plugin.plugin.clone(),
            kind: Some(node.kind),
            scope: node.scope,
            format: audio.then_some(works_in),
            latency_ms,
            reason: format!("socket `{}`", node.socket),
        };
        if !audio || works_in == self.format {
            self.nodes.push(planned);
            return Ok(self.nodes.len() - 1);
        }
        let room = self.format;
        let reason = format!(
            "`{}` works in {works_in}, the room mixes in {room}",
            plugin.plugin
        );
        if node.kind.takes() == Port::Audio {
            self.convert(node, "in", works_in, &reason);
        }
        self.nodes.push(planned);
        if node.kind.gives() == Port::Audio {
            let at = self.nodes.len() - 1;
            self.convert(node, "out", room, &reason);
            self.edges.push(Edge {
                from: at,
                to: at + 1,
                port: Port::Audio,
                render: false,
            });
        }
        if node.kind.takes() == Port::Audio {
            let at = self.nodes.iter().rposition(|n| n.name == node.name).unwrap_or(0);
            self.edges.push(Edge {
                from: at - 1,
                to: at,
                port: Port::Audio,
                render: false,
            });
        }
        Ok(self.nodes.len() - 1)
    }

    fn convert(&mut self, node: &Node, side: &str, to: AudioFormat, reason: &str) {
        let from = self.nodes.last().and_then(|n| n.format).unwrap_or(self.format);
        let from = if from == to { self.format } else { from };
        let latency = crate::converter::Converter::new(from, to).map_or(0, |c| c.latency_samples());
        self.nodes.push(PlannedNode {
            name: format!("{}.{side}", node.name),
            socket: None,
            plugin: String::new(),
            kind: None,
            scope: node.scope,
            format: Some(to),
            latency_ms: latency as f64 * 1e3 / f64::from(to.sample_rate.as_hz()),
            reason: reason.to_owned(),
        });
    }

    /// The converter in front of the node whose last part is at `last`, or the node itself.
    fn first_of(&self, last: usize) -> usize {
        let base = self.nodes[last].name.trim_end_matches(".out");
        self.nodes
            .iter()
            .position(|n| n.name == format!("{base}.in"))
            .or_else(|| self.nodes.iter().position(|n| n.name == base))
            .unwrap_or(last)
    }
}

/// The format in which a plugin will work in a room: the room's own if it can, else its best.
pub fn working_format(room: AudioFormat, plugin: &Fitted) -> AudioFormat {
    let rates = &plugin.sample_rates;
    let hz = room.sample_rate.as_hz();
    let rate = if rates.is_empty() || rates.contains(&hz) {
        hz
    } else {
        rates[0]
    };
    AudioFormat::new(
        SampleRate::hz(rate),
        room.channels.min(plugin.max_channels.max(1)),
    )
}

/// What a node may take, by the key of its description that says from whom.
fn inputs(node: &Node) -> [(&'static str, Option<&String>, Port); 3] {
    [
        ("from", node.from.as_ref(), node.kind.takes()),
        ("render", node.render.as_ref(), Port::Audio),
        ("rates", node.rates.as_ref(), Port::Feedback),
    ]
}

/// The nodes in an order in which each comes after what it takes; the render signal is that of the tick before and rates are those of the
/// events before: they order nothing.
fn order(description: &Description) -> Result<Vec<&Node>, PlanError> {
    let nodes = &description.nodes;
    let find = |name: &str| nodes.iter().find(|n| n.name == name);
    for (i, node) in nodes.iter().enumerate() {
        // A dot is for the converters that negotiation inserts.
        if node.name.is_empty()
            || !node
                .name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
        {
            return Err(PlanError::Name {
                name: node.name.clone(),
            });
        }
        if nodes[..i].iter().any(|other| other.name == node.name) {
            return Err(PlanError::TwoNodes {
                name: node.name.clone(),
            });
        }
        for (key, from, takes) in inputs(node) {
            let Some(from) = from else { continue };
            let Some(giver) = find(from) else {
                return Err(PlanError::NoSuchNode {
                    node: node.name.clone(),
                    key,
                    wanted: from.clone(),
                });
            };
            if !giver.kind.offers(takes) {
                return Err(PlanError::Ports {
                    from: giver.name.clone(),
                    gives: giver.kind.gives().name(),
                    to: node.name.clone(),
                    takes: takes.name(),
                    between: between(giver.kind.gives(), takes),
                });
            }
        }
    }
    check_conference(nodes)?;
    // From the network inwards and out again: a pacer feeds the transport of the next datagram, which closes the circle and orders nothing.
    let rank = |kind: Kind| match kind {
        Kind::Transport => 0,
        Kind::Jitter => 1,
        Kind::Decoder => 2,
        Kind::Processor => 3,
        Kind::Mixer => 4,
        Kind::Encoder => 5,
        Kind::Congestion => 6,
        Kind::Pacer => 7,
    };
    let mut placed: Vec<&Node> = Vec::new();
    let mut rest: Vec<&Node> = nodes.iter().collect();
    rest.sort_by_key(|n| rank(n.kind));
    while !rest.is_empty() {
        let ready = rest.iter().position(|n| {
            n.kind == Kind::Transport
                || n.from
                    .as_ref()
                    .is_none_or(|from| placed.iter().any(|p| &p.name == from))
        });
        let Some(ready) = ready else {
            return Err(PlanError::Circle {
                nodes: rest.iter().map(|n| n.name.clone()).collect(),
            });
        };
        placed.push(rest.remove(ready));
    }
    Ok(placed)
}

/// A room needs one of each kind but processors, of which it may have any number in one chain.
fn check_conference(nodes: &[Node]) -> Result<(), PlanError> {
    for kind in [
        Kind::Transport,
        Kind::Jitter,
        Kind::Decoder,
        Kind::Mixer,
        Kind::Encoder,
        Kind::Pacer,
        Kind::Congestion,
    ] {
        let count = nodes.iter().filter(|n| n.kind == kind).count();
        if count != 1 {
            return Err(PlanError::Count {
                kind: kind.name(),
                count,
            });
        }
    }
    for node in nodes {
        let room = node.kind == Kind::Mixer;
        if room != (node.scope == Scope::Room) {
            let scope = if room { "room" } else { "participant" };
            return Err(PlanError::Scope {
                node: node.name.clone(),
                scope,
            });
        }
        if node.from.is_none() {
            return Err(PlanError::Unconnected {
                node: node.name.clone(),
                takes: node.kind.takes().name(),
                key: "from",
            });
        }
        let misplaced = [
            (
                node.render.is_some() && node.kind != Kind::Processor,
                "render",
                "a processor",
            ),
            (
                node.rates.is_some() && !node.kind.follows_rates(),
                "rates",
                "an encoder or a pacer",
            ),
        ];
        if let Some((_, key, belongs)) = misplaced.into_iter().find(|(wrong, ..)| *wrong) {
            return Err(PlanError::Misplaced {
                node: node.name.clone(),
                key,
                belongs,
            });
        }
        if node.kind.follows_rates() && node.rates.is_none() {
            return Err(PlanError::Unconnected {
                node: node.name.clone(),
                takes: "rates",
                key: "rates",
            });
        }
    }
    let takers = |name: &str| nodes.iter().filter(|n| n.from.as_deref() == Some(name)).count();
    if let Some(forked) = nodes
        .iter()
        .find(|n| n.kind.gives() == Port::Audio && takers(&n.name) != 1)
    {
        return Err(PlanError::Fork {
            node: forked.name.clone(),
            takers: takers(&forked.name),
        });
    }
    Ok(())
}

fn between(gives: Port, takes: Port) -> &'static str {
    match (gives, takes) {
        (Port::Rtp, Port::Audio) => "put a node of kind \"decoder\" between them",
        (Port::Audio, Port::Rtp) => "put a node of kind \"encoder\" between them",
        _ => "connect it to a node that gives what it takes",
    }
}

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
