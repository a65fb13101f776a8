//! Changing a socket while the call runs: another plugin, or other parameters.

use std::collections::BTreeMap;
use std::time::Duration;

use jackfield_core::congestion_controller::CongestionController;
use jackfield_core::pacer::Pacer;
use jackfield_core::transport::{Transport, TransportConfig};
use jackfield_graph::command::{self, Command, SetParameter, SwapCodec, SwapJitter, SwapProcessor};
use jackfield_graph::description::Kind;
use jackfield_graph::swap::{SwapMeasure, SwapOutcome as Ended};
use jackfield_loader::ParameterValue;
use serde_json::{Map, Value};
use tokio::sync::oneshot;

use super::{Inner, Room, State, UnderWay};
use crate::error::SocketError;
use crate::fitting::{self, Socket};
use crate::view::{RoomEvent, SwapOutcome, SwapReport};

/// The audio thread has stopped if it does not answer for so long.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

impl Room {
    /// Puts `plugin` into `socket` for everybody in the room, with `parameters` (a JSON object of names and values); without a plugin, or
    /// with the one that is there, only sets the parameters. Returns when the newcomer has proven itself or has been rolled back.
    ///
    /// # Errors
    /// If the swap cannot begin; a swap that began and failed is a report with `rolled-back`.
    pub async fn set_socket(
        &self,
        socket: &str,
        plugin: Option<&str>,
        parameters: &Map<String, Value>,
    ) -> Result<SwapReport, SocketError> {
        let present = {
            let mut state = self.inner.state();
            let Some(present) = state.fitting.socket(socket).cloned() else {
                let known: Vec<&str> = state.fitting.sockets.iter().map(Socket::name).collect();
                return Err(SocketError::NoSuchSocket {
                    socket: socket.to_owned(),
                    known: known.join(", "),
                });
            };
            if !state.busy.insert(socket.to_owned()) {
                return Err(SocketError::Busy {
                    socket: socket.to_owned(),
                });
            }
            present
        };
        let result = match plugin.filter(|id| *id != present.resolved.id) {
            Some(id) => self.swap(&present, id, parameters).await,
            None => self.set_parameters(&present, parameters).await,
        };
        let mut state = self.inner.state();
        state.busy.remove(socket);
        let graph = state.change();
        if let Ok(report) = &result
            && report.outcome != SwapOutcome::ParametersSet
        {
            state.remember(report);
            self.inner.tell(RoomEvent::Swap(report.clone()));
        }
        drop(state);
        self.inner.tell(graph);
        result
    }

    async fn set_parameters(
        &self,
        socket: &Socket,
        parameters: &Map<String, Value>,
    ) -> Result<SwapReport, SocketError> {
        let known = &socket.module().parameters;
        let mut wanted = Vec::new();
        for (name, value) in values(parameters)? {
            let Some((index, parameter)) = (0_u32..).zip(known).find(|(_, p)| p.name == name) else {
                let names: Vec<&str> = known.iter().map(|p| p.name.as_str()).collect();
                let names = if names.is_empty() {
                    "it has none".to_owned()
                } else {
                    format!("it has: {}", names.join(", "))
                };
                return Err(SocketError::Parameter(format!(
                    "`{}` has no parameter `{name}`; {names}",
                    socket.resolved.id
                )));
            };
            wanted.push((
                index,
                parameter
                    .accept(&value)
                    .map_err(|e| SocketError::Parameter(e.to_string()))?,
            ));
        }
        let mut places = 0;
        for (index, value) in &wanted {
            places = self.set_one(socket, *index, *value).await?;
            let mut state = self.inner.state();
            if let Some(place) = state
                .fitting
                .socket_mut(socket.name())
                .and_then(|s| s.values.get_mut(*index as usize))
            {
                *place = *value;
            }
        }
        Ok(
            report(0, socket, &socket.resolved.id, &SwapMeasure::CLEAN, places)
                .with(SwapOutcome::ParametersSet, ""),
        )
    }

