//! The UDP sockets: which one a route belongs to, and sending in runs.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use jackfield_core::transport::Route;
use jackfield_graph::network::EcnMark;
use mio::net::UdpSocket;
use quinn_udp::UdpSocketState;
use socket2::{Domain, Protocol, SockRef, Socket as RawSocket, Type};

use super::departure::{Departure, may_refuse_runs};
use super::statistics::SocketStatistics;
use super::{NetError, SocketOptions};

/// A run of datagrams never grows beyond what one UDP datagram may have.
const RUN: usize = 60_000;

/// All sockets of the thread.
pub(super) struct Sockets {
    pub(super) all: Vec<Socket>,
    run: Run,
    /// The traffic class of all that is sent without a mark of its own.
    class: u8,
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
    /// The most datagrams that one call of the system may send: 1 once the interface turns out to cut no runs.
    most_in_a_run: usize,
}

/// Datagrams of one size to one place, sent by one call of the system (generic segmentation offload).
struct Run {
    socket: usize,
    route: Option<Route>,
    /// The traffic class of all of them.
    class: u8,
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
        options: SocketOptions,
        statistics: Arc<SocketStatistics>,
    ) -> Result<Self, NetError> {
        if media.is_empty() {
            return Err(NetError::NoAddress);
        }
        let all = media
            .iter()
            .map(|address| {
                Socket::open(*address, advertised, options).map_err(|source| NetError::Socket {
                    address: *address,
                    source,
                })
            })
            .collect::<Result<Vec<_>, _>>()?;
        let run = Run {
            socket: 0,
            route: None,
            class: 0,
            segment: 0,
            bytes: Vec::with_capacity(RUN),
            count: 0,
            ended: false,
        };
        Ok(Self {
            all,
            run,
            class: options.traffic_class(),
            statistics,
        })
    }

    /// Sends a datagram, or keeps it until it is known whether the next goes the same way. [`Sockets::flush`] ends the waiting. Without a mark of
    /// its own it has that of the options.
    pub(super) fn send(&mut self, route: &Route, datagram: &[u8], mark: EcnMark) {
        let class = if mark.is_capable() {
            self.class & !3 | mark.bits()
        } else {
            self.class
        };
        if self.run.class == class && self.run.takes(route, datagram.len(), &self.all) {
            self.run.push(datagram);
            return;
        }
        self.flush();
        let Some(socket) = self.of_route(route) else {
            self.statistics.refused.fetch_add(1, Relaxed);
            return;
        };
        self.run.begin(socket, *route, class, datagram);
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
        let socket = &mut self.all[run.socket];
        let departure = Departure {
            destination: route.remote.into(),
            source: socket.source(SocketAddr::from(route.local).ip()),
            class: run.class,
            bytes: &run.bytes,
            segment: run.segment,
        };
        match departure.send(&socket.io) {
            Err(error) if departure.is_run() && may_refuse_runs(&error) => {
                for single in departure.singly() {
                    let sent = single.send(&socket.io);
                    if sent.is_ok() && socket.most_in_a_run > 1 {
                        tracing::info!(bound = %socket.bound, %error, "datagrams leave one by one from now on");
                        socket.most_in_a_run = 1;
                    }
                    self.statistics.departed(1, &sent);
                }
            }
            sent => self.statistics.departed(run.count as u64, &sent),
        }
        run.bytes.clear();
    }
}

impl Socket {
    fn open(address: SocketAddr, advertised: &[IpAddr], options: SocketOptions) -> io::Result<Self> {
        let raw = RawSocket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
        if address.is_ipv6() {
            raw.set_only_v6(true)?;
        }
        raw.set_nonblocking(true)?;
        raw.bind(&address.into())?;
        widen(&raw, options);
        let std: std::net::UdpSocket = raw.into();
        let state = UdpSocketState::new((&std).into())?;
        without_timestamps(&std);
        let bound = std.local_addr()?;
        let socket = Self {
            most_in_a_run: state.max_gso_segments(),
            state,
            bound,
            advertised: advertised
                .iter()
                .find(|ip| ip.is_ipv4() == bound.is_ipv4())
                .copied(),
            io: UdpSocket::from_std(std),
            readable: true,
        };
        let (receive, send) = socket.buffers()?;
        if receive < options.receive_buffer || send < options.send_buffer {
            tracing::info!(
                %bound,
                receive,
                send,
                "the machine grants smaller buffers than were asked for: raise net.core.rmem_max and net.core.wmem_max for large rooms"
            );
        }
        Ok(socket)
    }

    /// The bytes that may wait to be received and to be sent.
    pub(super) fn buffers(&self) -> io::Result<(usize, usize)> {
        let raw = SockRef::from(&self.io);
        // Linux tells twice what it grants: the other half is for its own bookkeeping.
        let share = if cfg!(target_os = "linux") { 2 } else { 1 };
        Ok((raw.recv_buffer_size()? / share, raw.send_buffer_size()? / share))
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

/// Asks for room. The machine's limit may be lower: then that is what there is.
fn widen(raw: &RawSocket, options: SocketOptions) {
    let _ = raw.set_recv_buffer_size(options.receive_buffer);
    let _ = raw.set_send_buffer_size(options.send_buffer);
}

/// `quinn-udp` 0.6.3 asks for the time of arrival, for which its room for control messages is too small when the system puts datagrams together:
/// their ECN mark, which comes last, is cut off. Nobody here wants that time.
fn without_timestamps(socket: &std::net::UdpSocket) {
    // A system that does not know the option does not use the room either.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let _ = nix::sys::socket::setsockopt(socket, nix::sys::socket::sockopt::ReceiveTimestampns, &false);
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = socket;
}

impl Run {
    fn takes(&self, route: &Route, len: usize, sockets: &[Socket]) -> bool {
        self.route.as_ref() == Some(route)
            && !self.ended
            && len <= self.segment
            && len > 0
            && self.bytes.len() + len <= RUN
            && self.count < sockets[self.socket].most_in_a_run
    }

    fn push(&mut self, datagram: &[u8]) {
        self.bytes.extend_from_slice(datagram);
        self.count += 1;
        self.ended = datagram.len() < self.segment;
    }

    fn begin(&mut self, socket: usize, route: Route, class: u8, datagram: &[u8]) {
        self.bytes.clear();
        self.bytes.extend_from_slice(datagram);
        self.socket = socket;
        self.route = Some(route);
        self.class = class;
        self.segment = datagram.len();
        self.count = 1;
        self.ended = false;
    }
}

#[cfg(test)]
mod tests;
