//! An RTP packet: read as a view of its bytes, built in place (RFC 3550 section 5, header extensions RFC 8285).

use crate::RtpError;

/// Length of the header without contributing sources and extensions.
pub const FIXED_HEADER_LENGTH: usize = 12;
/// The most contributing sources that a packet can name.
pub const MAX_CSRCS: usize = 15;

const ONE_BYTE_PROFILE: u16 = 0xBEDE;
const TWO_BYTE_PROFILE: u16 = 0x1000;

/// The fields that every RTP packet has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RtpHeader {
    /// For audio: the first packet of a talkspurt (RFC 3551 section 4.1).
    pub marker: bool,
    /// The payload type, 0 to 127.
    pub payload_type: u8,
    /// Counts packets.
    pub sequence_number: u16,
    /// Counts ticks of the media clock.
    pub timestamp: u32,
    /// Names the stream.
    pub ssrc: u32,
}

/// One header extension element: its negotiated id and its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extension<'a> {
    /// The id that `a=extmap` gave it, 1 to 14 in the one-byte form, 1 to 255 in the two-byte form.
    pub id: u8,
    /// Its contents.
    pub data: &'a [u8],
}

impl<'a> Extension<'a> {
    /// Element `id` holding `data`.
    pub const fn new(id: u8, data: &'a [u8]) -> Self {
        Self { id, data }
    }
}

/// A received RTP packet. Parsing checks all lengths once; the accessors cannot fail.
#[derive(Clone, Copy, Debug)]
pub struct RtpPacketView<'a> {
    bytes: &'a [u8],
    csrc_end: usize,
    payload_start: usize,
    payload_end: usize,
}

impl<'a> RtpPacketView<'a> {
    /// Reads an RTP packet.
    ///
    /// # Errors
    /// If a length field exceeds the packet, the version is not 2 or the padding is impossible.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, RtpError> {
        let length = bytes.len();
        let require = |needed: usize| {
            if length < needed {
                Err(RtpError::TooShort { length, needed })
            } else {
                Ok(())
            }
        };
        require(FIXED_HEADER_LENGTH)?;
        let version = bytes[0] >> 6;
        if version != 2 {
            return Err(RtpError::Version(version));
        }
        let csrc_end = FIXED_HEADER_LENGTH + 4 * usize::from(bytes[0] & 0x0F);
        require(csrc_end)?;
        let mut payload_start = csrc_end;
        if bytes[0] & 0x10 != 0 {
            require(csrc_end + 4)?;
            payload_start += 4 + 4 * usize::from(u16_at(bytes, csrc_end + 2));
            require(payload_start)?;
        }
        let mut payload_end = length;
        if bytes[0] & 0x20 != 0 {
            require(payload_start + 1)?;
            let padding = bytes[length - 1];
            if padding == 0 || usize::from(padding) > length - payload_start {
                return Err(RtpError::Padding(padding));
            }
            payload_end -= usize::from(padding);
        }
        Ok(Self {
            bytes,
            csrc_end,
            payload_start,
            payload_end,
        })
    }

    /// All fixed fields at once.
    pub fn header(&self) -> RtpHeader {
        RtpHeader {
            marker: self.marker(),
            payload_type: self.payload_type(),
            sequence_number: self.sequence_number(),
            timestamp: self.timestamp(),
            ssrc: self.ssrc(),
        }
    }

    /// See [`RtpHeader::marker`].
    pub fn marker(&self) -> bool {
        self.bytes[1] & 0x80 != 0
    }

    /// See [`RtpHeader::payload_type`].
    pub fn payload_type(&self) -> u8 {
        self.bytes[1] & 0x7F
    }

    /// See [`RtpHeader::sequence_number`].
    pub fn sequence_number(&self) -> u16 {
        u16_at(self.bytes, 2)
    }

    /// See [`RtpHeader::timestamp`].
    pub fn timestamp(&self) -> u32 {
        u32_at(self.bytes, 4)
    }

    /// See [`RtpHeader::ssrc`].
    pub fn ssrc(&self) -> u32 {
        u32_at(self.bytes, 8)
    }

    /// The contributing sources, in order: who is heard in a mix.
    pub fn csrcs(&self) -> impl ExactSizeIterator<Item = u32> + use<'a> {
        self.bytes[FIXED_HEADER_LENGTH..self.csrc_end]
            .chunks_exact(4)
            .map(|word| u32_at(word, 0))
    }

    /// The header extension elements, in order. An element that runs past its block ends the list, as do the ids that RFC 8285 reserves.
    pub fn extensions(&self) -> Extensions<'a> {
        if self.payload_start == self.csrc_end {
            return Extensions {
                rest: &[],
                form: Form::Unknown,
            };
        }
        let form = match u16_at(self.bytes, self.csrc_end) {
            ONE_BYTE_PROFILE => Form::OneByte,
            profile if profile & 0xFFF0 == TWO_BYTE_PROFILE => Form::TwoByte,
            _ => Form::Unknown,
        };
        Extensions {
            rest: &self.bytes[self.csrc_end + 4..self.payload_start],
            form,
        }
    }

    /// The contents of extension element `id`, if the packet has it.
    pub fn extension(&self, id: u8) -> Option<&'a [u8]> {
        self.extensions()
            .find(|extension| extension.id == id)
            .map(|extension| extension.data)
    }

    /// The payload, without padding.
    pub fn payload(&self) -> &'a [u8] {
        &self.bytes[self.payload_start..self.payload_end]
    }

    /// How many bytes of padding end the packet, the count byte included; 0 if none.
    pub fn padding(&self) -> usize {
        self.bytes.len() - self.payload_end
    }

    /// Length of the header with contributing sources and extensions.
    pub fn header_length(&self) -> usize {
        self.payload_start
    }

    /// The whole packet.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }
}

