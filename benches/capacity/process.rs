//! A server's process, and what the system says of it.

use std::process::{Child, Command, Stdio};

use crate::Error;

/// The unit of `/proc/PID/stat`: USER_HZ, which Linux fixes at 100 for all that programs see.
const TICKS_PER_SECOND: f64 = 100.0;

/// A child process; dropping it ends it.
pub(crate) struct Server(pub(crate) Child);

impl Server {
    /// Starts it with pipes for its input and output.
    pub(crate) fn start(command: &mut Command) -> Result<Self, Error> {
        let name = command.get_program().to_string_lossy().into_owned();
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let child = command
            .spawn()
            .map_err(|e| format!("{name} does not start: {e}"))?;
        Ok(Self(child))
    }

    /// The processor time, user and system, that it has used.
    pub(crate) fn processor_seconds(&self) -> Result<f64, Error> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0.id()))?;
        // The name, in parentheses, may hold blanks; user time is the twelfth field after it.
        let after = stat.rsplit_once(')').ok_or("a line without a name")?.1;
        let fields: Vec<&str> = after.split_ascii_whitespace().collect();
        let ticks = |at: usize| fields.get(at).and_then(|f| f.parse::<f64>().ok());
        Ok((ticks(11).ok_or("no user time")? + ticks(12).ok_or("no system time")?) / TICKS_PER_SECOND)
    }

    /// Its resident memory.
    pub(crate) fn resident_mb(&self) -> Result<f64, Error> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes: f64 = line
            .and_then(|rest| rest.split_ascii_whitespace().next())
            .ok_or("no VmRSS")?
            .parse()?;
        Ok(kilobytes / 1_024.0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
