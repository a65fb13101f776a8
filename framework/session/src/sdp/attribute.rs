//! Attributes with a structure: each is read from the text after `a=name:` and printed as such.

use std::fmt;

use jackfield_core::units::SampleRate;

use super::types::Direction;

/// `a=group` (RFC 5888).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// What for, such as `BUNDLE`.
    pub semantics: String,
    /// Its members.
    pub mids: Vec<String>,
}

/// `a=rtpmap` (RFC 8866 section 6.6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rtpmap {
    /// The payload type.
    pub payload_type: u8,
    /// The encoding name.
    pub name: String,
    /// The RTP clock.
    pub clock_rate: SampleRate,
    /// Channels; 1 if it is not told.
    pub channels: u32,
}

/// `a=fmtp` (RFC 8866 section 6.15).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fmtp {
    /// The payload type.
    pub payload_type: u8,
    /// What follows it.
    pub parameters: String,
}

/// `a=rtcp-fb` (RFC 4585 section 4.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RtcpFeedback {
    /// For which payload type; `None` for all (`*`).
    pub payload_type: Option<u8>,
    /// What feedback, with its parameter: `nack`, `nack pli`, `transport-cc`.
    pub feedback: String,
}

/// `a=extmap` (RFC 8285 section 5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extmap {
    /// The id on the wire.
    pub id: u16,
    /// In which direction it is used, if it is restricted.
    pub direction: Option<ExtmapDirection>,
    /// What it is.
    pub uri: String,
    /// What follows, may be empty.
    pub parameters: String,
}

/// The direction of an extension.
pub type ExtmapDirection = Direction;

/// `a=fingerprint` (RFC 8122 section 5).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fingerprint {
    /// The hash, such as `sha-256`, in lower case.
    pub hash: String,
    /// Its value, pairs of upper-case hexadecimal digits with colons between.
    pub value: String,
}

/// `a=setup` (RFC 4145 section 4, RFC 8842).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Setup {
    /// DTLS client.
    Active,
    /// DTLS server.
    Passive,
    /// Either, the answerer chooses.
    ActPass,
    /// No connection for now. WebRTC does not use it.
    HoldConn,
}

/// `a=msid` (RFC 8830).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Msid {
    /// The stream, `-` if the track is in none.
    pub stream: String,
    /// The track, if it is told.
    pub track: Option<String>,
}

/// `a=ssrc` (RFC 5576).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SsrcAttribute {
    /// Of which source.
    pub ssrc: u32,
    /// What, such as `cname`.
    pub name: String,
    /// Its value, if it has one.
    pub value: Option<String>,
}

/// `a=ssrc-group` (RFC 5576).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SsrcGroup {
    /// What for, such as `FID`.
    pub semantics: String,
    /// Its members.
    pub ssrcs: Vec<u32>,
}

/// What was expected instead.
pub(super) type Expected = &'static str;

impl Group {
    pub(super) fn parse(text: &str) -> Result<Self, Expected> {
        let mut tokens = text.split(' ').filter(|token| !token.is_empty());
        let semantics = tokens
            .next()
            .ok_or("the semantics of the group, such as BUNDLE")?;
        let mids = tokens
            .map(|mid| token(mid, "MIDs that are tokens"))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            semantics: token(semantics, "the semantics of the group, such as BUNDLE")?,
            mids,
        })
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.semantics)?;
        self.mids.iter().try_for_each(|mid| write!(f, " {mid}"))
    }
}

impl Rtpmap {
    pub(super) fn parse(text: &str) -> Result<Self, Expected> {
        const EXPECTED: Expected = "`<payload type> <name>/<clock rate>[/<channels>]`";
        let (payload_type, encoding) = text.split_once(' ').ok_or(EXPECTED)?;
        let mut parts = encoding.trim().split('/');
        let name = token(parts.next().unwrap_or_default(), EXPECTED)?;
        let clock_rate = parts
            .next()
            .and_then(decimal::<u32>)
            .filter(|rate| *rate > 0)
            .ok_or(EXPECTED)?;
        let channels = match parts.next() {
            None => 1,
            Some(channels) => decimal::<u32>(channels)
                .filter(|n| (1..=255).contains(n))
                .ok_or(EXPECTED)?,
        };
        if parts.next().is_some() {
            return Err(EXPECTED);
        }
        let payload_type = payload_type_of(payload_type)?;
        Ok(Self {
            payload_type,
            name,
            clock_rate: SampleRate::hz(clock_rate),
            channels,
        })
    }

