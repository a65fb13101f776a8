//! Buffers with pages around them that nobody may touch, and that can be closed after use.

#![allow(
    unsafe_code,
    reason = "maps pages and hands out slices of them; each block says why it holds"
)]

use std::ffi::c_void;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

use super::machine::page;

/// Pages on either side.
const GUARDS: usize = 16;
const MOST: usize = 64;

/// At which end of the buffer the fence stands close: pages are larger than blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Close {
    Before,
    Behind,
}

/// What a touch of a fence amounts to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Touch {
    Outside,
    Closed,
    ReadOnly,
}

const FREE: u8 = 0;
const OPEN: u8 = 1;
const CLOSED: u8 = 2;
const READ_ONLY: u8 = 3;

struct Slot {
    start: AtomicUsize,
    end: AtomicUsize,
    state: AtomicU8,
}

/// Where the fences stand, for the signal handler.
static FENCES: [Slot; MOST] = [const {
    Slot {
        start: AtomicUsize::new(0),
        end: AtomicUsize::new(0),
        state: AtomicU8::new(FREE),
    }
}; MOST];

/// A fenced buffer of samples. Its pages stay mapped to the end of the process.
pub(crate) struct Fence {
    slot: usize,
    pages: usize,
    bytes: usize,
    data: *mut f32,
    samples: usize,
}

impl Fence {
    /// Room for so many samples.
    ///
    /// # Panics
    /// If there is no memory, or there are too many fences.
    pub(crate) fn new(samples: usize, close: Close) -> Self {
        let page = page();
        let bytes = (samples * size_of::<f32>()).max(1).next_multiple_of(page);
        let length = bytes + 2 * GUARDS * page;
        // SAFETY: new pages that nobody else has; the inner ones are made accessible.
        let start = unsafe {
            let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
            let start = libc::mmap(std::ptr::null_mut(), length, libc::PROT_NONE, flags, -1, 0);
            assert!(start != libc::MAP_FAILED, "no memory for a fenced buffer");
            start as usize
        };
        let pages = start + GUARDS * page;
        let at = match close {
            Close::Before => pages,
            Close::Behind => pages + bytes - samples * size_of::<f32>(),
        };
        let slot = FENCES
            .iter()
            .position(|slot| {
                slot.state
                    .compare_exchange(FREE, OPEN, Ordering::Relaxed, Ordering::Relaxed)
                    .is_ok()
            })
            .expect("fewer fences than there is room for");
        FENCES[slot].start.store(start, Ordering::Relaxed);
        FENCES[slot].end.store(start + length, Ordering::Relaxed);
        let mut fence = Self {
            slot,
            pages,
            bytes,
            data: at as *mut f32,
            samples,
        };
        fence.protect(libc::PROT_READ | libc::PROT_WRITE, OPEN);
        fence
    }

    /// The samples.
    pub(crate) fn samples(&mut self) -> &mut [f32] {
        // SAFETY: our own pages, accessible unless closed (then any touch is a fault, not a race), of that length and aligned.
        unsafe { std::slice::from_raw_parts_mut(self.data, self.samples) }
    }

    /// From now on a touch is a fault.
    pub(crate) fn close(&mut self) {
        self.protect(libc::PROT_NONE, CLOSED);
    }

    /// From now on a write is a fault.
    pub(crate) fn make_read_only(&mut self) {
        self.protect(libc::PROT_READ, READ_ONLY);
    }

    /// Accessible again.
    pub(crate) fn open(&mut self) {
        self.protect(libc::PROT_READ | libc::PROT_WRITE, OPEN);
    }

    fn protect(&mut self, protection: i32, state: u8) {
        FENCES[self.slot].state.store(state, Ordering::Relaxed);
        // SAFETY: pages of ours.
        let done = unsafe { libc::mprotect(self.pages as *mut c_void, self.bytes, protection) };
        assert_eq!(done, 0, "a fence could not be changed");
    }
}

/// Whose fence stands at this address, if any.
pub(crate) fn touched(address: usize) -> Option<Touch> {
    FENCES.iter().find_map(|slot| {
        let state = slot.state.load(Ordering::Relaxed);
        let within =
            (slot.start.load(Ordering::Relaxed)..slot.end.load(Ordering::Relaxed)).contains(&address);
        (state != FREE && within).then_some(match state {
            CLOSED => Touch::Closed,
            READ_ONLY => Touch::ReadOnly,
            _ => Touch::Outside,
        })
    })
}
