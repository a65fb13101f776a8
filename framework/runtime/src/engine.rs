//! The engine: all rooms of a host, and the threads that serve them.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use jackfield_graph::resources::{PROCESSOR, ProcessorUse};
use jackfield_loader::{Catalogue, Loader, Manifest};

use crate::audio_thread::AudioThread;
use crate::clock::Clock;
use crate::cpu::CpuFeatures;
use crate::error::EngineError;
use crate::event_log::{EventLogOptions, EventLogs};
use crate::net::{NetworkOptions, NetworkThread, SocketOptions, interfaces};
use crate::network::Network;
use crate::room::Room;
use crate::view::PluginView;

/// How often the control thread looks.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// How an engine is set up.
#[derive(Clone)]
pub struct EngineOptions {
    /// What stands in the sockets of each room.
    pub manifest: Manifest,
    /// Where plugins come from.
    pub loader: Loader,
    /// UDP addresses for media; port 0 takes any.
    pub media: Vec<SocketAddr>,
    /// Addresses to tell peers instead of those that the sockets are bound to: for hosts behind a one-to-one NAT.
    pub advertised: Vec<IpAddr>,
    /// A STUN server that tells our address from outside.
    pub stun_server: Option<SocketAddr>,
    /// How the UDP sockets are set up.
    pub sockets: SocketOptions,
    /// Where what congestion controllers are told is written down; nothing if it is not.
    pub event_log: Option<EventLogOptions>,
}

impl EngineOptions {
    /// Media on any port of the loopback address, nothing else advertised; event logs as the manifest says.
    pub fn new(manifest: Manifest, loader: Loader) -> Self {
        Self {
            event_log: EventLogOptions::of(&manifest),
            manifest,
            loader,
            media: vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 0))],
            advertised: Vec::new(),
            stun_server: None,
            sockets: SocketOptions::default(),
        }
    }
}

/// All rooms of a host. Clones are the same engine.
#[derive(Clone)]
pub struct Engine {
    shared: Arc<Shared>,
    rooms: Arc<Mutex<BTreeMap<String, Room>>>,
    control: Arc<Control>,
}

/// What all rooms use.
pub(crate) struct Shared {
    pub(crate) manifest: Manifest,
    pub(crate) loader: Loader,
    pub(crate) clock: Clock,
    pub(crate) network: Network,
    pub(crate) audio: AudioThread,
    pub(crate) event_logs: EventLogs,
    next: AtomicU64,
}

impl Shared {
    /// A number that nothing else in this engine has: for rooms and swaps.
    pub(crate) fn next_number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }
}

