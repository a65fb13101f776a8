//! How urgently the system's scheduler takes the threads that a call hangs on.

use thread_priority::{
    RealtimeThreadSchedulePolicy, ThreadPriority, ThreadPriorityValue, ThreadSchedulePolicy,
    set_current_thread_priority, set_thread_priority_and_policy, thread_native_id,
};

/// Of 99: above what is merely real-time, far below the kernel's own threads.
const AUDIO: u8 = 20;
/// Of 99 steps of niceness.
const NETWORK: u8 = 85;
/// Likewise; the usual is 50. Not the least there is: others may wait for the room while an instance is made.
const PREPARATION: u8 = 35;

/// Puts this thread before all that is not real-time (SCHED_RR): what it does every 10 ms is short, and late it is worth nothing. Where
/// that is not allowed, it is made as nice as may be.
pub(crate) fn audio() {
    let value = ThreadPriorityValue::try_from(AUDIO).map(ThreadPriority::Crossplatform);
    let real_time = ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::RoundRobin);
    let set = value.map(|value| set_thread_priority_and_policy(thread_native_id(), value, real_time));
    if !matches!(set, Ok(Ok(())))
        && let Err(error) = set_current_thread_priority(ThreadPriority::Max)
    {
        tracing::debug!(
            ?error,
            "the audio thread runs without real-time priority; give the process CAP_SYS_NICE to change that"
        );
    }
}

/// Puts this thread before most others. Not before all: how much it has to do is for others to say, who send it packets.
pub(crate) fn network() {
    let value = ThreadPriorityValue::try_from(NETWORK).map(ThreadPriority::Crossplatform);
    if let Ok(value) = value
        && let Err(error) = set_current_thread_priority(value)
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
