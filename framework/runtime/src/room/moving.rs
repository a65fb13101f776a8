//! The swap of a transport, make before break: everybody whom the predecessor carries is asked for a second connection, over the newcomer, and
//! goes over to it when it carries sound.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jackfield_graph::description::Kind;
use jackfield_graph::network::NetworkEvent;
use jackfield_graph::swap::SwapOutcome as Ended;
use jackfield_graph::transaction::Step;
use jackfield_loader::Digest;

use super::exchange::Exchanged;
use super::{Inner, State, participant_id};
use crate::error::{NegotiationError, SocketError};
use crate::fitting::Socket;
use crate::net::NetworkNotices;
use crate::view::RoomEvent;

/// Who has not opened a second connection by then keeps the first.
const OFFERED_WITHIN: Duration = Duration::from_secs(8);
/// How often it is looked whether somebody has left.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A swap of the transport that is under way.
pub(super) struct Move {
    swap: u64,
    newcomer: Socket,
    /// Who was asked for a second connection, and whether they have offered one.
    asked: BTreeMap<u32, bool>,
}

/// The transport that carries somebody.
#[derive(PartialEq, Eq)]
pub(super) struct Standing {
    id: String,
    digest: Option<Digest>,
}

impl Standing {
    pub(super) fn of(socket: &Socket) -> Self {
        Self {
            id: socket.resolved.id.clone(),
            digest: socket.resolved.file.digest,
        }
    }
}

impl State {
    /// Whether this swap is one of the transport.
    pub(super) fn is_moving(&self, swap: u64) -> bool {
        self.moving.as_ref().is_some_and(|moving| moving.swap == swap)
    }

    /// Whether `number` was asked for a second connection with this number.
    pub(super) fn is_asked(&self, number: u32, connection: u64) -> bool {
        self.moving
            .as_ref()
            .is_some_and(|moving| moving.swap == connection && moving.asked.contains_key(&number))
    }
}

impl Inner {
    /// The socket whose plugin is to carry the connection with this number.
    pub(super) fn transport_for(&self, number: u32, connection: u64) -> Result<Socket, NegotiationError> {
        let mut state = self.state();
        if let Some(moving) = state.moving.as_mut().filter(|moving| moving.swap == connection)
            && let Some(offered) = moving.asked.get_mut(&number)
        {
            *offered = true;
            return Ok(moving.newcomer.clone());
        }
        drop(state);
        self.socket_of(Kind::Transport)
    }

    /// Asks everybody for a second connection over `newcomer` and waits until they have gone over to it.
    pub(super) async fn exchange_transports(
        &self,
        swap: u64,
        newcomer: &Socket,
    ) -> Result<Exchanged, SocketError> {
        let notices = self.shared.network.events();
        let asked = self.ask_for_connections(swap, newcomer);
        self.progress(swap, Step::Shadow);
        let exchanged = self.follow(swap, asked, notices).await;
        self.state().moving = None;
        // Whoever looks at the statistics now shall see the new paths.
        self.shared.network.paths(self.key);
        exchanged
    }

    /// Waits until all who were `asked` have gone over, or will not.
    async fn follow(
        &self,
        swap: u64,
        asked: BTreeSet<u32>,
        mut notices: NetworkNotices,
    ) -> Result<Exchanged, SocketError> {
        let clock = self.shared.clock;
        let begun = clock.now();
        let mut exchanged = Exchanged::nowhere(begun);
        let mut took_over = BTreeMap::new();
        let mut left = asked;
        let asked_at = tokio::time::Instant::now();
        while !left.is_empty() {
            match tokio::time::timeout(LOOK_EVERY, notices.recv()).await {
                Ok(Some((room, number, event))) if room == self.key && left.contains(&number) => {
                    match event {
                        NetworkEvent::TransportTookOver => {
                            took_over.insert(number, clock.now());
                            if let Some(member) = self.state().member_mut(number) {
                                member.connection = swap;
                            }
                            self.progress(swap, Step::Probation);
                        }
                        NetworkEvent::TransportSwapped(mut measure) => {
                            left.remove(&number);
                            let now = clock.now();
                            let connected = took_over.get(&number).copied().unwrap_or(now);
                            measure.times.shadow = connected.since(begun);
                            measure.times.probation = now.since(connected);
                            exchanged.count(Some(measure));
                            self.moved(number, measure.outcome);
                        }
                        _ => {}
                    }
                }
                Ok(Some(_)) | Err(_) => {}
                Ok(None) => return Err(SocketError::NoAnswer),
            }
            let patient = asked_at.elapsed() < OFFERED_WITHIN;
            let state = self.state();
            let offered = |number: &u32| {
                state
                    .moving
                    .as_ref()
                    .is_some_and(|m| m.asked.get(number) == Some(&true))
            };
            left.retain(|number| state.member(*number).is_some() && (patient || offered(number)));
        }
        Ok(exchanged)
    }

    /// Somebody has gone over, or back.
    fn moved(&self, number: u32, outcome: Ended) {
        let mut state = self.state();
        let newcomer = state.moving.as_ref().map(|moving| Standing::of(&moving.newcomer));
        let Some(member) = state.member_mut(number) else {
            return;
        };
        if outcome == Ended::Committed {
            member.transport = newcomer;
        } else {
            member.connection = member.connection_before;
        }
    }

    /// Gives those who were asked.
    fn ask_for_connections(&self, swap: u64, newcomer: &Socket) -> BTreeSet<u32> {
        let wanted = Standing::of(newcomer);
        let mut state = self.state();
        let others = state.members.iter_mut().filter(|member| {
            member
                .transport
                .as_ref()
                .is_some_and(|present| *present != wanted)
        });
        let asked: BTreeSet<u32> = others
            .map(|member| {
                member.connection_before = member.connection;
                member.number
            })
            .collect();
        state.moving = Some(Move {
            swap,
            newcomer: newcomer.clone(),
            asked: asked.iter().map(|number| (*number, false)).collect(),
        });
        drop(state);
        if !asked.is_empty() {
            self.tell(RoomEvent::Reconnect {
                connection: swap,
                participants: asked.iter().map(|number| participant_id(*number)).collect(),
            });
        }
        asked
    }

    /// Who is carried by another transport than the one in `socket`, by name.
    pub(super) fn left_behind(&self, socket: &Socket) -> Vec<String> {
        let wanted = Standing::of(socket);
        let state = self.state();
        let behind = state.members.iter().filter(|member| {
            member
                .transport
                .as_ref()
                .is_some_and(|present| *present != wanted)
        });
        behind.map(|member| member.name.clone()).collect()
    }
}
