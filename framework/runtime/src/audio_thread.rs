//! The real-time executor: one thread that ticks every room each 10 ms of the machine's clock.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::Duration;

use jackfield_abi::thread::{Class, declare};
use jackfield_core::audio::BLOCK_DURATION;
use jackfield_core::time::Timestamp;
use jackfield_core::units::TimeDelta;
use jackfield_graph::Conference;
use jackfield_graph::resources::TickCount;
use jackfield_graph::stopwatch::Stopwatch;
use rtrb::{Consumer, Producer, RingBuffer};

use crate::clock::Clock;
use crate::histogram::Histogram;
use crate::net::Waker;
use crate::urgency;
use crate::view::TickStats;

/// If the thread was held up longer than this, the ticks that were missed are skipped instead of being made up for.
const LONGEST_CATCH_UP: TimeDelta = TimeDelta::ms(200);
/// A tick that starts or ends so late was heard.
const LATE: TimeDelta = TimeDelta::ms(10);
/// Durations that are kept for the percentiles.
const KEPT: usize = 512;
/// The most rooms at once.
const MAX_ROOMS: usize = 256;

/// The audio thread. Dropping it stops and joins the thread.
pub(crate) struct AudioThread {
    rounds: Arc<Rounds>,
    orders: Mutex<Producer<Order>>,
    returned: Mutex<Consumer<Box<Seat>>>,
    stop: Arc<AtomicBool>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// A room on the audio thread.
pub(crate) struct Seat {
    pub(crate) key: u64,
    pub(crate) conference: Conference,
    pub(crate) times: Arc<TickTimes>,
}

enum Order {
    Open(Box<Seat>),
    Close(u64),
}

impl AudioThread {
    /// Starts it; after every round of ticks it wakes the network thread.
    pub(crate) fn start(clock: Clock, waker: Waker) -> std::io::Result<Self> {
        let (orders, order_ends) = RingBuffer::new(64);
        let (returned_ends, returned) = RingBuffer::new(64);
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let rounds = Arc::new(Rounds::default());
        let counted = Arc::clone(&rounds);
        let thread = std::thread::Builder::new()
            .name("jackfield-audio".to_owned())
            .spawn(move || {
                declare(Some(Class::Audio));
                run(clock, &waker, order_ends, returned_ends, &stopped, &counted);
            })?;
        Ok(Self {
            rounds,
            orders: Mutex::new(orders),
            returned: Mutex::new(returned),
            stop,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Gives the thread a room to tick; false if it has too many orders waiting.
    pub(crate) fn open(&self, seat: Box<Seat>) -> bool {
        self.orders
            .lock()
            .is_ok_and(|mut orders| orders.push(Order::Open(seat)).is_ok())
    }

    /// Takes a room away; it is dropped by [`AudioThread::sweep`].
    pub(crate) fn close(&self, key: u64) -> bool {
        self.orders
            .lock()
            .is_ok_and(|mut orders| orders.push(Order::Close(key)).is_ok())
    }

    /// Drops the rooms that the thread has given back. \[control\]
    pub(crate) fn sweep(&self) {
        if let Ok(mut returned) = self.returned.lock() {
            while let Ok(seat) = returned.pop() {
                drop(seat);
            }
        }
    }

    /// What all rounds of ticks have taken since the beginning.
    pub(crate) fn count(&self) -> TickCount {
        self.rounds.read()
    }

    /// Stops and joins the thread.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Relaxed);
        let thread = self.thread.lock().ok().and_then(|mut t| t.take());
        if let Some(thread) = thread {
            let _ = thread.join();
        }
        self.sweep();
    }
}

impl Drop for AudioThread {
    fn drop(&mut self) {
        self.stop();
    }
}

fn run(
    mut clock: Clock,
    waker: &Waker,
    mut orders: Consumer<Order>,
    mut returned: Producer<Box<Seat>>,
    stop: &AtomicBool,
    rounds: &Rounds,
) {
    urgency::audio();
    let mut seats: Vec<Box<Seat>> = Vec::with_capacity(MAX_ROOMS);
    let mut next = clock.now();
    while !stop.load(Relaxed) {
        while let Ok(order) = orders.pop() {
            match order {
                Order::Open(seat) if seats.len() < MAX_ROOMS => seats.push(seat),
                Order::Open(seat) => give_back(&mut returned, seat),
                Order::Close(key) => {
                    if let Some(at) = seats.iter().position(|s| s.key == key) {
                        give_back(&mut returned, seats.swap_remove(at));
                    }
                }
            }
        }
        let start = clock.us();
        tick_all(&mut seats, next, &mut clock);
        rounds.record(clock.us() - start, clock.now().since(next) > LATE);
        waker.wake();
        next += BLOCK_DURATION;
        let now = clock.now();
        if now.since(next) > LONGEST_CATCH_UP {
            next = now;
        }
        let wait = next.since(now);
        if wait > TimeDelta::ZERO {
            std::thread::sleep(Duration::from_micros(wait.as_us() as u64));
        }
    }
    for seat in seats {
        give_back(&mut returned, seat);
    }
}

fn tick_all(seats: &mut [Box<Seat>], due: Timestamp, clock: &mut Clock) {
    for seat in seats {
        let start = clock.us();
        seat.conference.tick(due, clock);
        let end = clock.us();
        seat.times.record(end - start, clock.now().since(due) > LATE);
    }
}

fn give_back(returned: &mut Producer<Box<Seat>>, seat: Box<Seat>) {
    if let Err(rtrb::PushError::Full(seat)) = returned.push(seat) {
        // Nobody sweeps: dropping it here would free on this thread.
        std::mem::forget(seat);
    }
}

/// How long the rounds took in which every room was ticked once.
#[derive(Default)]
struct Rounds {
    rounds: AtomicU64,
    busy_us: AtomicU64,
    late: AtomicU64,
}

impl Rounds {
    fn record(&self, us: f64, late: bool) {
        self.rounds.fetch_add(1, Relaxed);
        self.busy_us.fetch_add(us as u64, Relaxed);
        self.late.fetch_add(u64::from(late), Relaxed);
    }

    fn read(&self) -> TickCount {
        TickCount {
            ticks: self.rounds.load(Relaxed),
            busy: TimeDelta::us(self.busy_us.load(Relaxed) as i64),
            late: self.late.load(Relaxed),
        }
    }
}

/// How long a room's ticks took.
pub(crate) struct TickTimes {
    recent: [AtomicU32; KEPT],
    next: AtomicU32,
    late: AtomicU64,
    all: Histogram,
}

impl TickTimes {
    pub(crate) fn new() -> Self {
        Self {
            recent: std::array::from_fn(|_| AtomicU32::new(u32::MAX)),
            next: AtomicU32::new(0),
            late: AtomicU64::new(0),
            all: Histogram::default(),
        }
    }

    fn record(&self, us: f64, late: bool) {
        let at = self.next.load(Relaxed);
        self.recent[at as usize % KEPT].store((us * 10.0) as u32, Relaxed);
        self.next.store(at.wrapping_add(1), Relaxed);
        self.all.record(us);
        if late {
            self.late.fetch_add(1, Relaxed);
        }
    }

    /// What has been recorded.
    pub(crate) fn read(&self) -> TickStats {
        let mut times: Vec<u32> = self
            .recent
            .iter()
            .map(|t| t.load(Relaxed))
            .filter(|t| *t != u32::MAX)
            .collect();
        times.sort_unstable();
        let at = |share: f64| match times.len() {
            0 => 0.0,
            n => f64::from(times[((n - 1) as f64 * share) as usize]) / 10.0,
        };
        TickStats {
            p50_us: at(0.5),
            p99_us: at(0.99),
            late: self.late.load(Relaxed),
            durations: self.all.read(),
        }
    }
}

#[cfg(test)]
mod tests;