    /// What RFC 3551 table 4 says of the static audio payload types that WebRTC peers still use.
    pub fn of_static(payload_type: u8) -> Option<Self> {
        let (name, clock_rate, channels) = match payload_type {
            0 => ("PCMU", 8_000, 1),
            3 => ("GSM", 8_000, 1),
            8 => ("PCMA", 8_000, 1),
            9 => ("G722", 8_000, 1),
            10 => ("L16", 44_100, 2),
            11 => ("L16", 44_100, 1),
            13 => ("CN", 8_000, 1),
            18 => ("G729", 8_000, 1),
            _ => return None,
        };
        Some(Self {
            payload_type,
            name: name.into(),
            clock_rate: SampleRate::hz(clock_rate),
            channels,
        })
    }
}

impl fmt::Display for Rtpmap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {}/{}",
            self.payload_type,
            self.name,
            self.clock_rate.as_hz()
        )?;
        if self.channels == 1 {
            Ok(())
        } else {
            write!(f, "/{}", self.channels)
        }
    }
}

impl Fmtp {
    pub(super) fn parse(text: &str) -> Result<Self, Expected> {
        let (payload_type, parameters) = text.split_once(' ').ok_or("`<payload type> <parameters>`")?;
        Ok(Self {
            payload_type: payload_type_of(payload_type)?,
            parameters: parameters.trim().into(),
        })
    }
}

impl fmt::Display for Fmtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.payload_type, self.parameters)
    }
}

impl RtcpFeedback {
    pub(super) fn parse(text: &str) -> Result<Self, Expected> {
        const EXPECTED: Expected = "`<payload type or *> <feedback>`";
        let (payload_type, feedback) = text.split_once(' ').ok_or(EXPECTED)?;
        let payload_type = match payload_type {
            "*" => None,
            number => Some(payload_type_of(number)?),
        };
        let feedback = feedback.trim();
        if feedback.is_empty() {
            return Err(EXPECTED);
        }
        Ok(Self {
            payload_type,
            feedback: feedback.into(),
        })
    }
}

impl fmt::Display for RtcpFeedback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.payload_type {
            None => write!(f, "* {}", self.feedback),
            Some(payload_type) => write!(f, "{payload_type} {}", self.feedback),
        }
    }
}

impl Extmap {
    pub(super) fn parse(text: &str) -> Result<Self, Expected> {
        const EXPECTED: Expected =
            "`<id>[/<direction>] <URI> [<parameters>]` with an id from 1 to 255 but 15, or above 4095";
        let (entry, rest) = text.split_once(' ').ok_or(EXPECTED)?;
        let (id, direction) = match entry.split_once('/') {
            None => (entry, None),
            Some((id, direction)) => (id, Some(Direction::from_name(direction).ok_or(EXPECTED)?)),
        };
        let id = decimal::<u16>(id)
            .filter(|id| matches!(id, 1..=14 | 16..=255 | 4096..=4351))
            .ok_or(EXPECTED)?;
        let (uri, parameters) = rest.trim().split_once(' ').unwrap_or((rest.trim(), ""));
        if uri.is_empty() {
            return Err(EXPECTED);
        }
        Ok(Self {
            id,
            direction,
            uri: uri.into(),
            parameters: parameters.trim().into(),
        })
    }
}

impl fmt::Display for Extmap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.id)?;
        if let Some(direction) = self.direction {
            write!(f, "/{direction}")?;
        }
        write!(f, " {}", self.uri)?;
        if self.parameters.is_empty() {
            Ok(())
        } else {
            write!(f, " {}", self.parameters)
        }
    }
}

