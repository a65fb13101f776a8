use jackfield_core::units::DataRate;

use super::{RawPacket, packet_type, require, words};
use crate::RtpError;
use crate::header::{u16_at, u32_at};

/// Packets are missing and should be sent again (RFC 4585 section 6.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nack<'a> {
    /// Who asks.
    pub sender_ssrc: u32,
    /// In which stream they are missing.
    pub media_ssrc: u32,
    items: &'a [u8],
}

impl<'a> Nack<'a> {
    pub(super) const FORMAT: u8 = 1;

    pub(super) fn parse(raw: &RawPacket<'a>) -> Result<Self, RtpError> {
        require(raw.body, 12)?;
        whole_words(raw.body)?;
        Ok(Self {
            sender_ssrc: u32_at(raw.body, 0),
            media_ssrc: u32_at(raw.body, 4),
            items: &raw.body[8..],
        })
    }

    pub(super) const fn items(&self) -> &'a [u8] {
        self.items
    }

    /// The sequence numbers that are missing, in the order of the packet.
    pub fn lost(&self) -> impl Iterator<Item = u16> + Clone + use<'a> {
        self.items.chunks_exact(4).flat_map(|item| {
            let first = u16_at(item, 0);
            let mask = u16_at(item, 2);
            let later = (0..16_u16).filter(move |bit| mask >> bit & 1 != 0);
            std::iter::once(first).chain(later.map(move |bit| first.wrapping_add(bit + 1)))
        })
    }
}

/// Packs sequence numbers into the items of a NACK: each item names one and, by mask, any of the sixteen after it.
pub(super) fn nack_items(lost: &[u16]) -> impl Iterator<Item = (u16, u16)> + Clone + '_ {
    let mut rest = lost.iter().copied().peekable();
    std::iter::from_fn(move || {
        let first = rest.next()?;
        let mut mask = 0;
        // Only in the order given, so that reading gives the same list again.
        let mut next_bit = 0;
        while let Some(bit) = rest.peek().map(|next| next.wrapping_sub(first).wrapping_sub(1))
            && (next_bit..16).contains(&bit)
        {
            mask |= 1 << bit;
            next_bit = bit + 1;
            rest.next();
        }
        Some((first, mask))
    })
}

/// A picture is missing: the decoder needs a new start (RFC 4585 section 6.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PictureLoss {
    /// Who asks.
    pub sender_ssrc: u32,
    /// Of which stream.
    pub media_ssrc: u32,
}

impl PictureLoss {
    pub(super) const FORMAT: u8 = 1;

    pub(super) fn parse(raw: &RawPacket<'_>) -> Result<Self, RtpError> {
        require(raw.body, 8)?;
        Ok(Self {
            sender_ssrc: u32_at(raw.body, 0),
            media_ssrc: u32_at(raw.body, 4),
        })
    }
}

/// Key frames are wanted (RFC 5104 section 4.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FullIntraRequest<'a> {
    /// Who asks.
    pub sender_ssrc: u32,
    items: &'a [u8],
}

/// One key frame that is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyFrameRequest {
    /// Of which stream.
    pub ssrc: u32,
    /// Counts requests: one with the number of the last is a repetition.
    pub sequence_number: u8,
}

impl<'a> FullIntraRequest<'a> {
    pub(super) const FORMAT: u8 = 4;

    pub(super) fn parse(raw: &RawPacket<'a>) -> Result<Self, RtpError> {
        require(raw.body, 16)?;
        if !raw.body.len().is_multiple_of(8) {
            return Err(RtpError::Malformed("the last request for a key frame is cut off"));
        }
        Ok(Self {
            sender_ssrc: u32_at(raw.body, 0),
            items: &raw.body[8..],
        })
    }

    /// The requests, in order.
    pub fn requests(&self) -> impl ExactSizeIterator<Item = KeyFrameRequest> + Clone + use<'a> {
        self.items.chunks_exact(8).map(|item| KeyFrameRequest {
            ssrc: u32_at(item, 0),
            sequence_number: item[4],
        })
    }
}

/// The rate that the receiver reckons the path bears (draft-alvestrand-rmcat-remb-03).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceiverEstimatedBitrate<'a> {
    /// Who reckons.
    pub sender_ssrc: u32,
    /// The rate for the streams together.
    pub bitrate: DataRate,
    streams: &'a [u8],
}

impl<'a> ReceiverEstimatedBitrate<'a> {
    /// Application-layer feedback: told from other such by its name.
    pub(super) const FORMAT: u8 = 15;
    pub(super) const NAME: [u8; 4] = *b"REMB";

    pub(super) fn is(raw: &RawPacket<'_>) -> bool {
        raw.packet_type == packet_type::PAYLOAD_FEEDBACK && raw.body.get(8..12) == Some(&Self::NAME)
    }

    pub(super) fn parse(raw: &RawPacket<'a>) -> Result<Self, RtpError> {
        require(raw.body, 16)?;
        let end = 16 + 4 * usize::from(raw.body[12]);
        require(raw.body, end)?;
        let exponent = raw.body[13] >> 2;
        let mantissa = u64::from(u32_at(raw.body, 12) & 0x0003_FFFF);
        let bps = mantissa
            .checked_shl(u32::from(exponent))
            .filter(|shifted| shifted >> exponent == mantissa);
        let bps = bps.and_then(|bps| i64::try_from(bps).ok());
        Ok(Self {
            sender_ssrc: u32_at(raw.body, 0),
            bitrate: DataRate::bps(bps.ok_or(RtpError::Malformed("the bitrate of a REMB exceeds 63 bits"))?),
            streams: &raw.body[16..end],
        })
    }

    /// The streams that share the rate.
    pub fn streams(&self) -> impl ExactSizeIterator<Item = u32> + Clone + use<'a> {
        words(self.streams)
    }
}

/// Exponent and mantissa of a rate, rounded down to 18 bits.
pub(super) fn remb_bitrate(bitrate: DataRate) -> (u8, u32) {
    let bps = bitrate.as_bps().max(0) as u64;
    let exponent = (64 - bps.leading_zeros()).saturating_sub(18);
    (exponent as u8, (bps >> exponent) as u32)
}

fn whole_words(body: &[u8]) -> Result<(), RtpError> {
    if body.len().is_multiple_of(4) {
        Ok(())
    } else {
        Err(RtpError::Malformed(
            "the padding of a feedback packet is not whole words",
        ))
    }
}
