use std::fmt;

use super::attribute::{
    Extmap, Fingerprint, Fmtp, Group, Msid, RtcpFeedback, Rtpmap, Setup, SsrcAttribute, SsrcGroup,
};

/// A whole description.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionDescription {
    /// `o=`.
    pub origin: Origin,
    /// `s=`, `-` if it has none.
    pub name: String,
    /// `a=group`.
    pub groups: Vec<Group>,
    /// `a=extmap-allow-mixed` for all media.
    pub extmap_allow_mixed: bool,
    /// `a=ice-lite`.
    pub ice_lite: bool,
    /// Transport attributes that hold for all media.
    pub transport: TransportAttributes,
    /// A direction for all media.
    pub direction: Option<Direction>,
    /// `a=extmap` for all media.
    pub extmaps: Vec<Extmap>,
    /// Attributes that are not typed.
    pub attributes: Vec<Attribute>,
    /// The m-lines.
    pub media: Vec<MediaDescription>,
}

/// `o=`: which description of which session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Who, `-` if it is not told.
    pub username: String,
    /// The session, decimal.
    pub session_id: String,
    /// Counts the descriptions of the session.
    pub version: u64,
    /// Network type, address type and address, such as `IN IP4 127.0.0.1`.
    pub address: String,
}

impl Default for Origin {
    fn default() -> Self {
        Self {
            username: "-".into(),
            session_id: "0".into(),
            version: 0,
            address: "IN IP4 127.0.0.1".into(),
        }
    }
}

/// One m-line with its attributes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MediaDescription {
    /// What it carries.
    pub kind: MediaKind,
    /// The port; 0 if it is rejected or, with `bundle_only`, without a transport of its own.
    pub port: u16,
    /// The transport protocol, such as `UDP/TLS/RTP/SAVPF`.
    pub protocol: String,
    /// The formats: payload types for RTP.
    pub formats: Vec<String>,
    /// `c=`.
    pub connection: Option<String>,
    /// `b=`, such as `AS:30`.
    pub bandwidth: Vec<String>,
    /// `a=mid`.
    pub mid: Option<String>,
    /// The direction, as the describing side sees it.
    pub direction: Option<Direction>,
    /// `a=bundle-only`.
    pub bundle_only: bool,
    /// `a=rtcp-mux`.
    pub rtcp_mux: bool,
    /// `a=rtcp-mux-only`.
    pub rtcp_mux_only: bool,
    /// `a=rtcp-rsize`.
    pub rtcp_rsize: bool,
    /// `a=extmap-allow-mixed`.
    pub extmap_allow_mixed: bool,
    /// ICE and DTLS.
    pub transport: TransportAttributes,
    /// `a=candidate`, without the prefix.
    pub candidates: Vec<String>,
    /// `a=end-of-candidates`.
    pub end_of_candidates: bool,
    /// `a=extmap`.
    pub extmaps: Vec<Extmap>,
    /// `a=msid`.
    pub msids: Vec<Msid>,
    /// `a=rtpmap`.
    pub rtpmaps: Vec<Rtpmap>,
    /// `a=rtcp-fb`.
    pub rtcp_feedback: Vec<RtcpFeedback>,
    /// `a=fmtp`.
    pub fmtps: Vec<Fmtp>,
    /// `a=ptime` in ms.
    pub ptime: Option<u32>,
    /// `a=maxptime` in ms.
    pub maxptime: Option<u32>,
    /// `a=ssrc-group`.
    pub ssrc_groups: Vec<SsrcGroup>,
    /// `a=ssrc`.
    pub ssrcs: Vec<SsrcAttribute>,
    /// `a=sctp-port`.
    pub sctp_port: Option<u16>,
    /// `a=max-message-size` in bytes.
    pub max_message_size: Option<u64>,
    /// Attributes that are not typed.
    pub attributes: Vec<Attribute>,
    /// The number of the m-line in the text it was read from, from 1; 0 if it was not read. Equal for all when comparing.
    pub line: LineNumber,
}

/// Where something stood. Any two are equal: it says nothing of what a description means.
#[derive(Clone, Copy, Debug, Default)]
pub struct LineNumber(pub usize);

impl PartialEq for LineNumber {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for LineNumber {}

/// What ICE and DTLS need to know of a side.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TransportAttributes {
    /// `a=ice-ufrag`.
    pub ice_ufrag: Option<String>,
    /// `a=ice-pwd`.
    pub ice_pwd: Option<String>,
    /// `a=ice-options`, such as `trickle`.
    pub ice_options: Vec<String>,
    /// `a=fingerprint`, one per hash.
    pub fingerprints: Vec<Fingerprint>,
    /// `a=setup`.
    pub setup: Option<Setup>,
}

/// An attribute that is kept as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Before the colon.
    pub name: String,
    /// After it, if there is one.
    pub value: Option<String>,
}

impl Attribute {
    /// `a=name:value`.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            value: Some(value.into()),
        }
    }
}

/// What an m-line carries.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum MediaKind {
    /// Sound.
    #[default]
    Audio,
    /// Pictures.
    Video,
    /// Data channels.
    Application,
    /// Something else, by name.
    Other(String),
}

impl MediaKind {
    /// Its name in SDP.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Audio => "audio",
            Self::Video => "video",
            Self::Application => "application",
            Self::Other(name) => name,
        }
    }
}

impl fmt::Display for MediaKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// In which direction media may flow, seen from the describing side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Direction {
    /// Both ways.
    #[default]
    SendRecv,
    /// From here only.
    SendOnly,
    /// To here only.
    RecvOnly,
    /// Not at all.
    Inactive,
}

