//! ICE candidates as SDP and signalling carry them (RFC 8839 section 5.1, RFC 6544 for TCP).

use std::fmt;
use std::net::{IpAddr, SocketAddr};

/// The longest candidate that is read, in bytes.
pub const MAX_BYTES: usize = 1_024;

/// One candidate. Extensions that are not typed are kept in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Equal for candidates that would behave alike.
    pub foundation: String,
    /// 1 for RTP, 2 for RTCP of its own.
    pub component: u16,
    /// The transport protocol.
    pub protocol: CandidateProtocol,
    /// The higher the better.
    pub priority: u32,
    /// Where.
    pub address: CandidateAddress,
    /// At which port.
    pub port: u16,
    /// How it was found.
    pub kind: CandidateKind,
    /// For all but host candidates: on what it is based.
    pub related: Option<(String, u16)>,
    /// For TCP: who connects.
    pub tcp_type: Option<TcpType>,
    /// The credentials to which it belongs (`ufrag`), if it tells.
    pub username_fragment: Option<String>,
    /// Other `name value` pairs, such as `generation 0`.
    pub extensions: Vec<(String, String)>,
}

/// The transport protocol of a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CandidateProtocol {
    /// UDP.
    Udp,
    /// TCP (RFC 6544).
    Tcp,
}

/// The address of a candidate.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum CandidateAddress {
    /// As numbers.
    Ip(IpAddr),
    /// A name of multicast DNS, such as browsers give instead of local addresses.
    Mdns(String),
    /// Some other name. It is not resolved: that would let a page make us look up any host (RFC 8839 section 5.1).
    Name(String),
}

/// `RTCIceCandidateType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CandidateKind {
    /// An address of the peer itself.
    Host,
    /// As a STUN server sees it.
    ServerReflexive,
    /// As the other peer sees it.
    PeerReflexive,
    /// On a TURN server.
    Relay,
}

/// `RTCIceTcpCandidateType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TcpType {
    /// Connects.
    Active,
    /// Is connected to.
    Passive,
    /// Both at once.
    SimultaneousOpen,
}

/// Why a text is no candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected {expected} in `candidate:<foundation> <component> <udp|tcp> <priority> <address> <port> typ <type> ...`"
)]
pub struct CandidateError {
    /// What should stand there.
    pub expected: &'static str,
}

impl Candidate {
    /// Reads a candidate, with or without `a=` and `candidate:` before it.
    ///
    /// # Errors
    /// If it is malformed or longer than [`MAX_BYTES`].
    pub fn parse(text: &str) -> Result<Self, CandidateError> {
        let error = |expected| CandidateError { expected };
        if text.len() > MAX_BYTES {
            return Err(error("at most 1024 bytes"));
        }
        if text.contains(['\r', '\n', '\0']) {
            return Err(error("a single line"));
        }
        let text = text.strip_prefix("a=").unwrap_or(text);
        let text = text.strip_prefix("candidate:").unwrap_or(text);
        let mut tokens = text.split(' ').filter(|token| !token.is_empty());
        let mut next = |expected| tokens.next().ok_or(error(expected));

        let foundation = next("a foundation")?;
        if foundation.len() > 32
            || !foundation
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"+/-".contains(&b))
        {
            return Err(error("a foundation of 1 to 32 letters, digits, + or /"));
        }
        let component = number(next("a component")?).filter(|c| (1..=256).contains(c));
        let protocol = next("udp or tcp")?;
        let priority = number(next("a priority")?);
        let address = next("an address")?;
        let port = number(next("a port")?);
        if next("`typ`")? != "typ" {
            return Err(error("`typ` after the port"));
        }
        let kind = CandidateKind::from_name(next("a type")?);
        let mut candidate = Self {
            foundation: foundation.into(),
            component: component.ok_or(error("a component from 1 to 256"))?,
            protocol: CandidateProtocol::from_name(protocol).ok_or(error("udp or tcp"))?,
            priority: priority.ok_or(error("a priority of 32 bits"))?,
            address: CandidateAddress::parse(address).ok_or(error("an address or a name"))?,
            port: port.ok_or(error("a port from 0 to 65535"))?,
            kind: kind.ok_or(error("host, srflx, prflx or relay"))?,
            related: None,
            tcp_type: None,
            username_fragment: None,
            extensions: Vec::new(),
        };
        let mut related_address = None;
        while let Some(name) = tokens.next() {
            let value = tokens.next().ok_or(error("a value for every extension"))?;
            match name {
                "raddr" => related_address = Some(value.to_owned()),
                "rport" => {
                    let port = number(value).ok_or(error("a related port from 0 to 65535"))?;
                    candidate.related =
                        Some((related_address.take().ok_or(error("raddr before rport"))?, port));
                }
                "tcptype" => {
                    candidate.tcp_type =
                        Some(TcpType::from_name(value).ok_or(error("active, passive or so"))?);
                }
                "ufrag" => candidate.username_fragment = Some(value.into()),
                _ => candidate.extensions.push((name.into(), value.into())),
            }
        }
        if related_address.is_some() {
            return Err(error("rport after raddr"));
        }
        Ok(candidate)
    }

    /// A host candidate for `address`, with the priority that RFC 8445 section 5.1.2 recommends; `preference` ranks it among our addresses.
    pub fn host(address: SocketAddr, preference: u16) -> Self {
        let priority = (126 << 24) | (u32::from(preference) << 8) | 255;
        Self {
            foundation: foundation(address.ip()),
            component: 1,
            protocol: CandidateProtocol::Udp,
            priority,
            address: CandidateAddress::Ip(address.ip()),
            port: address.port(),
            kind: CandidateKind::Host,
            related: None,
            tcp_type: None,
            username_fragment: None,
            extensions: Vec::new(),
        }
    }

    /// Where to send to, if the address is known as numbers.
    pub fn socket_address(&self) -> Option<SocketAddr> {
        match self.address {
            CandidateAddress::Ip(ip) => Some(SocketAddr::new(ip, self.port)),
            CandidateAddress::Mdns(_) | CandidateAddress::Name(_) => None,
        }
    }

    /// Whether its address is a name that multicast DNS has to resolve.
    pub const fn is_mdns(&self) -> bool {
        matches!(self.address, CandidateAddress::Mdns(_))
    }
}

