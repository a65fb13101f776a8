//! Runs a case in a child process and collects what it tells.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::protocol::{Message, Request};
use crate::shim::machine::seconds_waited;

/// What a child told, and how it ended.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) messages: Vec<Message>,
    pub(crate) status: Option<ExitStatus>,
    /// The end of what it wrote to its standard error.
    pub(crate) said: String,
    pub(crate) seconds: f64,
}

impl Outcome {
    pub(crate) fn is_done(&self) -> bool {
        self.messages.contains(&Message::Done)
    }

    pub(crate) fn signal(&self) -> Option<i32> {
        self.status.and_then(|status| status.signal())
    }
}

/// The program that runs one case: the validator's own, with the arguments that lead it to [`run_case`](crate::run_case).
#[derive(Clone, Debug)]
pub(crate) struct Children {
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<String>,
    pub(crate) jobs: usize,
}

impl Children {
    /// Runs all of them, some at a time, and gives what each told, in order.
    ///
    /// # Errors
    /// If the program cannot be started.
    pub(crate) fn run(&self, requests: &[Request]) -> std::io::Result<Vec<Outcome>> {
        let next = AtomicUsize::new(0);
        let results: Mutex<Vec<Option<std::io::Result<Outcome>>>> =
            Mutex::new(requests.iter().map(|_| None).collect());
        thread::scope(|scope| {
            for _ in 0..self.jobs.clamp(1, requests.len().max(1)) {
                scope.spawn(|| {
                    while let Some((index, request)) = requests
                        .iter()
                        .enumerate()
                        .nth(next.fetch_add(1, Ordering::Relaxed))
                    {
                        let outcome = self.one(request);
                        if let Ok(mut results) = results.lock() {
                            results[index] = Some(outcome);
                        }
                    }
                });
            }
        });
        let results = results
            .into_inner()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        results
            .into_iter()
            .map(|outcome| outcome.unwrap_or_else(|| Err(std::io::Error::other("a case was not run"))))
            .collect()
    }

    fn one(&self, request: &Request) -> std::io::Result<Outcome> {
        let start = Instant::now();
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .arg(serde_json::to_string(request)?)
            .env("RUST_BACKTRACE", "0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        // It ends by itself when its time is up, unless the plugin has taken the signal away.
        let limit = Duration::from_secs(u64::from(request.wall_seconds) + 5);
        let (messages, said, status) = thread::scope(|scope| {
            let messages = scope.spawn(|| {
                let lines = BufReader::new(stdout.into_iter().next()?).lines();
                Some(
                    lines
                        .map_while(Result::ok)
                        .filter_map(|line| serde_json::from_str(&line).ok())
                        .collect::<Vec<Message>>(),
                )
            });
            let said = scope.spawn(|| {
                let mut text = Vec::new();
                // What a plugin says without end is not kept without end.
                let mut stderr = stderr?;
                let mut chunk = [0; 4_096];
                while let Ok(length) = stderr.read(&mut chunk) {
                    if length == 0 {
                        break;
                    }
                    text.extend_from_slice(&chunk[..length]);
                    if text.len() > 8_192 {
                        text.drain(..text.len() - 2_048);
                    }
                }
                Some(String::from_utf8_lossy(&text).trim().to_owned())
            });
            let status = loop {
                match child.try_wait() {
                    Ok(Some(status)) => break Some(status),
                    Ok(None) if start.elapsed() < limit || start.elapsed() < limit + waited(child.id()) => {
                        thread::sleep(Duration::from_millis(2));
                    }
                    _ => {
                        let _ = child.kill();
                        break child.wait().ok();
                    }
                }
            };
            let messages = messages.join().ok().flatten().unwrap_or_default();
            (messages, said.join().ok().flatten().unwrap_or_default(), status)
        });
        let _ = std::fs::remove_dir_all(std::env::temp_dir().join(format!("jackfield-check-{}", child.id())));
        Ok(Outcome {
            messages,
            status,
            said,
            seconds: start.elapsed().as_secs_f64(),
        })
    }
}

/// For how long a process has waited for a processor.
fn waited(process: u32) -> Duration {
    let schedstat = std::fs::read(format!("/proc/{process}/schedstat")).unwrap_or_default();
    Duration::from_secs(u64::from(seconds_waited(&schedstat)))
}
