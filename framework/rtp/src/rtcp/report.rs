use jackfield_core::time::NtpTime;

use super::{RawPacket, require};
use crate::RtpError;
use crate::header::u32_at;

/// A sender report (RFC 3550 section 6.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SenderReport<'a> {
    /// Who reports.
    pub ssrc: u32,
    /// What it has sent.
    pub info: SenderInfo,
    blocks: &'a [u8],
    extensions: &'a [u8],
}

/// A receiver report (RFC 3550 section 6.4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceiverReport<'a> {
    /// Who reports.
    pub ssrc: u32,
    blocks: &'a [u8],
    extensions: &'a [u8],
}

/// What a sender says of its own stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SenderInfo {
    /// The wall-clock time of this report.
    pub ntp: NtpTime,
    /// The same instant on the media clock.
    pub rtp_timestamp: u32,
    /// Packets sent.
    pub packet_count: u32,
    /// Payload bytes sent.
    pub octet_count: u32,
}

/// What a receiver says of one stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportBlock {
    /// Of which stream.
    pub ssrc: u32,
    /// Share of packets lost since the report before, in 1/256.
    pub fraction_lost: u8,
    /// Packets lost since the beginning, 24 bits, negative if duplicates came.
    pub cumulative_lost: i32,
    /// Extended number of the newest packet.
    pub highest_sequence_number: u32,
    /// Interarrival jitter in ticks of the media clock.
    pub jitter: u32,
    /// The middle 32 bits of the NTP time of the last sender report; 0 if there was none.
    pub last_sender_report: u32,
    /// How long ago it came, in 1/65536 s.
    pub delay_since_last_sender_report: u32,
}

impl<'a> SenderReport<'a> {
    pub(super) fn parse(raw: &RawPacket<'a>) -> Result<Self, RtpError> {
        let blocks_end = 24 + ReportBlock::LENGTH * usize::from(raw.count);
        require(raw.body, blocks_end)?;
        let body = raw.body;
        let info = SenderInfo {
            ntp: NtpTime::from_bits((u64::from(u32_at(body, 4)) << 32) | u64::from(u32_at(body, 8))),
            rtp_timestamp: u32_at(body, 12),
            packet_count: u32_at(body, 16),
            octet_count: u32_at(body, 20),
        };
        Ok(Self {
            ssrc: u32_at(body, 0),
            info,
            blocks: &body[24..blocks_end],
            extensions: &body[blocks_end..],
        })
    }

    /// What it has received.
    pub fn blocks(&self) -> impl ExactSizeIterator<Item = ReportBlock> + Clone + use<'a> {
        blocks(self.blocks)
    }

    /// What a profile has added, as it is.
    pub const fn extensions(&self) -> &'a [u8] {
        self.extensions
    }
}

impl<'a> ReceiverReport<'a> {
    pub(super) fn parse(raw: &RawPacket<'a>) -> Result<Self, RtpError> {
        let blocks_end = 4 + ReportBlock::LENGTH * usize::from(raw.count);
        require(raw.body, blocks_end)?;
        let (blocks, extensions) = raw.body[4..].split_at(blocks_end - 4);
        Ok(Self {
            ssrc: u32_at(raw.body, 0),
            blocks,
            extensions,
        })
    }

    /// What it has received.
    pub fn blocks(&self) -> impl ExactSizeIterator<Item = ReportBlock> + Clone + use<'a> {
        blocks(self.blocks)
    }

    /// What a profile has added, as it is.
    pub const fn extensions(&self) -> &'a [u8] {
        self.extensions
    }
}

impl ReportBlock {
    pub(super) const LENGTH: usize = 24;

    fn parse(bytes: &[u8]) -> Self {
        Self {
            ssrc: u32_at(bytes, 0),
            fraction_lost: bytes[4],
            cumulative_lost: ((u32_at(bytes, 4) << 8) as i32) >> 8,
            highest_sequence_number: u32_at(bytes, 8),
            jitter: u32_at(bytes, 12),
            last_sender_report: u32_at(bytes, 16),
            delay_since_last_sender_report: u32_at(bytes, 20),
        }
    }

    pub(super) fn to_bytes(self) -> [u8; Self::LENGTH] {
        let lost = self.cumulative_lost.clamp(-0x80_0000, 0x7F_FFFF) as u32 & 0x00FF_FFFF;
        let words = [
            self.ssrc,
            (u32::from(self.fraction_lost) << 24) | lost,
            self.highest_sequence_number,
            self.jitter,
            self.last_sender_report,
            self.delay_since_last_sender_report,
        ];
        let mut bytes = [0; Self::LENGTH];
        for (slot, word) in bytes.chunks_exact_mut(4).zip(words) {
            slot.copy_from_slice(&word.to_be_bytes());
        }
        bytes
    }

    /// The low 16 bits of the highest sequence number.
    pub const fn sequence_number(&self) -> u16 {
        self.highest_sequence_number as u16
    }
}

fn blocks(bytes: &[u8]) -> impl ExactSizeIterator<Item = ReportBlock> + Clone + '_ {
    bytes.chunks_exact(ReportBlock::LENGTH).map(ReportBlock::parse)
}
