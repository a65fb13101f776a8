//! What the sockets have counted.

use std::io;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

/// Counters of all sockets together; they only grow.
#[derive(Debug, Default)]
pub struct SocketStatistics {
    /// Datagrams that came.
    pub received: AtomicU64,
    /// Datagrams that left.
    pub sent: AtomicU64,
    /// Datagrams that belong to nobody: garbage, strangers, peers that have left.
    pub unknown: AtomicU64,
    /// Datagrams that came with the mark of a congested router (ECN CE, RFC 3168).
    pub congestion_experienced: AtomicU64,
    /// Datagrams not sent because the send buffer was full.
    pub blocked: AtomicU64,
    /// Datagrams that the machine refused to send.
    pub refused: AtomicU64,
    /// Times that the thread woke.
    pub wakes: AtomicU64,
}

impl SocketStatistics {
    /// Counts `count` datagrams that were to leave by what has become of them.
    pub(super) fn departed(&self, count: u64, sent: &io::Result<()>) {
        let counter = match sent {
            Ok(()) => &self.sent,
            // What cannot be sent in time is of no use later; whoever needs it reliable sends it again.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => &self.blocked,
            Err(error) => {
                tracing::debug!(%error, count, "datagrams were refused");
                &self.refused
            }
        };
        counter.fetch_add(count, Relaxed);
    }
}
