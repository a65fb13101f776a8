//! The functions of the C library that stand in the plugin's way: each notes what it sees and then does what it was asked.
//!
//! Only calls by the plugin's images come here. Outside an audio section an allocation is nothing worth noting.

#![allow(
    unsafe_code,
    non_snake_case,
    clippy::let_unit_value,
    clippy::let_and_return,
    reason = "functions of the C library by their names, called as C calls them; each block says why it holds"
)]

use std::ffi::{c_char, c_int, c_void};
use std::sync::atomic::{AtomicI64, AtomicU8, AtomicUsize, Ordering};

use jackfield_testkit::real_time::{self, Deed};

use super::imports::{Object, Substitute, substitute};
use super::sights::{self, What};
use super::{live, signals};

/// Added to every clock that the plugin reads, in nanoseconds.
static CLOCK_SHIFT: AtomicI64 = AtomicI64::new(0);
/// What new memory is filled with, if anything.
static FILL: AtomicU8 = AtomicU8::new(0);

/// Makes all clocks of the plugin wrong by so much.
pub(crate) fn shift_clocks(nanoseconds: i64) {
    CLOCK_SHIFT.store(nanoseconds, Ordering::Relaxed);
}

/// Fills memory that the plugin allocates with this byte; 0 leaves it as it comes.
pub(crate) fn fill_memory(byte: u8) {
    FILL.store(byte, Ordering::Relaxed);
}

/// Stands between the C library and the images: `plugin` is the plugin's own, `others` came with it.
pub(crate) fn intercept(plugin: &Object, others: &[Object]) -> usize {
    let (all, own) = (substitutes(false), substitutes(true));
    // SAFETY: images that were just loaded and are never unloaded; each substitute was written for its name below.
    unsafe {
        let mut changed = substitute(plugin, &all) + substitute(plugin, &own) + substitute(plugin, &exits());
        for other in others {
            changed += substitute(other, &all);
        }
        changed
    }
}

/// What a call amounts to.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Allocates,
    Frees,
    Locks,
    ReadsAClock,
    Unwinds,
}

fn before(kind: Kind, name: &'static str) {
    match kind {
        Kind::Unwinds => sights::note(What::Unwinds, name),
        _ if !real_time::is_section() => {}
        Kind::ReadsAClock => sights::note(What::ReadsAClock, name),
        Kind::Allocates | Kind::Frees | Kind::Locks => {
            sights::calling(name);
            real_time::note(match kind {
                Kind::Allocates => Deed::Allocation,
                Kind::Frees => Deed::Free,
                _ => Deed::MutexLock,
            });
            sights::calling("");
        }
    }
}

macro_rules! calls {
    ($($kind:ident fn $name:ident($($argument:ident: $type:ty),*) $(-> $result:ty)? $(, $after:ident($($given:ident),*))?;)*) => {
        #[allow(non_camel_case_types)]
        #[derive(Clone, Copy)]
        enum Call { $($name),* }

        const CALLS: usize = [$(stringify!($name)),*].len();
        static ORIGINALS: [AtomicUsize; CALLS] = [const { AtomicUsize::new(0) }; CALLS];

        /// The substitutes, those for unwinding or all others.
        fn substitutes(unwinding: bool) -> Vec<Substitute> {
            let all = [$((Kind::$kind, stringify!($name), stand_in::$name as *const () as usize, Call::$name as usize)),*];
            all.into_iter()
                .filter(|(kind, ..)| (*kind == Kind::Unwinds) == unwinding)
                .map(|(_, name, address, index)| Substitute { name, address, adopt, index })
                .collect()
        }

        mod stand_in {
            use super::*;
            $(
                pub(super) unsafe extern "C-unwind" fn $name($($argument: $type),*) $(-> $result)? {
                    type Original = unsafe extern "C-unwind" fn($($type),*) $(-> $result)?;
                    before(Kind::$kind, stringify!($name));
                    let original = ORIGINALS[Call::$name as usize].load(Ordering::Relaxed);
                    // SAFETY: where the import of this name led before, so it has this signature; the caller vouches for the rest.
                    let result = unsafe { std::mem::transmute::<usize, Original>(original)($($argument),*) };
                    $(let result = $after(result $(, $given)*);)?
                    result
                }
            )*
        }
    };
}

/// Every import of one name must lead to the same function, else the one that differs is left alone: an image with an allocator of its own.
fn adopt(index: usize, led_to: usize) -> bool {
    let first = ORIGINALS[index].compare_exchange(0, led_to, Ordering::Relaxed, Ordering::Relaxed);
    first.is_ok() || first == Err(led_to)
}

/// What ends the process: none of these is done, the case ends instead.
fn exits() -> Vec<Substitute> {
    ["exit", "_exit", "_Exit", "quick_exit"]
        .into_iter()
        .map(|name| Substitute {
            name,
            address: leave as *const () as usize,
            adopt: |_, _| true,
            index: 0,
        })
        .collect()
}

unsafe extern "C" fn leave(status: c_int) -> ! {
    signals::tell_exit(status)
}

type Pointer = *mut c_void;
type Mutex = *mut libc::pthread_mutex_t;