    async fn set_one(&self, socket: &Socket, index: u32, value: f64) -> Result<u32, SocketError> {
        let refused = |fault| SocketError::Plugin {
            id: socket.resolved.id.clone(),
            fault,
        };
        let Some(target) = self.inner.audio_socket(socket) else {
            let network = &self.inner.shared.network;
            return network
                .set_parameter(self.inner.key, socket.kind, index, value)
                .await
                .map_err(refused);
        };
        let (send, answer) = oneshot::channel();
        {
            let mut state = self.inner.state();
            let ticket = state.next_ticket;
            state.next_ticket += 1;
            state.tickets.insert(ticket, send);
            let set = SetParameter {
                ticket,
                socket: target,
                participant: None,
                index,
                value,
            };
            if !state.order(Command::SetParameter(set)) {
                return Err(SocketError::NoAnswer);
            }
        }
        match tokio::time::timeout(ANSWER_WITHIN, answer).await {
            Ok(Ok(result)) => result.map_err(refused),
            _ => Err(SocketError::NoAnswer),
        }
    }

    async fn swap(
        &self,
        present: &Socket,
        id: &str,
        parameters: &Map<String, Value>,
    ) -> Result<SwapReport, SocketError> {
        let wanted: BTreeMap<String, ParameterValue> = values(parameters)?.into_iter().collect();
        let loader = &self.inner.shared.loader;
        let mut manifest = present.manifest.with_plugin(id, wanted);
        manifest.fallback = None;
        let resolved = loader.resolve(&manifest, present.area())?;
        let manifest_with_fallback = present.manifest.with_plugin(id, manifest.parameters.clone());
        let newcomer = Socket {
            manifest: manifest_with_fallback,
            ..present.with(resolved)?
        };
        if newcomer.kind == Kind::Transport {
            self.inner.check_transport(&newcomer)?;
        }
        let swap = self.inner.shared.next_number();
        let ended = self.exchange(swap, &newcomer).await?;
        let mut state = self.inner.state();
        if ended.measure.outcome != Ended::Committed {
            drop(state);
            self.put_back(present).await;
            state = self.inner.state();
        }
        let done = ended.measure.outcome == Ended::Committed;
        if let Some(place) = state.fitting.socket_mut(present.name()) {
            *place = if done { newcomer.clone() } else { present.clone() };
        }
        if done && let Ok(plan) = state.fitting.plan(self.inner.config.format) {
            state.plan = plan;
        }
        let report = report(swap, present, id, &ended.measure, ended.instances);
        if newcomer.kind == Kind::Transport {
            let message =
                "those who are connected keep their path; everybody who joins from now on gets the newcomer";
            return Ok(report.with(SwapOutcome::Committed, message));
        }
        Ok(report)
    }

    /// Where some instances were rolled back, all are: what runs is what the graph says.
    async fn put_back(&self, present: &Socket) {
        let swap = self.inner.shared.next_number();
        if let Err(error) = self.exchange(swap, present).await {
            tracing::error!(room = self.inner.name, socket = present.name(), %error, "cannot put the predecessor back everywhere");
        }
    }

    /// Puts `newcomer` into its socket everywhere and waits for the end.
    async fn exchange(&self, swap: u64, newcomer: &Socket) -> Result<Exchanged, SocketError> {
        match newcomer.kind {
            Kind::Processor | Kind::Jitter | Kind::Mixer | Kind::Decoder | Kind::Encoder => {
                let room = self.clone();
                let socket = newcomer.clone();
                // Making instances may take a while: files are opened, models set up.
                let begun = tokio::task::spawn_blocking(move || room.inner.begin(swap, &socket)).await;
                let (instances, ended) = begun.map_err(|_| SocketError::NoAnswer)??;
                if instances == 0 {
                    return Ok(Exchanged {
                        measure: SwapMeasure::CLEAN,
                        instances,
                    });
                }
                match tokio::time::timeout(ANSWER_WITHIN, ended).await {
                    Ok(Ok(measure)) => Ok(Exchanged { measure, instances }),
                    _ => Err(SocketError::NoAnswer),
                }
            }
            Kind::Pacer | Kind::Congestion => self.inner.exchange_network(newcomer).await,
            // A transport holds keys and a path: those who are connected keep theirs, and everybody who joins gets the newcomer.
            Kind::Transport => Ok(Exchanged {
                measure: SwapMeasure::CLEAN,
                instances: 0,
            }),
        }
    }
}

struct Exchanged {
    measure: SwapMeasure,
    instances: u32,
}

