//! Who starts plugins' processes, sees them end, and starts them again: off the audio thread, with the time as an argument.

use std::sync::atomic::Ordering::{Acquire, Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jackfield_abi::wire::Method;
use jackfield_core::time::Timestamp;
use jackfield_core::units::TimeDelta;
use serde::Serialize;

use super::commission::Commission;
use super::futex;
use super::line::{Line, State, Wait};
use super::memory::{FAILED, READY};
use super::process::Process;

/// The wait before the second start in a row; it doubles with each.
const BACK_OFF: TimeDelta = TimeDelta::ms(100);
const LONGEST_BACK_OFF: TimeDelta = TimeDelta::seconds(10);
/// So many ends in a row, and the plugin is not started again.
const ENDS_IN_A_ROW: u32 = 8;
/// After so long without an end the row begins anew.
const HEALTHY: TimeDelta = TimeDelta::seconds(10);
/// A process that has not answered a call for so long hangs.
const HANGS: TimeDelta = TimeDelta::ms(300);
/// So long a process may take to be ready, and each call that sets it up.
const START: TimeDelta = TimeDelta::seconds(10);
/// How often the first start is looked at.
const LOOK: Duration = Duration::from_millis(20);
/// So long an instance may take to be destroyed.
const FAREWELL: Duration = Duration::from_millis(200);
/// The call that ends an instance.
pub(super) const DESTROY: u32 = u32::MAX;

/// All processes of one loader.
#[derive(Default)]
pub(crate) struct Registry {
    keepers: Mutex<Vec<Keeper>>,
}

/// What is known of a plugin's process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProcessStatus {
    /// The plugin.
    pub plugin: String,
    /// Its area.
    pub area: String,
    /// The process, while there is one.
    pub process: Option<u32>,
    /// How it is.
    pub state: ProcessState,
    /// Calls that the host made.
    pub calls: u64,
    /// Of them those whose deadline passed without an answer.
    pub missed: u64,
    /// Calls that went without an answer, for whatever reason: the block was concealed.
    pub concealed: u64,
    /// How often the process ended, or was ended because it hung.
    pub ends: u64,
    /// How often it was started again.
    pub restarts: u64,
    /// What keeps it from more than it needs.
    pub confinement: Confinement,
}

/// How a plugin's process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ProcessState {
    /// It answers.
    Up,
    /// It is busy with a call whose deadline has passed.
    Late,
    /// It ended and is started again.
    Restarting,
    /// It ended too often in a row.
    GivenUp,
}

/// What a plugin's process is kept from more than it needs by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Confinement {
    /// The version of Landlock that closes files and sockets; 0 if the kernel has none.
    pub landlock: u32,
    /// Whether system calls are filtered.
    pub seccomp: bool,
}

struct Keeper {
    id: u64,
    line: Arc<Line>,
    commission: Commission,
    process: Option<Process>,
    phase: Phase,
    set_parameter: Method,
    ends_in_a_row: u32,
    up_since: Option<Timestamp>,
    /// The call that is late, by its number, and since when.
    late: Option<(u32, Timestamp)>,
}

enum Phase {
    Up,
    /// Until it is started again.
    Resting(Timestamp),
    /// Since it was started.
    Starting(Timestamp),
    /// Being set up, since; what is left to tell it.
    SettingUp(Timestamp, std::vec::IntoIter<(Method, Vec<u8>)>),
    GivenUp,
}

impl Registry {
    /// Takes over a process that is ready.
    pub(super) fn keep(
        &self,
        id: u64,
        line: Arc<Line>,
        commission: Commission,
        process: Process,
        set_parameter: Method,
    ) {
        self.keepers().push(Keeper {
            id,
            line,
            commission,
            process: Some(process),
            phase: Phase::Up,
            set_parameter,
            ends_in_a_row: 0,
            up_since: None,
            late: None,
        });
    }

    /// Sees to every process: notes who ended, and starts again whose time has come. Never blocks on a plugin. \[control\]
    pub(crate) fn tend(&self, now: Timestamp) {
        for keeper in &mut *self.keepers() {
            keeper.tend(now);
        }
    }

