//! The receiving end: what has come, and what is said of it when.

use std::collections::BTreeMap;

use crate::clock::VirtualTime;
use crate::packet::Ecn;

use super::segment::{Acknowledgement, SackRanges, Segment};

/// How long an acknowledgement may be held back (RFC 5681 section 4.2 allows 500 ms; deployed are 40 ms).
const DELAY_NS: u64 = 40_000_000;
/// Segments are acknowledged at the latest when so many wait for it.
const EVERY: u32 = 2;
/// How many places are remembered for what changed last.
const RECENT: usize = 8;

/// The receiving end of a connection.
#[derive(Debug, Default)]
pub struct TcpReceiver {
    /// All before this has come.
    up_to: u64,
    /// What came beyond: start to end, neither touching nor overlapping.
    beyond: BTreeMap<u64, u64>,
    /// Starts of segments that came out of order, the last one first.
    recent: Vec<u64>,
    accepted: u64,
    duplicates: u64,
    waiting: u32,
    due: Option<VirtualTime>,
    echo: bool,
    last_marked: bool,
    marked: u64,
}

impl TcpReceiver {
    /// To which nothing has come.
    pub fn new() -> Self {
        Self::default()
    }

    /// A segment has come, with this codepoint. What is to be said at once, if anything.
    pub fn receive(&mut self, now: VirtualTime, segment: &Segment, ecn: Ecn) -> Option<Acknowledgement> {
        if segment.opens {
            return Some(Acknowledgement {
                opens: true,
                ..self.say(None)
            });
        }
        if segment.reduced {
            self.echo = false;
        }
        let is_marked = ecn == Ecn::Ce;
        if is_marked {
            self.echo = true;
            self.marked += segment.length();
        }
        // The sender must learn at once where marking begins and where it ends (RFC 8257 section 3.2).
        let turned = std::mem::replace(&mut self.last_marked, is_marked) != is_marked;
        let had_gap = !self.beyond.is_empty();
        let duplicate = self.take(segment.start, segment.end);
        self.waiting += 1;
        let at_once =
            had_gap || !self.beyond.is_empty() || duplicate.is_some() || turned || self.waiting >= EVERY;
        if at_once {
            return Some(self.say(duplicate));
        }
        self.due.get_or_insert(now.later(DELAY_NS));
        None
    }

    /// When [`handle_timeout`](Self::handle_timeout) is to be called next, if ever.
    pub fn deadline(&self) -> Option<VirtualTime> {
        self.due
    }

    /// What is to be said because it was held back for long enough.
    pub fn handle_timeout(&mut self, now: VirtualTime) -> Option<Acknowledgement> {
        self.due.filter(|due| *due <= now)?;
        Some(self.say(None))
    }

    /// How many bytes have come without a gap.
    pub fn received(&self) -> u64 {
        self.up_to
    }

    /// How many bytes were taken, in order or not, each counted once.
    pub fn accepted(&self) -> u64 {
        self.accepted
    }

    /// How many bytes came although they were there.
    pub fn duplicates(&self) -> u64 {
        self.duplicates
    }

    fn say(&mut self, duplicate: Option<(u64, u64)>) -> Acknowledgement {
        self.waiting = 0;
        self.due = None;
        let mut ranges = SackRanges::default();
        self.recent.retain(|start| *start >= self.up_to);
        for start in &self.recent {
            if let Some((from, to)) = self.beyond.range(..=start).next_back() {
                ranges.push(*from, *to);
            }
        }
        Acknowledgement {
            up_to: self.up_to,
            opens: false,
            ranges,
            duplicate,
            echo: self.echo,
            marked: self.marked,
        }
    }

    /// Takes bytes; says which of them had come before (the first such range).
    fn take(&mut self, start: u64, end: u64) -> Option<(u64, u64)> {
        let mut duplicate = (start < self.up_to).then(|| (start, end.min(self.up_to)));
        let (mut from, mut to) = (start.max(self.up_to), end);
        let mut known = end.min(self.up_to).saturating_sub(start);
        if from < to {
            // All ranges that touch it become one with it.
            while let Some((first, last)) = self
                .beyond
                .range(..=to)
                .next_back()
                .map(|(first, last)| (*first, *last))
                .filter(|(_, last)| *last >= from)
            {
                let (low, high) = (first.max(start), last.min(end));
                if low < high {
                    known += high - low;
                    duplicate.get_or_insert((low, high));
                }
                self.beyond.remove(&first);
                (from, to) = (from.min(first), to.max(last));
            }
            if from <= self.up_to {
                self.up_to = to;
            } else {
                self.beyond.insert(from, to);
                self.recent.retain(|other| *other != start);
                self.recent.insert(0, start);
                self.recent.truncate(RECENT);
            }
        }
        self.duplicates += known;
        self.accepted += end.saturating_sub(start) - known.min(end - start);
        duplicate
    }
}
