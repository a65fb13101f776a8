//! The UDP sockets: which one a route belongs to, and sending in runs.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use jackfield_core::transport::Route;
use mio::net::UdpSocket;
use quinn_udp::{Transmit, UdpSocketState};
use socket2::{Domain, Protocol, Socket as RawSocket, Type};

use super::NetError;
use super::statistics::SocketStatistics;

/// Room for a burst of a large room while the thread is busy.
const BUFFER: usize = 2 << 20;
/// A run of datagrams never grows beyond what one UDP datagram may have.
const RUN: usize = 60_000;

/// All sockets of the thread.
pub(super) struct Sockets {
    pub(super) all: Vec<Socket>,
    run: Run,
    statistics: Arc<SocketStatistics>,
}

/// One socket.
pub(super) struct Socket {
    pub(super) io: UdpSocket,
    pub(super) state: UdpSocketState,
    pub(super) bound: SocketAddr,
    /// The address by which transports know it, if that is not its own.
    advertised: Option<IpAddr>,
    /// There may be more to read.
    pub(super) readable: bool,
}

/// Datagrams of one size to one place, sent by one call of the system (generic segmentation offload).
struct Run {
    socket: usize,
    route: Option<Route>,
    segment: usize,
    bytes: Vec<u8>,
    count: usize,
    /// One shorter than the others ends a run.
    ended: bool,
}

impl Sockets {
    /// Opens a socket for each address.
    pub(super) fn open(
        media: &[SocketAddr],
        advertised: &[IpAddr],
        statistics: Arc<SocketStatistics>,
    ) -> Result<Self, NetError> {
        if media.is_empty() {
            return Err(NetError::NoAddress);
        }
        let all = media
            .iter()
            .map(|address| {
                Socket::open(*address, advertised).map_err(|source| NetError::Socket {
                    address: *address,
                    source,
                })
            })
            .collect::<Result<Vec<_>, _>>()?;
        let run = Run {
            socket: 0,
            route: None,
            segment: 0,
            bytes: Vec::with_capacity(RUN),
            count: 0,
            ended: false,
        };
        Ok(Self { all, run, statistics })
    }

    /// Sends a datagram, or keeps it until it is known whether the next goes the same way. [`Sockets::flush`] ends the waiting.
    pub(super) fn send(&mut self, route: &Route, datagram: &[u8]) {
        if self.run.takes(route, datagram.len(), &self.all) {
            self.run.push(datagram);
            return;
        }
        self.flush();
        let Some(socket) = self.of_route(route) else {
            self.statistics.refused.fetch_add(1, Relaxed);
            return;
        };
        self.run.begin(socket, *route, datagram);
    }

    /// The place of the socket that sends on this route.
    pub(super) fn of_route(&self, route: &Route) -> Option<usize> {
        let local = SocketAddr::from(route.local);
        self.all.iter().position(|socket| socket.is(local))
    }

    /// Sends what waits.
    pub(super) fn flush(&mut self) {
        let run = &mut self.run;
        let Some(route) = run.route.take() else { return };
        let socket = &self.all[run.socket];
        let local = SocketAddr::from(route.local).ip();
        let transmit = Transmit {
            destination: route.remote.into(),
            ecn: None,
            contents: &run.bytes,
            segment_size: (run.count > 1).then_some(run.segment),
            src_ip: socket.source(local),
        };
        let count = run.count as u64;
        match socket
            .io
            .try_io(|| socket.state.try_send((&socket.io).into(), &transmit))
        {
            Ok(()) => self.statistics.sent.fetch_add(count, Relaxed),
            // What cannot be sent in time is of no use later; whoever needs it reliable sends it again.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.statistics.blocked.fetch_add(count, Relaxed)
            }
            Err(error) => {
                tracing::debug!(%error, destination = %transmit.destination, "a datagram was refused");
                self.statistics.refused.fetch_add(count, Relaxed)
            }
        };
        run.bytes.clear();
    }
}

impl Socket {
    fn open(address: SocketAddr, advertised: &[IpAddr]) -> io::Result<Self> {
        let raw = RawSocket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
        if address.is_ipv6() {
            raw.set_only_v6(true)?;
        }
        raw.set_nonblocking(true)?;
        raw.bind(&address.into())?;
        // The machine's limit may be lower: then that is what there is.
        let _ = raw.set_recv_buffer_size(BUFFER);
        let _ = raw.set_send_buffer_size(BUFFER);
        let std: std::net::UdpSocket = raw.into();
        let state = UdpSocketState::new((&std).into())?;
        let bound = std.local_addr()?;
        Ok(Self {
            state,
            bound,
            advertised: advertised
                .iter()
                .find(|ip| ip.is_ipv4() == bound.is_ipv4())
                .copied(),
            io: UdpSocket::from_std(std),
            readable: true,
        })
    }

    /// The address of ours that a datagram came to, as transports know it.
    pub(super) fn local(&self, destination: Option<IpAddr>) -> SocketAddr {
        let own = self.bound.ip();
        let ip = self.advertised.unwrap_or(if own.is_unspecified() {
            destination.unwrap_or(own)
        } else {
            own
        });
        SocketAddr::new(ip, self.bound.port())
    }

    /// From which address to send, if the system would not know by itself.
    fn source(&self, local: IpAddr) -> Option<IpAddr> {
        let chosen =
            self.bound.ip().is_unspecified() && !local.is_unspecified() && self.advertised != Some(local);
        chosen.then_some(local)
    }

    fn is(&self, local: SocketAddr) -> bool {
        let own = self.bound.ip();
        local.port() == self.bound.port()
            && local.is_ipv4() == own.is_ipv4()
            && (own.is_unspecified() || own == local.ip() || self.advertised == Some(local.ip()))
    }
}

impl Run {
    fn takes(&self, route: &Route, len: usize, sockets: &[Socket]) -> bool {
        self.route.as_ref() == Some(route)
            && !self.ended
            && len <= self.segment
            && len > 0
            && self.bytes.len() + len <= RUN
            && self.count < sockets[self.socket].state.max_gso_segments()
    }

    fn push(&mut self, datagram: &[u8]) {
        self.bytes.extend_from_slice(datagram);
        self.count += 1;
        self.ended = datagram.len() < self.segment;
    }

    fn begin(&mut self, socket: usize, route: Route, datagram: &[u8]) {
        self.bytes.clear();
        self.bytes.extend_from_slice(datagram);
        self.socket = socket;
        self.route = Some(route);
        self.segment = datagram.len();
        self.count = 1;
        self.ended = false;
    }
}
