//! The plugin's side of a call: no unwinding leaves, and an instance that panicked is out of use.

use std::any::Any;
use std::cell::Cell;
use std::ffi::c_void;
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::cross::{Pod, read_in};
use crate::fault::{Fault, FaultCode, FaultRaw};
use crate::instance::InstanceRaw;

/// An instance with what is known of its health. `this` in every table points at one.
pub struct Shell<T> {
    value: ManuallyDrop<T>,
    poisoned: bool,
    fault: FaultRaw,
}

impl<T> Shell<T> {
    /// Moves `value` to the heap; [`destroy`] frees it.
    pub fn into_raw(value: T) -> *mut c_void {
        let shell = Self {
            value: ManuallyDrop::new(value),
            poisoned: false,
            fault: FaultRaw::NONE,
        };
        Box::into_raw(Box::new(shell)).cast()
    }
}

/// Runs `call` on the instance; a fault is kept for `last_fault`, a panic poisons it.
///
/// # Safety
/// `this` is null or came from [`Shell::into_raw`] of the same `T`, is not destroyed, and nothing else uses it during the call.
#[inline]
pub unsafe fn guard<T>(this: *mut c_void, call: impl FnOnce(&mut T) -> Result<(), Fault>) -> i32 {
    // SAFETY: as the caller vouches.
    let Some(shell) = (unsafe { this.cast::<Shell<T>>().as_mut() }) else {
        return FaultCode::Invalid.status();
    };
    if shell.poisoned {
        return FaultCode::Poisoned.status();
    }
    let (value, kept) = (&mut *shell.value, &mut shell.fault);
    // A fault is kept within, so that nothing but a number has to come out through memory.
    let done = catch_unwind(AssertUnwindSafe(|| match call(value) {
        Ok(()) => 0,
        Err(fault) => refuse(kept, &fault),
    }));
    match done {
        Ok(status) => status,
        Err(payload) => poison(shell, payload),
    }
}

/// Runs a host's callback for a plugin.
#[inline]
pub fn guard_callback(call: impl FnOnce() -> Result<(), Fault>) -> i32 {
    let done = catch_unwind(AssertUnwindSafe(|| match call() {
        Ok(()) => 0,
        Err(fault) => fault.code().status(),
    }));
    match done {
        Ok(status) => status,
        Err(payload) => {
            std::mem::forget(payload);
            FaultCode::Panicked.status()
        }
    }
}

/// Ends an instance. One that panicked is not dropped: its invariants are gone.
///
/// # Safety
/// As [`guard`]; `this` is not used afterwards.
pub unsafe extern "C" fn destroy<T>(this: *mut c_void) {
    if this.is_null() {
        return;
    }
    // SAFETY: as the caller vouches.
    let mut shell = unsafe { Box::from_raw(this.cast::<Shell<T>>()) };
    if shell.poisoned {
        return;
    }
    // SAFETY: dropped once, here.
    let dropped = catch_unwind(AssertUnwindSafe(|| unsafe {
        ManuallyDrop::drop(&mut shell.value);
    }));
    if let Err(payload) = dropped {
        std::mem::forget(payload);
    }
}

/// Copies the fault that was kept last.
///
/// # Safety
/// As [`guard`]; `out` is null or has room for a [`FaultRaw`].
pub unsafe extern "C" fn last_fault<T>(this: *mut c_void, out: *mut FaultRaw) -> i32 {
    // SAFETY: as the caller vouches.
    unsafe {
        let (Some(shell), Some(out)) = (this.cast::<Shell<T>>().as_ref(), out.as_mut()) else {
            return FaultCode::Invalid.status();
        };
        out.status = shell.fault.status;
        out.text = shell.fault.text;
        0
    }
}

