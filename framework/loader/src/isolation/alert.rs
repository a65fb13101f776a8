//! Being awake before the next call comes. On a machine whose processors sleep between two blocks, waking one takes longer than most plugins
//! work; so a process that is allowed to (`allow = ["alert"]`) wakes by itself a little before the next block is due and looks out for it.
//!
//! No clock is read: the kernel counts how long is slept, and a call that came too early or too late for the lookout moves that.

use std::hint::spin_loop;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Acquire;
use std::time::Duration;

use super::futex::{self, Waited};

/// Looks for the next of several calls that come at once.
const AT_ONCE: u32 = 200;
/// Looks before a block: some 0.2 to 0.4 ms, by how long the processor takes for a pause.
const LOOKOUT: u32 = 6_000;
/// The first guess: a block every 10 ms, less half a lookout.
const FIRST: Duration = Duration::from_micros(9_700);
const SHORTEST: Duration = Duration::from_micros(1_000);
const LONGEST: Duration = Duration::from_micros(60_000);
/// By so much the sleep changes after a call that the lookout did not see.
const STEP: Duration = Duration::from_micros(100);
/// By so much after one that came near either end of it.
const TOUCH: Duration = Duration::from_micros(10);
/// So many lookouts in a row for nothing, and there is no beat to wait for.
const GIVE_UP: u32 = 50;
/// Then so many calls are waited for asleep.
const REST: u32 = 200;

/// The beat at which calls come, as far as it is known.
pub(super) struct Alert {
    sleep: Duration,
    in_vain: u32,
    rest: u32,
}

impl Alert {
    pub(super) const fn new() -> Self {
        Self {
            sleep: FIRST,
            in_vain: 0,
            rest: 0,
        }
    }

    /// Waits until `word` is no longer `last`, or for no reason: look again.
    pub(super) fn wait(&mut self, word: &AtomicU32, last: u32) {
        let Some(sleep) = self.sleep(word, last) else {
            return;
        };
        self.sleep = sleep.clamp(SHORTEST, LONGEST);
    }

    /// Waits; how long to sleep the next time, if this one tells.
    fn sleep(&mut self, word: &AtomicU32, last: u32) -> Option<Duration> {
        if came_within(AT_ONCE, word, last).is_some() {
            return None;
        }
        if self.rest > 0 {
            self.rest -= 1;
            futex::wait(word, last, None);
            return None;
        }
        // What comes in the first half of the time is no block but a call in between.
        if futex::wait(word, last, Some(self.sleep / 2)) == Waited::Look {
            return None;
        }
        if futex::wait(word, last, Some(self.sleep / 2)) == Waited::Look {
            return Some(self.sleep.saturating_sub(STEP));
        }
        match came_within(LOOKOUT, word, last) {
            Some(looks) => {
                self.in_vain = 0;
                if looks < LOOKOUT / 4 {
                    Some(self.sleep.saturating_sub(TOUCH))
                } else if looks > LOOKOUT / 2 {
                    Some(self.sleep + TOUCH)
                } else {
                    None
                }
            }
            None => {
                self.in_vain += 1;
                if self.in_vain == GIVE_UP {
                    (self.in_vain, self.rest) = (0, REST);
                }
                futex::wait(word, last, None);
                Some(self.sleep + STEP)
            }
        }
    }
}

/// After how many looks `word` was no longer `last`, if it was within `looks`.
fn came_within(looks: u32, word: &AtomicU32, last: u32) -> Option<u32> {
    (0..looks).find(|_| {
        let came = word.load(Acquire) != last;
        if !came {
            spin_loop();
        }
        came
    })
}

/// Has the kernel wake this thread when its time is up, and not a little later to save power.
pub(super) fn wake_on_time() {
    // SAFETY: the call takes numbers only and changes nothing but how exact this thread's timers are.
    unsafe { libc::prctl(libc::PR_SET_TIMERSLACK, 1 as libc::c_ulong) };
}
