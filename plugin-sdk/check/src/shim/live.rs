//! What the plugin has allocated and not freed, with who did it: looked at when it leaks.

use std::collections::HashMap;
use std::ffi::c_void;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use super::sights::{Frames, walk};

static FOLLOWED: AtomicBool = AtomicBool::new(false);
static LIVE: Mutex<Option<HashMap<usize, (usize, Frames)>>> = Mutex::new(None);

/// Follows what the plugin allocates while `body` runs, and gives those who left the most: bytes, how often, and from where.
pub(crate) fn left_by(body: impl FnOnce()) -> Vec<(usize, usize, Frames)> {
    *LIVE.lock().unwrap_or_else(PoisonError::into_inner) = Some(HashMap::new());
    FOLLOWED.store(true, Ordering::Release);
    body();
    FOLLOWED.store(false, Ordering::Release);
    let live = LIVE.lock().unwrap_or_else(PoisonError::into_inner).take();
    let mut places: Vec<(usize, usize, Frames)> = Vec::new();
    for (bytes, frames) in live.unwrap_or_default().into_values() {
        match places.iter_mut().find(|(_, _, known)| *known == frames) {
            Some((sum, times, _)) => {
                *sum += bytes;
                *times += 1;
            }
            None => places.push((bytes, 1, frames)),
        }
    }
    places.sort_by_key(|(bytes, ..)| std::cmp::Reverse(*bytes));
    places
}

pub(super) fn allocated(pointer: *mut c_void, bytes: usize) {
    if FOLLOWED.load(Ordering::Acquire) {
        let frames = walk();
        if let Some(live) = &mut *LIVE.lock().unwrap_or_else(PoisonError::into_inner) {
            live.insert(pointer as usize, (bytes, frames));
        }
    }
}

pub(super) fn freed(pointer: *mut c_void) {
    if FOLLOWED.load(Ordering::Acquire)
        && let Some(live) = &mut *LIVE.lock().unwrap_or_else(PoisonError::into_inner)
    {
        live.remove(&(pointer as usize));
    }
}