calls! {
    Allocates fn malloc(size: usize) -> Pointer, allocated(size);
    Allocates fn calloc(count: usize, size: usize) -> Pointer, zeroed(count, size);
    Allocates fn realloc(old: Pointer, size: usize) -> Pointer, reallocated(old, size);
    Allocates fn memalign(alignment: usize, size: usize) -> Pointer, allocated(size);
    Allocates fn aligned_alloc(alignment: usize, size: usize) -> Pointer, allocated(size);
    Allocates fn posix_memalign(out: *mut Pointer, alignment: usize, size: usize) -> c_int, aligned(out, size);
    Allocates fn strdup(text: *const c_char) -> *mut c_char;
    Allocates fn _Znwm(size: usize) -> Pointer, allocated(size);
    Allocates fn _Znam(size: usize) -> Pointer, allocated(size);
    Allocates fn _ZnwmSt11align_val_t(size: usize, alignment: usize) -> Pointer, allocated(size);
    Frees fn free(pointer: Pointer), freed(pointer);
    Frees fn _ZdlPv(pointer: Pointer), freed(pointer);
    Frees fn _ZdaPv(pointer: Pointer), freed(pointer);
    Frees fn _ZdlPvm(pointer: Pointer, size: usize), freed(pointer);
    Frees fn _ZdaPvm(pointer: Pointer, size: usize), freed(pointer);
    Frees fn _ZdlPvSt11align_val_t(pointer: Pointer, alignment: usize), freed(pointer);
    Locks fn pthread_mutex_lock(mutex: Mutex) -> c_int;
    Locks fn pthread_mutex_timedlock(mutex: Mutex, until: *const libc::timespec) -> c_int;
    Locks fn pthread_rwlock_rdlock(lock: Pointer) -> c_int;
    Locks fn pthread_rwlock_wrlock(lock: Pointer) -> c_int;
    Locks fn pthread_spin_lock(lock: Pointer) -> c_int;
    Locks fn pthread_cond_wait(condition: Pointer, mutex: Mutex) -> c_int;
    Locks fn pthread_cond_timedwait(condition: Pointer, mutex: Mutex, until: *const libc::timespec) -> c_int;
    Locks fn sem_wait(semaphore: Pointer) -> c_int;
    ReadsAClock fn clock_gettime(clock: c_int, out: *mut libc::timespec) -> c_int, shifted(out);
    ReadsAClock fn gettimeofday(out: *mut libc::timeval, zone: Pointer) -> c_int, shifted_day(out);
    ReadsAClock fn time(out: *mut libc::time_t) -> libc::time_t, shifted_seconds(out);
    ReadsAClock fn clock() -> libc::clock_t;
    Unwinds fn _Unwind_RaiseException(exception: Pointer) -> c_int;
}

fn allocated(made: Pointer, size: usize) -> Pointer {
    let byte = FILL.load(Ordering::Relaxed);
    if !made.is_null() && byte != 0 {
        // SAFETY: memory of this size that was allocated a moment ago and that nobody has seen yet.
        unsafe { std::ptr::write_bytes(made.cast::<u8>(), byte, size) };
    }
    given(made, size)
}

fn zeroed(made: Pointer, count: usize, size: usize) -> Pointer {
    given(made, count.saturating_mul(size))
}

fn reallocated(made: Pointer, old: Pointer, size: usize) -> Pointer {
    if !made.is_null() {
        live::freed(old);
    }
    given(made, size)
}

fn aligned(status: c_int, out: *mut Pointer, size: usize) -> c_int {
    if status == 0 {
        // SAFETY: a call that succeeded has written where it was told to.
        allocated(unsafe { *out }, size);
    }
    status
}

fn given(made: Pointer, size: usize) -> Pointer {
    if !made.is_null() {
        live::allocated(made, size);
    } else if size > 0 {
        sights::note(What::OutOfMemory, "malloc");
    }
    made
}

fn freed((): (), pointer: Pointer) {
    live::freed(pointer);
}

fn shifted(status: c_int, out: *mut libc::timespec) -> c_int {
    let shift = CLOCK_SHIFT.load(Ordering::Relaxed);
    if status == 0 && shift != 0 {
        // SAFETY: a call that succeeded has written where it was told to.
        let time = unsafe { &mut *out };
        time.tv_sec += shift / 1_000_000_000;
    }
    status
}

fn shifted_day(status: c_int, out: *mut libc::timeval) -> c_int {
    let shift = CLOCK_SHIFT.load(Ordering::Relaxed);
    if status == 0 && shift != 0 {
        // SAFETY: a call that succeeded has written where it was told to.
        let time = unsafe { &mut *out };
        time.tv_sec += shift / 1_000_000_000;
    }
    status
}

fn shifted_seconds(seconds: libc::time_t, out: *mut libc::time_t) -> libc::time_t {
    let seconds = seconds + CLOCK_SHIFT.load(Ordering::Relaxed) / 1_000_000_000;
    if !out.is_null() {
        // SAFETY: not null, so the caller has room there for the same number.
        unsafe { *out = seconds };
    }
    seconds
}
