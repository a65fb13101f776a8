use jackfield_core::units::TimeDelta;

use super::{RawPacket, require};
use crate::RtpError;
use crate::header::{u16_at, u32_at};

/// When each packet of each stream came, and with which ECN mark (RFC 8888 section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CongestionFeedback<'a> {
    /// Who reports.
    pub sender_ssrc: u32,
    blocks: &'a [u8],
    /// The receiver's time of this report: the middle 32 bits of NTP.
    pub timestamp: u32,
}

/// What it says of one stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CongestionBlock<'a> {
    /// The stream.
    pub ssrc: u32,
    /// Sequence number of the first packet reported on.
    pub first_sequence_number: u16,
    metrics: &'a [u8],
}

/// What it says of one packet that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CongestionMetric {
    /// The ECN codepoint with which it came (0 Not-ECT, 1 ECT(1), 2 ECT(0), 3 CE).
    pub ecn: u8,
    /// How long before the report it came, in 1/1024 s; 0x1FFE means longer than can be said, 0x1FFF that it is not known.
    pub arrival_offset: u16,
}

impl<'a> CongestionFeedback<'a> {
    pub(crate) const FORMAT: u8 = 11;

    pub(super) fn parse(raw: &RawPacket<'a>) -> Result<Self, RtpError> {
        require(raw.body, 8)?;
        let end = raw.body.len() - 4;
        let blocks = &raw.body[4..end];
        let mut rest = blocks;
        while !rest.is_empty() {
            rest = split_block(rest)?.1;
        }
        Ok(Self {
            sender_ssrc: u32_at(raw.body, 0),
            blocks,
            timestamp: u32_at(raw.body, end),
        })
    }

    /// The streams, in order.
    pub fn blocks(&self) -> impl Iterator<Item = CongestionBlock<'a>> + Clone + use<'a> {
        let mut rest = self.blocks;
        std::iter::from_fn(move || {
            let (block, after) = split_block(rest).ok()?;
            rest = after;
            Some(block)
        })
    }
}

impl<'a> CongestionBlock<'a> {
    /// The packets from the first on: `None` for one that has not come.
    pub fn packets(
        &self,
    ) -> impl ExactSizeIterator<Item = (u16, Option<CongestionMetric>)> + Clone + use<'a> {
        let first = self.first_sequence_number;
        self.metrics
            .chunks_exact(2)
            .enumerate()
            .map(move |(index, word)| {
                (
                    first.wrapping_add(index as u16),
                    CongestionMetric::from_word(u16_at(word, 0)),
                )
            })
    }
}

impl CongestionMetric {
    /// `arrival_offset` of an arrival longer ago than can be said: 8 s or more.
    pub const OVER_RANGE: u16 = 0x1FFE;
    /// `arrival_offset` of an arrival of which the time is not known, or lies behind the report.
    pub const UNKNOWN: u16 = 0x1FFF;

    /// An arrival `offset` before the report; a negative one cannot be said.
    pub fn new(ecn: u8, offset: TimeDelta) -> Self {
        let us = offset.as_us();
        let arrival_offset = if us < 0 {
            Self::UNKNOWN
        } else {
            (i128::from(us) * 1_024 / 1_000_000).min(i128::from(Self::OVER_RANGE)) as u16
        };
        Self {
            ecn: ecn & 3,
            arrival_offset,
        }
    }

    /// How long before the report it came; `None` if that is longer than can be said, or unknown.
    pub fn offset(&self) -> Option<TimeDelta> {
        (self.arrival_offset < Self::OVER_RANGE)
            .then(|| TimeDelta::us((i64::from(self.arrival_offset) * 1_000_000) >> 10))
    }

    pub(super) fn from_word(word: u16) -> Option<Self> {
        (word & 0x8000 != 0).then_some(Self {
            ecn: (word >> 13) as u8 & 3,
            arrival_offset: word & 0x1FFF,
        })
    }

    pub(crate) fn to_word(self) -> u16 {
        0x8000 | (u16::from(self.ecn & 3) << 13) | (self.arrival_offset & 0x1FFF)
    }
}

fn split_block(bytes: &[u8]) -> Result<(CongestionBlock<'_>, &[u8]), RtpError> {
    require(bytes, 8)?;
    let count = usize::from(u16_at(bytes, 6));
    let end = 8 + (2 * count).next_multiple_of(4);
    require(bytes, end)?;
    let block = CongestionBlock {
        ssrc: u32_at(bytes, 0),
        first_sequence_number: u16_at(bytes, 4),
        metrics: &bytes[8..8 + 2 * count],
    };
    Ok((block, &bytes[end..]))
}
