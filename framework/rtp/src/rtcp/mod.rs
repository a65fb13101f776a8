//! RTCP, read as views of the datagram and written into the caller's buffer.
//!
//! A datagram holds one packet or several; compound (RFC 3550 section 6.1) and reduced-size (RFC 5506) ones are read alike. What is of an
//! unknown type is kept as it is, and a packet that is malformed does not spoil those beside it.
//!
//! ```
//! use jackfield_rtp::rtcp::{RtcpDatagram, RtcpPacket, RtcpWriter};
//!
//! let mut buffer = [0; 256];
//! let mut writer = RtcpWriter::new(&mut buffer);
//! writer.receiver_report(1, &[])?;
//! writer.nack(1, 2, &[100, 101, 130])?;
//! let length = writer.length();
//!
//! let datagram = RtcpDatagram::parse(&buffer[..length])?;
//! let Some(Ok(RtcpPacket::Nack(nack))) = datagram.packets().nth(1) else { panic!("no NACK") };
//! assert_eq!(nack.lost().collect::<Vec<_>>(), [100, 101, 130]);
//! # Ok::<(), jackfield_rtp::RtpError>(())
//! ```

mod congestion;
mod description;
mod feedback;
mod report;
mod write;

pub use congestion::{CongestionBlock, CongestionFeedback, CongestionMetric};
pub use description::{Goodbye, SdesChunk, SdesItem, SourceDescription};
pub use feedback::{FullIntraRequest, KeyFrameRequest, Nack, PictureLoss, ReceiverEstimatedBitrate};
pub use report::{ReceiverReport, ReportBlock, SenderInfo, SenderReport};
pub use write::RtcpWriter;

use crate::RtpError;
use crate::header::{u16_at, u32_at};
use crate::twcc::TransportFeedback;

/// Packet types (RFC 3550 section 12.1, RFC 4585, RFC 3611).
pub mod packet_type {
    /// Sender report.
    pub const SENDER_REPORT: u8 = 200;
    /// Receiver report.
    pub const RECEIVER_REPORT: u8 = 201;
    /// Source description.
    pub const SOURCE_DESCRIPTION: u8 = 202;
    /// Goodbye.
    pub const GOODBYE: u8 = 203;
    /// Application-defined.
    pub const APPLICATION: u8 = 204;
    /// Feedback on the transport.
    pub const TRANSPORT_FEEDBACK: u8 = 205;
    /// Feedback on a payload.
    pub const PAYLOAD_FEEDBACK: u8 = 206;
    /// Extended report.
    pub const EXTENDED_REPORT: u8 = 207;
}

