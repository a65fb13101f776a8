//! Waiting for a word in memory to change, and waking who waits: the one system call of this tier on the audio thread. Shared between
//! processes, so never the private kind.

use std::ptr;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

/// Set by who waits, beside the thread id of who holds the word.
pub(super) const WAITERS: u32 = libc::FUTEX_WAITERS;
/// Set by the kernel when the thread that held the word has ended.
pub(super) const OWNER_DIED: u32 = libc::FUTEX_OWNER_DIED;

/// How a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Waited {
    /// Somebody woke us, the word had changed already, or a signal came: look again.
    Look,
    /// The time is up.
    TimeUp,
}

/// Waits while `word` is `expected`, for at most `time`. The kernel counts the time: no clock is read.
pub(super) fn wait(word: &AtomicU32, expected: u32, time: Option<Duration>) -> Waited {
    let time = time.map(|time| libc::timespec {
        tv_sec: time.as_secs() as libc::time_t,
        tv_nsec: time.subsec_nanos() as libc::c_long,
    });
    let time = time.as_ref().map_or(ptr::null(), ptr::from_ref);
    // SAFETY: the word and the time live until the call returns; the kernel reads both and writes neither.
    let result = unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAIT, expected, time) };
    if result < 0 && std::io::Error::last_os_error().raw_os_error() == Some(libc::ETIMEDOUT) {
        Waited::TimeUp
    } else {
        Waited::Look
    }
}

/// Wakes one who waits for `word`.
pub(super) fn wake(word: &AtomicU32) {
    // SAFETY: the kernel only takes the address of the word as a name.
    unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAKE, 1) };
}
