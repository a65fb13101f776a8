//! Time, randomness, threads, sockets and files are arguments below the runtime: a token scan beside the linter's list of
//! disallowed methods, because it also sees types, imports and what a macro would hide.

use crate::layers::may_touch_the_machine;
use crate::sources::Source;

/// What must not be named, and what to do instead. An entry matches the end of a path, at a `::` or at its start.
const FORBIDDEN: &[(&str, &str)] = &[
    ("Instant::now", "take `now: Timestamp` as an argument"),
    ("SystemTime::now", "take the wall-clock time as an argument"),
    ("thread::sleep", "return the next deadline"),
    ("thread::spawn", "threads belong to the runtime"),
    ("thread::Builder", "threads belong to the runtime"),
    ("thread::scope", "threads belong to the runtime"),
    ("UdpSocket", "take datagrams and give datagrams"),
    ("TcpListener", "sockets belong to the runtime"),
    ("TcpStream", "sockets belong to the runtime"),
    ("UnixStream", "sockets belong to the runtime"),
    ("rand::rng", "take a seed as an argument"),
    ("rand::random", "take a seed as an argument"),
    ("thread_rng", "take a seed as an argument"),
    ("from_os_rng", "take a seed as an argument"),
    ("from_entropy", "take a seed as an argument"),
    ("OsRng", "take a seed as an argument"),
    ("SysRng", "take a seed as an argument"),
    ("getrandom::fill", "take a seed as an argument"),
    ("getrandom::getrandom", "take a seed as an argument"),
    ("Rng::new", "take a seed as an argument"),
    (
        "OffsetDateTime::now_utc",
        "take the wall-clock time as an argument",
    ),
    ("Utc::now", "take the wall-clock time as an argument"),
    ("tokio::spawn", "tasks belong to the runtime"),
    ("tokio::time", "return the next deadline"),
    (
        "std::fs",
        "files are read and written by the loader, the capture plugins and the hosts",
    ),
];

/// Places that do so all the same: the path's beginning, what they name, and why.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    (
        "framework/loader/",
        "std::fs",
        "the loader reads manifests and copies plugin images",
    ),
    (
        "framework/lab/",
        "std::fs",
        "the lab reads experiments and scenarios and keeps the rows of its cells in files",
    ),
    (
        "framework/lab/src/executor",
        "thread::scope",
        "cells are independent of each other and run on all processors; within a cell there is one thread",
    ),
    (
        "plugins/transport/",
        "getrandom::fill",
        "keys and certificates come from the operating system: a seed that could be guessed would give the call away",
    ),
    (
        "plugins/transport/",
        "Instant::now",
        "an arbitrary origin for libraries whose time type has no other constructor; only differences from it are used",
    ),
    (
        "plugins/transport/webrtc-rs/",
        "tokio::time",
        "webrtc-ice and webrtc-dtls are written for tokio",
    ),
    (
        "plugins/transport/webrtc-rs/",
        "tokio::spawn",
        "webrtc-ice and webrtc-dtls are written for tokio",
    ),
    (
        "plugin-sdk/testkit/",
        "Instant::now",
        "the real-time-safety checks measure how long a call takes",
    ),
    (
        "plugin-sdk/macros/",
        "std::fs",
        "the macros write the C header when they are asked to",
    ),
];

/// What in this file reads a clock, draws randomness or opens something by itself, although its room must not.
pub fn breaches(source: &Source) -> Vec<String> {
    let bound = ["framework/", "plugin-sdk/", "plugins/"]
        .iter()
        .any(|room| source.path.starts_with(room));
    if !bound || may_touch_the_machine(&source.path) || source.is_for_tests() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for token in source.tokens() {
        for (path, instead) in FORBIDDEN {
            if names(&token.text, path) && !excepted(&source.path, path) {
                found.push(format!(
                    "{}:{}: `{}` stands below the runtime: {instead} (rule: time is an argument, modules are sans-IO)",
                    source.path, token.line, token.text
                ));
            }
        }
    }
    found
}

fn names(token: &str, path: &str) -> bool {
    let within = format!("::{token}::");
    within.contains(&format!("::{path}::"))
}

fn excepted(file: &str, path: &str) -> bool {
    EXCEPTIONS
        .iter()
        .any(|(room, what, _)| file.starts_with(room) && *what == path)
}