/// One RTCP packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RtcpPacket<'a> {
    /// What a sender has sent, and what it has received.
    SenderReport(SenderReport<'a>),
    /// What a receiver has received.
    ReceiverReport(ReceiverReport<'a>),
    /// Who the sources are.
    SourceDescription(SourceDescription<'a>),
    /// Sources leave.
    Goodbye(Goodbye<'a>),
    /// Packets are missing (RFC 4585 section 6.2.1).
    Nack(Nack<'a>),
    /// A picture is missing (RFC 4585 section 6.3.1).
    PictureLoss(PictureLoss),
    /// A key frame is wanted (RFC 5104 section 4.3.1).
    FullIntraRequest(FullIntraRequest<'a>),
    /// The rate that the receiver reckons the path bears (draft-alvestrand-rmcat-remb).
    ReceiverEstimatedBitrate(ReceiverEstimatedBitrate<'a>),
    /// When each packet of the transport came (draft-holmer-rmcat-transport-wide-cc-extensions).
    TransportFeedback(TransportFeedback<'a>),
    /// When each packet of each stream came, and with which ECN mark (RFC 8888).
    CongestionFeedback(CongestionFeedback<'a>),
    /// Something else, kept as it is: application-defined, extended reports, types to come.
    Unknown(RawPacket<'a>),
}

/// A packet whose header alone was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawPacket<'a> {
    /// The type, see [`packet_type`].
    pub packet_type: u8,
    /// The five bits of count, or the format of feedback.
    pub count: u8,
    /// What follows the four bytes of header, without padding.
    pub body: &'a [u8],
}

/// A datagram of RTCP whose framing is sound.
#[derive(Clone, Copy, Debug)]
pub struct RtcpDatagram<'a> {
    bytes: &'a [u8],
}

impl<'a> RtcpDatagram<'a> {
    /// Checks that the datagram is a row of whole RTCP packets.
    ///
    /// # Errors
    /// If it is empty, a packet is not version 2, or a length exceeds the datagram. Padding before the last packet is let pass: feedback that
    /// pads itself is common in the middle of a compound.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, RtpError> {
        let mut rest = bytes;
        loop {
            let (_, after) = split(rest)?;
            if after.is_empty() {
                return Ok(Self { bytes });
            }
            rest = after;
        }
    }

    /// The packets, in order.
    pub fn packets(&self) -> RtcpPackets<'a> {
        RtcpPackets { rest: self.bytes }
    }

    /// Whether it is a compound that RFC 3550 section 6.1 would take: it begins with a report. Reduced-size RTCP need not (RFC 5506), but must
    /// have been negotiated.
    pub fn is_compound(&self) -> bool {
        matches!(
            self.bytes[1],
            packet_type::SENDER_REPORT | packet_type::RECEIVER_REPORT
        )
    }
}

/// Iterates over the packets of a datagram. Made by [`RtcpDatagram::packets`].
#[derive(Clone, Debug)]
pub struct RtcpPackets<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for RtcpPackets<'a> {
    type Item = Result<RtcpPacket<'a>, RtpError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        match split(self.rest) {
            Ok((raw, after)) => {
                self.rest = after;
                Some(RtcpPacket::parse(&raw))
            }
            Err(error) => {
                self.rest = &[];
                Some(Err(error))
            }
        }
    }
}

impl<'a> RtcpPacket<'a> {
    /// Reads the body of a packet according to its type.
    ///
    /// # Errors
    /// If the type is known and the body does not fit it.
    pub fn parse(raw: &RawPacket<'a>) -> Result<Self, RtpError> {
        use packet_type::{
            GOODBYE, PAYLOAD_FEEDBACK, RECEIVER_REPORT, SENDER_REPORT, SOURCE_DESCRIPTION, TRANSPORT_FEEDBACK,
        };
        Ok(match (raw.packet_type, raw.count) {
            (SENDER_REPORT, _) => Self::SenderReport(SenderReport::parse(raw)?),
            (RECEIVER_REPORT, _) => Self::ReceiverReport(ReceiverReport::parse(raw)?),
            (SOURCE_DESCRIPTION, _) => Self::SourceDescription(SourceDescription::parse(raw)?),
            (GOODBYE, _) => Self::Goodbye(Goodbye::parse(raw)?),
            (TRANSPORT_FEEDBACK, Nack::FORMAT) => Self::Nack(Nack::parse(raw)?),
            (TRANSPORT_FEEDBACK, CongestionFeedback::FORMAT) => {
                Self::CongestionFeedback(CongestionFeedback::parse(raw)?)
            }
            (TRANSPORT_FEEDBACK, TransportFeedback::FORMAT) => {
                Self::TransportFeedback(TransportFeedback::parse(raw.body)?)
            }
            (PAYLOAD_FEEDBACK, PictureLoss::FORMAT) => Self::PictureLoss(PictureLoss::parse(raw)?),
            (PAYLOAD_FEEDBACK, FullIntraRequest::FORMAT) => {
                Self::FullIntraRequest(FullIntraRequest::parse(raw)?)
            }
            (PAYLOAD_FEEDBACK, ReceiverEstimatedBitrate::FORMAT) if ReceiverEstimatedBitrate::is(raw) => {
                Self::ReceiverEstimatedBitrate(ReceiverEstimatedBitrate::parse(raw)?)
            }
            _ => Self::Unknown(*raw),
        })
    }
}

/// Takes the first packet off `bytes`.
fn split(bytes: &[u8]) -> Result<(RawPacket<'_>, &[u8]), RtpError> {
    let require = |needed: usize| {
        if bytes.len() < needed {
            Err(RtpError::TooShort {
                length: bytes.len(),
                needed,
            })
        } else {
            Ok(())
        }
    };
    require(4)?;
    let version = bytes[0] >> 6;
    if version != 2 {
        return Err(RtpError::Version(version));
    }
    let length = 4 + 4 * usize::from(u16_at(bytes, 2));
    require(length)?;
    let (packet, after) = bytes.split_at(length);
    let mut end = length;
    if packet[0] & 0x20 != 0 {
        let padding = packet[length - 1];
        if padding == 0 || usize::from(padding) > length - 4 {
            return Err(RtpError::Padding(padding));
        }
        end -= usize::from(padding);
    }
    let packet = RawPacket {
        packet_type: packet[1],
        count: packet[0] & 0x1F,
        body: &packet[4..end],
    };
    Ok((packet, after))
}

/// Fails if `body` has fewer than `needed` bytes; counts are given with the four bytes of header, as a reader sees the packet.
pub(crate) fn require(body: &[u8], needed: usize) -> Result<(), RtpError> {
    if body.len() < needed {
        return Err(RtpError::TooShort {
            length: body.len() + 4,
            needed: needed + 4,
        });
    }
    Ok(())
}

/// The words of `bytes`.
fn words(bytes: &[u8]) -> impl ExactSizeIterator<Item = u32> + Clone + '_ {
    bytes.chunks_exact(4).map(|word| u32_at(word, 0))
}
