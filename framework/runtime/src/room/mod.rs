//! A room: who is in it, what stands in its sockets, and what becomes of the orders to its audio thread.

mod decision;
mod exchange;
mod join;
mod ledger;
mod limits;
mod link;
mod media;
mod moving;
mod negotiate;
mod orders;
mod reload;
mod service;
mod swap;
mod trace;
mod transports;
mod views;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jackfield_core::Fault;
use jackfield_core::time::Timestamp;
use jackfield_graph::command::Command;
use jackfield_graph::conference::{Conference, ConferenceConfig, ControlPorts};
use jackfield_graph::network::{NetworkStats, StreamRates};
use jackfield_graph::plan::Plan;
use jackfield_graph::resources::Resources;
use jackfield_graph::stats::StripStats;
use jackfield_graph::swap::SwapMeasure;
use jackfield_session::signalling::Link;
use tokio::sync::{broadcast, oneshot};

use crate::audio_thread::{Seat, TickTimes};
use crate::codecs::Codecs;
use crate::engine::Shared;
use crate::error::EngineError;
use crate::event_log::ConnectionLog;
use crate::fitting::{self, Fitting};
use crate::histogram::Histogram;
use crate::view::{ParticipantKind, ParticipantView, RoomEvent, SwapReport, SwapUnderWay};

use self::ledger::Ledger;

pub(crate) use media::Choice;
pub use negotiate::Participant;
pub(crate) use views::plugin_view;

/// Reports of swaps that are kept for the statistics.
const KEPT_SWAPS: usize = 32;

/// A room. Clones are the same room.
#[derive(Clone)]
pub struct Room {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) key: u64,
    pub(crate) name: String,
    pub(crate) config: ConferenceConfig,
    pub(crate) shared: Arc<Shared>,
    pub(crate) times: Arc<TickTimes>,
    events: broadcast::Sender<RoomEvent>,
    state: Mutex<State>,
}

pub(crate) struct State {
    fitting: Fitting,
    plan: Plan,
    codecs: Codecs,
    members: Vec<Member>,
    control: ControlPorts,
    next_number: u32,
    /// How often somebody has been given instances of what stands in the sockets: whoever is while a swap is under way may have missed it.
    arrivals: u64,
    revision: u64,
    next_ticket: u64,
    swaps_under_way: BTreeMap<u64, UnderWay>,
    /// What is told of the swaps that have not ended.
    progress: BTreeMap<u64, SwapUnderWay>,
    ledger: Ledger,
    /// The swap of the transport that is under way.
    moving: Option<moving::Move>,
    tickets: BTreeMap<u64, oneshot::Sender<Result<u32, Fault>>>,
    shared_encoders: BTreeSet<u32>,
    /// What each codec that has been sent needs, by its key.
    codec_rates: BTreeMap<u32, StreamRates>,
    /// Who wants less to be encoded, for everybody and by everybody.
    resources: Resources,
    /// Congestion controllers that have been asked, by their ids: whether they adapt to ECN marks.
    adapting: BTreeMap<String, bool>,
    busy: BTreeSet<String>,
    bypassed: BTreeSet<(u32, usize)>,
    history: VecDeque<SwapReport>,
    stalls: Histogram,
    levels_at: Timestamp,
    traced_at: Timestamp,
}

/// Somebody in the room.
pub(crate) struct Member {
    number: u32,
    name: String,
    kind: ParticipantKind,
    muted: bool,
    link: Link,
    /// Who wants less to be encoded for it.
    resources: Resources,
    strip: Arc<StripStats>,
    network: Option<Arc<NetworkStats>>,
    /// A plugin estimates how much may come from it.
    estimated: bool,
    /// Where what its congestion controller and its jitter buffer are told is written down, if it is.
    event_log: Option<Arc<ConnectionLog>>,
    media: Option<media::Media>,
    /// What carries it, once it is connected.
    transport: Option<moving::Standing>,
    /// The number of the connection that carries it, and of the one before while a transport is being swapped.
    connection: u64,
    connection_before: u64,
}

/// A swap that the audio thread is at.
struct UnderWay {
    left: usize,
    /// In how many places the newcomer stays.
    committed: usize,
    measure: SwapMeasure,
    done: oneshot::Sender<(SwapMeasure, usize)>,
}

