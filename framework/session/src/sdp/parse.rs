use super::attribute::{Expected, decimal, token};
use super::types::{
    Attribute, Direction, LineNumber, MediaDescription, MediaKind, Origin, SessionDescription,
    TransportAttributes,
};
use super::{
    Extmap, Fingerprint, Fmtp, Group, MAX_BYTES, MAX_LINE_BYTES, MAX_MEDIA, Msid, RtcpFeedback, Rtpmap,
    SdpError, Setup, SsrcAttribute, SsrcGroup,
};

impl SessionDescription {
    /// Reads a description. Lines may end in CRLF or LF.
    ///
    /// # Errors
    /// If a line is malformed or out of order, a name is given twice, or the text is too large.
    pub fn parse(text: &str) -> Result<Self, SdpError> {
        if text.len() > MAX_BYTES {
            return Err(SdpError::TooLarge {
                what: "bytes",
                limit: MAX_BYTES,
            });
        }
        let mut lines = Lines {
            rest: text,
            number: 0,
        };
        let mut session = Self::default();
        lines.exactly(
            'v',
            "`v=0`",
            |value| if value == "0" { Ok(()) } else { Err("`v=0`") },
        )?;
        session.origin = lines.exactly('o', "`o=` with the origin", origin)?;
        session.name = lines.exactly(
            's',
            "`s=` with the name of the session, `-` if it has none",
            |value| Ok(value.into()),
        )?;
        let mut timed = false;
        while let Some(line) = lines.next()? {
            match line.kind {
                't' => timed = true,
                'i' | 'u' | 'e' | 'p' | 'c' | 'b' | 'r' | 'z' | 'k' if session.media.is_empty() => {}
                'a' => match session.media.last_mut() {
                    None => line.apply(|value| session_attribute(&mut session, value))?,
                    Some(media) => line.apply(|value| media_attribute(media, value))?,
                },
                'm' => {
                    if !timed {
                        return Err(line.error("`t=0 0` before the first m-line"));
                    }
                    if session.media.len() == MAX_MEDIA {
                        return Err(SdpError::TooLarge {
                            what: "m-lines",
                            limit: MAX_MEDIA,
                        });
                    }
                    let media = line.apply(media_line)?;
                    session.media.push(MediaDescription {
                        line: LineNumber(line.number),
                        ..media
                    });
                }
                'i' | 'k' => {}
                'c' | 'b' => {
                    if let Some(media) = session.media.last_mut() {
                        line.apply(|value| connection_or_bandwidth(media, line.kind, value))?;
                    }
                }
                _ => return Err(line.error("a line that RFC 8866 allows here")),
            }
        }
        if !timed {
            return Err(SdpError::Ends {
                line: lines.number,
                expected: "`t=0 0`",
            });
        }
        session.check()?;
        Ok(session)
    }

    /// What no single line can show.
    fn check(&self) -> Result<(), SdpError> {
        for (index, media) in self.media.iter().enumerate() {
            let blame = |expected| SdpError::Syntax {
                line: media.line.0,
                found: format!(
                    "m={} with a=mid:{}",
                    media.kind,
                    media.mid.as_deref().unwrap_or("?")
                ),
                expected,
            };
            if media.mid.is_some() && self.media[..index].iter().any(|other| other.mid == media.mid) {
                return Err(blame("a MID that no other m-line has"));
            }
            let ids: Vec<u16> = self.extmaps_of(media).map(|extmap| extmap.id).collect();
            if ids
                .iter()
                .enumerate()
                .any(|(at, id)| *id < 4096 && ids[..at].contains(id))
            {
                return Err(blame("an id of its own for every a=extmap"));
            }
        }
        Ok(())
    }
}

struct Lines<'a> {
    rest: &'a str,
    number: usize,
}

#[derive(Clone, Copy)]
struct Line<'a> {
    number: usize,
    text: &'a str,
    kind: char,
    value: &'a str,
}

