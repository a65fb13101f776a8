//! Area: transport. Takes datagrams and a deadline; gives datagrams, RTP and RTCP in the clear, events and the next deadline. It owns no
//! socket: the runtime gathers, demultiplexes (RFC 7983) and sends.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use jackfield_abi::Fault;
use jackfield_macros::{area, callback, ffi, ffi_enum};

use crate::module::Module;
use crate::swap::{Join, SwapRules};
use crate::time::Timestamp;
use crate::units::TimeDelta;

/// How one is swapped. A path of its own is negotiated for it, and the predecessor goes on listening for what is still under way.
pub const TRANSPORT_SWAP: SwapRules = SwapRules {
    shadow: TimeDelta::ZERO,
    join: Join::MakeBeforeBreak,
    probation: TimeDelta::seconds(2),
};

/// A secure path between two peers.
///
/// Life: `activate`; add local candidates; exchange descriptions; `start`; then feed datagrams and deadlines, until `close`. After every
/// call that takes a `sink` the caller asks for `deadline` anew. What comes from the network may be anything and is never a fault.
///
/// # Example
/// ```
/// use jackfield_sdk::prelude::*;
/// use jackfield_sdk::transport::{Direct, Wrapping};
///
/// /// In the clear, with a byte in front: for learning, not for a call over the Internet.
/// # struct Marked {
/// #     parameters: (),
/// # }
/// # impl Plugin for Marked {
/// #     const DESCRIPTOR: Descriptor = Descriptor::new("example.marked", "Marked", "0.1.0");
/// #     type Parameters = ();
/// #     fn create(_: &Environment) -> Result<Self, Fault> {
/// #         Ok(Self { parameters: () })
/// #     }
/// #     fn parameters(&mut self) -> &mut () {
/// #         &mut self.parameters
/// #     }
/// # }
///
/// impl Wrapping for Marked {
///     const NAME: &'static str = "none: a mark";
///     fn wrap(&mut self, packet: &mut Vec<u8>) {
///         packet.push(0x2A);
///     }
///     fn unwrap(&mut self, datagram: &mut Vec<u8>) -> bool {
///         datagram.pop() == Some(0x2A)
///     }
/// }
///
/// struct Attributes(Vec<String>);
/// impl AttributeSink for Attributes {
///     fn attribute(&mut self, name: &str, _value: &str) -> Result<(), Fault> {
///         self.0.push(name.to_owned());
///         Ok(())
///     }
/// }
///
/// let mut transport = Direct::<Marked>::create(&Environment::seeded(1))?;
/// transport.activate(Timestamp::ZERO, &TransportConfig::new(false, 0))?;
/// let mut attributes = Attributes(Vec::new());
/// transport.local_description(&mut attributes)?;
/// assert!(attributes.0.iter().any(|name| name == "ice-ufrag"));
/// assert_eq!(transport.deadline()?, Timestamp::NEVER);
/// # Ok::<(), Fault>(())
/// ```
#[area(id = "jackfield.transport/1")]
pub trait Transport: Module {
    /// Makes credentials and certificate, takes its role. Before anything else; again begins a new life, also after `close`. [control]
    fn activate(&mut self, now: Timestamp, config: &TransportConfig) -> Result<(), Fault>;

    /// Tells our side of the description as SDP attributes, one call each: `ice-ufrag`, `ice-pwd`, `ice-options`, `fingerprint`, `setup`. A
    /// transport without ICE adds `address-proof` with the value `none`: it is then given what comes from the peer's candidates, which
    /// nobody has proved to be the peer. [network]
    fn local_description(&mut self, sink: &mut dyn AttributeSink) -> Result<(), Fault>;

    /// Takes one attribute of the remote description (`ice-ufrag`, `ice-pwd`, `ice-options`, `fingerprint`, `setup`, `ice-lite`), before
    /// `start`. An unknown name is no fault. [network]
    fn set_remote_attribute(&mut self, now: Timestamp, name: &str, value: &str) -> Result<(), Fault>;

    /// The remote description is complete: begin, or (credentials changed) restart ICE. After the attributes of each description. Fails
    /// with `State` once it is closed. [network]
    fn start(&mut self, now: Timestamp, sink: &mut dyn TransportSink) -> Result<(), Fault>;

    /// Makes new ICE credentials for a restart that we begin; `local_description` then tells them, and the path in use goes on until
    /// `start`. [network]
    fn restart(&mut self, now: Timestamp) -> Result<(), Fault>;

    /// An address that the runtime has gathered for us: the value of `a=candidate` without its prefix (RFC 8839 section 5.1). After
    /// `activate`, at any time. Fails with `Invalid` if it is none; one that is of no use here is no fault. [network]
    fn add_local_candidate(&mut self, now: Timestamp, candidate: &str) -> Result<(), Fault>;

    /// An address of the remote end, in the same form. After `activate`, at any time, also before the description. [network]
    fn add_remote_candidate(&mut self, now: Timestamp, candidate: &str) -> Result<(), Fault>;

    /// A datagram came in on `route`. Garbage is no fault: it is counted and dropped. After `activate`. [network]
    fn receive(
        &mut self,
        now: Timestamp,
        route: &Route,
        datagram: &[u8],
        sink: &mut dyn TransportSink,
    ) -> Result<(), Fault>;

    /// When `handle_timeout` must be called at the latest; [`Timestamp::NEVER`] if nothing is to be done. [network]
    fn deadline(&mut self) -> Result<Timestamp, Fault>;

