//! What rooms ask of the network thread, each as one call.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use jackfield_core::Fault;
use jackfield_core::congestion_controller::CongestionController;
use jackfield_core::pacer::Pacer;
use jackfield_core::time::Timestamp;
use jackfield_core::transport::{Transport, TransportSink};
use jackfield_graph::conference::NetworkPorts;
use jackfield_graph::description::Kind;
use jackfield_graph::network::{
    BitrateProfile, DatagramSink, MediaConfiguration, NetworkDomain, NetworkError, NetworkParticipant,
    NetworkSocket, StreamRates,
};
use jackfield_graph::swap::SwapMeasure;
use jackfield_graph::transaction::Step;
use jackfield_session::candidate::{Candidate, CandidateAddress, CandidateProtocol};
use tokio::sync::oneshot;

use crate::clock::Clock;
use crate::net::{NetworkHandle, NetworkNotices};

/// What a transport says of its path, by attribute.
pub(crate) type Path = BTreeMap<String, String>;
type Paths = Arc<Mutex<BTreeMap<(u64, u32), Path>>>;

/// The network thread as rooms see it.
pub(crate) struct Network {
    handle: NetworkHandle,
    clock: Clock,
    paths: Paths,
}

impl Network {
    pub(crate) fn new(handle: NetworkHandle, clock: Clock) -> Self {
        Self {
            handle,
            clock,
            paths: Paths::default(),
        }
    }

    pub(crate) fn close(&self) {
        self.handle.close();
    }

    pub(crate) fn open_room(&self, room: u64, ports: NetworkPorts) -> bool {
        self.handle.open_room(room, ports)
    }

    pub(crate) fn close_room(&self, room: u64) {
        self.handle.close_room(room);
        lock(&self.paths).retain(|(of, _), _| *of != room);
    }

    /// Our addresses, as values of `a=candidate`.
    pub(crate) fn candidates(&self) -> Vec<String> {
        self.handle.candidates()
    }

    pub(crate) fn register_ufrag(&self, room: u64, participant: u32, ufrag: &str) {
        self.handle.register_ufrag(room, participant, ufrag);
    }

    /// Takes the peer to be where a candidate says, for a transport that proves nothing.
    pub(crate) fn announce(&self, room: u64, participant: u32, candidate: &str) {
        if let Ok(Candidate {
            protocol: CandidateProtocol::Udp,
            address: CandidateAddress::Ip(ip),
            port,
            ..
        }) = Candidate::parse(candidate)
        {
            self.handle
                .announce_address(room, participant, SocketAddr::new(ip, port));
        }
    }

    pub(crate) async fn add(
        &self,
        room: u64,
        id: u32,
        participant: NetworkParticipant,
        ufrag: &str,
    ) -> Result<(), Fault> {
        self.handle.register_ufrag(room, id, ufrag);
        self.ask(room, move |domain, now, _| domain.add(now, participant))
            .await
    }

    /// Lets a second transport connect beside the one that carries `id`, to take its place.
    pub(crate) async fn swap_transport(
        &self,
        room: u64,
        id: u32,
        newcomer: Box<dyn Transport>,
        ufrag: &str,
    ) -> Result<(), Fault> {
        self.handle.register_ufrag(room, id, ufrag);
        self.ask(room, move |domain, now, sink| {
            domain.swap_transport(now, id, newcomer, sink)
        })
        .await?
        .map_err(fault)
    }

    /// What happens to participants from now on.
    pub(crate) fn events(&self) -> NetworkNotices {
        self.handle.events()
    }

    pub(crate) fn remove(&self, room: u64, id: u32) {
        self.handle.forget(room, id);
        self.handle.run(room, move |domain, now, sink| {
            // Who never connected is not there.
            let _ = domain.remove(now, id, sink);
        });
        lock(&self.paths).remove(&(room, id));
    }

    /// What a participant is sent needs these rates from now on.
    pub(crate) fn set_rates(&self, room: u64, id: u32, rates: StreamRates) {
        self.handle.run(room, move |domain, now, _| {
            // Whoever has left needs none.
            let _ = domain.set_rates(now, id, rates);
        });
    }

    /// The link of a participant is used as this profile says from now on; whether it is another link, too.
    pub(crate) fn set_profile(&self, room: u64, id: u32, profile: BitrateProfile, moved: bool) {
        self.handle.run(room, move |domain, now, _| {
            // Whoever has left has no link.
            let _ = domain.set_profile(now, id, &profile, moved);
        });
    }

    pub(crate) fn configure(&self, room: u64, id: u32, configuration: MediaConfiguration) {
        self.handle.run(room, move |domain, _, _| {
            if let Err(error) = domain.configure(id, &configuration) {
                tracing::debug!(%error, "a participant left while its media were negotiated");
            }
        });
    }

    /// The remote description is complete: the transport begins, or restarts.
    pub(crate) async fn start(&self, room: u64, id: u32) -> Result<(), Fault> {
        self.with_transport(room, id, |transport, now, sink| transport.start(now, sink))
            .await
    }

    pub(crate) async fn add_remote_candidate(
        &self,
        room: u64,
        id: u32,
        candidate: String,
    ) -> Result<(), Fault> {
        self.with_transport(room, id, move |transport, now, _| {
            // A candidate that this transport cannot use, such as a TCP one, is no reason to fail.
            if let Err(fault) = transport.add_remote_candidate(now, &candidate) {
                tracing::debug!(%fault, candidate, "a candidate was passed over");
            }
            Ok(())
        })
        .await
    }

