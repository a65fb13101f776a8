//! How datagrams leave: a run of them by one call of the system, with the traffic class, the segment size and the source address that it is to
//! have. `quinn-udp`, which receives, would write the whole class with the ECN mark alone.

use std::io::{self, IoSlice};
use std::net::{IpAddr, SocketAddr};
use std::os::fd::AsRawFd;

use mio::net::UdpSocket;
use nix::errno::Errno;
use nix::libc::{in_addr, in_pktinfo, in6_addr, in6_pktinfo};
use nix::sys::socket::{ControlMessage, MsgFlags, SockaddrStorage, sendmsg};

/// Datagrams of one size to one place.
#[derive(Clone, Copy)]
pub(super) struct Departure<'a> {
    pub(super) destination: SocketAddr,
    /// From which of our addresses, if the system would not know by itself.
    pub(super) source: Option<IpAddr>,
    /// DSCP and ECN mark as they stand in the IP header (RFC 2474 section 3, RFC 3168 section 5).
    pub(super) class: u8,
    pub(super) bytes: &'a [u8],
    /// How long each is, but the last, which may be shorter.
    pub(super) segment: usize,
}

impl Departure<'_> {
    /// Whether there is more than one.
    pub(super) fn is_run(&self) -> bool {
        self.bytes.len() > self.segment
    }

    /// Each by itself.
    pub(super) fn singly(self) -> impl Iterator<Item = Self> {
        self.bytes
            .chunks(self.segment.max(1))
            .map(move |bytes| Self { bytes, ..self })
    }

    /// Sends by one call of the system.
    ///
    /// # Errors
    /// `WouldBlock` if the send buffer is full; else why the system refused.
    pub(super) fn send(&self, socket: &UdpSocket) -> io::Result<()> {
        let (class, wide_class) = (self.class, i32::from(self.class));
        let (segment, source4, source6);
        let marked = match self.destination {
            SocketAddr::V4(_) => ControlMessage::Ipv4Tos(&class),
            SocketAddr::V6(_) => ControlMessage::Ipv6TClass(&wide_class),
        };
        // The first `count` are sent.
        let (mut control, mut count) = ([marked; 3], 1);
        match self.source {
            Some(IpAddr::V4(address)) => {
                source4 = in_pktinfo {
                    ipi_ifindex: 0,
                    ipi_spec_dst: in_addr {
                        s_addr: u32::from_ne_bytes(address.octets()),
                    },
                    ipi_addr: in_addr { s_addr: 0 },
                };
                control[count] = ControlMessage::Ipv4PacketInfo(&source4);
                count += 1;
            }
            Some(IpAddr::V6(address)) => {
                source6 = in6_pktinfo {
                    ipi6_addr: in6_addr {
                        s6_addr: address.octets(),
                    },
                    ipi6_ifindex: 0,
                };
                control[count] = ControlMessage::Ipv6PacketInfo(&source6);
                count += 1;
            }
            None => {}
        }
        if self.is_run() {
            segment = u16::try_from(self.segment).map_err(|_| Errno::EMSGSIZE)?;
            control[count] = ControlMessage::UdpGsoSegments(&segment);
            count += 1;
        }
        let (slices, to) = (
            [IoSlice::new(self.bytes)],
            SockaddrStorage::from(self.destination),
        );
        socket.try_io(|| {
            loop {
                let flags = MsgFlags::empty();
                match sendmsg(socket.as_raw_fd(), &slices, &control[..count], flags, Some(&to)) {
                    Ok(_) => return Ok(()),
                    Err(Errno::EINTR) => {}
                    Err(error) => return Err(error.into()),
                }
            }
        })
    }
}

/// Whether an error may mean that the interface cannot cut a run into datagrams: there is no other way to find out.
pub(super) fn may_refuse_runs(error: &io::Error) -> bool {
    let code = error.raw_os_error().map(Errno::from_raw);
    matches!(code, Some(Errno::EIO | Errno::EINVAL))
}
