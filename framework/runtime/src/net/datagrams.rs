//! Receiving in batches: many datagrams by one call of the system, and several of one sender in one buffer (generic receive offload).

use std::io::{self, IoSliceMut};
use std::net::{IpAddr, SocketAddr};

use jackfield_graph::network::EcnMark;
use quinn_udp::{BATCH_SIZE, EcnCodepoint, RecvMeta};

use super::sockets::Socket;

/// Room for one buffer of datagrams that the system has put together.
const ROOM: usize = 1 << 16;

/// Room for what one call receives.
pub(super) struct Datagrams {
    bytes: Vec<u8>,
    metas: [RecvMeta; BATCH_SIZE],
    count: usize,
}

/// One received datagram.
pub(super) struct Datagram<'a> {
    pub(super) remote: SocketAddr,
    /// The address of ours that it came to, if the system tells.
    pub(super) destination: Option<IpAddr>,
    pub(super) mark: EcnMark,
    pub(super) bytes: &'a [u8],
}

impl Datagrams {
    pub(super) fn new() -> Self {
        Self {
            bytes: vec![0; ROOM * BATCH_SIZE],
            metas: [RecvMeta::default(); BATCH_SIZE],
            count: 0,
        }
    }

    /// Receives what there is, up to a batch. `WouldBlock` if there is nothing.
    pub(super) fn receive(&mut self, socket: &Socket) -> io::Result<()> {
        self.count = 0;
        let mut chunks = self.bytes.chunks_mut(ROOM);
        let mut slices: [IoSliceMut<'_>; BATCH_SIZE] =
            std::array::from_fn(|_| IoSliceMut::new(chunks.next().unwrap_or_default()));
        let metas = &mut self.metas;
        self.count = socket
            .io
            .try_io(|| socket.state.recv((&socket.io).into(), &mut slices, metas))?;
        Ok(())
    }

    /// What was received, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = Datagram<'_>> {
        self.bytes
            .chunks(ROOM)
            .zip(&self.metas[..self.count])
            .flat_map(|(bytes, meta)| {
                let stride = meta.stride.max(1);
                bytes[..meta.len.min(ROOM)].chunks(stride).map(|bytes| Datagram {
                    remote: meta.addr,
                    destination: meta.dst_ip,
                    mark: mark_of(meta),
                    bytes,
                })
            })
    }
}

/// The mark with which a buffer came: the system puts only datagrams with the same mark together.
fn mark_of(meta: &RecvMeta) -> EcnMark {
    match meta.ecn {
        None => EcnMark::NotCapable,
        Some(EcnCodepoint::Ect1) => EcnMark::Capable1,
        Some(EcnCodepoint::Ect0) => EcnMark::Capable0,
        Some(EcnCodepoint::Ce) => EcnMark::Congested,
    }
}
