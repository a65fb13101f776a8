//! Changing a socket while the call runs: another plugin, or other parameters.

use std::collections::BTreeMap;

use jackfield_core::transport::{Transport, TransportConfig};
use jackfield_core::units::TimeDelta;
use jackfield_graph::command::{self, Command, SetParameter};
use jackfield_graph::description::Kind;
use jackfield_graph::swap::{SwapMeasure, SwapOutcome as Ended};
use jackfield_graph::transaction::Step;
use jackfield_loader::{ParameterValue, Resolved};
use serde_json::{Map, Value};
use tokio::sync::oneshot;

use super::exchange::ANSWER_WITHIN;
use super::media::Choice;
use super::{Inner, Room, State};
use crate::error::SocketError;
use crate::fitting::{self, Socket};
use crate::view::{RoomEvent, StepTime, SwapOutcome, SwapReport, SwapUnderWay};

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
        self.change_socket(socket, plugin, parameters, None).await
    }

    /// The same, but a swap waits to be promoted, twice: to be heard and to stay. `begun` gets it as soon as it is under way.
    ///
    /// # Errors
    /// As [`Room::set_socket`].
    pub async fn hold_socket(
        &self,
        socket: &str,
        plugin: Option<&str>,
        parameters: &Map<String, Value>,
        begun: oneshot::Sender<SwapUnderWay>,
    ) -> Result<SwapReport, SocketError> {
        self.change_socket(socket, plugin, parameters, Some(begun)).await
    }

    /// Puts the present build of the plugin in `socket` in, if its file has changed since. `None` if it has not.
    ///
    /// # Errors
    /// If the swap cannot begin.
    pub(super) async fn renew_socket(&self, socket: &str) -> Result<SwapReport, SocketError> {
        let present = self.occupy(socket)?;
        let id = present.resolved.id.clone();
        let result = self.swap(&present, &id, &Map::new(), None).await;
        self.release(socket, &result);
        result
    }

    async fn change_socket(
        &self,
        socket: &str,
        plugin: Option<&str>,
        parameters: &Map<String, Value>,
        begun: Option<oneshot::Sender<SwapUnderWay>>,
    ) -> Result<SwapReport, SocketError> {
        let present = self.occupy(socket)?;
        let result = match plugin.filter(|id| *id != present.resolved.id) {
            Some(id) => self.swap(&present, id, parameters, begun).await,
            None => self.set_parameters(&present, parameters).await,
        };
        self.release(socket, &result);
        result
    }

    /// Nobody else changes the socket until it is released.
    fn occupy(&self, socket: &str) -> Result<Socket, SocketError> {
        {
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
            Ok(present)
        }
    }

    fn release(&self, socket: &str, result: &Result<SwapReport, SocketError>) {
        let mut state = self.inner.state();
        state.busy.remove(socket);
        let graph = state.change();
        if let Ok(report) = result
            && report.outcome != SwapOutcome::ParametersSet
        {
            state.remember(report);
            self.inner.tell(RoomEvent::Swap(report.clone()));
        }
        drop(state);
        self.inner.tell(graph);
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
                (index, value.clone()),
                parameter
                    .accept(&value)
                    .map_err(|e| SocketError::Parameter(e.to_string()))?,
            ));
        }
        let mut places = 0;
        for ((index, set), value) in &wanted {
            places = self.set_one(socket, *index, *value).await?;
            let mut state = self.inner.state();
            let name = known[*index as usize].name.clone();
            state.ledger.note(
                socket.name(),
                socket.module(),
                &BTreeMap::from([(name, set.clone())]),
            );
            if let Some(place) = state
                .fitting
                .socket_mut(socket.name())
                .and_then(|s| s.values.get_mut(*index as usize))
            {
                *place = *value;
            }
        }
        Ok(report(
            0,
            socket,
            &socket.resolved.id,
            &SwapMeasure::CLEAN,
            places,
            Vec::new(),
        )
        .with(SwapOutcome::ParametersSet, ""))
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
        begun: Option<oneshot::Sender<SwapUnderWay>>,
    ) -> Result<SwapReport, SocketError> {
        let swap = self.inner.shared.next_number();
        let under_way = SwapUnderWay {
            swap,
            socket: present.name().to_owned(),
            from: present.resolved.id.clone(),
            to: id.to_owned(),
            step: Step::Verify,
            hold: begun.is_some(),
        };
        self.inner.state().progress.insert(swap, under_way);
        let result = self.transact(swap, present, id, parameters, begun).await;
        self.inner.state().progress.remove(&swap);
        if let Err(error) = &result {
            // Whoever asked is told by the error; everybody else sees that it was tried.
            let steps = Vec::new();
            let refused = report(swap, present, id, &SwapMeasure::CLEAN, 0, steps)
                .with(SwapOutcome::Refused, &error.to_string());
            self.inner.state().remember(&refused);
            self.inner.tell(RoomEvent::Swap(refused));
        }
        result
    }

    /// The steps of a swap: what is verified and made here, what goes on where the signal is, and what is true afterwards.
    async fn transact(
        &self,
        swap: u64,
        present: &Socket,
        id: &str,
        parameters: &Map<String, Value>,
        begun: Option<oneshot::Sender<SwapUnderWay>>,
    ) -> Result<SwapReport, SocketError> {
        let clock = self.inner.shared.clock;
        let start = clock.now();
        let wanted: BTreeMap<String, ParameterValue> = values(parameters)?.into_iter().collect();
        let loader = &self.inner.shared.loader;
        let mut manifest = present.manifest.with_plugin(id, wanted.clone());
        manifest.fallback = None;
        let resolved = loader.resolve(&manifest, present.area())?;
        let manifest_with_fallback = present.manifest.with_plugin(id, manifest.parameters.clone());
        let newcomer = Socket {
            manifest: manifest_with_fallback,
            ..self.inner.state().newcomer(present, resolved)?
        };
        if newcomer.kind == Kind::Transport {
            self.inner.check_transport(&newcomer)?;
        }
        let verified = clock.now();
        self.inner.progress(swap, Step::Instantiate);
        // The graph says so as soon as the orders are given, or only when the newcomer stays: on hold, and on the network side.
        let given_at_once = begun.is_none() && self.inner.audio_socket(&newcomer).is_some();
        let codec = matches!(newcomer.kind, Kind::Decoder | Kind::Encoder);
        let arrivals_before = {
            let mut state = self.inner.state();
            if codec {
                state.codecs.renew(loader, &newcomer.resolved)?;
            }
            state.arrivals
        };
        let ended = self.exchange(swap, &newcomer, begun).await;
        let done = ended
            .as_ref()
            .is_ok_and(|ended| ended.measure.outcome == Ended::Committed);
        let joined_meanwhile = {
            let mut state = self.inner.state();
            let now_in = if done { &newcomer } else { present };
            if let Some(place) = state.fitting.socket_mut(present.name()) {
                *place = now_in.clone();
            }
            if codec && !done {
                state.codecs.renew(loader, &present.resolved)?;
            }
            state.arrivals != arrivals_before
        };
        let ended = ended?;
        if done && codec && newcomer.resolved.id == present.resolved.id {
            self.inner.renew_shared_encoders(&newcomer)?;
        }
        // What runs is what the graph says, for everybody: who came meanwhile was given what the graph said then.
        if done && joined_meanwhile && !given_at_once {
            self.put_everywhere(&newcomer).await;
        } else if !done && (ended.committed > 0 || (joined_meanwhile && given_at_once)) {
            self.put_everywhere(present).await;
        }
        let mut state = self.inner.state();
        for (number, codec) in state.note_codec(if done { &newcomer } else { present }) {
            let rates = state.rates_of(codec);
            self.inner.shared.network.set_rates(self.inner.key, number, rates);
        }
        if done {
            state.ledger.note(present.name(), newcomer.module(), &wanted);
            if let Ok(plan) = state.fitting.plan(self.inner.config.format) {
                state.plan = plan;
            }
        }
        drop(state);
        let steps = step_times(verified.since(start), ended.made.since(verified), &ended.measure);
        let report = report(swap, present, id, &ended.measure, ended.instances, steps);
        let behind = match newcomer.kind {
            Kind::Transport if done => self.inner.left_behind(&newcomer),
            _ => Vec::new(),
        };
        if !behind.is_empty() {
            let message = format!(
                "{} did not open a second connection and keep their path until they join again; everybody else is carried by the newcomer",
                behind.join(", ")
            );
            return Ok(report.with(SwapOutcome::Committed, &message));
        }
        Ok(report)
    }

    /// Puts what stands in a socket in everywhere, for somebody was given what stood there before. A socket that is being changed is seen to at the
    /// end of that.
    pub(super) async fn put_in_again(&self, socket: &str) {
        if let Ok(present) = self.occupy(socket) {
            self.put_everywhere(&present).await;
            self.inner.state().busy.remove(socket);
        }
    }

    /// Where some instances were rolled back, all are; and whoever joined while a swap was under way gets what came of it.
    async fn put_everywhere(&self, present: &Socket) {
        let swap = self.inner.shared.next_number();
        if let Err(error) = self.exchange(swap, present, None).await {
            tracing::error!(room = self.inner.name, socket = present.name(), %error, "cannot put one plugin in everywhere");
        }
    }
}