    /// What is known of each. \[control\]
    pub(crate) fn status(&self) -> Vec<ProcessStatus> {
        self.keepers().iter().map(Keeper::status).collect()
    }

    /// The instance is not needed any more. \[control\]
    pub(super) fn end(&self, id: u64) {
        let keeper = {
            let mut keepers = self.keepers();
            let at = keepers.iter().position(|keeper| keeper.id == id);
            at.map(|at| keepers.swap_remove(at))
        };
        // Outside of the lock: a farewell takes time.
        if let Some(mut keeper) = keeper {
            if keeper.line.turn(State::Up, State::Calling) {
                keeper.line.post(DESTROY, 0);
                keeper.line.wait(FAREWELL);
            }
            keeper.stop();
        }
    }

    /// A panic while the lock was held leaves the list whole.
    fn keepers(&self) -> MutexGuard<'_, Vec<Keeper>> {
        self.keepers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Starts a process and waits until it is ready. \[control\]
///
/// # Errors
/// With the reason, in words.
pub(super) fn start(line: &Line, commission: &Commission, process: &mut Process) -> Result<(), String> {
    let stage = &line.shared.header().stage;
    let looks = START.as_us().unsigned_abs() / LOOK.as_micros() as u64;
    for _ in 0..looks {
        process.hear(commission);
        match stage.load(Acquire) {
            READY => return Ok(()),
            FAILED => return Err(failure(line)),
            _ => {}
        }
        if let Some(end) = process.ended() {
            process.hear(commission);
            return Err(format!("its process ended before it was ready: {end}"));
        }
        futex::wait(stage, super::memory::STARTING, Some(LOOK));
    }
    Err("its process was not ready within 10 s".to_owned())
}

fn failure(line: &Line) -> String {
    let length = line.shared.header().length.load(Relaxed);
    String::from_utf8_lossy(&line.shared.read(length.min(4096))).into_owned()
}

impl Keeper {
    fn tend(&mut self, now: Timestamp) {
        let ended = match &mut self.process {
            Some(process) => {
                process.hear(&self.commission);
                process.ended()
            }
            None => None,
        };
        match &mut self.phase {
            Phase::Up => self.tend_up(now, ended.as_deref()),
            Phase::Resting(until) if now >= *until => self.start_again(now),
            Phase::Starting(since) => {
                let late = now.since(*since) > START;
                match self.line.shared.header().stage.load(Acquire) {
                    READY => {
                        let setups = self.line.replay(self.set_parameter).into_iter();
                        self.phase = Phase::SettingUp(now, setups);
                        self.set_up();
                    }
                    FAILED => self.has_ended(now, &failure(&self.line)),
                    _ if late => self.has_ended(now, "it was not ready within 10 s"),
                    _ => {
                        if let Some(end) = ended {
                            self.has_ended(now, &end);
                        }
                    }
                }
            }
            Phase::SettingUp(since, _) => {
                let late = now.since(*since) > START;
                match self.line.look() {
                    Wait::Answered => self.go_on(now),
                    Wait::Died => self.has_ended(now, ended.as_deref().unwrap_or("it ended")),
                    Wait::Late if late => self.has_ended(now, "it hung while it was set up"),
                    Wait::Late => {}
                }
            }
            Phase::Resting(_) | Phase::GivenUp => {}
        }
    }

    fn tend_up(&mut self, now: Timestamp, ended: Option<&str>) {
        let since = *self.up_since.get_or_insert(now);
        if now.since(since) > HEALTHY {
            self.ends_in_a_row = 0;
        }
        if ended.is_some() {
            // A call that is under way finds out by itself, and then the line is down.
            let _ = self.line.turn(State::Up, State::Down) || self.line.turn(State::Late, State::Down);
        }
        let hangs = self.line.state() == State::Late && self.is_late_since(now) > HANGS;
        if hangs {
            self.line.turn(State::Late, State::Down);
        }
        if self.line.state() == State::Down {
            let reason = if hangs {
                "it hung"
            } else {
                "it panicked, or hung while it was set up"
            };
            self.has_ended(now, ended.unwrap_or(reason));
        }
    }

