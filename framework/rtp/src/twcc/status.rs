//! Packet status chunks (draft section 3.1.1 to 3.1.4), read and written.

use crate::header::u16_at;

/// What is said of one packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Missing = 0,
    /// Its time follows in one byte.
    SmallDelta = 1,
    /// Its time follows in two bytes.
    LargeDelta = 2,
}

impl Status {
    pub(super) const fn delta_length(self) -> usize {
        self as usize
    }

    /// Symbol 3 is reserved: it is read as a packet that has not come, which takes no time.
    const fn from_symbol(symbol: u16) -> Self {
        match symbol & 3 {
            1 => Self::SmallDelta,
            2 => Self::LargeDelta,
            _ => Self::Missing,
        }
    }
}

/// Reads statuses off chunks.
#[derive(Clone, Debug)]
pub(super) struct Statuses<'a> {
    chunks: &'a [u8],
    /// Statuses still to give in all.
    remaining: u16,
    chunk: u16,
    /// Statuses still in `chunk`.
    in_chunk: u16,
}

impl<'a> Statuses<'a> {
    pub(super) const fn new(chunks: &'a [u8], count: u16) -> Self {
        Self {
            chunks,
            remaining: count,
            chunk: 0,
            in_chunk: 0,
        }
    }

    /// What follows the chunks used so far.
    pub(super) const fn rest(&self) -> &'a [u8] {
        self.chunks
    }
}

impl Iterator for Statuses<'_> {
    type Item = Status;

    fn next(&mut self) -> Option<Status> {
        if self.remaining == 0 {
            return None;
        }
        while self.in_chunk == 0 {
            if self.chunks.len() < 2 {
                self.remaining = 0;
                return None;
            }
            self.chunk = u16_at(self.chunks, 0);
            self.chunks = &self.chunks[2..];
            self.in_chunk = match self.chunk >> 14 {
                0 | 1 => self.chunk & 0x1FFF,
                2 => ONE_BIT_CAPACITY as u16,
                _ => TWO_BIT_CAPACITY as u16,
            };
        }
        self.in_chunk -= 1;
        self.remaining -= 1;
        Some(match self.chunk >> 14 {
            0 | 1 => Status::from_symbol(self.chunk >> 13),
            2 => Status::from_symbol(self.chunk >> self.in_chunk & 1),
            _ => Status::from_symbol(self.chunk >> (2 * self.in_chunk)),
        })
    }
}

const ONE_BIT_CAPACITY: usize = 14;
const TWO_BIT_CAPACITY: usize = 7;
const RUN_CAPACITY: usize = 0x1FFF;

/// Packs statuses into as few chunks as one pass allows: a run while all are alike, else a vector.
#[derive(Debug)]
pub(super) struct ChunkPacker {
    /// The first of the pending statuses; a longer run repeats the first.
    pending: [Status; ONE_BIT_CAPACITY],
    count: usize,
    all_alike: bool,
    has_large: bool,
}

impl ChunkPacker {
    pub(super) const fn new() -> Self {
        Self {
            pending: [Status::Missing; ONE_BIT_CAPACITY],
            count: 0,
            all_alike: true,
            has_large: false,
        }
    }

    /// Takes a status, and gives the chunk that had to be closed for it, if any.
    pub(super) fn push(&mut self, status: Status) -> Option<u16> {
        let closed = (!self.takes(status)).then(|| self.close(false));
        if self.count < ONE_BIT_CAPACITY {
            self.pending[self.count] = status;
        }
        self.all_alike &= self.count == 0 || status == self.pending[0];
        self.has_large |= status == Status::LargeDelta;
        self.count += 1;
        closed
    }

    /// The next chunk of what is still pending.
    pub(super) fn finish(&mut self) -> Option<u16> {
        (self.count > 0).then(|| self.close(true))
    }

    /// At most so many chunks are still needed if one more status is pushed.
    pub(super) const MOST_PENDING: usize = 3;

    fn takes(&self, status: Status) -> bool {
        self.count < TWO_BIT_CAPACITY
            || (self.count < ONE_BIT_CAPACITY && !self.has_large && status != Status::LargeDelta)
            || (self.all_alike && self.count < RUN_CAPACITY && status == self.pending[0])
    }

    /// A vector in the middle must be full, for what it leaves open would be read as missing packets; the last need not.
    fn close(&mut self, last: bool) -> u16 {
        if self.all_alike {
            let chunk = ((self.pending[0] as u16) << 13) | self.count as u16;
            *self = Self::new();
            return chunk;
        }
        if !self.has_large && (self.count == ONE_BIT_CAPACITY || (last && self.count > TWO_BIT_CAPACITY)) {
            let chunk = self.vector(ONE_BIT_CAPACITY, 1);
            *self = Self::new();
            return 0x8000 | chunk;
        }
        let chunk = 0xC000 | self.vector(TWO_BIT_CAPACITY, 2);
        let pending = self.pending;
        let rest = &pending[TWO_BIT_CAPACITY.min(self.count)..self.count];
        *self = Self::new();
        for status in rest {
            // Fewer than eight: they always find room.
            self.push(*status);
        }
        chunk
    }

    fn vector(&self, capacity: usize, bits: usize) -> u16 {
        (0..capacity.min(self.count))
            .map(|index| (self.pending[index] as u16) << ((capacity - 1 - index) * bits))
            .fold(0, |chunk, symbol| chunk | symbol)
    }
}
