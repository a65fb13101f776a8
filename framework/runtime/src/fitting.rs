//! What stands in a room's sockets, and how instances for them are made. All of it is for the control thread.

use std::collections::BTreeMap;

use jackfield_abi::Area;
use jackfield_core::Fault;
use jackfield_core::audio::AudioFormat;
use jackfield_core::audio_processor::AudioProcessor;
use jackfield_core::jitter_buffer::{JitterBuffer, JitterConfig};
use jackfield_core::mixer::{Mixer, MixerConfig};
use jackfield_core::module::Module;
use jackfield_graph::conference::ConferenceConfig;
use jackfield_graph::description::{Description, Kind};
use jackfield_graph::plan::{Fitted, Plan, working_format};
use jackfield_graph::processor::PreparedProcessor;
use jackfield_graph::receive::{MAX_WAITING, Receiver};
use jackfield_loader::{
    LoadError, Loader, Manifest, ModuleInfo, ParameterValue, Resolved, SocketDefinition, SocketManifest,
};

use crate::error::{EngineError, SocketError};

/// A socket and what stands in it.
#[derive(Clone)]
pub(crate) struct Socket {
    /// What the manifest says of it: the place to start a swap from.
    pub(crate) manifest: SocketManifest,
    /// What fits into it; nothing is known of one by itself.
    pub(crate) definition: Option<&'static SocketDefinition>,
    pub(crate) kind: Kind,
    /// The plugin.
    pub(crate) resolved: Resolved,
    /// The present value of each parameter; a newcomer instance starts from them.
    pub(crate) values: Vec<f64>,
}

impl Socket {
    pub(crate) fn name(&self) -> &str {
        &self.manifest.name
    }

    /// The module whose parameters and statistics the socket shows: for a codec that is its encoder.
    pub(crate) fn module(&self) -> &ModuleInfo {
        shown_module(&self.resolved, self.kind)
    }

    /// The area of the plugins that fit.
    pub(crate) fn area(&self) -> &'static str {
        socket_area(self.kind)
    }

    /// Whether an instance that is made for `other` is what would be made for this one.
    pub(crate) fn makes_the_same(&self, other: &Self) -> bool {
        let (this, that) = (&self.resolved, &other.resolved);
        (this.id.as_str(), this.isolation, this.file.digest)
            == (that.id.as_str(), that.isolation, that.file.digest)
            && self.values == other.values
    }

    /// A socket by itself with `resolved` in it.
    pub(crate) fn standing(
        manifest: SocketManifest,
        kind: Kind,
        resolved: Resolved,
    ) -> Result<Self, SocketError> {
        let values = values_of(shown_module(&resolved, kind), &resolved.parameters)?;
        Ok(Self {
            manifest,
            definition: None,
            kind,
            resolved,
            values,
        })
    }

    /// Stands `resolved` in the socket, with its parameters at what the manifest or the caller wants, else at their defaults.
    pub(crate) fn with(&self, resolved: Resolved) -> Result<Self, SocketError> {
        let resolved = match self.definition {
            Some(definition) => definition.fit(resolved)?,
            None => resolved,
        };
        let values = values_of(shown_module(&resolved, self.kind), &resolved.parameters)?;
        Ok(Self {
            resolved,
            values,
            ..self.clone()
        })
    }
}

/// Whether instances that are made for these sockets are what would be made for those.
pub(crate) fn make_the_same(these: &[Socket], those: &[Socket]) -> bool {
    these.len() == those.len() && these.iter().zip(those).all(|(a, b)| a.makes_the_same(b))
}

/// The area that a plugin must have to stand in a socket of this kind.
pub(crate) fn socket_area(kind: Kind) -> &'static str {
    match kind {
        Kind::Decoder | Kind::Encoder => <dyn jackfield_core::audio_codec::AudioCodec as Area>::SHAPE.id,
        other => other.area(),
    }
}

