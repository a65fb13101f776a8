//! What happens on the audio thread that must not happen there: allocation, freeing, locking, system calls.
//!
//! ```
//! use jackfield_testkit::real_time;
//!
//! let mut buffer = Vec::new();
//! let (_, seen) = real_time::section(|| buffer.push(1.0_f32));
//! assert_eq!(seen.allocations, 1);
//! let (_, seen) = real_time::section(|| buffer[0] *= 0.5);
//! assert!(seen.is_clean());
//! ```
//!
//! What it sees of the thread that runs the section:
//! - every allocation, reallocation and freeing through Rust's global allocator (with the feature `global-allocator`, or with
//!   [`crate::DetectingAllocator`] installed by the test binary itself);
//! - every `pthread_mutex_lock`, contended or not (Linux with glibc): what locks in C and C++ code are made of;
//! - the first system call of any kind (Linux on x86-64, kernel 5.11 or newer: [`sees_system_calls`] tells). A lock of Rust's standard
//!   library or of `parking_lot` that has to wait, or that has to wake somebody, is a `futex` call and so is seen. Input, output, sleep and
//!   memory that the C library's `malloc` has to get from the kernel are seen in the same way.
//!
//! What it does not see: a Rust lock that is free at the moment, which is one atomic instruction like any other; `malloc` in C code that is
//! served from memory already at hand; a clock that is read without a system call; time spent; and whatever other threads do. It sees the code of
//! this program and of what it loads, but allocations by a loaded Rust library that has an allocator of its own only as far as they reach the
//! kernel.

use std::fmt;

use crate::shim;

/// One thing that was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// An allocation or reallocation.
    Allocation,
    /// Something was freed.
    Free,
    /// A call of `pthread_mutex_lock` and its like.
    MutexLock,
    /// The first system call of the section, by its number.
    SystemCall(i64),
}

/// What was seen in a section.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Allocations and reallocations.
    pub allocations: u32,
    /// Freed allocations.
    pub frees: u32,
    /// Calls of `pthread_mutex_lock`.
    pub mutex_locks: u32,
    /// The number of the first system call (`SYS_futex` is 202 on x86-64).
    pub system_call: Option<i64>,
}

impl Seen {
    /// Nothing that must not happen did happen.
    pub fn is_clean(&self) -> bool {
        *self == Self::default()
    }

    /// # Panics
    /// If something happened; says what, and `during` what.
    #[track_caller]
    pub fn assert_clean(&self, during: &str) {
        assert!(
            self.is_clean() || shim::is_observed(),
            "not fit for the audio thread: {during} made {self}"
        );
    }

    /// The same, but up to `forgiven` allocations are let pass if each is freed again.
    ///
    /// # Panics
    /// If anything else happened, or more of it.
    #[track_caller]
    pub fn assert_clean_but(&self, forgiven: u32, during: &str) {
        let balanced = self.allocations == self.frees && self.allocations <= forgiven;
        let rest = Self {
            allocations: 0,
            frees: 0,
            ..*self
        };
        assert!(
            balanced && rest.is_clean() || shim::is_observed(),
            "not fit for the audio thread: {during} made {self}, forgiven {forgiven} allocations"
        );
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} allocations, {} frees, {} mutex locks, ",
            self.allocations, self.frees, self.mutex_locks
        )?;
        match self.system_call {
            Some(number) => write!(f, "system call {number}"),
            None => f.write_str("no system call"),
        }
    }
}

/// Runs `body` as the audio thread would, and returns its result and what was seen. Sections do not nest: within another one nothing is counted
/// twice, and what happens counts for the outer one.
pub fn section<R>(body: impl FnOnce() -> R) -> (R, Seen) {
    let guard = Guard(shim::begin());
    let result = body();
    let seen = guard.leave();
    (result, seen)
}

/// Whether system calls are seen on this machine.
pub fn sees_system_calls() -> bool {
    shim::traps_system_calls()
}

/// Has each deed told to `observer` on the thread that does it, at that very moment, so that the stack still shows who it was; from then on
/// [`Seen::assert_clean`] fails nothing. For a validator, once in a process: false if there is an observer already. The observer may run within
/// a signal handler: it must not allocate, lock or wait. What this program's own allocator and locks see is counted and not told.
pub fn observe(observer: fn(Deed)) -> bool {
    shim::observe(observer)
}

/// Counts and tells a deed that the eyes of this crate do not see: for a validator that stands between a loaded image and the C library.
/// Outside a section nothing happens.
pub fn note(deed: Deed) {
    shim::note(deed);
}

/// Whether the calling thread is within a section.
pub fn is_section() -> bool {
    shim::is_inside()
}

/// Ends the section also when `body` panics.
struct Guard(bool);

impl Guard {
    fn leave(mut self) -> Seen {
        if !std::mem::take(&mut self.0) {
            return Seen::default();
        }
        let counts = shim::end();
        Seen {
            allocations: counts.allocations,
            frees: counts.frees,
            mutex_locks: counts.mutex_locks,
            system_call: counts.system_call,
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if self.0 {
            shim::end();
        }
    }
}
