//! What the plugin was seen doing and from where, kept in memory that is there beforehand: to note a sight neither allocates nor locks nor calls
//! the system, because it happens within a signal handler or in the middle of an allocation.

#![allow(
    unsafe_code,
    reason = "walks the stack, and keeps what it saw in a static; each block says why it holds"
)]

use std::cell::{Cell, UnsafeCell};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use jackfield_testkit::real_time::Deed;

use super::imports::Object;

/// How many frames within the plugin are kept of each sight.
pub(crate) const DEPTH: usize = 12;
const MOST: usize = 64;
const STACK: usize = 96;

/// What was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Allocates,
    Frees,
    Locks,
    /// With the number of the call.
    CallsTheSystem(i64),
    ReadsAClock,
    CallsTheHost,
    Unwinds,
    OutOfMemory,
}

/// A sight, with the name of the function that was called (if it has one) and the frames within the plugin, innermost first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sight {
    pub(crate) what: What,
    pub(crate) call: &'static str,
    pub(crate) frames: Frames,
    pub(crate) times: u32,
}

/// Addresses within the images of the plugin, innermost first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Frames {
    addresses: [usize; DEPTH],
    length: usize,
}

impl Frames {
    pub(crate) const NONE: Self = Self {
        addresses: [0; DEPTH],
        length: 0,
    };

    pub(crate) fn as_slice(&self) -> &[usize] {
        &self.addresses[..self.length]
    }

    fn push(&mut self, address: usize) {
        if self.length < DEPTH {
            self.addresses[self.length] = address;
            self.length += 1;
        }
    }
}

struct Sights {
    taken: AtomicBool,
    kept: UnsafeCell<([Option<Sight>; MOST], usize)>,
}

// SAFETY: `kept` is touched only by whoever has set `taken`.
unsafe impl Sync for Sights {}

static SIGHTS: Sights = Sights {
    taken: AtomicBool::new(false),
    kept: UnsafeCell::new(([None; MOST], 0)),
};
static IMAGES: OnceLock<Vec<Object>> = OnceLock::new();

thread_local! {
    static CALL: Cell<&'static str> = const { Cell::new("") };
}

/// From now on, frames within these images count as the plugin's.
pub(crate) fn watch(images: Vec<Object>) {
    let _ = IMAGES.set(images);
    // The first walk loads the library that walks, which allocates.
    let _ = walk();
}

/// The images of the plugin, its own first.
pub(crate) fn images() -> &'static [Object] {
    IMAGES.get().map_or(&[], Vec::as_slice)
}

/// The function that the plugin is calling right now on this thread.
pub(crate) fn calling(name: &'static str) {
    CALL.set(name);
}

/// The observer of the testkit's detector.
pub(crate) fn observe(deed: Deed) {
    match deed {
        Deed::Allocation => note(What::Allocates, CALL.get()),
        Deed::Free => note(What::Frees, CALL.get()),
        Deed::MutexLock => note(What::Locks, CALL.get()),
        Deed::SystemCall(number) => note(What::CallsTheSystem(number), ""),
    }
}

/// Keeps a sight, if there is anything of the plugin on the stack.
pub(crate) fn note(what: What, call: &'static str) {
    let frames = walk();
    if frames.length > 0 {
        keep(&Sight {
            what,
            call,
            frames,
            times: 1,
        });
    }
}

/// Keeps a sight, with others of its kind.
pub(crate) fn keep(sight: &Sight) {
    if SIGHTS.taken.swap(true, Ordering::Acquire) {
        return;
    }
    // SAFETY: `taken` was ours to set, and is given back below.
    let (kept, length) = unsafe { &mut *SIGHTS.kept.get() };
    let known = kept[..*length]
        .iter_mut()
        .flatten()
        .find(|known| (known.what, known.call, known.frames) == (sight.what, sight.call, sight.frames));
    match known {
        Some(known) => known.times = known.times.saturating_add(sight.times),
        None if *length < MOST => {
            kept[*length] = Some(*sight);
            *length += 1;
        }
        None => {}
    }
    SIGHTS.taken.store(false, Ordering::Release);
}

/// Takes out what was seen so far, if `wanted`, one by one.
pub(crate) fn take(mut wanted: impl FnMut(&Sight) -> bool) {
    if SIGHTS.taken.swap(true, Ordering::Acquire) {
        return;
    }
    // SAFETY: as in `keep`.
    let (kept, length) = unsafe { &mut *SIGHTS.kept.get() };
    let mut left = 0;
    for n in 0..*length {
        if let Some(sight) = kept[n].take()
            && !wanted(&sight)
        {
            kept[left] = Some(sight);
            left += 1;
        }
    }
    *length = left;
    SIGHTS.taken.store(false, Ordering::Release);
}

/// The frames of the plugin on this thread's stack.
pub(crate) fn walk() -> Frames {
    let mut addresses = [std::ptr::null_mut(); STACK];
    // SAFETY: the array has that many places.
    let found = unsafe { libc::backtrace(addresses.as_mut_ptr(), STACK as i32) };
    let mut frames = Frames::NONE;
    for address in &addresses[..usize::try_from(found).unwrap_or(0)] {
        let address = *address as usize;
        if images()
            .iter()
            .any(|image| (image.start..image.end).contains(&address))
        {
            frames.push(address);
        }
    }
    frames
}