/// Iterates over header extension elements. Made by [`RtpPacketView::extensions`].
#[derive(Clone, Debug)]
pub struct Extensions<'a> {
    rest: &'a [u8],
    form: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    OneByte,
    TwoByte,
    /// A profile of its own (RFC 3550 section 5.3.1), or no extension at all: nothing to list.
    Unknown,
}

impl<'a> Iterator for Extensions<'a> {
    type Item = Extension<'a>;

    fn next(&mut self) -> Option<Extension<'a>> {
        // A zero byte is padding in both forms, and may stand between elements.
        while let [0, rest @ ..] = self.rest {
            self.rest = rest;
        }
        let (id, length, rest) = match (self.form, self.rest) {
            (Form::OneByte, [first, rest @ ..]) => (first >> 4, usize::from(first & 0x0F) + 1, rest),
            (Form::TwoByte, [id, length, rest @ ..]) => (*id, usize::from(*length), rest),
            _ => return self.end(),
        };
        // RFC 8285 section 4.2: in the one-byte form id 15, and id 0 with a length, end the processing.
        if self.form == Form::OneByte && matches!(id, 0 | 15) {
            return self.end();
        }
        let Some((data, rest)) = rest.split_at_checked(length) else {
            return self.end();
        };
        self.rest = rest;
        Some(Extension { id, data })
    }
}

impl Extensions<'_> {
    fn end<T>(&mut self) -> Option<T> {
        self.rest = &[];
        None
    }
}

