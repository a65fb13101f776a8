//! Waking the network thread without a lock.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::AcqRel};

/// Wakes the network thread. Clones wake the same one.
#[derive(Clone, Debug)]
pub struct Waker(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    poll: mio::Waker,
    /// It has been woken and has not looked yet.
    woken: AtomicBool,
}

impl Waker {
    pub(super) fn new(poll: mio::Waker) -> Self {
        Self(Arc::new(Shared {
            poll,
            woken: AtomicBool::new(false),
        }))
    }

    /// Wakes it, if it has not been woken already. Takes no lock and never waits: at most one write to an event descriptor. \[any\]
    pub fn wake(&self) {
        if !self.0.woken.swap(true, AcqRel) {
            // It can only fail if the thread is gone.
            let _ = self.0.poll.wake();
        }
    }

    /// The thread is about to look: what is pushed from now on wakes it again.
    pub(super) fn looking(&self) {
        self.0.woken.swap(false, AcqRel);
    }
}
