//! The eyes of [`crate::real_time`]: an allocator that counts, a `pthread_mutex_lock` that counts, and a trap for system calls. All that is
//! `unsafe` in this crate is in this file.

#![allow(
    unsafe_code,
    reason = "an allocator, an interposed C function and a signal handler; each use says why it is sound"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::OnceLock;

use crate::real_time::Deed;

/// Who is told what is seen.
static OBSERVER: OnceLock<fn(Deed)> = OnceLock::new();

thread_local! {
    /// Constant and without a destructor: reading it neither allocates nor fails, not even while a thread is being torn down.
    static WATCH: Watch = const { Watch::new() };
}

/// What has been seen on this thread.
struct Watch {
    inside: Cell<bool>,
    telling: Cell<bool>,
    allocations: Cell<u32>,
    frees: Cell<u32>,
    mutex_locks: Cell<u32>,
    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    trap: trap::Trap,
}

/// The counts of one section.
#[derive(Clone, Copy, Default)]
pub(crate) struct Counts {
    pub(crate) allocations: u32,
    pub(crate) frees: u32,
    pub(crate) mutex_locks: u32,
    pub(crate) system_call: Option<i64>,
}

impl Watch {
    const fn new() -> Self {
        Self {
            inside: Cell::new(false),
            telling: Cell::new(false),
            allocations: Cell::new(0),
            frees: Cell::new(0),
            mutex_locks: Cell::new(0),
            #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
            trap: trap::Trap::new(),
        }
    }

    fn count(&self, counter: &Cell<u32>) {
        if self.inside.get() {
            counter.set(counter.get().saturating_add(1));
        }
    }

    /// Tells the observer, if there is one and it is not the one who did it.
    fn tell(&self, deed: Deed) {
        if let Some(observer) = OBSERVER.get()
            && !self.telling.replace(true)
        {
            observer(deed);
            self.telling.set(false);
        }
    }
}

/// Has all that is seen told to `observer`. False if there is one already.
pub(crate) fn observe(observer: fn(Deed)) -> bool {
    OBSERVER.set(observer).is_ok()
}

/// Whether an observer is told.
pub(crate) fn is_observed() -> bool {
    OBSERVER.get().is_some()
}

/// Whether this thread is watched.
pub(crate) fn is_inside() -> bool {
    WATCH.with(|watch| watch.inside.get())
}

/// Counts what code did that the eyes of this file do not see.
pub(crate) fn note(deed: Deed) {
    WATCH.with(|watch| {
        match deed {
            Deed::Allocation => watch.count(&watch.allocations),
            Deed::Free => watch.count(&watch.frees),
            Deed::MutexLock => watch.count(&watch.mutex_locks),
            Deed::SystemCall(_) => {}
        }
        if watch.inside.get() {
            watch.tell(deed);
        }
    });
}

/// Begins to watch this thread. False if it is watched already.
pub(crate) fn begin() -> bool {
    WATCH.with(|watch| {
        if watch.inside.get() {
            return false;
        }
        watch.allocations.set(0);
        watch.frees.set(0);
        watch.mutex_locks.set(0);
        #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
        watch.trap.set();
        watch.inside.set(true);
        true
    })
}

/// Ends watching this thread and says what was seen.
pub(crate) fn end() -> Counts {
    WATCH.with(|watch| {
        watch.inside.set(false);
        #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
        let system_call = watch.trap.clear();
        #[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
        let system_call = None;
        Counts {
            allocations: watch.allocations.get(),
            frees: watch.frees.get(),
            mutex_locks: watch.mutex_locks.get(),
            system_call,
        }
    })
}

/// Whether system calls are seen here.
pub(crate) fn traps_system_calls() -> bool {
    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    return trap::works();
    #[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
    return false;
}

/// The system's allocator, which counts what a watched thread does.
pub struct DetectingAllocator;

#[cfg(feature = "global-allocator")]
#[global_allocator]
static ALLOCATOR: DetectingAllocator = DetectingAllocator;

// SAFETY: every call goes to `System` as it came; counting touches a thread-local cell only and never allocates.
unsafe impl GlobalAlloc for DetectingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        WATCH.with(|watch| watch.count(&watch.allocations));
        // SAFETY: the caller's contract is that of `System`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        WATCH.with(|watch| watch.count(&watch.allocations));
        // SAFETY: the caller's contract is that of `System`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        WATCH.with(|watch| watch.count(&watch.allocations));
        // SAFETY: the caller's contract is that of `System`.
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        WATCH.with(|watch| watch.count(&watch.frees));
        // SAFETY: the caller's contract is that of `System`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// `pthread_mutex_lock` of this program: counts, then calls the C library's. It stands before the library's in the order in which symbols are
/// looked up, so that C and C++ code comes by here even when nobody else holds the lock.
///
/// # Safety
/// As `pthread_mutex_lock` of POSIX: `mutex` points to an initialised mutex.
#[cfg(all(feature = "global-allocator", target_os = "linux", target_env = "gnu"))]
#[unsafe(no_mangle)]
#[allow(unreachable_pub, reason = "reached by its name, from C")]
pub unsafe extern "C" fn pthread_mutex_lock(mutex: *mut libc::pthread_mutex_t) -> libc::c_int {
    use std::sync::atomic::{AtomicPtr, Ordering};
    type Lock = unsafe extern "C" fn(*mut libc::pthread_mutex_t) -> libc::c_int;
    static NEXT: AtomicPtr<libc::c_void> = AtomicPtr::new(std::ptr::null_mut());

    WATCH.with(|watch| watch.count(&watch.mutex_locks));
    let mut next = NEXT.load(Ordering::Relaxed);
    if next.is_null() {
        // SAFETY: a name that ends in zero; RTLD_NEXT looks behind this program, where the C library is.
        next = unsafe { libc::dlsym(libc::RTLD_NEXT, c"pthread_mutex_lock".as_ptr()) };
        NEXT.store(next, Ordering::Relaxed);
    }
    if next.is_null() {
        return libc::ENOSYS;
    }
    // SAFETY: the C library's function of this name has this signature; the caller vouches for `mutex`.
    unsafe { std::mem::transmute::<*mut libc::c_void, Lock>(next)(mutex) }
}