/// Writes an RTP header with contributing sources and extensions to the start of `out` and returns its length: there the payload begins.
///
/// The one-byte form of RFC 8285 is taken if every element fits it, else the two-byte form, which the remote end must have accepted
/// (`a=extmap-allow-mixed`).
///
/// # Errors
/// If `out` is too small, there are more than 15 sources, or an element has id 0, or more than 255 bytes.
pub fn write_header(
    out: &mut [u8],
    header: &RtpHeader,
    csrcs: &[u32],
    extensions: &[Extension<'_>],
) -> Result<usize, RtpError> {
    if csrcs.len() > MAX_CSRCS {
        return Err(RtpError::TooMany {
            what: "contributing sources",
            count: csrcs.len(),
            limit: MAX_CSRCS,
        });
    }
    if let Some(bad) = extensions.iter().find(|e| e.id == 0 || e.data.len() > 255) {
        return Err(RtpError::Extension {
            id: bad.id,
            length: bad.data.len(),
        });
    }
    let one_byte = extensions
        .iter()
        .all(|e| e.id <= 14 && (1..=16).contains(&e.data.len()));
    let element_header = if one_byte { 1 } else { 2 };
    let elements: usize = extensions.iter().map(|e| element_header + e.data.len()).sum();
    let words = elements.div_ceil(4);
    if words > usize::from(u16::MAX) {
        return Err(RtpError::TooMany {
            what: "words of header extensions",
            count: words,
            limit: usize::from(u16::MAX),
        });
    }
    let csrc_end = FIXED_HEADER_LENGTH + 4 * csrcs.len();
    let length = csrc_end + if extensions.is_empty() { 0 } else { 4 + 4 * words };
    let available = out.len();
    let Some(out) = out.get_mut(..length) else {
        return Err(RtpError::BufferTooSmall {
            available,
            needed: length,
        });
    };
    out[0] = 0x80 | (u8::from(!extensions.is_empty()) << 4) | csrcs.len() as u8;
    out[1] = (u8::from(header.marker) << 7) | (header.payload_type & 0x7F);
    out[2..4].copy_from_slice(&header.sequence_number.to_be_bytes());
    out[4..8].copy_from_slice(&header.timestamp.to_be_bytes());
    out[8..12].copy_from_slice(&header.ssrc.to_be_bytes());
    for (slot, csrc) in out[FIXED_HEADER_LENGTH..csrc_end].chunks_exact_mut(4).zip(csrcs) {
        slot.copy_from_slice(&csrc.to_be_bytes());
    }
    if extensions.is_empty() {
        return Ok(length);
    }
    let profile = if one_byte {
        ONE_BYTE_PROFILE
    } else {
        TWO_BYTE_PROFILE
    };
    out[csrc_end..csrc_end + 2].copy_from_slice(&profile.to_be_bytes());
    out[csrc_end + 2..csrc_end + 4].copy_from_slice(&(words as u16).to_be_bytes());
    let mut at = csrc_end + 4;
    for extension in extensions {
        if one_byte {
            out[at] = (extension.id << 4) | (extension.data.len() as u8 - 1);
        } else {
            out[at] = extension.id;
            out[at + 1] = extension.data.len() as u8;
        }
        at += element_header;
        out[at..at + extension.data.len()].copy_from_slice(extension.data);
        at += extension.data.len();
    }
    out[at..].fill(0);
    Ok(length)
}

/// Ends the packet in `packet[..length]` with `padding` bytes of padding (RFC 3550 section 5.1) and returns the new length.
/// No padding leaves the packet as it is.
///
/// # Errors
/// If the buffer is too small.
pub fn append_padding(packet: &mut [u8], length: usize, padding: u8) -> Result<usize, RtpError> {
    if padding == 0 {
        return Ok(length);
    }
    let needed = length + usize::from(padding);
    let available = packet.len();
    let Some(tail) = packet.get_mut(length..needed) else {
        return Err(RtpError::BufferTooSmall { available, needed });
    };
    tail.fill(0);
    tail[usize::from(padding) - 1] = padding;
    packet[0] |= 0x20;
    Ok(needed)
}

/// Whether a datagram of SRTP or SRTCP is RTCP: with both on one port the second byte tells (RFC 5761 section 4).
pub fn is_rtcp(datagram: &[u8]) -> bool {
    matches!(datagram, [_, 192..=223, ..])
}

pub(crate) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_be_bytes([bytes[at], bytes[at + 1]])
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}
