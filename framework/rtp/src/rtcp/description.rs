use super::{RawPacket, require, words};
use crate::RtpError;
use crate::header::u32_at;

/// Who the sources are (RFC 3550 section 6.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceDescription<'a> {
    chunks: &'a [u8],
    count: u8,
}

/// What a source description says of one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SdesChunk<'a> {
    /// The source.
    pub ssrc: u32,
    items: &'a [u8],
}

/// One item of a source description.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SdesItem<'a> {
    /// The type, such as [`SdesItem::CNAME`].
    pub kind: u8,
    /// Its text, UTF-8 by the rules but not checked.
    pub text: &'a [u8],
}

impl<'a> SdesItem<'a> {
    /// The canonical name, which binds the streams of one participant together.
    pub const CNAME: u8 = 1;
    /// The m-line to which the source belongs (RFC 8843 section 15).
    pub const MID: u8 = 15;

    /// A canonical name.
    pub const fn cname(name: &'a str) -> Self {
        Self {
            kind: Self::CNAME,
            text: name.as_bytes(),
        }
    }
}

impl<'a> SourceDescription<'a> {
    pub(super) fn parse(raw: &RawPacket<'a>) -> Result<Self, RtpError> {
        let mut rest = raw.body;
        for _ in 0..raw.count {
            rest = split_chunk(rest)?.1;
        }
        let used = raw.body.len() - rest.len();
        Ok(Self {
            chunks: &raw.body[..used],
            count: raw.count,
        })
    }

    /// The sources, in order.
    pub fn chunks(&self) -> impl Iterator<Item = SdesChunk<'a>> + Clone + use<'a> {
        let mut rest = self.chunks;
        (0..self.count).map_while(move |_| {
            let (chunk, after) = split_chunk(rest).ok()?;
            rest = after;
            Some(chunk)
        })
    }

    /// The canonical name of `ssrc`, if it is told.
    pub fn cname(&self, ssrc: u32) -> Option<&'a [u8]> {
        let chunk = self.chunks().find(|chunk| chunk.ssrc == ssrc)?;
        chunk
            .items()
            .find(|item| item.kind == SdesItem::CNAME)
            .map(|item| item.text)
    }
}

impl<'a> SdesChunk<'a> {
    /// What is said of it, in order.
    pub fn items(&self) -> impl Iterator<Item = SdesItem<'a>> + Clone + use<'a> {
        let mut rest = self.items;
        std::iter::from_fn(move || {
            let (item, after) = split_item(rest)?;
            rest = after;
            Some(item)
        })
    }
}

/// One item off the front; `None` at the end of the list.
fn split_item(bytes: &[u8]) -> Option<(SdesItem<'_>, &[u8])> {
    match bytes {
        [kind, length, rest @ ..] if *kind != 0 => {
            let (text, rest) = rest.split_at_checked(usize::from(*length))?;
            Some((SdesItem { kind: *kind, text }, rest))
        }
        _ => None,
    }
}

/// One chunk off the front: source, items, a zero byte, and more of them up to a whole word.
fn split_chunk(bytes: &[u8]) -> Result<(SdesChunk<'_>, &[u8]), RtpError> {
    require(bytes, 5)?;
    let mut rest = &bytes[4..];
    while let Some((_, after)) = split_item(rest) {
        rest = after;
    }
    if rest.first() != Some(&0) {
        return Err(RtpError::Malformed(
            "a source description's item runs past its packet or the list has no end",
        ));
    }
    let items_end = bytes.len() - rest.len();
    let end = (items_end + 1).next_multiple_of(4);
    require(bytes, end)?;
    Ok((
        SdesChunk {
            ssrc: u32_at(bytes, 0),
            items: &bytes[4..items_end],
        },
        &bytes[end..],
    ))
}

/// Sources leave (RFC 3550 section 6.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Goodbye<'a> {
    sources: &'a [u8],
    /// Why, if it is told; UTF-8 by the rules but not checked.
    pub reason: Option<&'a [u8]>,
}

impl<'a> Goodbye<'a> {
    pub(super) fn parse(raw: &RawPacket<'a>) -> Result<Self, RtpError> {
        let end = 4 * usize::from(raw.count);
        require(raw.body, end)?;
        let (sources, rest) = raw.body.split_at(end);
        let reason = match rest {
            [] | [0, ..] => None,
            [length, text @ ..] => Some(text.get(..usize::from(*length)).ok_or(RtpError::Malformed(
                "the reason for a goodbye runs past its packet",
            ))?),
        };
        Ok(Self { sources, reason })
    }

    /// Who leaves.
    pub fn sources(&self) -> impl ExactSizeIterator<Item = u32> + Clone + use<'a> {
        words(self.sources)
    }
}
