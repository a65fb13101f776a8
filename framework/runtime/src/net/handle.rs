//! How everybody else speaks to the network thread.

use std::net::SocketAddr;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use jackfield_core::time::Timestamp;
use jackfield_graph::conference::NetworkPorts;
use jackfield_graph::network::{DatagramSink, NetworkDomain, NetworkEvent};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

use super::outlet::Notice;
use super::statistics::SocketStatistics;
use super::table::Owner;
use super::waker::Waker;
use super::{NetError, NetworkOptions};

/// What happens to participants: room, participant, event. It holds everything that has not been read, so it must be read or dropped.
pub type NetworkNotices = UnboundedReceiver<(u64, u32, NetworkEvent)>;

/// What runs on the network thread.
pub(super) type Job = Box<dyn FnOnce(&mut NetworkDomain, Timestamp, &mut dyn DatagramSink) + Send>;

/// An order to the network thread.
pub(super) enum Command {
    OpenRoom(u64, Box<NetworkDomain>),
    CloseRoom(u64),
    Run(u64, Job),
    Register(Owner, String),
    Announce(Owner, SocketAddr),
    Forget(Owner),
    Listen(UnboundedSender<Notice>),
    Close,
}

/// The network thread. Clones are the same one; when the last is dropped it is closed.
#[derive(Clone)]
pub struct NetworkHandle(Arc<Inner>);

struct Inner {
    commands: Sender<Command>,
    waker: Waker,
    thread: Mutex<Option<JoinHandle<()>>>,
    shared: Arc<Shared>,
    options: NetworkOptions,
}

/// What the thread leaves for others to read.
pub(super) struct Shared {
    pub(super) candidates: Mutex<Vec<String>>,
    pub(super) addresses: Vec<SocketAddr>,
    pub(super) statistics: Arc<SocketStatistics>,
}

impl NetworkHandle {
    pub(super) fn new(
        commands: Sender<Command>,
        waker: Waker,
        thread: JoinHandle<()>,
        shared: Arc<Shared>,
        options: NetworkOptions,
    ) -> Self {
        Self(Arc::new(Inner {
            commands,
            waker,
            thread: Mutex::new(Some(thread)),
            shared,
            options,
        }))
    }

    /// Opens a room under a key; false if the thread has been closed. A room that had the key is replaced without a goodbye. \[control\]
    pub fn open_room(&self, key: u64, ports: NetworkPorts) -> bool {
        let domain = NetworkDomain::new(ports).with_clock(self.0.options.clock.ntp());
        self.0.order(Command::OpenRoom(key, Box::new(domain)))
    }

    /// Says goodbye to everybody in a room and closes it. \[control\]
    pub fn close_room(&self, key: u64) {
        self.0.order(Command::CloseRoom(key));
    }

    /// Runs `job` on the network thread with the domain of a room; it must be quick and never wait. False if the thread has been closed; if
    /// the room is not open the job is dropped. \[control\]
    pub fn run(
        &self,
        room: u64,
        job: impl FnOnce(&mut NetworkDomain, Timestamp, &mut dyn DatagramSink) + Send + 'static,
    ) -> bool {
        self.0.order(Command::Run(room, Box::new(job)))
    }

    /// Runs `job` as [`NetworkHandle::run`] does, and gives what it gave.
    ///
    /// # Errors
    /// If the room is not open (also: if the job panicked), or the thread has been closed.
    pub async fn call<R: Send + 'static>(
        &self,
        room: u64,
        job: impl FnOnce(&mut NetworkDomain, Timestamp, &mut dyn DatagramSink) -> R + Send + 'static,
    ) -> Result<R, NetError> {
        let (send, answer) = oneshot::channel();
        let ordered = self.run(room, move |domain, now, sink| {
            // Whoever asked may have gone.
            let _ = send.send(job(domain, now, sink));
        });
        if !ordered {
            return Err(NetError::Closed);
        }
        answer.await.map_err(|_| NetError::UnknownRoom(room))
    }

    /// Runs `job` as [`NetworkHandle::run`] does, and blocks until it is done. Not for the audio thread, nor for the network thread itself.
    ///
    /// # Errors
    /// As [`NetworkHandle::call`].
    pub fn call_blocking<R: Send + 'static>(
        &self,
        room: u64,
        job: impl FnOnce(&mut NetworkDomain, Timestamp, &mut dyn DatagramSink) -> R + Send + 'static,
    ) -> Result<R, NetError> {
        let (send, answer) = mpsc::sync_channel(1);
        let ordered = self.run(room, move |domain, now, sink| {
            let _ = send.send(job(domain, now, sink));
        });
        if !ordered {
            return Err(NetError::Closed);
        }
        answer.recv().map_err(|_| NetError::UnknownRoom(room))
    }

    /// Checks with this user fragment of ours belong to `participant`: to be told for each transport, and anew after each ICE restart.
    pub fn register_ufrag(&self, room: u64, participant: u32, ufrag: &str) {
        self.0
            .order(Command::Register(Owner { room, participant }, ufrag.to_owned()));
    }

    /// Takes what comes from `remote` for `participant`'s, without proof: only for transports that prove nothing (`transport/loopback`).
    pub fn announce_address(&self, room: u64, participant: u32, remote: SocketAddr) {
        self.0
            .order(Command::Announce(Owner { room, participant }, remote));
    }

    /// Nothing is `participant`'s any more. What happens by itself when it is removed from its domain.
    pub fn forget(&self, room: u64, participant: u32) {
        self.0.order(Command::Forget(Owner { room, participant }));
    }

    /// Our addresses as values of `a=candidate` without the prefix, best first; those that a STUN server tells come later.
    pub fn candidates(&self) -> Vec<String> {
        self.0
            .shared
            .candidates
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Where the sockets are bound, in the order of the options.
    pub fn local_addresses(&self) -> &[SocketAddr] {
        &self.0.shared.addresses
    }

    /// What happens to participants from now on. Each caller gets everything.
    pub fn events(&self) -> NetworkNotices {
        let (send, receive) = unbounded_channel();
        self.0.order(Command::Listen(send));
        receive
    }

    /// For the audio thread, to say after its tick that there is something to send.
    pub fn waker(&self) -> Waker {
        self.0.waker.clone()
    }

    /// What the sockets have counted.
    pub fn statistics(&self) -> &SocketStatistics {
        &self.0.shared.statistics
    }

    /// Closes all rooms, joins the thread and frees the sockets. Idempotent. \[control\]
    pub fn close(&self) {
        self.0.close();
    }
}

impl Inner {
    fn order(&self, command: Command) -> bool {
        let taken = self.commands.send(command).is_ok();
        self.waker.wake();
        taken
    }

    fn close(&self) {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(thread) = thread else { return };
        self.order(Command::Close);
        // A handle that is dropped within a job must not wait for its own thread.
        if thread.thread().id() != std::thread::current().id() {
            let _ = thread.join();
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.close();
    }
}
