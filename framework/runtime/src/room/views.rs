//! What a room looks like from outside.

use std::sync::atomic::Ordering::Relaxed;

use jackfield_core::units::DataRate;
use jackfield_graph::description::{Kind, Port};
use jackfield_graph::plan::PlannedNode;
use jackfield_graph::stats::SocketStats;
use jackfield_loader::{Isolation, ModuleInfo, ParameterInfo, ParameterKind, PluginFile};

use super::{Inner, Member, Room, State, link};
use crate::fitting::Socket;
use crate::network::Path;
use crate::view::{
    Alternative, EdgeView, GraphView, NodeView, ParameterKindView, ParameterView, ParticipantStats,
    PluginSummary, PluginView, Rates, RoomStats, Scope, SocketState, SocketView, StatisticView,
};

impl Room {
    /// Its graph: what stands in its sockets, and the plan that was negotiated.
    pub fn graph(&self) -> GraphView {
        let state = self.inner.state();
        let sockets: Vec<SocketView> = state
            .fitting
            .sockets
            .iter()
            .map(|socket| self.inner.socket(&state, socket))
            .collect();
        let nodes: Vec<NodeView> = state
            .plan
            .nodes
            .iter()
            .map(|node| node_view(node, &sockets))
            .collect();
        let edges = state
            .plan
            .edges
            .iter()
            .map(|edge| {
                let (from, to) = (&state.plan.nodes[edge.from], &state.plan.nodes[edge.to]);
                let format = match (edge.port, from.format) {
                    (Port::Audio, Some(format)) if edge.render => format!("render {format}"),
                    (Port::Audio, Some(format)) => format.to_string(),
                    (port, _) => port.name().to_owned(),
                };
                EdgeView {
                    from: from.name.clone(),
                    to: to.name.clone(),
                    format,
                }
            })
            .collect();
        GraphView {
            room: self.inner.name.clone(),
            revision: state.revision,
            latency_ms: nodes.iter().map(|n| n.latency_ms).sum(),
            sockets,
            nodes,
            edges,
        }
    }

    /// How it is doing.
    pub fn stats(&self) -> RoomStats {
        let inner = &self.inner;
        let tick = inner.times.read();
        let paths = inner.shared.network.paths(inner.key);
        let state = inner.state();
        let participants = state
            .members
            .iter()
            .map(|member| participant_stats(member, paths.get(&member.number).unwrap_or(&Path::default())))
            .collect();
        RoomStats {
            room: inner.name.clone(),
            time_ms: inner.shared.clock.now().us() as f64 / 1e3,
            tick,
            participants,
            swaps: state.history.iter().cloned().collect(),
            swap_stalls: state.stalls.read(),
        }
    }
}

impl Inner {
    fn socket(&self, state: &State, socket: &Socket) -> SocketView {
        let module = socket.module();
        let places = places(state, socket);
        let latency = places.iter().map(|p| p.latency_samples()).max().unwrap_or(0);
        let bypassed = places.iter().any(|p| p.is_bypassed());
        SocketView {
            socket: socket.name().to_owned(),
            title: socket
                .definition
                .map_or("", |definition| definition.title)
                .to_owned(),
            area: area_name(socket.area()).to_owned(),
            scope: if socket.kind == Kind::Mixer {
                Scope::Room
            } else {
                Scope::Participant
            },
            plugin: PluginSummary {
                id: module.id.clone(),
                name: module.name.clone(),
                version: module.version.clone(),
                vendor: module.vendor.clone(),
                license: module.license.clone(),
                description: module.description.clone(),
            },
            isolation: socket.manifest.isolation.name().to_owned(),
            fallback: socket.manifest.fallback.clone(),
            latency_ms: latency as f64 * 1e3 / f64::from(self.config.format.sample_rate.as_hz()),
            instances: places.len() as u32,
            state: if bypassed {
                SocketState::Bypassed
            } else {
                SocketState::Running
            },
            parameters: module
                .parameters
                .iter()
                .zip(&socket.values)
                .map(|(p, v)| parameter(p, *v))
                .collect(),
            alternatives: self.alternatives(socket),
            stats: statistics(module, &places),
        }
    }

