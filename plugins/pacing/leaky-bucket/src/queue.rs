//! What waits: for each priority the streams that take turns, for each stream its packets in the order of their coming. Everything stands in
//! memory that is reserved once.

use std::collections::VecDeque;

use jackfield_sdk::pacing::CAPACITY;
use jackfield_sdk::prelude::*;

/// The most streams of which packets can wait at the same time.
pub(crate) const STREAMS: usize = 1_024;
/// Priorities, as in [`PacketPriority`].
pub(crate) const LEVELS: usize = 5;
/// The level of padding.
pub(crate) const PADDING: usize = LEVELS - 1;
/// No packet, in a link.
const NONE: u32 = u32::MAX;
/// What a packet is taken for at most, so that sums stay sums.
const LARGEST: i64 = 1 << 24;

/// A packet that waits.
#[derive(Clone, Copy)]
pub(crate) struct Waiting {
    pub(crate) handle: u64,
    pub(crate) size: DataSize,
    pub(crate) level: usize,
    /// When it came.
    pub(crate) came: Timestamp,
    /// The same on the clock that stands still while nothing may leave.
    pub(crate) stamp: TimeDelta,
    /// The how-manieth packet it is.
    order: u64,
    stream: u32,
    next_in_stream: u32,
    earlier: u32,
    later: u32,
}

#[derive(Clone, Copy)]
struct Stream {
    ssrc: u32,
    first: u32,
    last: u32,
}

struct Level {
    /// The streams of which packets wait; the first of them is next.
    turns: VecDeque<u32>,
    oldest: u32,
    youngest: u32,
    packets: usize,
    size: DataSize,
}

/// Packets by priority and stream.
pub(crate) struct Queue {
    packets: Vec<Waiting>,
    free: Vec<u32>,
    streams: Vec<Stream>,
    free_streams: Vec<u32>,
    levels: [Level; LEVELS],
    coming: u64,
}

impl Queue {
    pub(crate) fn new() -> Self {
        Self {
            packets: Vec::with_capacity(CAPACITY),
            free: Vec::with_capacity(CAPACITY),
            streams: Vec::with_capacity(STREAMS),
            free_streams: Vec::with_capacity(STREAMS),
            levels: std::array::from_fn(|_| Level {
                turns: VecDeque::with_capacity(STREAMS),
                oldest: NONE,
                youngest: NONE,
                packets: 0,
                size: DataSize::ZERO,
            }),
            coming: 0,
        }
    }

    /// Puts a packet at the end of its stream.
    pub(crate) fn push(
        &mut self,
        now: Timestamp,
        stamp: TimeDelta,
        packet: &PacedPacket,
    ) -> Result<(), Fault> {
        if self.packets.len() - self.free.len() >= CAPACITY {
            return Err(Fault::state("the queue is full: poll the pacer by its deadline"));
        }
        let level = (packet.priority.0 as usize).min(PADDING);
        let stream = self.stream(level, packet.ssrc)?;
        let waiting = Waiting {
            handle: packet.handle,
            size: DataSize::bytes(packet.size.as_bytes().clamp(0, LARGEST)),
            level,
            came: now,
            stamp,
            order: self.coming,
            stream,
            next_in_stream: NONE,
            earlier: self.levels[level].youngest,
            later: NONE,
        };
        self.coming += 1;
        let key = if let Some(key) = self.free.pop() {
            self.packets[key as usize] = waiting;
            key
        } else {
            self.packets.push(waiting);
            self.packets.len() as u32 - 1
        };
        let of = &mut self.streams[stream as usize];
        if of.first == NONE {
            of.first = key;
        } else {
            self.packets[of.last as usize].next_in_stream = key;
        }
        of.last = key;
        let of = &mut self.levels[level];
        if of.oldest == NONE {
            of.oldest = key;
        } else {
            self.packets[of.youngest as usize].later = key;
        }
        of.youngest = key;
        of.packets += 1;
        of.size += waiting.size;
        Ok(())
    }

    /// The stream that waits at `level`; a new one has its turn last.
    fn stream(&mut self, level: usize, ssrc: u32) -> Result<u32, Fault> {
        let turns = &self.levels[level].turns;
        if let Some(known) = turns
            .iter()
            .find(|stream| self.streams[**stream as usize].ssrc == ssrc)
        {
            return Ok(*known);
        }
        let new = Stream {
            ssrc,
            first: NONE,
            last: NONE,
        };
        let key = if let Some(key) = self.free_streams.pop() {
            self.streams[key as usize] = new;
            key
        } else if self.streams.len() < STREAMS {
            self.streams.push(new);
            self.streams.len() as u32 - 1
        } else {
            return Err(Fault::state(
                "packets of 1,024 streams wait already: poll the pacer by its deadline",
            ));
        };
        self.levels[level].turns.push_back(key);
        Ok(key)
    }

    /// The packet that leaves next: of the most urgent that wait, the one whose stream has its turn.
    pub(crate) fn next(&self) -> Option<Waiting> {
        let level = self.levels.iter().position(|level| level.packets > 0)?;
        self.next_at(level)
    }

    /// The packet that leaves next of those at `level`.
    pub(crate) fn next_at(&self, level: usize) -> Option<Waiting> {
        let stream = self.levels.get(level)?.turns.front()?;
        Some(self.packets[self.streams[*stream as usize].first as usize])
    }

    /// The packet that came first of all that wait.
    pub(crate) fn oldest(&self) -> Option<Waiting> {
        let of_levels = self.levels.iter().filter(|level| level.packets > 0);
        of_levels
            .map(|level| self.packets[level.oldest as usize])
            .min_by_key(|waiting| waiting.order)
    }

    /// Takes out `waiting`, which is the first of its stream; the stream goes to the end of the row.
    pub(crate) fn remove(&mut self, waiting: &Waiting) {
        let (stream, level) = (waiting.stream as usize, waiting.level);
        let key = self.streams[stream].first;
        self.streams[stream].first = waiting.next_in_stream;
        let of = &mut self.levels[level];
        if let Some(turn) = of.turns.iter().position(|turn| *turn == waiting.stream) {
            of.turns.remove(turn);
        }
        if waiting.next_in_stream == NONE {
            self.free_streams.push(waiting.stream);
        } else {
            of.turns.push_back(waiting.stream);
        }
        // Its neighbours may have changed since it was read.
        let Waiting { earlier, later, .. } = self.packets[key as usize];
        match earlier {
            NONE => of.oldest = later,
            _ => self.packets[earlier as usize].later = later,
        }
        match later {
            NONE => of.youngest = earlier,
            _ => self.packets[later as usize].earlier = earlier,
        }
        of.packets -= 1;
        of.size -= waiting.size;
        self.free.push(key);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.levels.iter().all(|level| level.packets == 0)
    }

    pub(crate) fn packets(&self) -> usize {
        self.levels.iter().map(|level| level.packets).sum()
    }

    pub(crate) fn size(&self) -> DataSize {
        self.levels
            .iter()
            .fold(DataSize::ZERO, |sum, level| sum + level.size)
    }

    /// Packets at `level`, their size, and the stamp of the one that came first.
    pub(crate) fn level(&self, level: usize) -> Option<(usize, DataSize, TimeDelta)> {
        let of = self.levels.get(level).filter(|level| level.packets > 0)?;
        Some((of.packets, of.size, self.packets[of.oldest as usize].stamp))
    }
}
