//! What the receiver would measure, made from the reports on its packets: queuing delay, loss, marks and the rate that arrives, each over the
//! last `LOGWIN` (RFC 8698 section 5.1).

use std::collections::VecDeque;

use jackfield_sdk::prelude::*;

use crate::equations::{NO_QUEUE, OBSERVATION_WINDOW};
use crate::loss::LossIntervals;

/// The least of so many delays counts, against jitter (section 5.1.1).
const DELAY_TAPS: usize = 15;
/// Fewer packets than this say nothing of a share or a rate: one loss among two is no loss of a half, and two that came together no rate. The RFC
/// has no such number; its authors' model has this one (`MIN_PACKET_LOGLEN`).
const FEWEST_PACKETS: usize = 5;
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
        if !lost {
            self.base[0] = self.base[0].min(delay);
        }
        self.intervals.packet(lost);
        if self.window.len() == CAPACITY {
            self.drop_first();
        }
        let mut seen = Seen {
            sent: packet.sent,
            received: packet.received,
            bytes: if lost {
                0
            } else {
                packet.size.as_bytes().clamp(0, 1 << 20)
            },
            lost,
            marked: !lost && packet.ecn == CONGESTION_EXPERIENCED,
            queued: false,
        };
        seen.queued = !lost && self.least_delay(Some(&seen)) >= NO_QUEUE;
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

    /// The least of the last 15 delays above the base delay, ms; `youngest` counts though it does not stand in the window yet.
    fn least_delay(&self, youngest: Option<&Seen>) -> f64 {
        let least = youngest
            .into_iter()
            .chain(self.window.iter().rev())
            .filter(|seen| !seen.lost)
            .take(DELAY_TAPS)
            .map(|seen| seen.received.us().saturating_sub(seen.sent.us()))
            .min();
        let base = self.base.iter().copied().min();
        let above = least
            .zip(base)
            .map_or(0, |(least, base)| least.saturating_sub(base));
        above.max(0) as f64 / 1e3
    }

    /// `d_queue`: the least of the last 15 delays in the window above the base delay, ms.
    pub fn queuing(&self) -> f64 {
        self.least_delay(None)
    }

    fn share(&self, count: u32) -> Option<f64> {
        let packets = self.window.len();
        (packets >= FEWEST_PACKETS).then(|| f64::from(count) / packets as f64)
    }

    /// The share of packets lost in the window; nothing if too few have been sent.
    pub fn loss(&self) -> Option<f64> {
        self.share(self.lost)
    }

    /// The share of packets marked in the window; nothing if too few have been sent.
    pub fn marking(&self) -> Option<f64> {
        self.share(self.marked)
    }

    /// Whether nothing was lost in the window and no packet met a queue.
    pub fn is_clear(&self) -> bool {
        self.lost == 0 && self.queued == 0 && !self.window.is_empty()
    }

    /// `r_recv`: the rate that arrives, bit/s; nothing if too little has come.
    pub fn received_rate(&self) -> Option<f64> {
        if self.window.len() < FEWEST_PACKETS + self.lost as usize {
            return None;
        }
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