impl Direction {
    /// All four.
    pub const ALL: [Self; 4] = [Self::SendRecv, Self::SendOnly, Self::RecvOnly, Self::Inactive];

    /// From whether it sends and whether it receives.
    pub const fn new(sends: bool, receives: bool) -> Self {
        match (sends, receives) {
            (true, true) => Self::SendRecv,
            (true, false) => Self::SendOnly,
            (false, true) => Self::RecvOnly,
            (false, false) => Self::Inactive,
        }
    }

    /// Its name in SDP and in W3C.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::RecvOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }

    /// From its name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|direction| direction.as_str() == name)
    }

    /// Whether media flow from here.
    pub const fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }

    /// Whether media flow to here.
    pub const fn receives(self) -> bool {
        matches!(self, Self::SendRecv | Self::RecvOnly)
    }

    /// The same seen from the other side.
    #[must_use]
    pub const fn reversed(self) -> Self {
        Self::new(self.receives(), self.sends())
    }

    /// What both allow.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self::new(self.sends() && other.sends(), self.receives() && other.receives())
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl SessionDescription {
    /// The MIDs of the first BUNDLE group (RFC 8843), in order; the first is the tagged one. Empty if there is none.
    pub fn bundle(&self) -> &[String] {
        self.groups
            .iter()
            .find(|group| group.semantics == "BUNDLE")
            .map_or(&[], |group| &group.mids)
    }

    /// The m-line with this MID.
    pub fn media_of_mid(&self, mid: &str) -> Option<(usize, &MediaDescription)> {
        self.media
            .iter()
            .enumerate()
            .find(|(_, media)| media.mid.as_deref() == Some(mid))
    }

    /// The transport attributes of an m-line, with those of the session where it has none of its own.
    pub fn transport_of(&self, media: &MediaDescription) -> TransportAttributes {
        let (own, all) = (&media.transport, &self.transport);
        let vector = |own: &[String], all: &[String]| {
            if own.is_empty() {
                all.to_vec()
            } else {
                own.to_vec()
            }
        };
        TransportAttributes {
            ice_ufrag: own.ice_ufrag.clone().or_else(|| all.ice_ufrag.clone()),
            ice_pwd: own.ice_pwd.clone().or_else(|| all.ice_pwd.clone()),
            ice_options: vector(&own.ice_options, &all.ice_options),
            fingerprints: if own.fingerprints.is_empty() {
                all.fingerprints.clone()
            } else {
                own.fingerprints.clone()
            },
            setup: own.setup.or(all.setup),
        }
    }

    /// The direction of an m-line: its own, that of the session, or both ways (RFC 8866 section 6.7).
    pub fn direction_of(&self, media: &MediaDescription) -> Direction {
        media.direction.or(self.direction).unwrap_or_default()
    }

    /// Whether one- and two-byte header extensions may be mixed in an m-line (RFC 8285 section 6).
    pub const fn allows_mixed(&self, media: &MediaDescription) -> bool {
        self.extmap_allow_mixed || media.extmap_allow_mixed
    }

    /// The header extensions of an m-line, with those of the session.
    pub fn extmaps_of<'a>(&'a self, media: &'a MediaDescription) -> impl Iterator<Item = &'a Extmap> {
        self.extmaps.iter().chain(&media.extmaps)
    }
}

impl MediaDescription {
    /// Whether it is refused, or stopped (RFC 8843 section 7.3: port 0 with `bundle-only` is not).
    pub const fn is_rejected(&self) -> bool {
        self.port == 0 && !self.bundle_only
    }

    /// Whether it carries RTP under DTLS-SRTP with feedback, the only profile of WebRTC (RFC 8834 section 4.2). The older spellings are let
    /// pass, as RFC 9429 section 5.1.2 demands.
    pub fn is_dtls_rtp(&self) -> bool {
        matches!(
            self.protocol.as_str(),
            "UDP/TLS/RTP/SAVPF" | "TCP/DTLS/RTP/SAVPF" | "RTP/SAVPF"
        )
    }

    /// The payload types in order of preference; formats that are none are left out.
    pub fn payload_types(&self) -> impl Iterator<Item = u8> {
        self.formats
            .iter()
            .filter_map(|format| format.parse().ok().filter(|payload_type| *payload_type < 128))
    }

    /// The mapping of a payload type: what `a=rtpmap` says, or RFC 3551 for the static ones that are still in use.
    pub fn rtpmap(&self, payload_type: u8) -> Option<Rtpmap> {
        self.rtpmaps
            .iter()
            .find(|map| map.payload_type == payload_type)
            .cloned()
            .or_else(|| Rtpmap::of_static(payload_type))
    }

    /// The format parameters of a payload type, empty if there are none.
    pub fn fmtp(&self, payload_type: u8) -> &str {
        self.fmtps
            .iter()
            .find(|fmtp| fmtp.payload_type == payload_type)
            .map_or("", |fmtp| &fmtp.parameters)
    }

    /// The SSRCs that are announced, each once, in order.
    pub fn announced_ssrcs(&self) -> Vec<u32> {
        let mut ssrcs = Vec::new();
        for attribute in &self.ssrcs {
            if !ssrcs.contains(&attribute.ssrc) {
                ssrcs.push(attribute.ssrc);
            }
        }
        ssrcs
    }

    /// What an SSRC attribute such as `cname` says.
    pub fn ssrc_attribute(&self, ssrc: u32, name: &str) -> Option<&str> {
        let attribute = self
            .ssrcs
            .iter()
            .find(|attribute| attribute.ssrc == ssrc && attribute.name == name)?;
        attribute.value.as_deref()
    }

    /// The first attribute of this name that is not typed.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }
}