impl<'a> Lines<'a> {
    fn next(&mut self) -> Result<Option<Line<'a>>, SdpError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let (text, rest) = self.rest.split_once('\n').unwrap_or((self.rest, ""));
        self.rest = rest;
        self.number += 1;
        let text = text.strip_suffix('\r').unwrap_or(text);
        let mut line = Line {
            number: self.number,
            text,
            kind: '\0',
            value: "",
        };
        if text.len() > MAX_LINE_BYTES {
            return Err(SdpError::TooLarge {
                what: "bytes in a line",
                limit: MAX_LINE_BYTES,
            });
        }
        if text.bytes().any(|b| b == 0 || b == b'\r') {
            return Err(line.error("no NUL and no CR within a line"));
        }
        // Blank lines at the end are common where people paste descriptions.
        if text.is_empty() && self.rest.trim().is_empty() {
            self.rest = "";
            return Ok(None);
        }
        let mut characters = text.chars();
        match (characters.next(), characters.next()) {
            (Some(kind), Some('=')) if kind.is_ascii_lowercase() => {
                line.kind = kind;
                line.value = characters.as_str();
                Ok(Some(line))
            }
            _ => Err(line.error("`<letter>=<value>`")),
        }
    }

    /// The next line, which must be of this kind.
    fn exactly<T>(
        &mut self,
        kind: char,
        expected: Expected,
        read: impl FnOnce(&'a str) -> Result<T, Expected>,
    ) -> Result<T, SdpError> {
        let Some(line) = self.next()? else {
            return Err(SdpError::Ends {
                line: self.number,
                expected,
            });
        };
        if line.kind == kind {
            line.apply(read)
        } else {
            Err(line.error(expected))
        }
    }
}