    fn alternatives(&self, socket: &Socket) -> Vec<Alternative> {
        let catalogue = self.shared.loader.catalogue();
        catalogue
            .of_area(socket.area())
            .filter(|(file, module)| {
                file.isolation.is_linked() == socket.manifest.isolation.is_linked()
                    && module.id != socket.resolved.id
                    && socket
                        .definition
                        .is_none_or(|definition| definition.takes(module))
            })
            .map(|(_, module)| Alternative {
                id: module.id.clone(),
                name: module.name.clone(),
                version: module.version.clone(),
                description: module.description.clone(),
            })
            .collect()
    }
}

/// Where the instances of a socket leave their numbers.
fn places<'a>(state: &'a State, socket: &Socket) -> Vec<&'a SocketStats> {
    let browsers = || state.members.iter().filter(|m| m.media.is_some());
    let networks = || state.members.iter().filter_map(|m| m.network.as_deref());
    match socket.kind {
        Kind::Mixer => vec![&state.control.stats.mixer],
        Kind::Processor => {
            let place = state
                .fitting
                .processors(&state.plan)
                .iter()
                .position(|s| s.name() == socket.name());
            let strips = state.members.iter().filter(|m| m.strip.has_ticked());
            place
                .map(|at| strips.filter_map(|m| m.strip.sockets.get(at)).collect())
                .unwrap_or_default()
        }
        Kind::Jitter => browsers().map(|m| &m.strip.jitter).collect(),
        Kind::Decoder | Kind::Encoder => browsers().map(|m| &m.strip.encoder).collect(),
        Kind::Transport => networks().map(|n| &n.transport).collect(),
        Kind::Pacer => networks().map(|n| &n.pacer).collect(),
        Kind::Congestion => networks().map(|n| &n.congestion).collect(),
        Kind::Estimator => networks()
            .filter(|n| n.estimating.load(Relaxed))
            .map(|n| &n.estimator)
            .collect(),
    }
}

/// Counters are added up, levels averaged.
fn statistics(module: &ModuleInfo, places: &[&SocketStats]) -> Vec<StatisticView> {
    let values: Vec<_> = places.iter().map(|p| p.values()).collect();
    module
        .statistics
        .iter()
        .enumerate()
        .take(jackfield_graph::stats::MAX_STATISTICS)
        .map(|(i, statistic)| {
            let known: Vec<f64> = values.iter().map(|v| v[i]).filter(|v| v.is_finite()).collect();
            let sum: f64 = known.iter().sum();
            let value = if statistic.counter {
                sum
            } else {
                sum / known.len() as f64
            };
            StatisticView {
                name: statistic.name.clone(),
                value: (!known.is_empty() && value.is_finite()).then_some(value),
                unit: statistic.unit.clone(),
            }
        })
        .collect()
}

/// A plugin as the catalogue lists it.
pub(crate) fn plugin_view(file: &PluginFile, module: &ModuleInfo, pinned: bool) -> PluginView {
    let linked = file.isolation == Isolation::Static;
    PluginView {
        id: module.id.clone(),
        name: module.name.clone(),
        version: module.version.clone(),
        vendor: module.vendor.clone(),
        license: module.license.clone(),
        area: area_name(&module.area).to_owned(),
        path: if linked {
            Isolation::Static.name().to_owned()
        } else {
            file.path.display().to_string()
        },
        pinned,
        description: module.description.clone(),
        parameters: module
            .parameters
            .iter()
            .map(|p| ParameterView {
                value: None,
                ..parameter(p, p.default)
            })
            .collect(),
    }
}

/// A parameter as others see it.
pub(crate) fn parameter(info: &ParameterInfo, value: f64) -> ParameterView {
    let kind = match info.kind {
        ParameterKind::Bool => ParameterKindView::Bool,
        ParameterKind::Int { .. } => ParameterKindView::Int,
        ParameterKind::Float { .. } => ParameterKindView::Float,
        ParameterKind::Choice { .. } => ParameterKindView::Choice,
        _ => ParameterKindView::Float,
    };
    let mut view = ParameterView::new(&info.name, &info.title, kind, info.default);
    view = match &info.kind {
        ParameterKind::Int { min, max } => view.range(*min as f64, *max as f64),
        ParameterKind::Float { min, max } => view.range(*min, *max),
        ParameterKind::Choice { choices } => view.choices(choices, info.default),
        _ => view,
    };
    view.unit.clone_from(&info.unit);
    view.help.clone_from(&info.help);
    view.value = Some(view.to_json(value));
    view
}

