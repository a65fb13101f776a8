//! Negotiation: from a description and what the plugins in its sockets can do to a plan that can be run and explained.

mod error;
mod order;

use std::collections::BTreeMap;

use jackfield_core::audio::AudioFormat;
use jackfield_core::units::SampleRate;

use crate::description::{Description, Kind, Node, Port, Scope};

pub use error::PlanError;
use order::{inputs, order};

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
