//! From what a child told to which rules are broken.

use std::path::Path;

use crate::cases::Case;
use crate::place::{Mapped, Place, Symbols};
use crate::process::Outcome;
use crate::protocol::Message;
use crate::rule::{self, Rule};

/// A rule that was seen broken in one case.
pub(crate) struct Broken {
    pub(crate) rule: &'static Rule,
    pub(crate) what: String,
    pub(crate) stack: Vec<Place>,
}

/// What the outcome of a case says.
pub(crate) fn judge(case: &Case, outcome: &Outcome, symbols: &mut Symbols) -> Vec<Broken> {
    let mut images = Vec::new();
    let mut broken = Vec::new();
    let mut out_of_memory = false;
    let mut ended = outcome.is_done();
    for message in &outcome.messages {
        match message {
            Message::Image {
                path,
                base,
                start,
                end,
            } => images.push(Mapped {
                path: path.clone(),
                base: *base,
                start: *start,
                end: *end,
            }),
            Message::Sight {
                what,
                call,
                number,
                times,
                frames,
            } => {
                if what == "out-of-memory" {
                    out_of_memory = true;
                }
                if let Some((rule, what)) = sight(what, call, *number, *times) {
                    broken.push(Broken {
                        rule,
                        what,
                        stack: symbols.places(&images, frames),
                    });
                }
            }
            Message::Fault {
                signal,
                touch,
                frames,
            } => {
                ended = true;
                let (rule, what) = fault(*signal, touch.as_deref());
                broken.push(Broken {
                    rule: if out_of_memory { &rule::MEMORY_LIMIT } else { rule },
                    what: with_words(what, &outcome.said),
                    stack: symbols.places(&images, frames),
                });
            }
            Message::Exit { status, frames } => {
                ended = true;
                broken.push(Broken {
                    rule: &rule::EXITS,
                    what: format!("it wants to end the process with status {status}"),
                    stack: symbols.places(&images, frames),
                });
            }
            Message::Broken { rule, what, frames } => broken.push(Broken {
                rule: Rule::named(rule).unwrap_or(&rule::CONFORMANCE),
                what: what.clone(),
                stack: symbols.places(&images, frames),
            }),
            Message::Figure { .. } | Message::Digest(_) | Message::Skipped(_) | Message::Done => {}
        }
    }
    if !ended {
        let (rule, what) = ending(outcome);
        broken.push(Broken {
            rule,
            what: with_words(what, &outcome.said),
            stack: Vec::new(),
        });
    }
    if case.twice
        && let Some(what) = out_of_step(outcome)
    {
        broken.push(Broken {
            rule: &rule::DETERMINISM,
            what,
            stack: Vec::new(),
        });
    }
    broken
}

fn sight(what: &str, call: &str, number: i64, times: u32) -> Option<(&'static Rule, String)> {
    let called = format!("it calls {call}, {times} times");
    Some(match what {
        "allocates" => (&rule::ALLOCATES, called),
        "frees" => (&rule::FREES, called),
        "locks" => (&rule::LOCKS, called),
        "calls-the-system" if number == libc::SYS_futex => (
            &rule::LOCKS,
            format!("it waits for a lock or wakes who waits for it (system call futex), {times} times"),
        ),
        "calls-the-system" => (
            &rule::CALLS_THE_SYSTEM,
            format!("system call {}, {times} times", system_call(number)),
        ),
        "reads-a-clock" => (&rule::READS_A_CLOCK, called),
        "calls-the-host" => (
            &rule::CALLS_THE_HOST,
            format!("it writes to the host's log, {times} times"),
        ),
        _ => return None,
    })
}

fn fault(signal: i32, touch: Option<&str>) -> (&'static Rule, String) {
    match (signal, touch) {
        (_, Some("outside")) => (
            &rule::WRITES_PAST_ITS_BUFFER,
            "it touches memory outside the buffer that it was passed".to_owned(),
        ),
        (_, Some("closed")) => (
            &rule::KEEPS_POINTERS,
            "it touches a buffer that it was passed in an earlier call".to_owned(),
        ),
        (_, Some("read-only")) => (
            &rule::WRITES_TO_ITS_INPUT,
            "it writes to a block that it was passed to read".to_owned(),
        ),
        (libc::SIGABRT, _) => (&rule::ABORTS, "it aborts".to_owned()),
        (libc::SIGXCPU, _) => (
            &rule::HANGS,
            "it has used all the processor time that the case has, and was here".to_owned(),
        ),
        (libc::SIGALRM, _) => (
            &rule::HANGS,
            "it did not come back in the time that the case has, and was here".to_owned(),
        ),
        (signal, _) => (&rule::CRASHES, format!("it ends with {}", signal_name(signal))),
    }
}

