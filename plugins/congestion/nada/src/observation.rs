//! What the receiver would measure, made from the reports on its packets: queuing delay, loss, marks and the rate that arrives, each over the
//! last `LOGWIN` (RFC 8698 section 5.1).

use std::collections::VecDeque;

use jackfield_sdk::prelude::*;

use crate::equations::{NO_QUEUE, OBSERVATION_WINDOW};
use crate::loss::LossIntervals;

/// The least of so many delays counts, against jitter.
const DELAY_TAPS: usize = 15;
/// So many packets are remembered; at 200 Mbit/s the window is shorter than it should be.
const CAPACITY: usize = 8_192;
/// The smallest delay of so many minutes is the base; a clock that drifts is followed within that time.
const BASE_MINUTES: usize = 10;
const MINUTE: TimeDelta = TimeDelta::seconds(60);
/// CE as in [`PacketFeedback::ecn`].
const CONGESTION_EXPERIENCED: u32 = 3;

#[derive(Clone, Copy)]
struct Seen {
    sent: Timestamp,
    received: Timestamp,
    bytes: i64,
    lost: bool,
    marked: bool,
    queued: bool,
}

/// Everything that is known of the packets of the last `LOGWIN`.
pub struct Observation {
    window: VecDeque<Seen>,
    lost: u32,
    marked: u32,
    queued: u32,
    bytes: i64,
    delays: [i64; DELAY_TAPS],
    delay_count: usize,
    base: [i64; BASE_MINUTES],
    base_since: Option<Timestamp>,
    intervals: LossIntervals,
    /// Which packets of the report at hand came behind younger ones.
    late: Vec<bool>,
}

impl Observation {
    /// Nothing seen; all that it will ever need is allocated.
    pub fn new() -> Self {
        let mut new = Self {
            window: VecDeque::with_capacity(CAPACITY),
            lost: 0,
            marked: 0,
            queued: 0,
            bytes: 0,
            delays: [0; DELAY_TAPS],
            delay_count: 0,
            base: [i64::MAX; BASE_MINUTES],
            base_since: None,
            intervals: LossIntervals::new(),
            late: Vec::with_capacity(CAPACITY),
        };
        new.forget();
        new
    }

    /// Another path, other packets.
    pub fn forget(&mut self) {
        self.window.clear();
        (self.lost, self.marked, self.queued, self.bytes) = (0, 0, 0, 0);
        self.delay_count = 0;
        self.base = [i64::MAX; BASE_MINUTES];
        self.base_since = None;
        self.intervals = LossIntervals::new();
    }

    /// Takes the reports on packets, in the order of their sending. A packet that came behind a younger one counts as lost; one that had been
    /// lost before is not counted again.
    pub fn take(&mut self, now: Timestamp, packets: &[PacketFeedback]) {
        let packets = &packets[packets.len().saturating_sub(CAPACITY)..];
        self.turn_base(now);
        self.find_late(packets);
        for (index, packet) in packets.iter().enumerate() {
            if packet.recovered == 1 {
                continue;
            }
            self.count(packet, self.late[index]);
        }
        self.slide();
    }

    fn find_late(&mut self, packets: &[PacketFeedback]) {
        self.late.clear();
        self.late.resize(packets.len(), false);
        let mut earliest = Timestamp::NEVER;
        for (index, packet) in packets.iter().enumerate().rev() {
            if packet.received.is_never() {
                continue;
            }
            self.late[index] = packet.received > earliest;
            earliest = earliest.min(packet.received);
        }
    }

    fn count(&mut self, packet: &PacketFeedback, late: bool) {
        let lost = late || packet.received.is_never();
        let delay = packet.received.us().saturating_sub(packet.sent.us());
        let mut queued = false;
        if !lost {
            self.base[0] = self.base[0].min(delay);
            self.delays[self.delay_count % DELAY_TAPS] = delay;
            self.delay_count += 1;
            queued = self.queuing() >= NO_QUEUE;
        }
        self.intervals.packet(lost);
        if self.window.len() == CAPACITY {
            self.drop_first();
        }
        let seen = Seen {
            sent: packet.sent,
            received: packet.received,
            bytes: if lost {
                0
            } else {
                packet.size.as_bytes().clamp(0, 1 << 20)
            },
            lost,
            marked: !lost && packet.ecn == CONGESTION_EXPERIENCED,
            queued,
        };
        self.lost += u32::from(seen.lost);
        self.marked += u32::from(seen.marked);
        self.queued += u32::from(seen.queued);
        self.bytes += seen.bytes;
        self.window.push_back(seen);
    }

    fn slide(&mut self) {
        let Some(last) = self.window.back() else { return };
        let oldest = last.sent - TimeDelta::us((OBSERVATION_WINDOW * 1e3) as i64);
        while self.window.front().is_some_and(|first| first.sent < oldest) {
            self.drop_first();
        }
    }

    fn drop_first(&mut self) {
        if let Some(gone) = self.window.pop_front() {
            self.lost -= u32::from(gone.lost);
            self.marked -= u32::from(gone.marked);
            self.queued -= u32::from(gone.queued);
            self.bytes -= gone.bytes;
        }
    }

    fn turn_base(&mut self, now: Timestamp) {
        let since = *self.base_since.get_or_insert(now);
        if now - since >= MINUTE {
            self.base.copy_within(..BASE_MINUTES - 1, 1);
            self.base[0] = i64::MAX;
            self.base_since = Some(now);
        }
    }

    fn queuing_of(&self, delay: i64) -> f64 {
        let base = self.base.iter().copied().min().unwrap_or(delay);
        delay.saturating_sub(base).max(0) as f64 / 1e3
    }

    /// `d_queue`: the least of the last 15 delays above the base delay, ms.
    pub fn queuing(&self) -> f64 {
        let taps = &self.delays[..self.delay_count.min(DELAY_TAPS)];
        taps.iter()
            .copied()
            .min()
            .map_or(0.0, |delay| self.queuing_of(delay))
    }

    /// The share of packets lost in the window.
    pub fn loss(&self) -> f64 {
        f64::from(self.lost) / self.window.len().max(1) as f64
    }

    /// The share of packets marked in the window.
    pub fn marking(&self) -> f64 {
        f64::from(self.marked) / self.window.len().max(1) as f64
    }

    /// Whether nothing was lost in the window and no packet met a queue.
    pub fn is_clear(&self) -> bool {
        self.lost == 0 && self.queued == 0 && !self.window.is_empty()
    }

    /// `r_recv`: the rate that arrives, bit/s; nothing if too little has come.
    pub fn received_rate(&self) -> Option<f64> {
        let first = self.window.iter().find(|seen| !seen.lost)?;
        let last = self.window.iter().rev().find(|seen| !seen.lost)?;
        let span = last.received.us().saturating_sub(first.received.us());
        let bytes = self.bytes - first.bytes;
        (span > 0 && bytes > 0).then(|| bytes as f64 * 8e6 / span as f64)
    }

    /// The mean interval between losses in packets, if any was lost.
    pub fn loss_interval(&self) -> Option<f64> {
        self.intervals.mean()
    }

    /// Packets since the last loss.
    pub fn since_loss(&self) -> f64 {
        self.intervals.since_loss()
    }
}

impl Default for Observation {
    fn default() -> Self {
        Self::new()
    }
}