/// Makes an instance with `make` and describes it in `out`.
///
/// # Safety
/// `environment` points at an `E`, `out` and `fault` have room; `table` is the table of `T`.
pub unsafe fn create<T, E: Pod>(
    environment: *const c_void,
    out: *mut InstanceRaw,
    fault: *mut FaultRaw,
    table: *const c_void,
    make: impl FnOnce(&E) -> Result<T, Fault>,
) -> i32 {
    // SAFETY: as the caller vouches.
    let (Some(out), Some(fault)) = (unsafe { out.as_mut() }, unsafe { fault.as_mut() }) else {
        return FaultCode::Invalid.status();
    };
    let made = catch_unwind(AssertUnwindSafe(|| {
        let mut slot = std::mem::MaybeUninit::uninit();
        // SAFETY: as the caller vouches.
        let environment = unsafe { read_in(environment.cast::<E>(), &mut slot)? };
        make(environment)
    }));
    match made {
        Ok(Ok(instance)) => {
            *out = InstanceRaw {
                this: Shell::into_raw(instance),
                table,
            };
            0
        }
        Ok(Err(reason)) => refuse(fault, &reason),
        Err(payload) => panicked(fault, payload),
    }
}

#[cold]
fn refuse(kept: &mut FaultRaw, fault: &Fault) -> i32 {
    let status = match fault.code().status() {
        status if status < 0 => status,
        _ => FaultCode::Failed.status(),
    };
    kept.set(status, fault.text());
    status
}

#[cold]
fn poison<T>(shell: &mut Shell<T>, payload: Box<dyn Any + Send>) -> i32 {
    shell.poisoned = true;
    panicked(&mut shell.fault, payload)
}

/// Keeps what the panic said and where it was.
fn panicked(kept: &mut FaultRaw, payload: Box<dyn Any + Send>) -> i32 {
    let status = FaultCode::Panicked.status();
    let mut line = FixedText::<{ Fault::TEXT_BYTES }>::new();
    line.push(message(&*payload));
    let place = PANIC_PLACE.replace(FixedText::new());
    if !place.as_str().is_empty() {
        line.push(" at ");
        line.push(place.as_str());
    }
    kept.set(status, line.as_str());
    // Its destructor could panic again.
    std::mem::forget(payload);
    status
}

fn message(payload: &(dyn Any + Send)) -> &str {
    if let Some(text) = payload.downcast_ref::<&'static str>() {
        text
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text
    } else {
        "a panic without a message"
    }
}

/// Makes panics of this image silent and cheap: the default hook prints, and with a backtrace takes 200 ms. A plugin file has a standard
/// library of its own, so this touches nobody else's hook; a plugin linked into its host must not call it. \[control\]
pub fn install_silent_hook() {
    static INSTALLED: AtomicBool = AtomicBool::new(false);
    if INSTALLED.swap(true, Ordering::AcqRel) {
        return;
    }
    std::panic::set_hook(Box::new(|info| {
        let Some(location) = info.location() else { return };
        let mut place = FixedText::new();
        place.push_end(location.file(), 140);
        place.push(":");
        let mut digits = [0; 10];
        let mut at = digits.len();
        let mut rest = location.line();
        while rest > 0 || at == digits.len() {
            at -= 1;
            digits[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        place.push(std::str::from_utf8(&digits[at..]).unwrap_or(""));
        PANIC_PLACE.set(place);
    }));
}

thread_local! {
    /// Where the last panic of this thread in this image was. No destructor, so nothing is left behind when the thread ends.
    static PANIC_PLACE: Cell<FixedText<160>> = const { Cell::new(FixedText::new()) };
}

/// Text that never allocates.
struct FixedText<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> FixedText<N> {
    const fn new() -> Self {
        Self {
            bytes: [0; N],
            len: 0,
        }
    }

    fn push(&mut self, text: &str) {
        let mut room = (N - self.len).min(text.len());
        while !text.is_char_boundary(room) {
            room -= 1;
        }
        self.bytes[self.len..self.len + room].copy_from_slice(&text.as_bytes()[..room]);
        self.len += room;
    }

    /// The end of `text`, at most `most` bytes of it.
    fn push_end(&mut self, text: &str, most: usize) {
        let mut start = text.len().saturating_sub(most);
        while !text.is_char_boundary(start) {
            start += 1;
        }
        self.push(&text[start..]);
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.len]).unwrap_or("")
    }
}
