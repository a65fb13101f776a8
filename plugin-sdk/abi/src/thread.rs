//! Thread classes, as CLAP has them: each method says on which class of thread it is called; debug builds check it.

use std::cell::Cell;

/// A class of thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// May allocate, lock and block.
    Control,
    /// Has a deadline every 10 ms: takes no lock, allocates nothing, frees nothing.
    Audio,
    /// Handles packets: never blocks.
    Network,
    /// Any of them.
    Any,
}

thread_local! {
    static CURRENT: Cell<Option<Class>> = const { Cell::new(None) };
}

/// Declares the class of the calling thread, from now on; `None` takes the declaration back (tests and command line tools run everything
/// on one thread). \[any\]
pub fn declare(class: Option<Class>) {
    CURRENT.set(class);
}

/// The class that the calling thread was declared to be of, if it was. \[any\]
pub fn declared() -> Option<Class> {
    CURRENT.get()
}

/// Panics in debug builds if the calling thread was declared to be of another class than the one that a method asks for.
#[inline(always)]
pub fn check(wanted: Class) {
    if cfg!(debug_assertions) && wanted != Class::Any {
        let current = CURRENT.get();
        if let Some(current) = current {
            assert!(
                current == wanted,
                "a [{wanted:?}] method was called on the {current:?} thread"
            );
        }
    }
}