impl Room {
    pub(crate) fn open(shared: &Arc<Shared>, name: &str) -> Result<Self, EngineError> {
        let fitting = Fitting::new(&shared.manifest, &shared.loader)?;
        let room = shared.manifest.room;
        let config = ConferenceConfig {
            format: room.format(),
            max_participants: room.max_participants as usize,
            ..ConferenceConfig::default()
        };
        let plan = fitting.plan(config.format)?;
        let socket = |kind| {
            fitting.of_kind(kind).ok_or_else(|| EngineError::Profile {
                name: shared.manifest.profile.name().to_owned(),
            })
        };
        let mixer = fitting::mixer(
            &shared.loader,
            socket(jackfield_graph::description::Kind::Mixer)?,
            &config,
            1,
        )?;
        let codecs = Codecs::new(
            &shared.loader,
            socket(jackfield_graph::description::Kind::Decoder)?,
        )?;
        let key = shared.next_number();
        let (conference, control, network) = Conference::new(config, mixer);
        let times = Arc::new(TickTimes::new());
        if !shared.network.open_room(key, network) {
            return Err(EngineError::Closed);
        }
        if !shared.audio.open(Box::new(Seat {
            key,
            conference,
            times: Arc::clone(&times),
        })) {
            shared.network.close_room(key);
            return Err(EngineError::TooManyRooms);
        }
        let ledger = Ledger::new(&fitting.sockets);
        trace::plan(name, &plan);
        let state = State {
            fitting,
            plan,
            codecs,
            members: Vec::new(),
            control,
            next_number: 1,
            arrivals: 0,
            revision: 1,
            next_ticket: 1,
            swaps_under_way: BTreeMap::new(),
            progress: BTreeMap::new(),
            ledger,
            moving: None,
            tickets: BTreeMap::new(),
            shared_encoders: BTreeSet::new(),
            codec_rates: BTreeMap::new(),
            resources: Resources::new(),
            adapting: BTreeMap::new(),
            busy: BTreeSet::new(),
            bypassed: BTreeSet::new(),
            history: VecDeque::new(),
            stalls: Histogram::default(),
            levels_at: Timestamp::ZERO,
            traced_at: Timestamp::ZERO,
        };
        Ok(Self {
            inner: Arc::new(Inner {
                key,
                name: name.to_owned(),
                config,
                shared: Arc::clone(shared),
                times,
                events: broadcast::Sender::new(256),
                state: Mutex::new(state),
            }),
        })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// Who is in it, in the order in which they came.
    pub fn participants(&self) -> Vec<ParticipantView> {
        self.inner.state().members.iter().map(Member::view).collect()
    }

    /// Everybody is told where else we can be reached. \[control\]
    pub(crate) fn tell_candidates(&self, fresh: &[String]) {
        self.inner.tell(RoomEvent::Candidates(fresh.to_vec()));
    }

    /// What happens in it from now on. A receiver that falls far behind misses events.
    pub fn subscribe(&self) -> broadcast::Receiver<RoomEvent> {
        self.inner.events.subscribe()
    }
}

impl Inner {
    /// A panic while the lock was held leaves at worst one member half told of; going on serves everybody else.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, event: RoomEvent) {
        // Nobody may be listening.
        let _ = self.events.send(event);
    }

    fn seed(&self, member: u32, place: u64) -> u64 {
        self.key << 32 | u64::from(member) << 8 | place
    }

    /// Hands the room back to the threads that run it, and has it dropped.
    pub(crate) fn close(&self) {
        self.shared.audio.close(self.key);
        self.shared.network.close_room(self.key);
    }
}

impl State {
    fn member(&self, number: u32) -> Option<&Member> {
        self.members.iter().find(|m| m.number == number)
    }

    fn member_mut(&mut self, number: u32) -> Option<&mut Member> {
        self.members.iter_mut().find(|m| m.number == number)
    }

    /// Gives an order to the audio thread; false if it stands still.
    fn order(&mut self, command: Command) -> bool {
        let mut command = command;
        for _ in 0..200 {
            match self.control.commands.push(command) {
                Ok(()) => return true,
                Err(rtrb::PushError::Full(back)) => {
                    command = back;
                    std::thread::sleep(std::time::Duration::from_millis(5));
                }
            }
        }
        false
    }

    fn change(&mut self) -> RoomEvent {
        self.revision += 1;
        RoomEvent::Graph {
            revision: self.revision,
        }
    }

    fn remember(&mut self, report: &SwapReport) {
        if self.history.len() == KEPT_SWAPS {
            self.history.pop_front();
        }
        self.history.push_back(report.clone());
    }
}

impl Member {
    fn id(&self) -> String {
        participant_id(self.number)
    }

    fn view(&self) -> ParticipantView {
        ParticipantView {
            id: self.id(),
            name: self.name.clone(),
            kind: self.kind,
            muted: self.muted,
        }
    }
}

fn participant_id(number: u32) -> String {
    format!("p{number}")
}