impl Inner {
    /// Makes the instances and gives the orders. [control, may block]
    fn begin(
        &self,
        swap: u64,
        socket: &Socket,
    ) -> Result<(u32, oneshot::Receiver<SwapMeasure>), SocketError> {
        let mut state = self.state();
        let orders = self.orders(&mut state, swap, socket)?;
        let (done, ended) = oneshot::channel();
        let places = orders
            .iter()
            .filter(|c| !matches!(c, Command::AddSharedEncoder(_)))
            .count();
        if places > 0 {
            state.swaps_under_way.insert(
                swap,
                UnderWay {
                    left: places,
                    measure: SwapMeasure::CLEAN,
                    done,
                },
            );
        }
        // Who joins from now on gets the newcomer.
        if let Some(place) = state.fitting.socket_mut(socket.name()) {
            *place = socket.clone();
        }
        for order in orders {
            if !state.order(order) {
                return Err(SocketError::NoAnswer);
            }
        }
        Ok((places as u32, ended))
    }

    fn orders(&self, state: &mut State, swap: u64, socket: &Socket) -> Result<Vec<Command>, SocketError> {
        let loader = &self.shared.loader;
        let numbers: Vec<u32> = state.members.iter().map(|m| m.number).collect();
        match socket.kind {
            Kind::Mixer => {
                let newcomer = fitting::mixer(loader, socket, &self.config, self.seed(0, 0))?;
                Ok(vec![Command::SwapMixer { swap, newcomer }])
            }
            Kind::Jitter => state
                .members
                .iter()
                .filter(|m| m.media.is_some())
                .map(|m| {
                    let newcomer = fitting::jitter(loader, socket, self.seed(m.number, 100))?;
                    Ok(Command::SwapJitter(SwapJitter {
                        swap,
                        participant: m.number,
                        newcomer,
                    }))
                })
                .collect(),
            Kind::Processor => {
                let place = state
                    .fitting
                    .processors(&state.plan)
                    .iter()
                    .position(|s| s.name() == socket.name())
                    .unwrap_or(0);
                numbers
                    .iter()
                    .map(|participant| {
                        let seed = self.seed(*participant, place as u64);
                        let newcomer = fitting::processor(loader, socket, self.config.format, seed)?;
                        Ok(Command::SwapProcessor(SwapProcessor {
                            swap,
                            participant: *participant,
                            socket: place,
                            newcomer,
                        }))
                    })
                    .collect()
            }
            _ => self.codec_orders(state, swap, socket),
        }
    }

    fn codec_orders(
        &self,
        state: &mut State,
        swap: u64,
        socket: &Socket,
    ) -> Result<Vec<Command>, SocketError> {
        let mut orders = Vec::new();
        let mut left_behind = Vec::new();
        let numbers: Vec<u32> = state
            .members
            .iter()
            .filter(|m| m.media.is_some())
            .map(|m| m.number)
            .collect();
        for participant in numbers {
            let Some(choice) = state
                .member(participant)
                .and_then(|m| m.media.as_ref())
                .and_then(|media| {
                    media
                        .send
                        .iter()
                        .find(|c| state.codecs.plugin_id(c.format) == socket.resolved.id)
                        .cloned()
                })
            else {
                left_behind.push(
                    state
                        .member(participant)
                        .map_or_else(String::new, |m| m.name.clone()),
                );
                continue;
            };
            let (encoder, shared) = self.encoders(state, socket, &choice)?;
            orders.extend(shared.map(Command::AddSharedEncoder));
            orders.push(Command::SwapCodec(SwapCodec {
                swap,
                participant,
                codec: choice.codec,
                encoder,
                decoders: Vec::new(),
            }));
            if let Some(media) = state.member_mut(participant).and_then(|m| m.media.as_mut()) {
                media.codec = choice.codec;
            }
        }
        if left_behind.is_empty() {
            return Ok(orders);
        }
        Err(SocketError::NotNegotiated(format!(
            "`{}` was not negotiated with {}; they must join again, or choose a codec that their browser speaks",
            socket.resolved.id,
            left_behind.join(", ")
        )))
    }

