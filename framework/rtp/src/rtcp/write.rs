use jackfield_core::units::DataRate;

use super::feedback::{nack_items, remb_bitrate};
use super::{
    CongestionFeedback, CongestionMetric, FullIntraRequest, KeyFrameRequest, Nack, PictureLoss, RawPacket,
    ReceiverEstimatedBitrate, ReportBlock, RtcpPacket, SdesItem, SenderInfo, packet_type,
};
use crate::RtpError;
use crate::twcc::TransportFeedback;

/// Writes RTCP packets one after the other into a buffer: a compound, or a reduced-size packet. A packet that fails is left out whole.
#[derive(Debug)]
pub struct RtcpWriter<'a> {
    out: &'a mut [u8],
    length: usize,
}

impl<'a> RtcpWriter<'a> {
    /// Writes to the start of `out`.
    pub fn new(out: &'a mut [u8]) -> Self {
        Self { out, length: 0 }
    }

    /// How many bytes are written.
    pub const fn length(&self) -> usize {
        self.length
    }

    /// What is written.
    pub fn written(&self) -> &[u8] {
        &self.out[..self.length]
    }

    /// A sender report.
    ///
    /// # Errors
    /// As all these methods: if the buffer is too small, or a count exceeds its field.
    pub fn sender_report(
        &mut self,
        ssrc: u32,
        info: &SenderInfo,
        blocks: &[ReportBlock],
    ) -> Result<(), RtpError> {
        let count = count("report blocks", blocks.len(), 31)?;
        self.packet_of(packet_type::SENDER_REPORT, count, |body| {
            body.word(ssrc)?;
            body.bytes(&info.ntp.bits().to_be_bytes())?;
            body.word(info.rtp_timestamp)?;
            body.word(info.packet_count)?;
            body.word(info.octet_count)?;
            blocks.iter().try_for_each(|block| body.bytes(&block.to_bytes()))
        })
    }

    /// A receiver report.
    ///
    /// # Errors
    /// See [`RtcpWriter::sender_report`].
    pub fn receiver_report(&mut self, ssrc: u32, blocks: &[ReportBlock]) -> Result<(), RtpError> {
        let count = count("report blocks", blocks.len(), 31)?;
        self.packet_of(packet_type::RECEIVER_REPORT, count, |body| {
            body.word(ssrc)?;
            blocks.iter().try_for_each(|block| body.bytes(&block.to_bytes()))
        })
    }