impl Inner {
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
        match super::transports::own_description(&mut trial) {
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
            Kind::Transport | Kind::Pacer | Kind::Congestion | Kind::Estimator => None,
        }
    }
}

impl State {
    /// `present`'s socket with `resolved` in it, and with what was set on it before.
    pub(super) fn newcomer(&self, present: &Socket, mut resolved: Resolved) -> Result<Socket, SocketError> {
        let module = fitting::shown_module(&resolved, present.kind).clone();
        self.ledger.replay(present.name(), &module, &mut resolved);
        present.with(resolved)
    }

    /// What everybody is sent, now that this stands in the codec's socket: who is sent another codec, and which.
    fn note_codec(&mut self, socket: &Socket) -> Vec<(u32, u32)> {
        let mut changed = Vec::new();
        if !matches!(socket.kind, Kind::Decoder | Kind::Encoder) {
            return changed;
        }
        for member in &mut self.members {
            let Some(media) = &mut member.media else { continue };
            let plugin =
                |choice: &&Choice| self.codecs.repertoire.plugin_id(choice.format) == socket.resolved.id;
            if let Some(choice) = media.send.iter().find(plugin) {
                media.codec = choice.codec;
                changed.push((member.number, choice.codec));
            }
        }
        changed
    }
}

/// How long the steps took.
fn step_times(verify: TimeDelta, instantiate: TimeDelta, measure: &SwapMeasure) -> Vec<StepTime> {
    let times = measure.times;
    [
        ("verify", verify),
        ("instantiate", instantiate),
        ("shadow", times.shadow),
        ("ready", times.ready),
        ("align", times.align),
        ("probation", times.probation),
    ]
    .into_iter()
    .filter(|(_, time)| *time > TimeDelta::ZERO)
    .map(|(step, time)| StepTime {
        step: step.to_owned(),
        ms: time.as_ms_f64(),
    })
    .collect()
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

fn report(
    swap: u64,
    from: &Socket,
    to: &str,
    measure: &SwapMeasure,
    instances: u32,
    steps: Vec<StepTime>,
) -> SwapReport {
    SwapReport {
        swap,
        socket: from.name().to_owned(),
        from: from.resolved.id.clone(),
        to: to.to_owned(),
        outcome: match measure.outcome {
            Ended::Committed => SwapOutcome::Committed,
            Ended::RolledBack => SwapOutcome::RolledBack,
        },
        samples_lost: measure.samples_lost,
        discontinuity_db: f64::from(measure.discontinuity_db),
        stall_us: measure.stall_us,
        added_latency_ms: measure.added_latency_ms,
        instances,
        steps,
        message: match measure.outcome {
            Ended::Committed => String::new(),
            Ended::RolledBack => format!("`{to}` was rolled back: {}", measure.reason),
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