    /// Runs `use_it` on the network thread with the transport of a participant.
    pub(crate) async fn with_transport<R: Send + 'static>(
        &self,
        room: u64,
        id: u32,
        use_it: impl FnOnce(&mut dyn Transport, Timestamp, &mut dyn TransportSink) -> Result<R, Fault>
        + Send
        + 'static,
    ) -> Result<R, Fault> {
        self.ask(room, move |domain, now, sink| {
            domain.with_transport(now, id, sink, |transport, out| use_it(transport, now, out))
        })
        .await?
        .map_err(fault)?
    }

    pub(crate) async fn swap_pacer(&self, room: u64, id: u32, pacer: Box<dyn Pacer>) -> Option<SwapMeasure> {
        let mut clock = self.clock;
        let swapped = self
            .ask(room, move |domain, now, _| {
                domain.swap_pacer(now, id, pacer, &mut clock)
            })
            .await;
        Some(swapped.ok()?.ok()?.measure)
    }

    /// Begins to swap a congestion controller, or an estimator (`kind`); false if the participant has left or has none.
    pub(crate) async fn swap_controller(
        &self,
        (room, id): (u64, u32),
        kind: Kind,
        swap: u64,
        controller: Box<dyn CongestionController>,
        hold: bool,
    ) -> bool {
        let begun = self
            .ask(room, move |domain, now, _| match kind {
                Kind::Estimator => domain.swap_estimator(now, id, swap, controller, hold),
                _ => domain.swap_congestion(now, id, swap, controller, hold),
            })
            .await;
        matches!(begun, Ok(Ok(())))
    }

    /// How much may come from a participant is estimated by this plugin from now on.
    pub(crate) fn set_estimator(&self, room: u64, id: u32, estimator: Box<dyn CongestionController>) {
        self.handle.run(room, move |domain, now, _| {
            // Nothing comes from whoever has left.
            let _ = domain.set_estimator(now, id, estimator);
        });
    }

    /// How a swap of a congestion controller or an estimator ended, `None` while it is under way; somebody who has left has ended it.
    pub(crate) async fn congestion_swapped(&self, room: u64, id: u32, swap: u64) -> Option<SwapMeasure> {
        let swapped = self
            .ask(room, move |domain, _, _| domain.take_swapped(id, swap))
            .await;
        let Ok(Ok(swapped)) = swapped else {
            return Some(SwapMeasure::CLEAN);
        };
        // What has ended is dropped here, off the network thread.
        swapped.map(|ended| ended.measure)
    }

    /// The step of a swap of congestion controllers or estimators, where it has come the least far.
    pub(crate) async fn swap_step(&self, room: u64, swap: u64) -> Option<Step> {
        self.ask(room, move |domain, _, _| domain.swap_step(swap))
            .await
            .ok()?
    }

    /// Somebody decided about a swap.
    pub(crate) async fn decide_swap(&self, room: u64, swap: u64, promote: bool) {
        // A room that has been closed has no swap any more.
        let _ = self
            .ask(room, move |domain, now, _| domain.decide_swap(now, swap, promote))
            .await;
    }

    /// Sets a parameter of everybody's transport, pacer, congestion controller or estimator; how many took it.
    pub(crate) async fn set_parameter(
        &self,
        room: u64,
        kind: Kind,
        index: u32,
        value: f64,
    ) -> Result<u32, Fault> {
        let socket = match kind {
            Kind::Pacer => NetworkSocket::Pacer,
            Kind::Congestion => NetworkSocket::Congestion,
            Kind::Estimator => NetworkSocket::Estimator,
            _ => NetworkSocket::Transport,
        };
        self.ask(room, move |domain, now, _| {
            domain.set_parameter(now, None, socket, index, value)
        })
        .await?
        .map_err(fault)
    }

    /// What the transports of a room say of their paths: as they stood when this was asked last.
    pub(crate) fn paths(&self, room: u64) -> BTreeMap<u32, Path> {
        let paths = Arc::clone(&self.paths);
        self.handle.run(room, move |domain, _, _| {
            let ids: Vec<u32> = domain.ids().collect();
            for id in ids {
                if let Ok(path) = domain.path(id) {
                    lock(&paths).insert((room, id), path.into_iter().collect());
                }
            }
        });
        lock(&self.paths)
            .range((room, 0)..=(room, u32::MAX))
            .map(|((_, id), path)| (*id, path.clone()))
            .collect()
    }

    /// Runs `use_it` on the network thread and waits for what it gives.
    async fn ask<R: Send + 'static>(
        &self,
        room: u64,
        use_it: impl FnOnce(&mut NetworkDomain, Timestamp, &mut dyn DatagramSink) -> R + Send + 'static,
    ) -> Result<R, Fault> {
        let (send, answer) = oneshot::channel();
        self.handle.run(room, move |domain, now, sink| {
            // Whoever asked may have gone.
            let _ = send.send(use_it(domain, now, sink));
        });
        answer.await.map_err(|_| Fault::state("the room has been closed"))
    }
}

fn fault(error: NetworkError) -> Fault {
    match error {
        NetworkError::Refused(fault) => fault,
        other => Fault::state(other.to_string()),
    }
}

fn lock(paths: &Mutex<BTreeMap<(u64, u32), Path>>) -> std::sync::MutexGuard<'_, BTreeMap<(u64, u32), Path>> {
    paths.lock().unwrap_or_else(PoisonError::into_inner)
}