    /// The deadline has come. Earlier does no harm. [network]
    fn handle_timeout(&mut self, now: Timestamp, sink: &mut dyn TransportSink) -> Result<(), Fault>;

    /// Protects and sends one RTP or RTCP packet (header and payload, in the clear). Fails with `State` while it is not connected, with
    /// `Invalid` if the packet is none. [network]
    fn send(
        &mut self,
        now: Timestamp,
        kind: PacketKind,
        packet: &[u8],
        sink: &mut dyn TransportSink,
    ) -> Result<(), Fault>;

    /// Says goodbye (DTLS close_notify) and sends no more; nothing is let in afterwards. Twice does no harm. [network]
    fn close(&mut self, now: Timestamp, sink: &mut dyn TransportSink) -> Result<(), Fault>;

    /// Text about the path as it is, one attribute each: `ice-state`, `dtls-version`, `dtls-cipher`, `srtp-profile`, `selected-pair`, and
    /// `failure`: why it has failed and what would help. What is not known is empty. After `activate`. [network]
    fn path(&mut self, sink: &mut dyn AttributeSink) -> Result<(), Fault>;
}

/// Takes SDP attributes.
#[callback]
pub trait AttributeSink {
    /// One attribute.
    fn attribute(&mut self, name: &str, value: &str) -> Result<(), Fault>;
}

/// Takes what a transport gives.
#[callback]
pub trait TransportSink {
    /// Send this datagram on this route.
    fn transmit(&mut self, route: &Route, datagram: &[u8]) -> Result<(), Fault>;
    /// A packet came, authenticated and decrypted.
    fn packet(&mut self, kind: PacketKind, packet: &[u8]) -> Result<(), Fault>;
    /// The state changed.
    fn state(&mut self, state: TransportState) -> Result<(), Fault>;
}

/// How a transport is set up.
#[ffi(grows)]
pub struct TransportConfig {
    /// The size of this struct in bytes.
    pub size: u32,
    /// 1 if we are the controlling ICE agent (we offered), else 0.
    pub controlling: u32,
    /// 1 if we are ICE-lite, else 0.
    pub lite: u32,
    /// The DTLS role that we take when the peer leaves the choice to us.
    pub role: DtlsRole,
    /// The moment of `now` as microseconds since 1970: certificates carry dates.
    pub unix_us: i64,
}

impl TransportConfig {
    /// An answerer (controlled, DTLS server) or an offerer (controlling, either DTLS role).
    pub const fn new(controlling: bool, unix_us: i64) -> Self {
        let role = if controlling {
            DtlsRole::Either
        } else {
            DtlsRole::Server
        };
        Self {
            size: size_of::<Self>() as u32,
            controlling: controlling as u32,
            lite: 0,
            role,
            unix_us,
        }
    }
}

/// Who speaks first in DTLS (RFC 8842).
#[ffi_enum]
pub enum DtlsRole {
    /// `a=setup:actpass`.
    Either = 0,
    /// `a=setup:active`.
    Client = 1,
    /// `a=setup:passive`.
    Server = 2,
}

/// What a packet is.
#[ffi_enum]
pub enum PacketKind {
    /// RTP.
    Rtp = 0,
    /// RTCP, compound or reduced-size.
    Rtcp = 1,
}

/// How a transport stands (`RTCPeerConnectionState` of W3C WebRTC 1.0).
#[ffi_enum]
pub enum TransportState {
    /// Nothing has happened yet.
    New = 0,
    /// Checking and shaking hands.
    Connecting = 1,
    /// Packets flow.
    Connected = 2,
    /// Nothing is heard from the peer at present.
    Disconnected = 3,
    /// No path, or the peer is not who it should be.
    Failed = 4,
    /// Closed by either side.
    Closed = 5,
}

/// From where to where a datagram goes.
#[ffi]
#[derive(Eq, Hash)]
pub struct Route {
    /// Our end.
    pub local: SocketAddress,
    /// The other end.
    pub remote: SocketAddress,
}

impl Route {
    /// A route from `local` to `remote`.
    pub fn new(local: SocketAddr, remote: SocketAddr) -> Self {
        Self {
            local: local.into(),
            remote: remote.into(),
        }
    }
}

/// An IP address and a port in a fixed shape.
#[ffi]
#[derive(Eq, Hash)]
pub struct SocketAddress {
    /// The address in network byte order; IPv4 in the first four bytes, the rest zero.
    pub address: [u8; 16],
    /// The port.
    pub port: u32,
    /// 4 or 6.
    pub family: u32,
}

impl From<SocketAddr> for SocketAddress {
    fn from(socket: SocketAddr) -> Self {
        let mut address = [0; 16];
        let family = match socket.ip() {
            IpAddr::V4(ip) => {
                address[..4].copy_from_slice(&ip.octets());
                4
            }
            IpAddr::V6(ip) => {
                address = ip.octets();
                6
            }
        };
        Self {
            address,
            port: u32::from(socket.port()),
            family,
        }
    }
}

impl From<SocketAddress> for SocketAddr {
    fn from(socket: SocketAddress) -> Self {
        let a = socket.address;
        let ip = if socket.family == 6 {
            IpAddr::V6(Ipv6Addr::from(a))
        } else {
            IpAddr::V4(Ipv4Addr::new(a[0], a[1], a[2], a[3]))
        };
        Self::new(ip, socket.port as u16)
    }
}