pub(crate) fn shown_module(resolved: &Resolved, kind: Kind) -> &ModuleInfo {
    let encoder = matches!(kind, Kind::Decoder | Kind::Encoder)
        .then(|| resolved.file.module(&resolved.id, Kind::Encoder.area()));
    encoder.flatten().unwrap_or_else(|| resolved.module())
}

fn values_of(
    module: &ModuleInfo,
    wanted: &BTreeMap<String, ParameterValue>,
) -> Result<Vec<f64>, SocketError> {
    module
        .parameters
        .iter()
        .map(|parameter| match wanted.get(&parameter.name) {
            Some(value) => parameter
                .accept(value)
                .map_err(|e| SocketError::Parameter(e.to_string())),
            None => Ok(parameter.default),
        })
        .collect()
}

/// All sockets of a room, in signal order.
#[derive(Clone)]
pub(crate) struct Fitting {
    pub(crate) sockets: Vec<Socket>,
    pub(crate) description: Description,
}

impl Fitting {
    /// What the manifest says.
    pub(crate) fn new(manifest: &Manifest, loader: &Loader) -> Result<Self, EngineError> {
        let description =
            Description::profile(manifest.profile.name()).ok_or_else(|| EngineError::Profile {
                name: manifest.profile.name().to_owned(),
            })?;
        let mut sockets = Vec::new();
        for socket in &manifest.sockets {
            let Some(node) = description.nodes.iter().find(|n| n.socket == socket.name) else {
                continue;
            };
            let resolved = manifest.profile.resolve(loader, socket)?;
            for reason in &resolved.passed_over {
                tracing::warn!(socket = socket.name, plugin = resolved.id, %reason, "a plugin was passed over");
            }
            let values = values_of(shown_module(&resolved, node.kind), &resolved.parameters)?;
            sockets.push(Socket {
                manifest: socket.clone(),
                definition: manifest.profile.socket(&socket.name),
                kind: node.kind,
                resolved,
                values,
            });
        }
        Ok(Self { sockets, description })
    }

    pub(crate) fn socket(&self, name: &str) -> Option<&Socket> {
        self.sockets.iter().find(|s| s.name() == name)
    }

    pub(crate) fn socket_mut(&mut self, name: &str) -> Option<&mut Socket> {
        self.sockets.iter_mut().find(|s| s.manifest.name == name)
    }

    pub(crate) fn of_kind(&self, kind: Kind) -> Option<&Socket> {
        self.sockets.iter().find(|s| s.kind == kind)
    }

    /// The processors in the order in which a voice passes them.
    pub(crate) fn processors(&self, plan: &Plan) -> Vec<&Socket> {
        plan.processors()
            .filter_map(|n| self.socket(n.socket.as_deref()?))
            .collect()
    }

    /// Negotiates the plan.
    pub(crate) fn plan(&self, format: AudioFormat) -> Result<Plan, EngineError> {
        let fitted = |name: &str, kind: Kind| {
            let socket = self.socket(name)?;
            let module = socket
                .resolved
                .file
                .module(&socket.resolved.id, kind.area())
                .unwrap_or_else(|| socket.resolved.module());
            Some(fitted(module))
        };
        Ok(Plan::negotiate(&self.description, format, &fitted)?)
    }
}

/// Negotiates the plan of a room with this manifest, without opening one: what `jackfield graph` shows.
///
/// # Errors
/// If a plugin of the manifest cannot be used or the graph cannot be run.
pub fn negotiate_plan(manifest: &Manifest, loader: &Loader) -> Result<Plan, EngineError> {
    let format = manifest.room.format();
    let fitting = Fitting::new(manifest, loader)?;
    let mut plan = fitting.plan(format)?;
    // Latencies of processors are known once they are activated.
    for node in plan.nodes.iter_mut().filter(|n| n.kind == Some(Kind::Processor)) {
        let Some(socket) = node.socket.as_deref().and_then(|name| fitting.socket(name)) else {
            continue;
        };
        let latency = processor(loader, socket, format, 1)?.latency_samples();
        node.latency_ms = latency as f64 * 1e3 / f64::from(format.sample_rate.as_hz());
    }
    Ok(plan)
}

