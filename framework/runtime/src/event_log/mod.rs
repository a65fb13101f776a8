//! Event logs of live calls: what the congestion controller and the jitter buffer of each connection were told and what they answered, one file per
//! connection, in the format of [`jackfield_event_log`].
//!
//! The network thread and the audio thread put what happens into rings and never wait; a thread of this module writes it. What finds no room is counted in the file. A
//! file that is full, or a folder that cannot be written to, ends the log and not the call.

mod file;
mod source;
mod thread;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;

use jackfield_core::congestion_controller::CongestionController;
use jackfield_core::jitter_buffer::JitterBuffer;
use jackfield_core::time::Timestamp;
use jackfield_event_log::{Identity, Lines, Recorded, jitter, ring};
use jackfield_loader::Manifest;

use self::source::{Of, Source};
use crate::clock::Clock;
use crate::fitting::Socket;

/// Entries between the network thread and the writer: half a second of a feedback of 250 packets every 100 ms beside a packet every millisecond, twice
/// over.
const ENTRIES: usize = 4_096;
/// Entries between the audio thread and the writer: a voice makes about 100 in a second, and a jitter buffer that is emptied one for each packet.
const JITTER_ENTRIES: usize = 1_024;

/// Where event logs are written, and how large each may become.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventLogOptions {
    /// The folder; it is made if it is not there.
    pub folder: PathBuf,
    /// A log stops before it is larger than this.
    pub file_bytes: u64,
}

impl EventLogOptions {
    /// Unless said otherwise: some hours of a call.
    pub const FILE_BYTES: u64 = 256 << 20;

    /// Into this folder, each as large as usual.
    pub fn into_folder(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            file_bytes: Self::FILE_BYTES,
        }
    }

    /// As a manifest says; nothing if it says nothing.
    pub fn of(manifest: &Manifest) -> Option<Self> {
        let log = manifest.event_log.as_ref()?;
        Some(Self {
            folder: log.folder.clone(),
            file_bytes: u64::from(log.megabytes) << 20,
        })
    }
}

/// The logs of an engine, if it writes any.
pub(crate) struct EventLogs {
    orders: Option<Sender<Order>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    clock: Clock,
}

/// What the writing thread is told.
enum Order {
    /// A connection begins.
    Begin { log: u64, name: String, first: Lines },
    /// A controller or a jitter buffer of it is made, or swapped in.
    Record {
        log: u64,
        instance: u32,
        at: Timestamp,
        identity: Identity,
        source: Source,
    },
    /// A swap ended.
    Swapped {
        log: u64,
        of: Of,
        instance: u32,
        at: Timestamp,
        swap: u64,
        why: Option<&'static str>,
    },
    /// The connection has ended, or nobody knows it any more.
    End { log: u64 },
    /// Everything ends.
    Stop,
}

impl EventLogs {
    /// Logs as the options say, or none.
    ///
    /// # Errors
    /// If the machine refuses a thread. A folder that cannot be written to is told when a log begins.
    pub(crate) fn start(options: Option<EventLogOptions>, clock: Clock) -> std::io::Result<Self> {
        let Some(options) = options else {
            return Ok(Self {
                orders: None,
                thread: Mutex::new(None),
                clock,
            });
        };
        let (orders, received) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("jackfield-event-log".to_owned())
            .spawn(move || thread::run(&options, &received))?;
        Ok(Self {
            orders: Some(orders),
            thread: Mutex::new(Some(thread)),
            clock,
        })
    }

    /// The log of a connection that begins now; none if nothing is logged. `number` is one that nothing else has.
    pub(crate) fn begin(&self, number: u64, room: &str, participant: &str) -> Option<ConnectionLog> {
        let orders = self.orders.clone()?;
        let began = self.clock.unix_us().max(0) as u64;
        let first = Lines::new()
            .text("room", room)
            .text("participant", participant)
            .count("began_unix_us", began)
            .begin_log();
        let name = file::name(began, room, participant, number);
        // A writer that has ended writes no more.
        let _ = orders.send(Order::Begin {
            log: number,
            name,
            first,
        });
        Some(ConnectionLog {
            orders,
            log: number,
            instances: AtomicU32::new(0),
            buffers: Mutex::default(),
            clock: self.clock,
        })
    }

