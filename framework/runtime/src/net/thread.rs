//! The loop of the network thread.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use jackfield_core::time::Timestamp;
use jackfield_core::transport::Route;
use jackfield_graph::network::{EcnMark, NetworkDomain};
use jackfield_session::gathering::Gatherer;
use jackfield_session::stun::{Kind, Message};
use mio::{Events, Interest, Poll, Token};
use tokio::sync::mpsc::UnboundedSender;

use crate::clock::Clock;
use crate::urgency::NetworkUrgency;

use super::datagrams::{Datagram, Datagrams};
use super::handle::{Command, Job, NetworkHandle, Shared};
use super::interfaces::{self, Candidate, List, Watch};
use super::outlet::{Notice, Outlet};
use super::sockets::Sockets;
use super::statistics::SocketStatistics;
use super::table::{Owner, Table};
use super::waker::Waker;
use super::{NetError, NetworkOptions};

/// The token of the waker; sockets have their place as token.
const WAKER: Token = Token(usize::MAX);
/// So many batches are read from a socket before the others, the orders and the timers get their turn.
const BATCHES: usize = 8;

pub(super) fn start(options: NetworkOptions) -> Result<NetworkHandle, NetError> {
    start_on(options, Box::new(interfaces::interfaces))
}

/// Starts on a machine whose interfaces are what `list` says.
fn start_on(options: NetworkOptions, list: List) -> Result<NetworkHandle, NetError> {
    let machine = |what| move |source| NetError::Machine { what, source };
    let statistics = Arc::new(SocketStatistics::default());
    let mut sockets = Sockets::open(
        &options.media,
        &options.advertised,
        options.sockets,
        Arc::clone(&statistics),
    )?;
    let poll = Poll::new().map_err(machine("opening the event queue"))?;
    for (place, socket) in sockets.all.iter_mut().enumerate() {
        poll.registry()
            .register(&mut socket.io, Token(place), Interest::READABLE)
            .map_err(machine("watching a socket"))?;
    }
    let waker = mio::Waker::new(poll.registry(), WAKER).map_err(machine("making the waker"))?;
    let waker = Waker::new(waker);
    let addresses: Vec<SocketAddr> = sockets.all.iter().map(|socket| socket.bound).collect();
    let watch = Watch::new(list, &addresses, &options.advertised)
        .map_err(machine("listing the network interfaces"))?;
    let shared = Arc::new(Shared {
        candidates: interfaces::describe(&candidates(&watch)).into(),
        addresses,
        statistics,
    });
    let (commands, orders) = channel();
    let server = options.stun_server.filter(|_| options.advertised.is_empty());
    let worker = Worker {
        gatherer: Gatherer::new(server, &shared.addresses, Box::new(rand::random)),
        poll,
        sockets,
        orders,
        waker: waker.clone(),
        clock: options.clock,
        rooms: HashMap::new(),
        table: Table::default(),
        listeners: Vec::new(),
        watch,
        shared: Arc::clone(&shared),
    };
    let thread = std::thread::Builder::new()
        .name("jackfield-network".to_owned())
        .spawn(move || worker.run())
        .map_err(machine("starting the network thread"))?;
    Ok(NetworkHandle::new(commands, waker, thread, shared, options))
}

fn candidates(watch: &Watch) -> Vec<Candidate> {
    let hosts = watch.hosts().iter();
    hosts
        .map(|address| Candidate {
            address: *address,
            base: None,
        })
        .collect()
}

struct Worker {
    poll: Poll,
    sockets: Sockets,
    orders: Receiver<Command>,
    waker: Waker,
    clock: Clock,
    rooms: HashMap<u64, Room>,
    table: Table,
    listeners: Vec<UnboundedSender<Notice>>,
    gatherer: Gatherer,
    watch: Watch,
    shared: Arc<Shared>,
}

struct Room {
    domain: NetworkDomain,
    deadline: Timestamp,
}

impl Worker {
    fn run(mut self) {
        let mut urgency = NetworkUrgency::begin(self.clock.now());
        let mut events = Events::with_capacity(64);
        let mut datagrams = Datagrams::new();
        loop {
            if let Err(error) = self.poll.poll(&mut events, self.patience())
                && error.kind() != io::ErrorKind::Interrupted
            {
                tracing::error!(%error, "the event queue is broken; the network thread ends");
                return;
            }
            self.shared.statistics.wakes.fetch_add(1, Relaxed);
            let began = self.clock.now();
            // From here on whoever has something for us wakes us again.
            self.waker.looking();
            for event in &events {
                if let Some(socket) = self.sockets.all.get_mut(event.token().0) {
                    socket.readable = true;
                }
            }
            self.read(&mut datagrams);
            if !self.obey() {
                self.close();
                return;
            }
            self.send();
            self.sockets.flush();
            urgency.worked(began, self.clock.now());
        }
    }

