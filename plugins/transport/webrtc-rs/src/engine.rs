//! A tokio runtime whose only clock is the caller: it has no sockets, no thread of its own, and its time moves when it is told to.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use jackfield_sdk::prelude::*;
use tokio::runtime::{Builder, Runtime};

/// Runs the tasks of the libraries, on whichever thread asks for it and only while it asks.
pub(crate) struct Engine {
    /// `None` only while it is dropped.
    runtime: Option<Runtime>,
    idle: Arc<Idle>,
    now: Timestamp,
}

/// Learns from the runtime that nothing is left to do.
#[derive(Default)]
struct Idle {
    parked: AtomicBool,
    waiting: Mutex<Option<Waker>>,
}

impl Engine {
    /// An engine whose time is `now`.
    pub(crate) fn new(now: Timestamp) -> Result<Self, Fault> {
        let idle = Arc::new(Idle::default());
        let noticing = Arc::clone(&idle);
        let runtime = Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .on_thread_park(move || noticing.notice())
            .build()
            .map_err(|error| Fault::failed(format!("the libraries' runtime cannot be made: {error}")))?;
        Ok(Self {
            runtime: Some(runtime),
            idle,
            now,
        })
    }

    /// Gives it a task, which first runs with the next [`Self::run_until_idle`].
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        if let Some(runtime) = &self.runtime {
            runtime.spawn(task);
        }
    }

    /// Runs `work` to its end. It must not wait for time or datagrams: neither comes while it runs.
    pub(crate) fn complete<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        self.runtime.as_ref().map(|runtime| runtime.block_on(work))
    }

    /// Makes it `now` for the libraries, and lets them do all that there is to do.
    pub(crate) fn run_until_idle(&mut self, now: Timestamp) {
        let passed = now.since(self.now).as_us().max(0);
        self.now = self.now.max(now);
        self.complete(async {
            if passed > 0 {
                tokio::time::advance(Duration::from_micros(passed.unsigned_abs())).await;
            }
            self.idle.parked.store(false, Ordering::Relaxed);
            UntilIdle {
                idle: &self.idle,
                // Timers that were due wake their tasks while the runtime parks for the first time.
                rounds: 2,
            }
            .await;
        });
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Unlike a plain drop this is allowed wherever the host drops us.
            runtime.shutdown_background();
        }
    }
}

impl Idle {
    fn notice(&self) {
        self.parked.store(true, Ordering::Relaxed);
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(waker) = waiting {
            waker.wake();
        }
    }
}

struct UntilIdle<'a> {
    idle: &'a Idle,
    rounds: u32,
}

impl Future for UntilIdle<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.idle.parked.swap(false, Ordering::Relaxed) {
            self.rounds -= 1;
        }
        if self.rounds == 0 {
            return Poll::Ready(());
        }
        *self.idle.waiting.lock().unwrap_or_else(PoisonError::into_inner) = Some(context.waker().clone());
        Poll::Pending
    }
}