    /// Writes what is left and ends the thread. Idempotent. To be called when the network thread has ended.
    pub(crate) fn stop(&self) {
        if let Some(orders) = &self.orders {
            let _ = orders.send(Order::Stop);
        }
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = thread.join();
        }
    }
}

/// The log of one connection.
pub(crate) struct ConnectionLog {
    orders: Sender<Order>,
    log: u64,
    instances: AtomicU32,
    /// The swap with which each jitter buffer came; the first one came with none.
    buffers: Mutex<Vec<Option<u64>>>,
    clock: Clock,
}

impl ConnectionLog {
    /// Puts a recorder around a controller, which stands in `socket` and was made with `seed`. The number of the instance is given back with it.
    pub(crate) fn record(
        &self,
        controller: Box<dyn CongestionController>,
        socket: &Socket,
        seed: u64,
    ) -> (Box<dyn CongestionController>, u32) {
        let instance = self.instances.fetch_add(1, Ordering::Relaxed);
        let (sink, source) = ring::ring(ENTRIES);
        self.begin(instance, socket, seed, Source::Controller(source));
        (Box::new(Recorded::new(controller, Box::new(sink))), instance)
    }

    /// Puts a recorder around a jitter buffer, which stands in `socket`, was made with `seed`, and comes with `swap` if it is not the first.
    pub(crate) fn record_jitter(
        &self,
        buffer: Box<dyn JitterBuffer>,
        socket: &Socket,
        seed: u64,
        swap: Option<u64>,
    ) -> Box<dyn JitterBuffer> {
        let mut buffers = self.buffers.lock().unwrap_or_else(PoisonError::into_inner);
        let instance = buffers.len() as u32;
        buffers.push(swap);
        drop(buffers);
        let (sink, source) = jitter::ring::ring(JITTER_ENTRIES);
        self.begin(instance, socket, seed, Source::Jitter(source));
        Box::new(jitter::Recorded::new(buffer, Box::new(sink)))
    }

    /// A swap of the controller ended; `why` is the reason if the instance had to go.
    pub(crate) fn swapped(&self, instance: u32, swap: u64, why: Option<&'static str>) {
        self.tell_swapped(Of::Controller, instance, swap, why);
    }

    /// A swap of the jitter buffer ended; `why` is the reason if the newcomer had to go.
    pub(crate) fn jitter_swapped(&self, swap: u64, why: Option<&'static str>) {
        let buffers = self.buffers.lock().unwrap_or_else(PoisonError::into_inner);
        let instance = buffers.iter().rposition(|with| *with == Some(swap));
        drop(buffers);
        if let Some(instance) = instance {
            self.tell_swapped(Of::Jitter, instance as u32, swap, why);
        }
    }

    fn begin(&self, instance: u32, socket: &Socket, seed: u64, source: Source) {
        let module = socket.module();
        let names = module.parameters.iter().map(|parameter| parameter.name.clone());
        let identity = Identity {
            plugin: socket.resolved.id.clone(),
            version: module.version.clone(),
            seed,
            parameters: names.zip(socket.values.iter().copied()).collect(),
        };
        // A writer that has ended writes no more.
        let _ = self.orders.send(Order::Record {
            log: self.log,
            instance,
            at: self.clock.now(),
            identity,
            source,
        });
    }

    fn tell_swapped(&self, of: Of, instance: u32, swap: u64, why: Option<&'static str>) {
        let _ = self.orders.send(Order::Swapped {
            log: self.log,
            of,
            instance,
            at: self.clock.now(),
            swap,
            why,
        });
    }
}

impl Drop for ConnectionLog {
    fn drop(&mut self) {
        let _ = self.orders.send(Order::End { log: self.log });
    }
}
