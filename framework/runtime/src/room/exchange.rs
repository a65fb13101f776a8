//! One swap in every place of its socket: begun, waited for, and counted.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jackfield_abi::Area;
use jackfield_core::congestion_controller::CongestionController;
use jackfield_core::module::Module;
use jackfield_core::pacer::Pacer;
use jackfield_core::time::Timestamp;
use jackfield_graph::description::Kind;
use jackfield_graph::swap::{SwapMeasure, SwapOutcome as Ended};
use jackfield_graph::transaction::Step;
use tokio::sync::oneshot;

use super::negotiate::ESTIMATOR_SEED;
use super::{Inner, Room};
use crate::error::SocketError;
use crate::event_log::ConnectionLog;
use crate::fitting::{self, Socket};
use crate::urgency;
use crate::view::SwapUnderWay;

/// The audio thread has stopped if it does not answer for so long.
pub(super) const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// So long somebody may take to decide about a swap.
const DECIDED_WITHIN: Duration = Duration::from_secs(3_600);
/// How often swaps of the network domain are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// What came of a swap in all its places.
pub(super) struct Exchanged {
    pub(super) measure: SwapMeasure,
    pub(super) instances: u32,
    /// In how many places the newcomer stays.
    pub(super) committed: usize,
    /// When all instances were made.
    pub(super) made: Timestamp,
}

impl Room {
    /// Puts `newcomer` into its socket everywhere and waits for the end.
    pub(super) async fn exchange(
        &self,
        swap: u64,
        newcomer: &Socket,
        begun: Option<oneshot::Sender<SwapUnderWay>>,
    ) -> Result<Exchanged, SocketError> {
        let clock = self.inner.shared.clock;
        let hold = begun.is_some();
        match newcomer.kind {
            Kind::Processor | Kind::Jitter | Kind::Mixer | Kind::Decoder | Kind::Encoder => {
                let room = self.clone();
                let socket = newcomer.clone();
                // Making instances may take a while: files are opened, models set up.
                let orders = urgency::in_the_background(move || room.inner.begin(swap, &socket, hold)).await;
                let (instances, ended) = orders.ok_or(SocketError::NoAnswer)??;
                let made = clock.now();
                self.inner.in_the_shadow(swap, begun);
                if instances == 0 {
                    return Ok(Exchanged::nowhere(made));
                }
                let (measure, committed) = self.await_end(swap, hold, ended).await?;
                Ok(Exchanged {
                    measure,
                    instances,
                    committed,
                    made,
                })
            }
            Kind::Pacer | Kind::Congestion | Kind::Estimator => {
                self.inner.exchange_network(swap, newcomer, begun).await
            }
            Kind::Transport => self.inner.exchange_transports(swap, newcomer).await,
        }
    }

    /// Waits for the end of a swap. One on hold is taken back when nobody has decided about it for an hour.
    async fn await_end(
        &self,
        swap: u64,
        hold: bool,
        mut ended: oneshot::Receiver<(SwapMeasure, usize)>,
    ) -> Result<(SwapMeasure, usize), SocketError> {
        if hold {
            match tokio::time::timeout(DECIDED_WITHIN, &mut ended).await {
                Ok(ended) => return ended.map_err(|_| SocketError::NoAnswer),
                Err(_) => drop(self.abort_swap(swap).await),
            }
        }
        match tokio::time::timeout(ANSWER_WITHIN, ended).await {
            Ok(Ok(ended)) => Ok(ended),
            _ => Err(SocketError::NoAnswer),
        }
    }
}

impl Inner {
    /// The instances are made and the orders given.
    fn in_the_shadow(&self, swap: u64, begun: Option<oneshot::Sender<SwapUnderWay>>) {
        self.progress(swap, Step::Shadow);
        let under_way = self.state().progress.get(&swap).cloned();
        if let (Some(begun), Some(under_way)) = (begun, under_way) {
            // Whoever asked may have gone.
            let _ = begun.send(under_way);
        }
    }

