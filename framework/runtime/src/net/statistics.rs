//! What the sockets have counted.

use std::sync::atomic::AtomicU64;

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
