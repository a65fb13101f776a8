//! What all requests and connections of one host share.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use jackfield_runtime::Engine;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::options::HostOptions;
use crate::origin::Origins;
use crate::seats::Seats;

/// One host, as its requests and connections see it.
pub(crate) struct Shared {
    pub(crate) engine: Engine,
    pub(crate) options: HostOptions,
    pub(crate) origins: Origins,
    pub(crate) seats: Seats,
    pub(crate) counters: Counters,
    /// One permit for each signalling connection that there may be.
    pub(crate) connections: Arc<Semaphore>,
    /// Ends when the host closes.
    pub(crate) closing: CancellationToken,
    /// Everything that runs beside the requests.
    pub(crate) tasks: TaskTracker,
}

/// What the host counts of itself.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// Signalling connections that were accepted.
    pub(crate) connections: AtomicU64,
    refusals: Mutex<BTreeMap<&'static str, u64>>,
}

impl Counters {
    pub(crate) fn connected(&self) {
        self.connections.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn refused(&self, code: &'static str) {
        *self
            .refusals
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(code)
            .or_default() += 1;
    }

    /// How often each error code was sent.
    pub(crate) fn refusals(&self) -> BTreeMap<&'static str, u64> {
        self.refusals
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}