    async fn exchange_network(
        &self,
        swap: u64,
        newcomer: &Socket,
        begun: Option<oneshot::Sender<SwapUnderWay>>,
    ) -> Result<Exchanged, SocketError> {
        let hold = begun.is_some();
        let mut exchanged = Exchanged::nowhere(self.shared.clock.now());
        if newcomer.kind == Kind::Pacer {
            let made = self.make_for_each::<dyn Pacer>(&self.connected(), newcomer, 200)?;
            exchanged.made = self.shared.clock.now();
            self.in_the_shadow(swap, begun);
            for (participant, pacer) in made {
                let network = &self.shared.network;
                let ended = network.swap_pacer(self.key, participant, Box::new(pacer)).await;
                exchanged.count(ended);
            }
            return Ok(exchanged);
        }
        let estimator = newcomer.kind == Kind::Estimator;
        let places = if estimator {
            self.estimated()
        } else {
            self.connected()
        };
        let mut left = Vec::new();
        let mut logs = BTreeMap::new();
        let place = if estimator { ESTIMATOR_SEED } else { 200 };
        let made = self.make_for_each::<dyn CongestionController>(&places, newcomer, place)?;
        for (participant, made) in made {
            let mut controller: Box<dyn CongestionController> = Box::new(made);
            if let Some(log) = self.event_log(participant).filter(|_| !estimator) {
                let instance;
                (controller, instance) = log.record(controller, newcomer, self.seed(participant, place));
                logs.insert(participant, (log, instance));
            }
            let network = &self.shared.network;
            if network
                .swap_controller((self.key, participant), newcomer.kind, swap, controller, hold)
                .await
            {
                left.push(participant);
            }
        }
        exchanged.made = self.shared.clock.now();
        self.in_the_shadow(swap, begun);
        let began = tokio::time::Instant::now();
        let mut aborted = false;
        while !left.is_empty() {
            tokio::time::sleep(LOOK_EVERY).await;
            if let Some(step) = self.shared.network.swap_step(self.key, swap).await {
                self.progress(swap, step);
            }
            let mut still = Vec::new();
            for participant in left {
                match self
                    .shared
                    .network
                    .congestion_swapped(self.key, participant, swap)
                    .await
                {
                    Some(ended) => {
                        if let Some((log, instance)) = logs.get(&participant) {
                            let stays = ended.outcome == Ended::Committed;
                            log.swapped(*instance, swap, (!stays).then_some(ended.reason));
                        }
                        exchanged.count(Some(ended));
                    }
                    None => still.push(participant),
                }
            }
            left = still;
            if hold && !aborted && began.elapsed() > DECIDED_WITHIN {
                aborted = true;
                self.shared.network.decide_swap(self.key, swap, false).await;
            }
        }
        Ok(exchanged)
    }

    /// An instance for each, before anything is changed anywhere: one that cannot be made must not leave a room with both plugins.
    fn make_for_each<A: Area + ?Sized>(
        &self,
        participants: &[u32],
        newcomer: &Socket,
        place: u64,
    ) -> Result<Vec<(u32, A::Proxy)>, SocketError>
    where
        A::Proxy: Module,
    {
        let loader = &self.shared.loader;
        let one = |participant: &u32| {
            let made = fitting::bare::<A>(loader, newcomer, self.seed(*participant, place))?;
            Ok((*participant, made))
        };
        participants.iter().map(one).collect()
    }

    /// The event log of somebody's connection, if there is one.
    pub(super) fn event_log(&self, participant: u32) -> Option<Arc<ConnectionLog>> {
        self.state().member(participant)?.event_log.clone()
    }

    /// Everybody who has a network side.
    fn connected(&self) -> Vec<u32> {
        let state = self.state();
        let connected = state.members.iter().filter(|m| m.network.is_some());
        connected.map(|m| m.number).collect()
    }

    /// Everybody of whom a plugin estimates how much may come.
    fn estimated(&self) -> Vec<u32> {
        let state = self.state();
        let estimated = state.members.iter().filter(|m| m.estimated);
        estimated.map(|m| m.number).collect()
    }
}

impl Exchanged {
    pub(super) fn nowhere(made: Timestamp) -> Self {
        Self {
            measure: SwapMeasure::CLEAN,
            instances: 0,
            committed: 0,
            made,
        }
    }

    pub(super) fn count(&mut self, ended: Option<SwapMeasure>) {
        if let Some(ended) = ended {
            self.measure = self.measure.worst(ended);
            self.instances += 1;
            self.committed += usize::from(ended.outcome == Ended::Committed);
        }
    }
}