fn ending(outcome: &Outcome) -> (&'static Rule, String) {
    match (outcome.signal(), outcome.status.and_then(|status| status.code())) {
        (Some(libc::SIGKILL | libc::SIGXCPU), _) | (None, None) => (
            &rule::HANGS,
            "it did not come back, and had to be killed".to_owned(),
        ),
        (Some(libc::SIGABRT), _) => (&rule::ABORTS, "it aborts".to_owned()),
        (Some(signal), _) => (&rule::CRASHES, format!("it ends with {}", signal_name(signal))),
        (None, Some(code)) => (
            &rule::EXITS,
            format!("the process ended with status {code} in the middle of the case"),
        ),
    }
}

/// Whether two runs of the case gave different digests.
fn out_of_step(outcome: &Outcome) -> Option<String> {
    let digests: Vec<&String> = outcome
        .messages
        .iter()
        .filter_map(|message| match message {
            Message::Digest(digest) => Some(digest),
            _ => None,
        })
        .collect();
    digests
        .windows(2)
        .any(|pair| pair[0] != pair[1])
        .then(|| "two processes with the same seed and the same input gave different output".to_owned())
}

/// The last line that it wrote before it ended, if any.
fn with_words(what: String, said: &str) -> String {
    match said.lines().rfind(|line| !line.trim().is_empty()) {
        Some(line) => {
            let line: String = line.chars().take(200).collect();
            format!("{what}; it said: {line}")
        }
        None => what,
    }
}

fn signal_name(signal: i32) -> String {
    let name = match signal {
        libc::SIGSEGV => "SIGSEGV: it touches memory that it must not",
        libc::SIGBUS => "SIGBUS: it touches memory that is not there",
        libc::SIGILL => "SIGILL: an instruction that there is not, or a trap",
        libc::SIGFPE => "SIGFPE: a whole number is divided by zero",
        libc::SIGTRAP => "SIGTRAP: a trap",
        libc::SIGKILL => "SIGKILL",
        _ => return format!("signal {signal}"),
    };
    name.to_owned()
}

/// The name of a system call, for those that plugins are known to make.
fn system_call(number: i64) -> String {
    const NAMES: &[(i64, &str)] = &[
        (libc::SYS_read, "read"),
        (libc::SYS_write, "write"),
        (libc::SYS_writev, "writev"),
        (libc::SYS_close, "close"),
        (libc::SYS_openat, "openat"),
        (libc::SYS_fstat, "fstat"),
        (libc::SYS_statx, "statx"),
        (libc::SYS_lseek, "lseek"),
        (libc::SYS_mmap, "mmap"),
        (libc::SYS_munmap, "munmap"),
        (libc::SYS_mprotect, "mprotect"),
        (libc::SYS_mremap, "mremap"),
        (libc::SYS_madvise, "madvise"),
        (libc::SYS_brk, "brk"),
        (libc::SYS_nanosleep, "nanosleep"),
        (libc::SYS_clock_nanosleep, "clock_nanosleep"),
        (libc::SYS_clock_gettime, "clock_gettime"),
        (libc::SYS_getrandom, "getrandom"),
        (libc::SYS_clone, "clone"),
        (libc::SYS_clone3, "clone3"),
        (libc::SYS_sched_yield, "sched_yield"),
        (libc::SYS_ioctl, "ioctl"),
        (libc::SYS_socket, "socket"),
        (libc::SYS_sendto, "sendto"),
        (libc::SYS_recvfrom, "recvfrom"),
        (libc::SYS_kill, "kill"),
        (libc::SYS_tgkill, "tgkill"),
        (libc::SYS_exit_group, "exit_group"),
        (libc::SYS_rt_sigaction, "rt_sigaction"),
        (libc::SYS_rt_sigprocmask, "rt_sigprocmask"),
    ];
    NAMES
        .iter()
        .find(|(known, _)| *known == number)
        .map_or_else(|| number.to_string(), |(_, name)| (*name).to_owned())
}

/// The file's name alone, for a report that is read on another machine.
pub(crate) fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(
        || path.display().to_string(),
        |name| name.to_string_lossy().into_owned(),
    )
}