    /// How long to wait for the next event.
    fn patience(&self) -> Option<Duration> {
        if self.sockets.all.iter().any(|socket| socket.readable) {
            return Some(Duration::ZERO);
        }
        let rooms = self.rooms.values().map(|room| room.deadline);
        let own = self.gatherer.deadline().min(self.watch.deadline());
        let deadline = rooms.fold(own, Timestamp::min);
        Clock::until(self.clock.now(), deadline)
    }

    fn read(&mut self, datagrams: &mut Datagrams) {
        for socket in 0..self.sockets.all.len() {
            for _ in 0..BATCHES {
                if !self.sockets.all[socket].readable {
                    break;
                }
                match datagrams.receive(&self.sockets.all[socket]) {
                    Ok(()) => {
                        let now = self.clock.now();
                        datagrams
                            .iter()
                            .for_each(|datagram| self.take(now, socket, &datagram));
                    }
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                        self.sockets.all[socket].readable = false;
                    }
                    // An error that a peer caused (a port that is closed) is read off and means nothing to the others.
                    Err(error) => tracing::debug!(%error, "receiving failed"),
                }
            }
        }
    }

    /// Takes one datagram to its participant.
    fn take(&mut self, now: Timestamp, socket: usize, datagram: &Datagram<'_>) {
        let statistics = &self.shared.statistics;
        statistics.received.fetch_add(1, Relaxed);
        statistics
            .congestion_experienced
            .fetch_add(u64::from(datagram.mark == EcnMark::Congested), Relaxed);
        let remote = datagram.remote;
        let mut check = None;
        let mut owner = None;
        if let Some(message) = Message::parse(datagram.bytes) {
            match message.kind() {
                Kind::BindingRequest => {
                    owner = message
                        .fragments()
                        .and_then(|(ours, _)| self.table.by_fragment(ours));
                    check = owner.map(|owner| (owner, socket, remote, message.transaction()));
                }
                Kind::BindingSuccess | Kind::BindingError => {
                    if let Some(changed) = self.gatherer.answer(now, remote, &message) {
                        if changed {
                            self.describe(now);
                        }
                        return;
                    }
                    owner = self.table.by_check(&message.transaction(), remote);
                    if let Some(owner) = owner.filter(|_| message.kind() == Kind::BindingSuccess) {
                        self.table.learn(owner, socket, remote);
                    }
                }
                Kind::Other => {}
            }
        }
        let owner = owner.or_else(|| self.table.by_address(socket, remote));
        let room = owner.and_then(|owner| Some((owner, self.rooms.get_mut(&owner.room)?)));
        let Some((owner, room)) = room else {
            self.shared.statistics.unknown.fetch_add(1, Relaxed);
            return;
        };
        let route = Route::new(self.sockets.all[socket].local(datagram.destination), remote);
        let mut outlet = Outlet {
            room: owner.room,
            now,
            sockets: &mut self.sockets,
            table: &mut self.table,
            listeners: &mut self.listeners,
            gatherer: &mut self.gatherer,
            check,
        };
        let (participant, mark) = (owner.participant, datagram.mark);
        room.domain
            .receive_marked(now, participant, &route, datagram.bytes, mark, &mut outlet);
        room.deadline = room.domain.deadline();
    }

    /// Does what was ordered; false if that is to end.
    fn obey(&mut self) -> bool {
        loop {
            match self.orders.try_recv() {
                Ok(Command::OpenRoom(key, domain)) => {
                    self.table.forget_room(key);
                    self.rooms.insert(
                        key,
                        Room {
                            domain: *domain,
                            deadline: Timestamp::NEVER,
                        },
                    );
                }
                Ok(Command::CloseRoom(key)) => self.close_room(key),
                Ok(Command::Run(key, job)) => self.run_job(key, job),
                Ok(Command::Register(owner, fragment)) => self.table.register(owner, &fragment),
                Ok(Command::Announce(owner, remote)) => {
                    for socket in 0..self.sockets.all.len() {
                        self.table.announce(owner, socket, remote);
                    }
                }
                Ok(Command::Forget(owner)) => self.table.forget(owner),
                Ok(Command::Listen(listener)) => self.listeners.push(listener),
                Ok(Command::Close) | Err(TryRecvError::Disconnected) => return false,
                Err(TryRecvError::Empty) => return true,
            }
        }
    }

    fn run_job(&mut self, key: u64, job: Job) {
        let now = self.clock.now();
        let Some(room) = self.rooms.get_mut(&key) else {
            return;
        };
        let before: Vec<u32> = room.domain.ids().collect();
        let mut outlet = Outlet {
            room: key,
            now,
            sockets: &mut self.sockets,
            table: &mut self.table,
            listeners: &mut self.listeners,
            gatherer: &mut self.gatherer,
            check: None,
        };
        // The other calls must not end because of a mistake in this one.
        if catch_unwind(AssertUnwindSafe(|| job(&mut room.domain, now, &mut outlet))).is_err() {
            tracing::error!(room = key, "a job on the network thread panicked");
        }
        room.deadline = room.domain.deadline();
        for participant in before {
            if !room.domain.contains(participant) {
                self.table.forget(Owner {
                    room: key,
                    participant,
                });
            }
        }
    }

    /// Sends what the audio thread has for us, and does what is due.
    fn send(&mut self) {
        let now = self.clock.now();
        for (key, room) in &mut self.rooms {
            let due = room.deadline <= now;
            if !due && !room.domain.has_outbound() {
                continue;
            }
            let mut outlet = Outlet {
                room: *key,
                now,
                sockets: &mut self.sockets,
                table: &mut self.table,
                listeners: &mut self.listeners,
                gatherer: &mut self.gatherer,
                check: None,
            };
            room.domain.poll_outbound(now, &mut outlet);
            if due {
                room.domain.handle_timeout(now, &mut outlet);
            }
            room.deadline = room.domain.deadline();
        }
        if let Some(added) = self.watch.look(now) {
            tracing::info!(?added, offered = ?self.watch.hosts(), "the network interfaces have changed");
            self.describe(now);
        }
        while let Some(question) = self.gatherer.poll(now) {
            let local = self.sockets.all[question.socket].bound;
            let route = Route::new(local, question.server);
            self.sockets.send(&route, &question.request, EcnMark::NotCapable);
        }
    }

    /// Tells what we are reached at: to whoever asks for it, and what is new to every transport.
    fn describe(&mut self, now: Timestamp) {
        let hosts = candidates(&self.watch);
        let mut all = hosts.clone();
        for (socket, address) in self.gatherer.mapped() {
            let bound = self.sockets.all[socket].bound;
            let base = hosts
                .iter()
                .map(|host| host.address)
                .find(|host| host.port() == bound.port() && host.is_ipv4() == bound.is_ipv4());
            if hosts.iter().all(|host| host.address != address) {
                all.push(Candidate {
                    address,
                    base: Some(base.unwrap_or(bound)),
                });
            }
        }
        let all = interfaces::describe(&all);
        let known = std::mem::replace(
            &mut *self
                .shared
                .candidates
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
            all.clone(),
        );
        let fresh = interfaces::fresh(&known, &all);
        for (key, room) in &mut self.rooms {
            let mut outlet = Outlet {
                room: *key,
                now,
                sockets: &mut self.sockets,
                table: &mut self.table,
                listeners: &mut self.listeners,
                gatherer: &mut self.gatherer,
                check: None,
            };
            let ids: Vec<u32> = room.domain.ids().collect();
            for id in ids {
                let _ = room.domain.with_transport(now, id, &mut outlet, |transport, _| {
                    for candidate in &fresh {
                        // One that this transport cannot use, such as a TCP one, is no reason to stop.
                        if let Err(fault) = transport.add_local_candidate(now, candidate) {
                            tracing::debug!(%fault, candidate, "a candidate of ours was passed over");
                        }
                    }
                });
            }
            room.deadline = room.domain.deadline();
        }
    }

    fn close_room(&mut self, key: u64) {
        let now = self.clock.now();
        if let Some(mut room) = self.rooms.remove(&key) {
            let mut outlet = Outlet {
                room: key,
                now,
                sockets: &mut self.sockets,
                table: &mut self.table,
                listeners: &mut self.listeners,
                gatherer: &mut self.gatherer,
                check: None,
            };
            room.domain.close(now, &mut outlet);
        }
        self.table.forget_room(key);
    }

    fn close(&mut self) {
        let keys: Vec<u64> = self.rooms.keys().copied().collect();
        for key in keys {
            self.close_room(key);
        }
        self.sockets.flush();
    }
}

#[cfg(test)]
mod marks;
#[cfg(test)]
mod tests;
