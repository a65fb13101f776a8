//! Limits, clocks and counts that the standard library does not offer.

#![allow(
    unsafe_code,
    reason = "plain calls of the C library; each block says why it holds"
)]

use std::io;

/// The size of a page.
pub(crate) fn page() -> usize {
    // SAFETY: asks for a number.
    let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(size).unwrap_or(4_096)
}

/// Limits this process: seconds of processor time, seconds on the wall, and bytes that it may map beyond what it has mapped now. At the end of
/// either time it gets a signal.
pub(crate) fn limit(processor_seconds: u64, wall_seconds: u32, bytes: u64) {
    let mapped = std::fs::read_to_string("/proc/self/statm")
        .ok()
        .and_then(|text| text.split(' ').next()?.parse::<u64>().ok())
        .unwrap_or(0)
        * page() as u64;
    let set = |what, soft: u64, hard: u64| {
        let limit = libc::rlimit {
            rlim_cur: soft,
            rlim_max: hard,
        };
        // SAFETY: reads the struct that is passed.
        unsafe { libc::setrlimit(what, &raw const limit) };
    };
    set(libc::RLIMIT_CPU, processor_seconds, processor_seconds + 2);
    set(libc::RLIMIT_AS, mapped + bytes, mapped + bytes);
    set(libc::RLIMIT_CORE, 0, 0);
    wake_in(wall_seconds);
}

/// Asks for a signal in so many seconds on the wall.
pub(crate) fn wake_in(seconds: u32) {
    // SAFETY: asks for a signal.
    unsafe { libc::alarm(seconds) };
}

/// Seconds for which this process has waited for a processor, on a machine that has too much to do. For signal handlers: it allocates nothing.
pub(crate) fn waited_seconds() -> u32 {
    let mut text = [0_u8; 128];
    // SAFETY: opens a file by a name that ends with a zero, reads no more than there is room for, and closes what it opened.
    let read = unsafe {
        let file = libc::open(c"/proc/self/schedstat".as_ptr(), libc::O_RDONLY | libc::O_CLOEXEC);
        if file < 0 {
            return 0;
        }
        let read = libc::read(file, text.as_mut_ptr().cast(), text.len());
        libc::close(file);
        read
    };
    seconds_waited(&text[..usize::try_from(read).unwrap_or(0).min(text.len())])
}

/// What the kernel tells of a process in `schedstat`: nanoseconds that it ran, nanoseconds that it waited, and how often it ran.
pub(crate) fn seconds_waited(schedstat: &[u8]) -> u32 {
    let waited = schedstat.split(|byte| *byte == b' ').nth(1);
    let nanoseconds = waited.and_then(|digits| std::str::from_utf8(digits).ok()?.parse::<u64>().ok());
    u32::try_from(nanoseconds.unwrap_or(0) / 1_000_000_000).unwrap_or(u32::MAX)
}

/// Keeps the standard output for this program under another number, and gives the plugin the standard error for it.
///
/// # Errors
/// If there are no descriptors left.
pub(crate) fn keep_output() -> io::Result<i32> {
    // SAFETY: works on numbers; whatever they are, an error is the worst.
    unsafe {
        let kept = libc::fcntl(1, libc::F_DUPFD_CLOEXEC, 200);
        if kept < 0 || libc::dup2(2, 1) < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(kept)
    }
}

/// Writes all of it, as far as that goes.
pub(crate) fn write(descriptor: i32, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        // SAFETY: reads the bytes that are passed.
        let written = unsafe { libc::write(descriptor, bytes.as_ptr().cast(), bytes.len()) };
        match usize::try_from(written) {
            Ok(written) if written > 0 => bytes = &bytes[written..],
            _ => return,
        }
    }
}

/// Ends the process at once, running nothing more.
pub(crate) fn leave(status: i32) -> ! {
    // SAFETY: does not come back.
    unsafe { libc::_exit(status) }
}

/// Processor time of this thread in microseconds: what others do on the machine does not count.
pub(crate) fn thread_us() -> f64 {
    clock_us(libc::CLOCK_THREAD_CPUTIME_ID)
}

/// Time that only goes forward, in microseconds.
pub(crate) fn wall_us() -> f64 {
    clock_us(libc::CLOCK_MONOTONIC)
}

fn clock_us(clock: libc::clockid_t) -> f64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: writes to the struct that is passed.
    unsafe { libc::clock_gettime(clock, &raw mut time) };
    time.tv_sec as f64 * 1e6 + time.tv_nsec as f64 * 1e-3
}

/// Bytes that are allocated in this process and not freed, as the C library counts them.
pub(crate) fn bytes_in_use() -> u64 {
    // SAFETY: gives a struct of counts.
    let counts = unsafe { libc::mallinfo2() };
    (counts.uordblks + counts.hblkhd) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_for_which_a_process_waited_is_the_second_number() {
        assert_eq!(seconds_waited(b"13148967902 65866231526 8273\n"), 65);
        for nonsense in [&b""[..], b"7", b"7 x 9", b"7 -1 9", b"\xff \xff"] {
            assert_eq!(seconds_waited(nonsense), 0);
        }
    }
}