fn fitted(module: &ModuleInfo) -> Fitted {
    Fitted {
        plugin: module.id.clone(),
        sample_rates: module.audio.sample_rates.clone(),
        max_channels: module.audio.max_channels,
        render: module.audio.render,
        latency_samples: 0,
    }
}

/// Sets every parameter that is not at its default. `module` is the one whose parameters `values` are.
pub(crate) fn set_values<M: Module + ?Sized>(
    instance: &mut M,
    module: &ModuleInfo,
    values: &[f64],
) -> Result<(), Fault> {
    for (index, (parameter, value)) in (0..).zip(module.parameters.iter().zip(values)) {
        if *value != parameter.default {
            instance.set_parameter(index, *value)?;
        }
    }
    Ok(())
}

/// Makes an instance of the socket's plugin for area `A` with the present values.
fn create<A>(loader: &Loader, socket: &Socket, seed: u64) -> Result<A::Proxy, LoadError>
where
    A: Area + ?Sized,
    A::Proxy: Module,
{
    let mut bare = socket.resolved.clone();
    bare.parameters.clear();
    let mut instance = loader.create::<A>(&bare, seed)?;
    let module = socket.module();
    if module.area == A::SHAPE.id {
        set_values(&mut instance, module, &socket.values).map_err(|fault| refused(socket, &fault))?;
    }
    Ok(instance)
}

fn refused(socket: &Socket, fault: &Fault) -> LoadError {
    LoadError::Parameter {
        socket: socket.name().to_owned(),
        id: socket.resolved.id.clone(),
        reason: fault.to_string(),
    }
}

fn faulty(socket: &Socket) -> impl Fn(Fault) -> SocketError {
    let id = socket.resolved.id.clone();
    move |fault| SocketError::Plugin {
        id: id.clone(),
        fault,
    }
}

/// A processor, activated for the room.
pub(crate) fn processor(
    loader: &Loader,
    socket: &Socket,
    room: AudioFormat,
    seed: u64,
) -> Result<Box<PreparedProcessor>, SocketError> {
    let instance = create::<dyn AudioProcessor>(loader, socket, seed)?;
    let plugin = fitted(socket.module());
    let format = working_format(room, &plugin);
    let prepared =
        PreparedProcessor::new(Box::new(instance), format, room, plugin.render).map_err(faulty(socket))?;
    Ok(Box::new(prepared))
}

/// A jitter buffer, activated. `record` may put a recorder around it before.
pub(crate) fn jitter(
    loader: &Loader,
    socket: &Socket,
    seed: u64,
    record: impl FnOnce(Box<dyn JitterBuffer>) -> Box<dyn JitterBuffer>,
) -> Result<Box<dyn JitterBuffer>, SocketError> {
    let mut instance = record(Box::new(create::<dyn JitterBuffer>(loader, socket, seed)?));
    instance
        .activate(&JitterConfig::new(Receiver::JITTER_CLOCK, MAX_WAITING as u32))
        .map_err(faulty(socket))?;
    Ok(instance)
}

/// A mixer, activated for the room.
pub(crate) fn mixer(
    loader: &Loader,
    socket: &Socket,
    room: &ConferenceConfig,
    seed: u64,
) -> Result<Box<dyn Mixer>, SocketError> {
    let mut instance = create::<dyn Mixer>(loader, socket, seed)?;
    let people = room.max_participants as u32;
    instance
        .activate(&MixerConfig::new(room.format, people, people + 1))
        .map_err(faulty(socket))?;
    Ok(Box::new(instance))
}

/// An instance for the network domain, with the present values and not activated.
pub(crate) fn bare<A>(loader: &Loader, socket: &Socket, seed: u64) -> Result<A::Proxy, SocketError>
where
    A: Area + ?Sized,
    A::Proxy: Module,
{
    Ok(create::<A>(loader, socket, seed)?)
}
