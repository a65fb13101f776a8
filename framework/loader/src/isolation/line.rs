//! The line between a host and one plugin's process, as both the thread that calls and the one that restarts see it: whose turn it is, and
//! what must be told to a successor.

use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst};
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, fence};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jackfield_abi::wire::Method;

use super::futex::{self, OWNER_DIED, WAITERS, Waited};
use super::memory::{STARTING, Shared};

/// Looks at the answer so often before it goes to sleep: a plugin that needs a microsecond answers meanwhile.
const LOOKS: u32 = 200;
/// A signal may end a wait early; more of them than this in one wait is a deadline.
const WAITS: u32 = 4;

/// Whose turn it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(super) enum State {
    /// Nobody's: a call may begin.
    Up,
    /// A call is under way.
    Calling,
    /// A call missed its deadline and has not been answered yet: the memory is still the plugin's.
    Late,
    /// The process ended or is to be ended; the one who restarts has the line.
    Down,
    /// It ended too often and is not started again.
    Lost,
}

/// How a wait for an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    Answered,
    Late,
    Died,
}

/// The line.
pub(super) struct Line {
    pub(super) shared: Shared,
    state: AtomicU32,
    sequence: AtomicU32,
    pub(super) counts: Counts,
    /// The parameters that were set, by index.
    parameters: Box<[Setting]>,
    pending: AtomicU32,
    /// The calls that set the instance up, each the last of its method, in the order of their coming.
    setups: Mutex<Vec<(Method, Vec<u8>)>>,
}

/// What has been counted; all only grow.
#[derive(Default)]
pub(super) struct Counts {
    pub(super) calls: AtomicU64,
    pub(super) missed: AtomicU64,
    pub(super) concealed: AtomicU64,
    pub(super) ends: AtomicU64,
    pub(super) restarts: AtomicU64,
}

struct Setting {
    value: AtomicU64,
    state: AtomicU8,
}

const UNSET: u8 = 0;
const SET: u8 = 1;
/// Set here, and not yet told to the plugin.
const PENDING: u8 = 2;

impl Line {
    pub(super) fn new(shared: Shared, parameters: usize) -> Self {
        let unset = || Setting {
            value: AtomicU64::new(0),
            state: AtomicU8::new(UNSET),
        };
        Self {
            shared,
            state: AtomicU32::new(State::Down as u32),
            sequence: AtomicU32::new(0),
            counts: Counts::default(),
            parameters: std::iter::repeat_with(unset).take(parameters).collect(),
            pending: AtomicU32::new(0),
            setups: Mutex::new(Vec::new()),
        }
    }

    pub(super) fn state(&self) -> State {
        match self.state.load(Acquire) {
            0 => State::Up,
            1 => State::Calling,
            2 => State::Late,
            3 => State::Down,
            _ => State::Lost,
        }
    }

    /// The number of the last call.
    pub(super) fn number(&self) -> u32 {
        self.sequence.load(Relaxed)
    }

    /// Goes from one state to another, if it is in it.
    pub(super) fn turn(&self, from: State, to: State) -> bool {
        self.state
            .compare_exchange(from as u32, to as u32, AcqRel, Acquire)
            .is_ok()
    }

    /// Rings the plugin's process up: the memory is its own from now on. `length` bytes of arguments stand in it.
    pub(super) fn post(&self, method: u32, length: u32) {
        let header = self.shared.header();
        let number = self.sequence.load(Relaxed).wrapping_add(1);
        self.sequence.store(number, Relaxed);
        header.method.store(method, Relaxed);
        header.length.store(length, Relaxed);
        header
            .answer
            .store(header.alive.load(Relaxed) & !OWNER_DIED, Relaxed);
        header.request.store(number, Release);
        futex::wake(&header.request);
    }

    /// Whether the call that was posted has been answered, or cannot be any more.
    pub(super) fn look(&self) -> Wait {
        let header = self.shared.header();
        match header.answer.load(Acquire) {
            0 if header.answered.load(Relaxed) == self.sequence.load(Relaxed) => Wait::Answered,
            // Nobody who keeps to the order gives the memory back without an answer.
            0 => Wait::Died,
            word if word & OWNER_DIED != 0 => Wait::Died,
            _ => Wait::Late,
        }
    }

    /// Whether the process has ended: the kernel marks it, between calls too.
    pub(super) fn is_dead(&self) -> bool {
        self.shared.header().alive.load(Acquire) & OWNER_DIED != 0
    }