    /// How long the call has been late that is late now.
    fn is_late_since(&mut self, now: Timestamp) -> TimeDelta {
        let number = self.line.number();
        match self.late {
            Some((late, since)) if late == number => now.since(since),
            _ => {
                self.late = Some((number, now));
                TimeDelta::ZERO
            }
        }
    }

    /// Notes an end, and when to start again.
    fn has_ended(&mut self, now: Timestamp, reason: &str) {
        self.stop();
        self.line.counts.ends.fetch_add(1, Relaxed);
        self.ends_in_a_row += 1;
        self.up_since = None;
        self.late = None;
        let (plugin, area) = (&self.commission.id, &self.commission.area);
        if self.ends_in_a_row >= ENDS_IN_A_ROW {
            tracing::error!(%plugin, %area, %reason, "a plugin's process ended {ENDS_IN_A_ROW} times in a row and is not started again; put another plugin in its place");
            self.phase = Phase::GivenUp;
            self.line.turn(State::Down, State::Lost);
            return;
        }
        let rest = match self.ends_in_a_row {
            1 => TimeDelta::ZERO,
            n => (BACK_OFF * (1_i64 << (n - 2))).min(LONGEST_BACK_OFF),
        };
        tracing::warn!(%plugin, %area, %reason, rest_ms = rest.as_ms(), "a plugin's process ended; it is started again");
        self.phase = Phase::Resting(now + rest);
    }

    fn start_again(&mut self, now: Timestamp) {
        self.line.clear();
        let again = self
            .process
            .as_mut()
            .map(|process| process.start(&self.commission));
        match again {
            Some(Ok(())) => self.phase = Phase::Starting(now),
            Some(Err(reason)) => self.has_ended(now, &reason),
            None => self.phase = Phase::GivenUp,
        }
    }

    /// The last call that set it up was answered.
    fn go_on(&mut self, now: Timestamp) {
        let status = self.line.shared.header().status.load(Relaxed);
        if status < 0 {
            let reason = self.line.shared.fault().to_fault();
            let reason = reason.map_or_else(|| format!("status {status}"), |fault| fault.to_string());
            return self.has_ended(now, &format!("it could not be set up again: {reason}"));
        }
        self.set_up();
    }

    /// Tells the newcomer the next thing; when there is no more, calls may come.
    fn set_up(&mut self) {
        let Phase::SettingUp(_, setups) = &mut self.phase else {
            return;
        };
        if let Some((method, arguments)) = setups.next() {
            let length = self.line.shared.write(&arguments);
            self.line.post(method.to_raw(), length);
            return;
        }
        self.phase = Phase::Up;
        self.line.counts.restarts.fetch_add(1, Relaxed);
        self.line.turn(State::Down, State::Up);
        tracing::info!(plugin = %self.commission.id, area = %self.commission.area, "a plugin's process is up again");
    }

    fn stop(&mut self) {
        if let Some(process) = &mut self.process {
            process.stop();
            process.hear(&self.commission);
        }
    }

    fn status(&self) -> ProcessStatus {
        let counts = &self.line.counts;
        let header = self.line.shared.header();
        let state = match (&self.phase, self.line.state()) {
            (Phase::GivenUp, _) | (_, State::Lost) => ProcessState::GivenUp,
            (Phase::Up, State::Up | State::Calling) => ProcessState::Up,
            (Phase::Up, State::Late) => ProcessState::Late,
            _ => ProcessState::Restarting,
        };
        ProcessStatus {
            plugin: self.commission.id.clone(),
            area: self.commission.area.clone(),
            process: self.process.as_ref().and_then(Process::id),
            state,
            calls: counts.calls.load(Relaxed),
            missed: counts.missed.load(Relaxed),
            concealed: counts.concealed.load(Relaxed),
            ends: counts.ends.load(Relaxed),
            restarts: counts.restarts.load(Relaxed),
            confinement: Confinement {
                landlock: header.landlock.load(Relaxed),
                seccomp: header.seccomp.load(Relaxed) != 0,
            },
        }
    }
}
