//! What two TCPs say to each other, without bytes.

use jackfield_core::units::DataSize;

use crate::packet::Ecn;

/// IPv4 and TCP with the timestamps option (RFC 7323).
const HEADER_BYTES: u64 = 52;

/// A segment: bytes `start..end` of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The first byte, counted from 0.
    pub start: u64,
    /// One after the last byte.
    pub end: u64,
    /// Whether it asks for a connection (SYN).
    pub opens: bool,
    /// Whether these bytes were sent before.
    pub again: bool,
    /// Whether the sender has reduced its window since it heard of a mark (CWR).
    pub reduced: bool,
    /// The ECN codepoint that it leaves with.
    pub ecn: Ecn,
}

impl Segment {
    /// How many bytes of the stream it carries.
    pub const fn length(&self) -> u64 {
        self.end - self.start
    }

    /// Its size at the IP layer.
    pub const fn size(&self) -> DataSize {
        DataSize::bytes((self.length() + HEADER_BYTES) as i64)
    }
}

/// Up to three ranges of bytes that came out of order, the one that changed last first (RFC 2018 section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct SackRanges {
    ranges: [(u64, u64); 3],
    count: u8,
}

impl SackRanges {
    /// Adds a range, if there is room and it is not there yet.
    pub fn push(&mut self, start: u64, end: u64) {
        let count = usize::from(self.count);
        if count < self.ranges.len() && !self.as_slice().contains(&(start, end)) {
            self.ranges[count] = (start, end);
            self.count += 1;
        }
    }

    /// The ranges, each from its first byte to one after its last.
    pub fn as_slice(&self) -> &[(u64, u64)] {
        &self.ranges[..usize::from(self.count)]
    }
}

/// What a receiver says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Acknowledgement {
    /// All bytes before this one have come.
    pub up_to: u64,
    /// Whether it answers the opening of a connection.
    pub opens: bool,
    /// What came beyond.
    pub ranges: SackRanges,
    /// What had come before already (D-SACK).
    pub duplicate: Option<(u64, u64)>,
    /// Whether a mark was seen to which the sender has not said yet that it reacted (ECE of RFC 3168).
    pub echo: bool,
    /// How many bytes of the stream came with a mark, since the beginning.
    pub marked: u64,
}

impl Acknowledgement {
    /// Its size at the IP layer.
    pub fn size(&self) -> DataSize {
        let ranges = self.ranges.as_slice().len() as u64 + u64::from(self.duplicate.is_some());
        let option = if ranges == 0 { 0 } else { 4 + 8 * ranges.min(3) };
        DataSize::bytes((HEADER_BYTES + option) as i64)
    }
}
