//! What is told of a process that is about to die. The text is made on the stack: a plugin that destroyed the heap is to be caught too.

#![allow(unsafe_code, reason = "signal handlers; each block says why it holds")]

use std::ffi::c_int;
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering};

use super::fence::{self, Touch};
use super::machine::{leave, waited_seconds, wake_in, write};
use super::sights::{Frames, Sight, What, take, walk};

/// Where it is told.
static OUTPUT: AtomicI32 = AtomicI32::new(2);
/// Seconds that were given to it beyond its time on the wall.
static GIVEN: AtomicU32 = AtomicU32::new(0);

/// Of every signal that ends a process because of what it did, or because its time is up, tells where it came from on `output`.
pub(crate) fn tell(output: i32) {
    OUTPUT.store(output, Ordering::Relaxed);
    for signal in [
        libc::SIGSEGV,
        libc::SIGBUS,
        libc::SIGILL,
        libc::SIGFPE,
        libc::SIGABRT,
        libc::SIGTRAP,
        libc::SIGXCPU,
        libc::SIGALRM,
    ] {
        catch(signal);
    }
}

fn catch(signal: c_int) {
    // SAFETY: a zeroed sigaction is valid, and the handler has the signature that SA_SIGINFO asks for.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = on_signal as extern "C" fn(_, _, _) as usize;
        action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_RESETHAND;
        libc::sigaction(signal, &raw const action, std::ptr::null_mut());
    }
}

/// Time in which it had no processor is given to it once more: that the machine is busy is no fault of the plugin. False if there is none to give.
fn give_time() -> bool {
    let waited = waited_seconds();
    let more = waited.saturating_sub(GIVEN.swap(waited, Ordering::Relaxed));
    if more == 0 {
        return false;
    }
    catch(libc::SIGALRM);
    wake_in(more);
    true
}

extern "C" fn on_signal(signal: c_int, info: *mut libc::siginfo_t, _context: *mut libc::c_void) {
    if signal == libc::SIGALRM && give_time() {
        return;
    }
    // SAFETY: the kernel passes a valid description to a handler installed with SA_SIGINFO.
    let address = unsafe { (*info).si_addr() } as usize;
    let touch = match signal {
        libc::SIGSEGV | libc::SIGBUS => fence::touched(address),
        _ => None,
    };
    tell_sights();
    let mut line = Line::new();
    line.text("{\"fault\":{\"signal\":");
    line.number(signal.unsigned_abs() as usize);
    line.text(",\"touch\":");
    line.text(match touch {
        Some(Touch::Outside) => "\"outside\"",
        Some(Touch::Closed) => "\"closed\"",
        Some(Touch::ReadOnly) => "\"read-only\"",
        None => "null",
    });
    line.frames(&walk());
    line.text("}}\n");
    line.send();
    leave(102);
}

/// Tells that the plugin wants to end the process, and ends it.
pub(crate) fn tell_exit(status: c_int) -> ! {
    tell_sights();
    let mut line = Line::new();
    line.text("{\"exit\":{\"status\":");
    if status < 0 {
        line.text("-");
    }
    line.number(status.unsigned_abs() as usize);
    line.frames(&walk());
    line.text("}}\n");
    line.send();
    leave(103);
}

/// Tells all that was seen so far, because the process may not live to tell it later.
pub(crate) fn tell_sights() {
    take(|sight| {
        let Sight {
            what,
            call,
            frames,
            times,
        } = *sight;
        let (what, number) = match what {
            What::Allocates => ("allocates", 0),
            What::Frees => ("frees", 0),
            What::Locks => ("locks", 0),
            What::CallsTheSystem(number) => ("calls-the-system", number),
            What::ReadsAClock => ("reads-a-clock", 0),
            What::CallsTheHost => ("calls-the-host", 0),
            What::Unwinds => ("unwinds", 0),
            What::OutOfMemory => ("out-of-memory", 0),
        };
        let mut line = Line::new();
        line.text("{\"sight\":{\"what\":\"");
        line.text(what);
        line.text("\",\"call\":\"");
        line.text(call);
        line.text("\",\"number\":");
        line.number(usize::try_from(number).unwrap_or(0));
        line.text(",\"times\":");
        line.number(times as usize);
        line.frames(&frames);
        line.text("}}\n");
        line.send();
        true
    });
}

/// A line of text on the stack.
struct Line {
    bytes: [u8; 640],
    length: usize,
}

impl Line {
    fn new() -> Self {
        Self {
            bytes: [0; 640],
            length: 0,
        }
    }

    fn text(&mut self, text: &str) {
        let room = (self.bytes.len() - self.length).min(text.len());
        self.bytes[self.length..self.length + room].copy_from_slice(&text.as_bytes()[..room]);
        self.length += room;
    }

    fn number(&mut self, mut number: usize) {
        let mut digits = [0; 20];
        let mut at = digits.len();
        loop {
            at -= 1;
            digits[at] = b'0' + (number % 10) as u8;
            number /= 10;
            if number == 0 {
                break;
            }
        }
        self.text(std::str::from_utf8(&digits[at..]).unwrap_or("0"));
    }

    fn frames(&mut self, frames: &Frames) {
        self.text(",\"frames\":[");
        for (n, frame) in frames.as_slice().iter().enumerate() {
            if n > 0 {
                self.text(",");
            }
            self.number(*frame);
        }
        self.text("]");
    }

    fn send(&self) {
        write(OUTPUT.load(Ordering::Relaxed), &self.bytes[..self.length]);
    }
}