fn node_view(node: &PlannedNode, sockets: &[SocketView]) -> NodeView {
    let socket = node
        .socket
        .as_ref()
        .and_then(|name| sockets.iter().find(|s| s.socket == *name));
    NodeView {
        id: node.name.clone(),
        socket: node.socket.clone(),
        kind: node.kind.map_or("converter", Kind::name).to_owned(),
        label: socket.map_or_else(|| "Converter".to_owned(), |s| s.plugin.name.clone()),
        format: node
            .format
            .map_or_else(|| "packets".to_owned(), |f| f.to_string()),
        latency_ms: match (node.kind, socket) {
            (Some(Kind::Processor | Kind::Mixer), Some(socket)) => socket.latency_ms,
            _ => node.latency_ms,
        },
        reason: if node.socket.is_some() {
            String::new()
        } else {
            node.reason.clone()
        },
    }
}

fn participant_stats(member: &Member, path: &Path) -> ParticipantStats {
    let strip = &member.strip;
    let network = member.network.as_deref();
    let text = |name: &str| path.get(name).cloned().unwrap_or_default();
    ParticipantStats {
        id: member.id(),
        name: member.name.clone(),
        kind: member.kind,
        muted: member.muted,
        level_dbov: strip.level_dbov(),
        packets_received: network.map_or(0, |n| n.packets_received.load(Relaxed)),
        packets_lost: network.map_or(0, |n| n.packets_lost.load(Relaxed)),
        video_packets_received: network.map_or(0, |n| n.measured_packets.load(Relaxed)),
        video_bytes_received: network.map_or(0, |n| n.measured_bytes.load(Relaxed)),
        video_behind_voice_ms: network.and_then(jackfield_graph::network::NetworkStats::pictures_behind_ms),
        packets_sent: network.map_or(0, |n| n.packets_sent.load(Relaxed)),
        padding_bytes_sent: network.map_or(0, |n| n.padding_bytes_sent.load(Relaxed)),
        bytes_received: network.map_or(0, |n| n.bytes_received.load(Relaxed)),
        bytes_sent: network.map_or(0, |n| n.bytes_sent.load(Relaxed)),
        jitter_ms: network.map_or(0.0, jackfield_graph::network::NetworkStats::jitter_ms),
        round_trip_ms: network.and_then(jackfield_graph::network::NetworkStats::round_trip_ms),
        concealed_samples: strip.concealed_samples.load(Relaxed),
        total_samples: strip.total_samples.load(Relaxed),
        jitter_buffer_ms: strip.jitter_delay_us.load(Relaxed) as f64 / 1e3,
        heard: strip.is_heard(),
        congestion: network.map(|n| rates(n.target_rate(), n.estimate())),
        congestion_shadow: network
            .and_then(jackfield_graph::network::NetworkStats::shadow_rates)
            .map(|(target, estimate)| rates(target, estimate)),
        told_kbps: network
            .and_then(jackfield_graph::network::NetworkStats::told_rate)
            .map(DataRate::as_kbps_f64),
        link: link::class(member.link).name().to_owned(),
        metered: member.link.metered,
        ice_state: text("ice-state"),
        dtls_version: text("dtls-version"),
        srtp_profile: text("srtp-profile"),
    }
}

fn rates(target: DataRate, estimate: DataRate) -> Rates {
    Rates {
        target_kbps: target.as_kbps_f64(),
        estimate_kbps: estimate.as_kbps_f64(),
    }
}

/// `jackfield.audio-processor/1` → `audio-processor`.
pub(crate) fn area_name(id: &str) -> &str {
    let name = id.rsplit_once('.').map_or(id, |(_, name)| name);
    name.split_once('/').map_or(name, |(name, _)| name)
}