impl Fingerprint {
    /// Reads `sha-256 AB:CD:...`, the value of the attribute.
    ///
    /// # Errors
    /// If it is no hash and no row of bytes; the text says what was expected.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const EXPECTED: Expected = "`<hash> <XX:XX:...>`, pairs of hexadecimal digits as long as the hash";
        let (hash, value) = text.split_once(' ').ok_or(EXPECTED)?;
        let hash = token(hash, EXPECTED)?.to_ascii_lowercase();
        let value = value.trim().to_ascii_uppercase();
        let pairs = value
            .split(':')
            .map(|pair| pair.len() == 2 && pair.bytes().all(|b| b.is_ascii_hexdigit()));
        let mut count = 0;
        for sound in pairs {
            if !sound {
                return Err(EXPECTED);
            }
            count += 1;
        }
        let length = match hash.as_str() {
            "sha-1" => 20,
            "sha-224" => 28,
            "sha-256" => 32,
            "sha-384" => 48,
            "sha-512" => 64,
            _ => count,
        };
        if count == length {
            Ok(Self { hash, value })
        } else {
            Err(EXPECTED)
        }
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.hash, self.value)
    }
}

impl Setup {
    /// All four.
    pub const ALL: [Self; 4] = [Self::Active, Self::Passive, Self::ActPass, Self::HoldConn];

    /// Its name in SDP.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Passive => "passive",
            Self::ActPass => "actpass",
            Self::HoldConn => "holdconn",
        }
    }

    /// From its name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|setup| setup.as_str() == name)
    }
}

impl fmt::Display for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Msid {
    pub(super) fn parse(text: &str) -> Result<Self, Expected> {
        const EXPECTED: Expected = "`<stream> [<track>]`";
        let mut tokens = text.split(' ').filter(|token| !token.is_empty());
        let stream = token(tokens.next().ok_or(EXPECTED)?, EXPECTED)?;
        let track = tokens.next().map(|track| token(track, EXPECTED)).transpose()?;
        Ok(Self { stream, track })
    }
}

impl fmt::Display for Msid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.stream)?;
        self.track.as_ref().map_or(Ok(()), |track| write!(f, " {track}"))
    }
}

impl SsrcAttribute {
    pub(super) fn parse(text: &str) -> Result<Self, Expected> {
        const EXPECTED: Expected = "`<SSRC> <attribute>[:<value>]`";
        let (ssrc, attribute) = text.split_once(' ').ok_or(EXPECTED)?;
        let (name, value) = match attribute.split_once(':') {
            None => (attribute, None),
            Some((name, value)) => (name, Some(value.to_owned())),
        };
        Ok(Self {
            ssrc: decimal(ssrc).ok_or(EXPECTED)?,
            name: token(name, EXPECTED)?,
            value,
        })
    }
}

impl fmt::Display for SsrcAttribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.ssrc, self.name)?;
        self.value.as_ref().map_or(Ok(()), |value| write!(f, ":{value}"))
    }
}

impl SsrcGroup {
    pub(super) fn parse(text: &str) -> Result<Self, Expected> {
        const EXPECTED: Expected = "`<semantics> <SSRC> ...`";
        let mut tokens = text.split(' ').filter(|token| !token.is_empty());
        let semantics = token(tokens.next().ok_or(EXPECTED)?, EXPECTED)?;
        let ssrcs = tokens
            .map(|ssrc| decimal(ssrc).ok_or(EXPECTED))
            .collect::<Result<_, _>>()?;
        Ok(Self { semantics, ssrcs })
    }
}

impl fmt::Display for SsrcGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.semantics)?;
        self.ssrcs.iter().try_for_each(|ssrc| write!(f, " {ssrc}"))
    }
}

/// A number in plain decimal digits: neither signs nor more digits than it can have.
pub(super) fn decimal<T: std::str::FromStr>(text: &str) -> Option<T> {
    (!text.is_empty() && text.len() <= 20 && text.bytes().all(|b| b.is_ascii_digit()))
        .then(|| text.parse().ok())
        .flatten()
}

/// A token (RFC 8866 section 9).
pub(super) fn token(text: &str, expected: Expected) -> Result<String, Expected> {
    let sound = !text.is_empty()
        && text.bytes().all(|b| {
            matches!(b, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'0'..=b'9' | b'A'..=b'Z' | b'^'..=b'~')
        });
    if sound { Ok(text.into()) } else { Err(expected) }
}

fn payload_type_of(text: &str) -> Result<u8, Expected> {
    decimal::<u8>(text)
        .filter(|payload_type| *payload_type < 128)
        .ok_or("a payload type from 0 to 127")
}