    /// Waits for the answer to the call that was posted, about as long as `time`.
    pub(super) fn wait(&self, time: Duration) -> Wait {
        for _ in 0..LOOKS {
            match self.look() {
                Wait::Late => std::hint::spin_loop(),
                ended => return ended,
            }
        }
        // A process that ended before this call was posted leaves no mark on it; that it ended was marked before.
        fence(SeqCst);
        if self.is_dead() {
            return match self.look() {
                Wait::Late => Wait::Died,
                ended => ended,
            };
        }
        let word = &self.shared.header().answer;
        for _ in 0..WAITS {
            let held = word.load(Acquire);
            if held != 0 && held & OWNER_DIED == 0 {
                let waited_for = held | WAITERS;
                if held != waited_for && word.compare_exchange(held, waited_for, AcqRel, Acquire).is_err() {
                    continue;
                }
                if futex::wait(word, waited_for, Some(time)) == Waited::TimeUp {
                    return self.look();
                }
            }
            match self.look() {
                Wait::Late => {}
                ended => return ended,
            }
        }
        Wait::Late
    }

    /// The words as a new process must find them.
    pub(super) fn clear(&self) {
        let header = self.shared.header();
        header.stage.store(STARTING, Relaxed);
        header.answer.store(0, Relaxed);
        header.alive.store(0, Relaxed);
        let number = self.sequence.load(Relaxed);
        header.answered.store(number, Relaxed);
        header.request.store(number, Release);
    }

    /// Notes that a parameter was set; false if there is none of that index. `told` is whether the plugin knows.
    pub(super) fn set(&self, index: u32, value: f64, told: bool) -> bool {
        let Some(setting) = self.parameters.get(index as usize) else {
            return false;
        };
        setting.value.store(value.to_bits(), Relaxed);
        setting.state.store(if told { SET } else { PENDING }, Release);
        if !told {
            self.pending.store(1, Release);
        }
        true
    }

    /// What parameter `index` was set to.
    pub(super) fn setting(&self, index: u32) -> Option<f64> {
        let setting = self.parameters.get(index as usize)?;
        (setting.state.load(Acquire) != UNSET).then(|| f64::from_bits(setting.value.load(Relaxed)))
    }

    /// Takes a parameter that the plugin has not been told of.
    pub(super) fn take_pending(&self) -> Option<(u32, f64)> {
        if self.pending.load(Acquire) == 0 {
            return None;
        }
        let next = (0..).zip(&*self.parameters).find_map(|(index, setting)| {
            let taken = setting.state.compare_exchange(PENDING, SET, AcqRel, Acquire);
            taken
                .is_ok()
                .then(|| (index, f64::from_bits(setting.value.load(Relaxed))))
        });
        if next.is_none() {
            self.pending.store(0, Release);
        }
        next
    }

    /// Notes a call that set the instance up.
    pub(super) fn note_setup(&self, method: Method, arguments: Vec<u8>) {
        let mut setups = lock(&self.setups);
        setups.retain(|(earlier, _)| *earlier != method);
        setups.push((method, arguments));
    }

    /// What a successor in a new process is told: how it is set up, and the parameters. `set_parameter` is the method for these.
    pub(super) fn replay(&self, set_parameter: Method) -> Vec<(Method, Vec<u8>)> {
        let parameters = (0..).zip(&*self.parameters).filter_map(|(index, setting)| {
            let known = setting.state.swap(SET, AcqRel);
            if known == UNSET {
                setting.state.store(UNSET, Release);
                return None;
            }
            let value = f64::from_bits(setting.value.load(Relaxed));
            Some((set_parameter, parameter_arguments(index, value).to_vec()))
        });
        // As a host does it: the parameters of the manifest come before `activate`.
        parameters.chain(lock(&self.setups).iter().cloned()).collect()
    }
}

/// The arguments of `set_parameter` as they lie in memory.
pub(super) fn parameter_arguments(index: u32, value: f64) -> [u8; 24] {
    let mut arguments = [0; 24];
    arguments[..4].copy_from_slice(&index.to_ne_bytes());
    arguments[16..].copy_from_slice(&value.to_ne_bytes());
    arguments
}

/// The same, read.
pub(super) fn parameter_of(arguments: &[u8; 24]) -> (u32, f64) {
    let mut index = [0; 4];
    let mut value = [0; 8];
    index.copy_from_slice(&arguments[..4]);
    value.copy_from_slice(&arguments[16..]);
    (u32::from_ne_bytes(index), f64::from_ne_bytes(value))
}

/// A panic while the lock was held leaves the list whole: each change is one operation.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