    /// A source description.
    ///
    /// # Errors
    /// See [`RtcpWriter::sender_report`]; also if a text has more than 255 bytes or an item has kind 0.
    pub fn source_description(&mut self, chunks: &[(u32, &[SdesItem<'_>])]) -> Result<(), RtpError> {
        let count = count("sources", chunks.len(), 31)?;
        self.packet_of(packet_type::SOURCE_DESCRIPTION, count, |body| {
            chunks
                .iter()
                .try_for_each(|(ssrc, items)| body.chunk(*ssrc, items.iter().copied()))
        })
    }

    /// A goodbye; an empty reason is none.
    ///
    /// # Errors
    /// See [`RtcpWriter::sender_report`]; also if the reason has more than 255 bytes.
    pub fn goodbye(&mut self, sources: &[u32], reason: &str) -> Result<(), RtpError> {
        self.goodbye_of(
            sources.iter().copied(),
            (!reason.is_empty()).then_some(reason.as_bytes()),
        )
    }

    /// A NACK of the packets `lost` of `media_ssrc`.
    ///
    /// # Errors
    /// See [`RtcpWriter::sender_report`]; also if `lost` is empty.
    pub fn nack(&mut self, sender_ssrc: u32, media_ssrc: u32, lost: &[u16]) -> Result<(), RtpError> {
        if lost.is_empty() {
            return Err(RtpError::Malformed("a NACK of nothing was asked for"));
        }
        self.packet_of(packet_type::TRANSPORT_FEEDBACK, Nack::FORMAT, |body| {
            body.word(sender_ssrc)?;
            body.word(media_ssrc)?;
            nack_items(lost)
                .try_for_each(|(first, mask)| body.word((u32::from(first) << 16) | u32::from(mask)))
        })
    }

    /// A picture is missing.
    ///
    /// # Errors
    /// See [`RtcpWriter::sender_report`].
    pub fn picture_loss(&mut self, sender_ssrc: u32, media_ssrc: u32) -> Result<(), RtpError> {
        self.packet_of(packet_type::PAYLOAD_FEEDBACK, PictureLoss::FORMAT, |body| {
            body.word(sender_ssrc)?;
            body.word(media_ssrc)
        })
    }

    /// Key frames are wanted.
    ///
    /// # Errors
    /// See [`RtcpWriter::sender_report`]; also if there is no request.
    pub fn full_intra_request(
        &mut self,
        sender_ssrc: u32,
        requests: &[KeyFrameRequest],
    ) -> Result<(), RtpError> {
        if requests.is_empty() {
            return Err(RtpError::Malformed("a request for no key frame was asked for"));
        }
        self.fir_of(sender_ssrc, requests.iter().copied())
    }

    /// The rate that we reckon the path bears, rounded down to 18 significant bits.
    ///
    /// # Errors
    /// See [`RtcpWriter::sender_report`].
    pub fn receiver_estimated_bitrate(
        &mut self,
        sender_ssrc: u32,
        bitrate: DataRate,
        streams: &[u32],
    ) -> Result<(), RtpError> {
        count("streams of a REMB", streams.len(), 255)?;
        self.remb_of(sender_ssrc, bitrate, streams.iter().copied())
    }

    /// Congestion control feedback: for each stream its SSRC, the first sequence number and what is known of each packet from there on.
    ///
    /// # Errors
    /// See [`RtcpWriter::sender_report`].
    pub fn congestion_feedback(
        &mut self,
        sender_ssrc: u32,
        streams: &[(u32, u16, &[Option<CongestionMetric>])],
        timestamp: u32,
    ) -> Result<(), RtpError> {
        self.packet_of(
            packet_type::TRANSPORT_FEEDBACK,
            CongestionFeedback::FORMAT,
            |body| {
                body.word(sender_ssrc)?;
                for (ssrc, first, metrics) in streams {
                    // RFC 8888 section 3.1: a receiver must not report on more than 16384 packets of a stream.
                    if metrics.len() > 16_384 {
                        return Err(RtpError::TooMany {
                            what: "packets reported on",
                            count: metrics.len(),
                            limit: 16_384,
                        });
                    }
                    body.word(*ssrc)?;
                    body.word((u32::from(*first) << 16) | metrics.len() as u32)?;
                    body.metrics(metrics.iter().copied())?;
                }
                body.word(timestamp)
            },
        )
    }

    /// Any packet: `count` is its five bits of count or format, `body` whole words.
    ///
    /// # Errors
    /// See [`RtcpWriter::sender_report`].
    pub fn raw(&mut self, packet: &RawPacket<'_>) -> Result<(), RtpError> {
        self.packet_of(packet.packet_type, packet.count & 0x1F, |body| {
            body.bytes(packet.body)
        })
    }

    /// A packet that was read, as it was.
    ///
    /// # Errors
    /// See [`RtcpWriter::sender_report`].
    pub fn packet(&mut self, packet: &RtcpPacket<'_>) -> Result<(), RtpError> {
        match packet {
            RtcpPacket::SenderReport(report) => {
                let count = report.blocks().len() as u8;
                self.packet_of(packet_type::SENDER_REPORT, count, |body| {
                    body.word(report.ssrc)?;
                    body.bytes(&report.info.ntp.bits().to_be_bytes())?;
                    body.word(report.info.rtp_timestamp)?;
                    body.word(report.info.packet_count)?;
                    body.word(report.info.octet_count)?;
                    report
                        .blocks()
                        .try_for_each(|block| body.bytes(&block.to_bytes()))?;
                    body.bytes(report.extensions())
                })
            }
            RtcpPacket::ReceiverReport(report) => {
                let count = report.blocks().len() as u8;
                self.packet_of(packet_type::RECEIVER_REPORT, count, |body| {
                    body.word(report.ssrc)?;
                    report
                        .blocks()
                        .try_for_each(|block| body.bytes(&block.to_bytes()))?;
                    body.bytes(report.extensions())
                })
            }
            RtcpPacket::SourceDescription(description) => {
                let count = description.chunks().count() as u8;
                self.packet_of(packet_type::SOURCE_DESCRIPTION, count, |body| {
                    description
                        .chunks()
                        .try_for_each(|chunk| body.chunk(chunk.ssrc, chunk.items()))
                })
            }
            RtcpPacket::Goodbye(goodbye) => self.goodbye_of(goodbye.sources(), goodbye.reason),
            RtcpPacket::Nack(nack) => self.packet_of(packet_type::TRANSPORT_FEEDBACK, Nack::FORMAT, |body| {
                body.word(nack.sender_ssrc)?;
                body.word(nack.media_ssrc)?;
                body.bytes(nack.items())
            }),
            RtcpPacket::PictureLoss(loss) => self.picture_loss(loss.sender_ssrc, loss.media_ssrc),
            RtcpPacket::FullIntraRequest(request) => self.fir_of(request.sender_ssrc, request.requests()),
            RtcpPacket::ReceiverEstimatedBitrate(remb) => {
                self.remb_of(remb.sender_ssrc, remb.bitrate, remb.streams())
            }
            RtcpPacket::TransportFeedback(feedback) => self.packet_of(
                packet_type::TRANSPORT_FEEDBACK,
                TransportFeedback::FORMAT,
                |body| body.bytes(feedback.body()),
            ),
            RtcpPacket::CongestionFeedback(feedback) => self.packet_of(
                packet_type::TRANSPORT_FEEDBACK,
                CongestionFeedback::FORMAT,
                |body| {
                    body.word(feedback.sender_ssrc)?;
                    for block in feedback.blocks() {
                        let packets = block.packets();
                        body.word(block.ssrc)?;
                        body.word((u32::from(block.first_sequence_number) << 16) | packets.len() as u32)?;
                        body.metrics(packets.map(|(_, metric)| metric))?;
                    }
                    body.word(feedback.timestamp)
                },
            ),
            RtcpPacket::Unknown(raw) => self.raw(raw),
        }
    }

    /// Lends the room that is left to `write`, which makes a whole number of RTCP packets there and returns their length.
    pub(crate) fn append(
        &mut self,
        write: impl FnOnce(&mut [u8]) -> Result<usize, RtpError>,
    ) -> Result<(), RtpError> {
        self.length += write(&mut self.out[self.length..])?;
        Ok(())
    }

    fn goodbye_of(
        &mut self,
        sources: impl ExactSizeIterator<Item = u32>,
        reason: Option<&[u8]>,
    ) -> Result<(), RtpError> {
        let count = count("sources", sources.len(), 31)?;
        self.packet_of(packet_type::GOODBYE, count, |body| {
            sources.into_iter().try_for_each(|source| body.word(source))?;
            match reason {
                Some(reason) => body.counted(reason).and_then(|()| body.fill_word()),
                None => Ok(()),
            }
        })
    }

    fn fir_of(
        &mut self,
        sender_ssrc: u32,
        requests: impl Iterator<Item = KeyFrameRequest>,
    ) -> Result<(), RtpError> {
        self.packet_of(packet_type::PAYLOAD_FEEDBACK, FullIntraRequest::FORMAT, |body| {
            body.word(sender_ssrc)?;
            // RFC 5104 section 4.3.1.2: the media source is not used.
            body.word(0)?;
            for request in requests {
                body.word(request.ssrc)?;
                body.bytes(&[request.sequence_number, 0, 0, 0])?;
            }
            Ok(())
        })
    }

    fn remb_of(
        &mut self,
        sender_ssrc: u32,
        bitrate: DataRate,
        streams: impl ExactSizeIterator<Item = u32>,
    ) -> Result<(), RtpError> {
        let (exponent, mantissa) = remb_bitrate(bitrate);
        self.packet_of(
            packet_type::PAYLOAD_FEEDBACK,
            ReceiverEstimatedBitrate::FORMAT,
            |body| {
                body.word(sender_ssrc)?;
                body.word(0)?;
                body.bytes(&ReceiverEstimatedBitrate::NAME)?;
                body.word(((streams.len() as u32) << 24) | (u32::from(exponent) << 18) | mantissa)?;
                streams.into_iter().try_for_each(|stream| body.word(stream))
            },
        )
    }

    fn packet_of(
        &mut self,
        packet_type: u8,
        count: u8,
        write: impl FnOnce(&mut Body<'_>) -> Result<(), RtpError>,
    ) -> Result<(), RtpError> {
        let start = self.length;
        let mut body = Body {
            out: &mut self.out[start..],
            length: 0,
        };
        body.bytes(&[0x80 | count, packet_type, 0, 0])?;
        write(&mut body)?;
        let padding = (4 - body.length % 4) % 4;
        if padding != 0 {
            body.bytes(&[0, 0, padding as u8][3 - padding..])?;
            body.out[0] |= 0x20;
        }
        let words = body.length / 4 - 1;
        let field = u16::try_from(words).map_err(|_| RtpError::TooMany {
            what: "words of one RTCP packet",
            count: words,
            limit: usize::from(u16::MAX),
        })?;
        body.out[2..4].copy_from_slice(&field.to_be_bytes());
        self.length = start + body.length;
        Ok(())
    }
}

/// The packet that is being written.
struct Body<'a> {
    out: &'a mut [u8],
    length: usize,
}

impl Body<'_> {
    fn bytes(&mut self, bytes: &[u8]) -> Result<(), RtpError> {
        let needed = self.length + bytes.len();
        let available = self.out.len();
        let Some(slot) = self.out.get_mut(self.length..needed) else {
            return Err(RtpError::BufferTooSmall { available, needed });
        };
        slot.copy_from_slice(bytes);
        self.length = needed;
        Ok(())
    }

    fn word(&mut self, word: u32) -> Result<(), RtpError> {
        self.bytes(&word.to_be_bytes())
    }

    /// A length byte and so many bytes.
    fn counted(&mut self, text: &[u8]) -> Result<(), RtpError> {
        let length = count("bytes of text", text.len(), 255)?;
        self.bytes(&[length])?;
        self.bytes(text)
    }

    fn chunk<'a>(&mut self, ssrc: u32, items: impl Iterator<Item = SdesItem<'a>>) -> Result<(), RtpError> {
        self.word(ssrc)?;
        for item in items {
            if item.kind == 0 {
                return Err(RtpError::Malformed(
                    "an item of a source description has kind 0, which ends the list",
                ));
            }
            self.bytes(&[item.kind])?;
            self.counted(item.text)?;
        }
        self.bytes(&[0])?;
        self.fill_word()
    }

    /// Zeros up to a whole word: the fields that need them say so themselves, without the padding bit.
    fn fill_word(&mut self) -> Result<(), RtpError> {
        while !self.length.is_multiple_of(4) {
            self.bytes(&[0])?;
        }
        Ok(())
    }

    fn metrics(
        &mut self,
        metrics: impl ExactSizeIterator<Item = Option<CongestionMetric>>,
    ) -> Result<(), RtpError> {
        let odd = metrics.len() % 2 == 1;
        for metric in metrics {
            self.bytes(&metric.map_or(0, CongestionMetric::to_word).to_be_bytes())?;
        }
        if odd { self.bytes(&[0, 0]) } else { Ok(()) }
    }
}

/// `count` as the field that holds it, or why it does not fit.
fn count(what: &'static str, count: usize, limit: u8) -> Result<u8, RtpError> {
    u8::try_from(count)
        .ok()
        .filter(|count| *count <= limit)
        .ok_or(RtpError::TooMany {
            what,
            count,
            limit: usize::from(limit),
        })
}
