//! How much gets through: the rate of what was acknowledged, over a window of packets that is robust against bursts, stalls and reordering.
//!
//! Facts: libwebrtc's `robust_throughput_estimator.cc` with its default settings.

use std::collections::VecDeque;

use jackfield_sdk::prelude::*;

/// The window holds at least so many packets …
const LEAST_PACKETS: usize = 20;
/// … and at most so many.
const MOST_PACKETS: usize = 500;
/// The window lasts at least so long …
const SHORTEST: TimeDelta = TimeDelta::seconds(1);
/// … and at most so long.
const LONGEST: TimeDelta = TimeDelta::seconds(5);
/// Fewer packets than this say nothing.
const REQUIRED: usize = 10;
/// Packets that come later than others by more than this mean that the remote clock was set.
const LONGEST_REORDERING: TimeDelta = TimeDelta::seconds(1);

/// One packet that came.
#[derive(Clone, Copy, Debug)]
pub struct Acknowledged {
    /// When it left.
    pub sent: Timestamp,
    /// When it came, on the remote clock.
    pub received: Timestamp,
    /// Its size, and of what left before it without being acknowledged by itself.
    pub size: DataSize,
}

/// Measures what gets through.
pub struct Throughput {
    shortest: TimeDelta,
    window: VecDeque<Acknowledged>,
    latest_discarded: Option<Timestamp>,
    /// Of the window as it is.
    rate: Option<DataRate>,
}

impl Default for Throughput {
    fn default() -> Self {
        Self::new(SHORTEST)
    }
}

impl Throughput {
    /// Measures over `shortest` or more. Allocates room for the window; nothing else does.
    pub fn new(shortest: TimeDelta) -> Self {
        Self {
            shortest,
            window: VecDeque::with_capacity(MOST_PACKETS + 2),
            latest_discarded: None,
            rate: None,
        }
    }

    /// Forgets everything.
    pub fn restart(&mut self) {
        self.window.clear();
        self.latest_discarded = None;
        self.rate = None;
    }

    /// Takes packets in the order of their coming.
    pub fn add(&mut self, packets: impl Iterator<Item = Acknowledged>) {
        for packet in packets {
            self.insert(packet);
            while self.window.len() > MOST_PACKETS + 1 {
                self.discard_first();
            }
        }
        while self.first_is_too_old() {
            self.discard_first();
        }
        self.rate = self.measure();
    }

    /// What gets through; none until enough came.
    pub fn rate(&self) -> Option<DataRate> {
        self.rate
    }

    fn insert(&mut self, packet: Acknowledged) {
        self.window.push_back(packet);
        let mut at = self.window.len() - 1;
        while at > 0 && self.window[at].received < self.window[at - 1].received {
            self.window.swap(at, at - 1);
            at -= 1;
        }
        let latest = self.window[self.window.len() - 1].received;
        if latest - packet.received > LONGEST_REORDERING {
            self.window.clear();
            self.latest_discarded = None;
        }
    }

    fn discard_first(&mut self) {
        if let Some(first) = self.window.pop_front() {
            let latest = self
                .latest_discarded
                .map_or(first.sent, |old| old.max(first.sent));
            self.latest_discarded = Some(latest);
        }
    }

    fn first_is_too_old(&self) -> bool {
        let (Some(first), Some(last)) = (self.window.front(), self.window.back()) else {
            return false;
        };
        let lasts = last.received - first.received;
        self.window.len() > MOST_PACKETS
            || lasts > LONGEST
            || (self.window.len() > LEAST_PACKETS && lasts > self.shortest)
    }

    fn measure(&self) -> Option<DataRate> {
        if self.window.len() < REQUIRED {
            return None;
        }
        let first = self.window.front()?;
        let last = self.window.back()?;
        let received: i64 = self.window.iter().map(|packet| packet.size.as_bytes()).sum();
        // The packet that opens a window of arrivals took its time before the window opened.
        let received = DataSize::bytes(received) - first.size;
        // The longest gap is replaced by the second longest: one stall of the path says nothing about its rate.
        let (longest, second) = self.longest_gaps();
        let received_in = (last.received - first.received - longest + second).max(TimeDelta::ms(1));
        let received_rate = received / received_in;
        Some(match self.sent_rate() {
            Some(sent_rate) => sent_rate.min(received_rate),
            None => received_rate,
        })
    }

    fn longest_gaps(&self) -> (TimeDelta, TimeDelta) {
        let (mut longest, mut second) = (TimeDelta::ZERO, TimeDelta::ZERO);
        for (earlier, later) in self.window.iter().zip(self.window.iter().skip(1)) {
            let gap = later.received - earlier.received;
            if gap > longest {
                second = longest;
                longest = gap;
            } else if gap > second {
                second = gap;
            }
        }
        (longest, second)
    }

    /// The rate at which the packets of the window left, without those that were overtaken by ones no longer in it.
    fn sent_rate(&self) -> Option<DataRate> {
        let mut count = 0;
        let mut size = 0;
        let mut first = Timestamp::NEVER;
        let mut last: Option<(Timestamp, DataSize)> = None;
        for packet in &self.window {
            if self.latest_discarded.is_some_and(|latest| packet.sent < latest) {
                continue;
            }
            if last.is_none_or(|(sent, _)| packet.sent > sent) {
                last = Some((packet.sent, packet.size));
            }
            first = first.min(packet.sent);
            size += packet.size.as_bytes();
            count += 1;
        }
        let (last, last_size) = last?;
        (count >= REQUIRED).then(|| {
            // The last packet takes its time after the window closes.
            (DataSize::bytes(size) - last_size) / (last - first).max(TimeDelta::ms(1))
        })
    }
}
