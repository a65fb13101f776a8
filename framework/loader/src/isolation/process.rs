//! One plugin's process as its host has it: how it is started, what it says, how it is ended.

use std::fs::File;
use std::io::{self, PipeReader, PipeWriter, Read};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};

use super::commission::Commission;

/// So much of what a process says is taken at a time; who says more is cut short.
const HEARD_AT_ONCE: usize = 16 << 10;
/// The longest line that is kept while its end has not come.
const LONGEST_LINE: usize = 4096;

/// A process, or the place for one.
pub(super) struct Process {
    program: PathBuf,
    /// The memory, to be handed to each process that is started.
    memory: File,
    running: Option<Running>,
}

struct Running {
    child: Child,
    /// The process is killed by the kernel when the last copy of this is closed, that is when the host ends.
    _lifeline: PipeWriter,
    says: PipeReader,
    line: Vec<u8>,
    ended: Option<ExitStatus>,
}

impl Process {
    pub(super) fn new(program: PathBuf, memory: File) -> Self {
        Self {
            program,
            memory,
            running: None,
        }
    }

    /// Starts the process. It is handed three descriptors in the place of the usual ones: the memory, its end of the lifeline, and where it may say
    /// something. Nothing runs between fork and exec, so the host's pages are not copied and none of its locks can be held over.
    ///
    /// # Errors
    /// With the reason, in words.
    pub(super) fn start(&mut self, commission: &Commission) -> Result<(), String> {
        let program = self.program.display().to_string();
        let failed = |error: io::Error| format!("cannot start {program}: {error}");
        let order = serde_json::to_string(commission).map_err(|error| failed(error.into()))?;
        let (held, lifeline) = io::pipe().map_err(failed)?;
        let (says, voice) = io::pipe().map_err(failed)?;
        does_not_wait(&says).map_err(failed)?;
        let memory = self.memory.try_clone().map_err(failed)?;
        let mut command = Command::new(&self.program);
        command.arg(order);
        command.env_clear();
        // Where the dynamic linker looks for what a plugin is linked to. The rest of the host's environment is its own business.
        if let Some(libraries) = std::env::var_os("LD_LIBRARY_PATH") {
            command.env("LD_LIBRARY_PATH", libraries);
        }
        command
            .stdin(Stdio::from(OwnedFd::from(memory)))
            .stdout(Stdio::from(OwnedFd::from(held)))
            .stderr(Stdio::from(OwnedFd::from(voice)))
            .current_dir("/");
        let child = command.spawn().map_err(failed)?;
        self.running = Some(Running {
            child,
            _lifeline: lifeline,
            says,
            line: Vec::new(),
            ended: None,
        });
        Ok(())
    }

    pub(super) fn id(&self) -> Option<u32> {
        let running = self.running.as_ref()?;
        running.ended.is_none().then(|| running.child.id())
    }

    /// How it ended, if it did.
    pub(super) fn ended(&mut self) -> Option<String> {
        let running = self.running.as_mut()?;
        if running.ended.is_none() {
            running.ended = running.child.try_wait().ok().flatten();
        }
        running
            .ended
            .map(|status| match (status.code(), status.signal()) {
                (Some(code), _) => format!("it ended itself with exit code {code}"),
                (None, Some(signal)) => format!("it was ended by signal {signal}{}", signal_name(signal)),
                (None, None) => "it ended".to_owned(),
            })
    }

    /// Ends it, if it has not ended.
    pub(super) fn stop(&mut self) {
        if let Some(running) = &mut self.running
            && running.ended.is_none()
        {
            let _ = running.child.kill();
            running.ended = running.child.wait().ok();
        }
    }

    /// Puts what it said into the host's log.
    pub(super) fn hear(&mut self, commission: &Commission) {
        let Some(running) = &mut self.running else { return };
        let mut heard = [0; 2048];
        let mut taken = 0;
        while taken < HEARD_AT_ONCE {
            match running.says.read(&mut heard) {
                Ok(0) | Err(_) => break,
                Ok(length) => {
                    taken += length;
                    running.line.extend_from_slice(&heard[..length]);
                }
            }
            while let Some(end) = running.line.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = running.line.drain(..=end).collect();
                log(commission, &String::from_utf8_lossy(&line));
            }
            if running.line.len() > LONGEST_LINE {
                log(commission, &String::from_utf8_lossy(&running.line));
                running.line.clear();
            }
        }
        if running.ended.is_some() && !running.line.is_empty() {
            log(commission, &String::from_utf8_lossy(&running.line));
            running.line.clear();
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A line begins with its level if the process wrote it through the log; else a library printed it.
fn log(commission: &Commission, line: &str) {
    let (plugin, line) = (&*commission.id, line.trim());
    let (level, text) = line.split_once(' ').unwrap_or(("", line));
    let text = text.trim_start();
    match level {
        "ERROR" => tracing::error!(target: "jackfield::plugin", plugin, "{text}"),
        "WARN" => tracing::warn!(target: "jackfield::plugin", plugin, "{text}"),
        "INFO" => tracing::info!(target: "jackfield::plugin", plugin, "{text}"),
        "DEBUG" => tracing::debug!(target: "jackfield::plugin", plugin, "{text}"),
        "TRACE" => tracing::trace!(target: "jackfield::plugin", plugin, "{text}"),
        _ if line.is_empty() => {}
        _ => tracing::warn!(target: "jackfield::plugin", plugin, "printed: {line}"),
    }
}

fn signal_name(signal: i32) -> &'static str {
    match signal {
        libc::SIGSEGV => " (SIGSEGV: it used memory that is not its own)",
        libc::SIGABRT => " (SIGABRT: it aborted)",
        libc::SIGKILL => " (SIGKILL: it hung and was ended, or the machine ran out of memory)",
        libc::SIGILL => " (SIGILL)",
        libc::SIGFPE => " (SIGFPE)",
        libc::SIGBUS => " (SIGBUS)",
        _ => "",
    }
}

fn does_not_wait(pipe: &impl AsRawFd) -> io::Result<()> {
    // SAFETY: a descriptor that is open, and flags.
    let set = unsafe { libc::fcntl(pipe.as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK) };
    if set < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(())
    }
}