impl<'a> Line<'a> {
    fn apply<T>(self, read: impl FnOnce(&'a str) -> Result<T, Expected>) -> Result<T, SdpError> {
        read(self.value).map_err(|expected| self.error(expected))
    }

    fn error(self, expected: Expected) -> SdpError {
        SdpError::Syntax {
            line: self.number,
            found: self.text.chars().take(100).collect(),
            expected,
        }
    }
}

fn origin(value: &str) -> Result<Origin, Expected> {
    const EXPECTED: Expected = "`o=<username> <session id> <version> IN IP4 <address>`";
    let parts: Vec<&str> = value.split(' ').collect();
    let [
        username,
        session_id,
        version,
        network @ "IN",
        kind @ ("IP4" | "IP6"),
        address,
    ] = parts[..]
    else {
        return Err(EXPECTED);
    };
    if username.is_empty() || address.is_empty() || decimal::<u128>(session_id).is_none() {
        return Err(EXPECTED);
    }
    Ok(Origin {
        username: username.into(),
        session_id: session_id.into(),
        version: decimal(version).ok_or(EXPECTED)?,
        address: format!("{network} {kind} {address}"),
    })
}

fn media_line(value: &str) -> Result<MediaDescription, Expected> {
    let mut parts = value.split(' ').filter(|part| !part.is_empty());
    let kind = match parts.next().ok_or("the media, such as audio")? {
        "audio" => MediaKind::Audio,
        "video" => MediaKind::Video,
        "application" => MediaKind::Application,
        other => MediaKind::Other(token(other, "the media, such as audio")?),
    };
    let port = parts
        .next()
        .and_then(decimal)
        .ok_or("a port from 0 to 65535 after the media")?;
    let protocol = parts
        .next()
        .ok_or("a protocol such as UDP/TLS/RTP/SAVPF after the port")?;
    let formats: Vec<String> = parts.map(Into::into).collect();
    if formats.is_empty() {
        return Err("at least one format after the protocol");
    }
    if protocol.contains("RTP/")
        && formats
            .iter()
            .any(|format| decimal::<u8>(format).is_none_or(|n| n > 127))
    {
        return Err("payload types from 0 to 127 after the protocol");
    }
    Ok(MediaDescription {
        kind,
        port,
        protocol: protocol.into(),
        formats,
        ..MediaDescription::default()
    })
}

fn connection_or_bandwidth(media: &mut MediaDescription, kind: char, value: &str) -> Result<(), Expected> {
    if kind == 'b' {
        media.bandwidth.push(value.into());
        return Ok(());
    }
    match value.split(' ').collect::<Vec<_>>()[..] {
        ["IN", "IP4" | "IP6", address] if !address.is_empty() => {
            media.connection = Some(value.into());
            Ok(())
        }
        _ => Err("`c=IN IP4 <address>` or `c=IN IP6 <address>`"),
    }
}

fn session_attribute(session: &mut SessionDescription, text: &str) -> Result<(), Expected> {
    let attribute = split_attribute(text)?;
    let value = attribute.value.as_deref();
    if transport_attribute(&mut session.transport, &attribute)? {
        return Ok(());
    }
    match attribute.name.as_str() {
        "group" => session.groups.push(Group::parse(needed(value)?)?),
        "ice-lite" => session.ice_lite = true,
        "extmap-allow-mixed" => session.extmap_allow_mixed = true,
        "extmap" => session.extmaps.push(Extmap::parse(needed(value)?)?),
        "sendrecv" | "sendonly" | "recvonly" | "inactive" => {
            session.direction = Direction::from_name(&attribute.name);
        }
        _ => session.attributes.push(attribute),
    }
    Ok(())
}

fn media_attribute(media: &mut MediaDescription, text: &str) -> Result<(), Expected> {
    let attribute = split_attribute(text)?;
    let value = attribute.value.as_deref();
    if transport_attribute(&mut media.transport, &attribute)? {
        return Ok(());
    }
    match attribute.name.as_str() {
        "mid" if media.mid.is_some() => return Err("one a=mid in an m-line"),
        "mid" => media.mid = Some(token(needed(value)?, "a MID that is a token")?),
        "sendrecv" | "sendonly" | "recvonly" | "inactive" => {
            media.direction = Direction::from_name(&attribute.name);
        }
        "bundle-only" => media.bundle_only = true,
        "rtcp-mux" => media.rtcp_mux = true,
        "rtcp-mux-only" => media.rtcp_mux_only = true,
        "rtcp-rsize" => media.rtcp_rsize = true,
        "extmap-allow-mixed" => media.extmap_allow_mixed = true,
        "candidate" => media.candidates.push(needed(value)?.into()),
        "end-of-candidates" => media.end_of_candidates = true,
        "extmap" => media.extmaps.push(Extmap::parse(needed(value)?)?),
        "msid" => media.msids.push(Msid::parse(needed(value)?)?),
        "rtpmap" => {
            let map = Rtpmap::parse(needed(value)?)?;
            if media
                .rtpmaps
                .iter()
                .any(|other| other.payload_type == map.payload_type)
            {
                return Err("one a=rtpmap for a payload type");
            }
            media.rtpmaps.push(map);
        }
        "rtcp-fb" => media.rtcp_feedback.push(RtcpFeedback::parse(needed(value)?)?),
        // A format that is no payload type has parameters of its own kind.
        "fmtp" if media.protocol.contains("RTP/") => media.fmtps.push(Fmtp::parse(needed(value)?)?),
        "ptime" => media.ptime = Some(milliseconds(needed(value)?)?),
        "maxptime" => media.maxptime = Some(milliseconds(needed(value)?)?),
        "ssrc-group" => media.ssrc_groups.push(SsrcGroup::parse(needed(value)?)?),
        "ssrc" => media.ssrcs.push(SsrcAttribute::parse(needed(value)?)?),
        "sctp-port" => media.sctp_port = Some(decimal(needed(value)?).ok_or("a port from 0 to 65535")?),
        "max-message-size" => {
            media.max_message_size = Some(decimal(needed(value)?).ok_or("a number of bytes")?);
        }
        _ => media.attributes.push(attribute),
    }
    Ok(())
}

/// Takes an attribute of ICE or DTLS, and tells whether it was one.
fn transport_attribute(transport: &mut TransportAttributes, attribute: &Attribute) -> Result<bool, Expected> {
    let value = attribute.value.as_deref();
    match attribute.name.as_str() {
        "ice-ufrag" => {
            transport.ice_ufrag = Some(ice_characters(
                needed(value)?,
                4,
                "a ufrag of 4 to 256 letters, digits, + or /",
            )?);
        }
        "ice-pwd" => {
            transport.ice_pwd = Some(ice_characters(
                needed(value)?,
                22,
                "a password of 22 to 256 letters, digits, + or /",
            )?);
        }
        "ice-options" => {
            transport.ice_options = needed(value)?
                .split(' ')
                .filter(|o| !o.is_empty())
                .map(Into::into)
                .collect();
        }
        "fingerprint" => transport.fingerprints.push(Fingerprint::parse(needed(value)?)?),
        "setup" => {
            let setup = Setup::from_name(needed(value)?);
            transport.setup = Some(setup.ok_or("active, passive, actpass or holdconn")?);
        }
        _ => return Ok(false),
    }
    Ok(true)
}

fn split_attribute(text: &str) -> Result<Attribute, Expected> {
    let (name, value) = match text.split_once(':') {
        None => (text.trim_end(), None),
        Some((name, value)) => (name, Some(value.trim().to_owned())),
    };
    Ok(Attribute {
        name: token(name, "`a=<name>` or `a=<name>:<value>`")?,
        value,
    })
}

fn needed(value: Option<&str>) -> Result<&str, Expected> {
    value
        .filter(|value| !value.is_empty())
        .ok_or("a value after the colon")
}

/// Some peers send a fraction; it is cut off.
fn milliseconds(text: &str) -> Result<u32, Expected> {
    let whole = text.split_once('.').map_or(text, |(whole, _)| whole);
    decimal(whole).ok_or("a number of milliseconds")
}

/// RFC 8839 section 5.4.
fn ice_characters(text: &str, shortest: usize, expected: Expected) -> Result<String, Expected> {
    // Some peers use - and _ too, and browsers take them.
    let sound = text
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"+/-_=".contains(&b));
    if sound && (shortest..=256).contains(&text.len()) {
        Ok(text.into())
    } else {
        Err(expected)
    }
}