struct Control {
    stop: Arc<AtomicBool>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Engine {
    /// Starts the threads and opens the sockets.
    ///
    /// # Errors
    /// If the machine refuses a socket or a thread.
    pub fn start(options: EngineOptions) -> Result<Self, EngineError> {
        tracing::info!(processor = %CpuFeatures::detect(), "the engine starts");
        let clock = Clock::new();
        let refused = |error: &dyn std::fmt::Display| EngineError::Machine(error.to_string());
        let network = NetworkThread::start(NetworkOptions {
            media: options.media,
            advertised: options.advertised,
            stun_server: options.stun_server,
            sockets: options.sockets,
            clock,
        })
        .map_err(|e| refused(&e))?;
        let audio = AudioThread::start(clock, network.waker()).map_err(|e| refused(&e))?;
        let event_logs = EventLogs::start(options.event_log, clock).map_err(|e| refused(&e))?;
        let shared = Arc::new(Shared {
            manifest: options.manifest,
            loader: options.loader,
            clock,
            network: Network::new(network, clock),
            audio,
            event_logs,
            next: AtomicU64::new(1),
        });
        let rooms: Arc<Mutex<BTreeMap<String, Room>>> = Arc::default();
        let stop = Arc::new(AtomicBool::new(false));
        let (served, stopped, looked_at) = (Arc::clone(&rooms), Arc::clone(&stop), Arc::clone(&shared));
        let thread = std::thread::Builder::new()
            .name("jackfield-control".to_owned())
            .spawn(move || {
                let mut candidates = looked_at.network.candidates();
                let mut processor = ProcessorUse::default();
                while !stopped.load(Ordering::Relaxed) {
                    std::thread::sleep(LOOK_EVERY);
                    let rooms: Vec<Room> = lock(&served).values().cloned().collect();
                    let offered = looked_at.network.candidates();
                    let fresh = interfaces::fresh(&candidates, &offered);
                    candidates = offered;
                    let vote = processor.vote(looked_at.clock.now(), looked_at.audio.count());
                    for room in rooms {
                        if !fresh.is_empty() {
                            room.tell_candidates(&fresh);
                        }
                        room.vote(PROCESSOR, vote);
                        room.service(looked_at.clock.now());
                    }
                    looked_at.audio.sweep();
                    looked_at.loader.tend(looked_at.clock.now());
                }
            })
            .map_err(|e| refused(&e))?;
        Ok(Self {
            shared,
            rooms,
            control: Arc::new(Control {
                stop,
                thread: Mutex::new(Some(thread)),
            }),
        })
    }

    /// All rooms, by name.
    pub fn rooms(&self) -> Vec<Room> {
        lock(&self.rooms).values().cloned().collect()
    }

    /// The room of this name.
    pub fn room(&self, name: &str) -> Option<Room> {
        lock(&self.rooms).get(name).cloned()
    }

    /// The room of this name, opened if there is none.
    ///
    /// # Errors
    /// If a plugin of the manifest cannot be used, or there are too many rooms.
    pub fn open_room(&self, name: &str) -> Result<Room, EngineError> {
        if self.control.stop.load(Ordering::Relaxed) {
            return Err(EngineError::Closed);
        }
        let mut rooms = lock(&self.rooms);
        if let Some(room) = rooms.get(name) {
            return Ok(room.clone());
        }
        let room = Room::open(&self.shared, name)?;
        rooms.insert(name.to_owned(), room.clone());
        Ok(room)
    }

    /// Closes the room of this name: whoever is in it is put out.
    pub fn close_room(&self, name: &str) {
        let room = lock(&self.rooms).remove(name);
        if let Some(room) = room {
            room.inner.close();
        }
    }

    /// The plugins that the loader found.
    pub fn catalogue(&self) -> Arc<Catalogue> {
        self.shared.loader.catalogue()
    }

    /// The same, as others see it.
    pub fn plugins(&self) -> Vec<PluginView> {
        let pinned = |id: &str| {
            self.shared
                .manifest
                .sockets
                .iter()
                .any(|s| s.pin.is_some() && s.candidates.iter().any(|c| c == id))
        };
        let catalogue = self.catalogue();
        catalogue
            .modules()
            .map(|(file, module)| crate::room::plugin_view(file, module, pinned(&module.id)))
            .collect()
    }

    /// Where plugins come from.
    pub fn loader(&self) -> &Loader {
        &self.shared.loader
    }

    /// What stands in the sockets of a new room.
    pub fn manifest(&self) -> &Manifest {
        &self.shared.manifest
    }

    /// Closes every room, says goodbye to everybody, joins the threads and frees the sockets. Idempotent.
    pub async fn close(&self) {
        let engine = self.clone();
        // Joining blocks.
        let joined = tokio::task::spawn_blocking(move || engine.shut_down()).await;
        if let Err(error) = joined {
            tracing::error!(%error, "the engine could not be shut down in order");
        }
    }

    fn shut_down(&self) {
        self.control.stop.store(true, Ordering::Relaxed);
        let rooms = std::mem::take(&mut *lock(&self.rooms));
        for room in rooms.values() {
            room.inner.close();
        }
        let thread = self
            .control
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(thread) = thread {
            let _ = thread.join();
        }
        self.shared.audio.stop();
        self.shared.network.close();
        self.shared.event_logs.stop();
    }
}

/// A panic while the lock was held leaves the map whole: each change is one operation.
fn lock(rooms: &Mutex<BTreeMap<String, Room>>) -> MutexGuard<'_, BTreeMap<String, Room>> {
    rooms.lock().unwrap_or_else(PoisonError::into_inner)
}