/// The value of `a=candidate`, without its prefix.
impl fmt::Display for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            foundation,
            component,
            priority,
            port,
            ..
        } = self;
        let (protocol, address, kind) = (self.protocol.as_str(), &self.address, self.kind.as_str());
        write!(
            f,
            "{foundation} {component} {protocol} {priority} {address} {port} typ {kind}"
        )?;
        if let Some((address, port)) = &self.related {
            write!(f, " raddr {address} rport {port}")?;
        }
        if let Some(tcp_type) = self.tcp_type {
            write!(f, " tcptype {}", tcp_type.as_str())?;
        }
        if let Some(fragment) = &self.username_fragment {
            write!(f, " ufrag {fragment}")?;
        }
        self.extensions
            .iter()
            .try_for_each(|(name, value)| write!(f, " {name} {value}"))
    }
}

impl CandidateAddress {
    fn parse(text: &str) -> Option<Self> {
        if let Ok(ip) = text.parse() {
            return Some(Self::Ip(ip));
        }
        let sound = text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
        if !sound || text.len() > 255 || text.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
            return None;
        }
        let mdns = text.len() > 6 && text.as_bytes()[text.len() - 6..].eq_ignore_ascii_case(b".local");
        Some(if mdns {
            Self::Mdns(text.into())
        } else {
            Self::Name(text.into())
        })
    }
}

impl fmt::Display for CandidateAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(ip) => ip.fmt(f),
            Self::Mdns(name) | Self::Name(name) => f.write_str(name),
        }
    }
}

impl CandidateProtocol {
    /// Its name in SDP.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [Self::Udp, Self::Tcp]
            .into_iter()
            .find(|protocol| protocol.as_str().eq_ignore_ascii_case(name))
    }
}

impl CandidateKind {
    /// Its name in SDP.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::ServerReflexive => "srflx",
            Self::PeerReflexive => "prflx",
            Self::Relay => "relay",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [
            Self::Host,
            Self::ServerReflexive,
            Self::PeerReflexive,
            Self::Relay,
        ]
        .into_iter()
        .find(|kind| kind.as_str() == name)
    }
}

impl TcpType {
    /// Its name in SDP.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Passive => "passive",
            Self::SimultaneousOpen => "so",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [Self::Active, Self::Passive, Self::SimultaneousOpen]
            .into_iter()
            .find(|kind| kind.as_str() == name)
    }
}

fn number<T: std::str::FromStr>(text: &str) -> Option<T> {
    text.bytes()
        .all(|b| b.is_ascii_digit())
        .then(|| text.parse().ok())
        .flatten()
}

/// The same for the same address: FNV-1a over its bytes.
fn foundation(ip: IpAddr) -> String {
    let fold = |bytes: &[u8]| {
        bytes.iter().fold(0x811C_9DC5_u32, |hash, byte| {
            (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
        })
    };
    match ip {
        IpAddr::V4(ip) => fold(&ip.octets()),
        IpAddr::V6(ip) => fold(&ip.octets()),
    }
    .to_string()
}