/// A trap for system calls: Syscall User Dispatch (Linux 5.11, `Documentation/admin-guide/syscall-user-dispatch.rst`). While a byte of this
/// thread says so, the kernel sends SIGSYS instead of doing the call. The handler notes the number, opens the trap and lets the
/// thread do the same call again, so only the first call of a section is seen and the program goes on as if nothing had happened.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod trap {
    use std::cell::Cell;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicI64, AtomicU8, Ordering, compiler_fence};

    // From linux/prctl.h; libc has no names for them on every version.
    const PR_SET_SYSCALL_USER_DISPATCH: libc::c_int = 59;
    const OFF: libc::c_ulong = 0;
    const ON: libc::c_ulong = 1;
    const ALLOW: u8 = 0;
    const BLOCK: u8 = 1;
    /// The instruction `syscall` has two bytes.
    const INSTRUCTION: libc::greg_t = 2;
    const NONE: i64 = -1;

    pub(super) struct Trap {
        /// Read by the kernel at every system call of this thread while the trap is set.
        selector: AtomicU8,
        seen: AtomicI64,
        is_set: Cell<bool>,
    }

    impl Trap {
        pub(super) const fn new() -> Self {
            Self {
                selector: AtomicU8::new(ALLOW),
                seen: AtomicI64::new(NONE),
                is_set: Cell::new(false),
            }
        }

        pub(super) fn set(&self) {
            self.seen.store(NONE, Ordering::Relaxed);
            if works() && dispatch(ON, &self.selector) {
                self.is_set.set(true);
                compiler_fence(Ordering::SeqCst);
                self.selector.store(BLOCK, Ordering::Relaxed);
            }
        }

        pub(super) fn clear(&self) -> Option<i64> {
            self.selector.store(ALLOW, Ordering::Relaxed);
            compiler_fence(Ordering::SeqCst);
            if self.is_set.replace(false) {
                dispatch(OFF, &self.selector);
            }
            let seen = self.seen.load(Ordering::Relaxed);
            (seen != NONE).then_some(seen)
        }
    }

    /// Whether this kernel has the trap, tried once.
    pub(super) fn works() -> bool {
        static WORKS: OnceLock<bool> = OnceLock::new();
        *WORKS.get_or_init(|| {
            let selector = AtomicU8::new(ALLOW);
            install_handler() && dispatch(ON, &selector) && dispatch(OFF, &selector)
        })
    }

    fn dispatch(mode: libc::c_ulong, selector: &AtomicU8) -> bool {
        let selector = if mode == ON {
            selector.as_ptr()
        } else {
            std::ptr::null_mut()
        };
        // SAFETY: with ON the kernel reads one byte at `selector`, which lives in the thread's own storage (or on the stack of the caller, who
        // turns it off before returning) for as long as the trap is set; with OFF all else must be zero.
        unsafe { libc::prctl(PR_SET_SYSCALL_USER_DISPATCH, mode, 0_u64, 0_u64, selector) == 0 }
    }

    fn install_handler() -> bool {
        // SAFETY: a zeroed sigaction is valid; the handler has the signature that SA_SIGINFO asks for and does only what a signal handler may.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = on_system_call as extern "C" fn(_, _, _) as usize;
            action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
            libc::sigaction(libc::SIGSYS, &raw const action, std::ptr::null_mut()) == 0
        }
    }

    extern "C" fn on_system_call(
        _signal: libc::c_int,
        _info: *mut libc::siginfo_t,
        context: *mut libc::c_void,
    ) {
        super::WATCH.with(|watch| {
            watch.trap.selector.store(ALLOW, Ordering::Relaxed);
            // SAFETY: the kernel passes a valid ucontext to a handler installed with SA_SIGINFO. It has put the number of the call back into RAX
            // (syscall_rollback), and RIP points behind the instruction: two bytes back, the thread does the call again.
            let number = unsafe {
                let registers = &mut (*context.cast::<libc::ucontext_t>()).uc_mcontext.gregs;
                registers[libc::REG_RIP as usize] -= INSTRUCTION;
                registers[libc::REG_RAX as usize]
            };
            watch.trap.seen.store(number, Ordering::Relaxed);
            watch.tell(super::Deed::SystemCall(number));
        });
    }
}

#[cfg(all(test, feature = "global-allocator", target_os = "linux", target_env = "gnu"))]
mod tests {
    use crate::real_time::section;

    #[test]
    fn t_3_a_mutex_of_the_c_library_is_seen_although_it_is_free() {
        let mut mutex = libc::PTHREAD_MUTEX_INITIALIZER;
        // SAFETY: the mutex is initialised, lives on the stack and is used by this thread only.
        let (result, seen) = section(|| unsafe {
            let result = libc::pthread_mutex_lock(&raw mut mutex);
            libc::pthread_mutex_unlock(&raw mut mutex);
            result
        });
        assert_eq!(result, 0);
        assert_eq!(seen.mutex_locks, 1);
    }
}