    /// A room of browsers needs a transport that speaks ICE and DTLS.
    fn check_transport(&self, socket: &Socket) -> Result<(), SocketError> {
        let refused = |reason: String| {
            let id = &socket.resolved.id;
            SocketError::NotNegotiated(format!(
                "browsers cannot connect over `{id}`: {reason}; choose a transport that speaks ICE and DTLS"
            ))
        };
        let clock = self.shared.clock;
        let mut trial = fitting::bare::<dyn Transport>(&self.shared.loader, socket, 1)?;
        trial
            .activate(clock.now(), &TransportConfig::new(false, clock.unix_us()))
            .map_err(|fault| refused(fault.to_string()))?;
        match super::negotiate::own_description(&mut trial) {
            Ok(described) if described.unproven => {
                Err(refused("it proves no addresses and encrypts nothing".to_owned()))
            }
            Ok(_) => Ok(()),
            Err(error) => Err(refused(error.to_string())),
        }
    }

    fn audio_socket(&self, socket: &Socket) -> Option<command::Socket> {
        match socket.kind {
            Kind::Processor => {
                let state = self.state();
                let place = state
                    .fitting
                    .processors(&state.plan)
                    .iter()
                    .position(|s| s.name() == socket.name())?;
                Some(command::Socket::Processor(place))
            }
            Kind::Jitter => Some(command::Socket::Jitter),
            Kind::Decoder | Kind::Encoder => Some(command::Socket::Encoder),
            Kind::Mixer => Some(command::Socket::Mixer),
            Kind::Transport | Kind::Pacer | Kind::Congestion => None,
        }
    }

    async fn exchange_network(&self, newcomer: &Socket) -> Result<Exchanged, SocketError> {
        let loader = &self.shared.loader;
        let numbers: Vec<u32> = self
            .state()
            .members
            .iter()
            .filter(|m| m.network.is_some())
            .map(|m| m.number)
            .collect();
        let mut measure = SwapMeasure::CLEAN;
        let mut instances = 0;
        for participant in numbers {
            let seed = self.seed(participant, 200);
            let ended = if newcomer.kind == Kind::Pacer {
                let pacer = Box::new(fitting::bare::<dyn Pacer>(loader, newcomer, seed)?);
                self.shared.network.swap_pacer(self.key, participant, pacer).await
            } else {
                let controller = Box::new(fitting::bare::<dyn CongestionController>(loader, newcomer, seed)?);
                self.shared
                    .network
                    .swap_congestion(self.key, participant, controller)
                    .await
            };
            if let Some(ended) = ended {
                measure = measure.worst(ended);
                instances += 1;
            }
        }
        if let Some(place) = self.state().fitting.socket_mut(newcomer.name()) {
            *place = newcomer.clone();
        }
        Ok(Exchanged { measure, instances })
    }
}

/// JSON values as parameter values.
fn values(parameters: &Map<String, Value>) -> Result<Vec<(String, ParameterValue)>, SocketError> {
    parameters
        .iter()
        .map(|(name, value)| match ParameterValue::from_json(value) {
            Some(value) => Ok((name.clone(), value)),
            None => Err(SocketError::Parameter(format!(
                "parameter `{name}` is a boolean, a number or the name of a choice, not {value}"
            ))),
        })
        .collect()
}

fn report(swap: u64, from: &Socket, to: &str, measure: &SwapMeasure, instances: u32) -> SwapReport {
    SwapReport {
        swap,
        socket: from.name().to_owned(),
        from: from.resolved.id.clone(),
        to: to.to_owned(),
        outcome: match measure.outcome {
            Ended::Committed => SwapOutcome::Committed,
            Ended::RolledBack => SwapOutcome::RolledBack,
            Ended::Refused => SwapOutcome::Refused,
        },
        samples_lost: measure.samples_lost,
        discontinuity_db: f64::from(measure.discontinuity_db),
        stall_us: measure.stall_us,
        added_latency_ms: measure.added_latency_ms,
        instances,
        message: match measure.outcome {
            Ended::Committed => String::new(),
            Ended::RolledBack => format!("`{to}` was rolled back: {}", measure.reason),
            Ended::Refused => format!("`{to}` was refused: {}", measure.reason),
        },
    }
}

impl SwapReport {
    fn with(mut self, outcome: SwapOutcome, message: &str) -> Self {
        self.outcome = outcome;
        message.clone_into(&mut self.message);
        self
    }
}
