//! How urgently the system's scheduler takes the threads that a call hangs on.

use jackfield_core::time::Timestamp;
use jackfield_core::units::TimeDelta;
use thread_priority::{
    NormalThreadSchedulePolicy, RealtimeThreadSchedulePolicy, ThreadPriority, ThreadPriorityValue,
    ThreadSchedulePolicy, set_current_thread_priority, set_thread_priority_and_policy, thread_native_id,
};

/// Of 99: above what is merely real-time, far below the kernel's own threads.
const AUDIO: u8 = 20;
/// Below the audio thread: a block comes first.
const NETWORK: u8 = 10;
/// Over so long it is looked how busy the network thread is.
const WINDOW: TimeDelta = TimeDelta::ms(100);
/// Busier than this share of the time it is not real-time.
const BUSY: f64 = 0.7;
/// Of 99 steps of niceness.
const AHEAD: u8 = 85;
/// Likewise; the usual is 50. Not the least there is: others may wait for the room while an instance is made.
const PREPARATION: u8 = 35;

/// Puts this thread before all that is not real-time (SCHED_RR): what it does every 10 ms is short, and late it is worth nothing. Where
/// that is not allowed, it is made as nice as may be.
pub(crate) fn audio() {
    if !real_time(AUDIO)
        && let Err(error) = set_current_thread_priority(ThreadPriority::Max)
    {
        tracing::debug!(
            ?error,
            "the audio thread runs without real-time priority; give the process CAP_SYS_NICE to change that"
        );
    }
}

/// How urgently the network thread is taken. It is real-time as the audio thread is, because a packet that is late is as bad as a block that is
/// late; but how much it has to do is for others to say, who send it packets. So while it is busy for most of the time it is not real-time: a
/// flood must not take the machine.
pub(crate) struct NetworkUrgency {
    /// Whether this is allowed.
    may_be_real_time: bool,
    real_time: bool,
    since: Timestamp,
    busy: TimeDelta,
}

impl NetworkUrgency {
    /// Of the thread that calls it.
    pub(crate) fn begin(now: Timestamp) -> Self {
        let allowed = real_time(NETWORK);
        let urgency = Self {
            may_be_real_time: allowed,
            real_time: allowed,
            since: now,
            busy: TimeDelta::ZERO,
        };
        if !urgency.real_time {
            ahead();
        }
        urgency
    }

    /// The thread has worked for so long on what had come.
    pub(crate) fn worked(&mut self, from: Timestamp, to: Timestamp) {
        self.busy += to.since(from);
        let passed = to.since(self.since);
        if passed < WINDOW {
            return;
        }
        let crowded = self.busy > passed * BUSY;
        (self.since, self.busy) = (to, TimeDelta::ZERO);
        if crowded && self.real_time {
            self.real_time = false;
            tracing::warn!("the network thread has so much to do that it gives up its real-time priority");
            ahead();
        } else if !crowded && !self.real_time && self.may_be_real_time {
            self.real_time = real_time(NETWORK);
        }
    }
}

/// Whether this thread runs before all that is not real-time now.
fn real_time(priority: u8) -> bool {
    let value = ThreadPriorityValue::try_from(priority).map(ThreadPriority::Crossplatform);
    let policy = ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::RoundRobin);
    let set = value.map(|value| set_thread_priority_and_policy(thread_native_id(), value, policy));
    matches!(set, Ok(Ok(())))
}

/// Puts this thread before most others.
fn ahead() {
    let value = ThreadPriorityValue::try_from(AHEAD).map(ThreadPriority::Crossplatform);
    let policy = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Other);
    if let Ok(value) = value
        && let Err(error) = set_thread_priority_and_policy(thread_native_id(), value, policy)
    {
        tracing::debug!(
            ?error,
            "the network thread runs with the usual priority; give the process CAP_SYS_NICE to change that"
        );
    }
}

/// Runs `work` on a thread of its own that most others go before: what a swap needs is loaded and set up while a call runs,
/// and nobody waits for it but who asked. `None` if it panicked or there is no thread to be had.
pub(crate) async fn in_the_background<R: Send + 'static>(
    work: impl FnOnce() -> R + Send + 'static,
) -> Option<R> {
    let (done, result) = tokio::sync::oneshot::channel();
    let thread = std::thread::Builder::new().name("jackfield-prepare".to_owned());
    let started = thread.spawn(move || {
        if let Ok(value) = ThreadPriorityValue::try_from(PREPARATION)
            && let Err(error) = set_current_thread_priority(ThreadPriority::Crossplatform(value))
        {
            tracing::debug!(?error, "a swap is prepared with the usual priority");
        }
        // Whoever asked may have gone.
        let _ = done.send(work());
    });
    match started {
        Ok(_) => result.await.ok(),
        Err(error) => {
            tracing::error!(%error, "the machine refuses a thread");
            None
        }
    }
}
