//! The host's end of the line, where calls come from: the audio thread writes a block, wakes the plugin's process, and waits no longer than
//! its deadline. It allocates nothing and takes no lock; the system call that it makes is `futex`.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use jackfield_abi::shape::AreaShape;
use jackfield_abi::thread::{self, Class};
use jackfield_abi::wire::{self, Answer, Channel, Memory, Method};
use jackfield_abi::{FaultCode, FaultRaw};

use super::keeper::Registry;
use super::line::{Line, State, Wait, parameter_arguments, parameter_of};
use super::memory::Shared;

const CAPACITY: usize = Shared::capacity();

/// The host's end.
pub(super) struct ProcessChannel {
    pub(super) id: u64,
    pub(super) line: Arc<Line>,
    pub(super) registry: Arc<Registry>,
    pub(super) shape: &'static AreaShape,
    pub(super) methods: ModuleMethods,
    pub(super) block_deadline: Duration,
    pub(super) control_deadline: Duration,
    /// Whether a block has come: before that, calls that may come from any thread come from the control thread, where threads do not say what they are.
    pub(super) processing: bool,
    pub(super) call: Current,
    pub(super) fault: FaultRaw,
    /// Stands in for the shared memory when a parameter is set while there is nobody to tell.
    pub(super) aside: Box<[u128; 2]>,
}

/// The methods of `jackfield.module/1` that this tier knows the meaning of.
#[derive(Clone, Copy)]
pub(super) struct ModuleMethods {
    pub(super) set_parameter: Method,
    pub(super) parameter: Method,
}

/// The call that was begun.
#[derive(Clone, Copy)]
pub(super) struct Current {
    pub(super) method: Method,
    pub(super) class: Class,
    /// Nobody is there to be told of a parameter.
    pub(super) aside: bool,
}

// SAFETY: the memory is the line's, or `aside`, which stands in for it with room for the two arguments of a parameter; both live as long as the channel.
// What `run` tells of records is cut to what there is room for.
unsafe impl Channel for ProcessChannel {
    fn begin(&mut self, method: Method, class: Class) -> Result<Memory, FaultCode> {
        let class = match class {
            // An instance that has not been given a block yet may be on the audio thread already: statistics are read there.
            Class::Any => thread::declared().unwrap_or(if self.processing {
                Class::Audio
            } else {
                Class::Control
            }),
            class => class,
        };
        self.processing |= matches!(class, Class::Audio | Class::Network);
        self.call = Current {
            method,
            class,
            aside: false,
        };
        self.line.counts.calls.fetch_add(1, Relaxed);
        match self.enter().and_then(|()| self.tell_pending()) {
            Ok(()) => Ok(Memory {
                arguments: self.line.shared.arguments(),
                capacity: CAPACITY,
                records: self.line.shared.records(),
            }),
            Err(_) if method == self.methods.set_parameter || method == self.methods.parameter => {
                self.call.aside = true;
                let aside = self.aside.as_mut_ptr().cast::<u8>();
                Ok(Memory {
                    arguments: aside,
                    capacity: size_of_val(&*self.aside),
                    records: aside,
                })
            }
            Err(code) => {
                self.line.counts.concealed.fetch_add(1, Relaxed);
                Err(self.failed(code))
            }
        }
    }

    fn run(&mut self, length: usize) -> Answer {
        if self.call.aside {
            return self.answer_aside();
        }
        self.exchange(length)
    }

    fn abandon(&mut self) {
        if !self.call.aside {
            self.line.turn(State::Calling, State::Up);
        }
    }

    fn fault(&mut self, fault: &mut FaultRaw) {
        *fault = self.fault;
    }
}

impl ProcessChannel {
    /// Takes the line for a call.
    fn enter(&self) -> Result<(), FaultCode> {
        let line = &self.line;
        match line.state() {
            // Nobody would answer.
            State::Up if line.is_dead() => {
                line.turn(State::Up, State::Down);
                Err(FaultCode::Gone)
            }
            State::Up if line.turn(State::Up, State::Calling) => Ok(()),
            State::Late => self.enter_late(),
            State::Lost => Err(FaultCode::Failed),
            State::Up | State::Calling | State::Down => Err(FaultCode::Gone),
        }
    }

    /// The answer to an earlier call may have come meanwhile; it is of no use to anybody, but the memory is ours again.
    fn enter_late(&self) -> Result<(), FaultCode> {
        let line = &self.line;
        let seen = match (line.look(), self.call.class) {
            (Wait::Late, Class::Control) => line.wait(self.control_deadline),
            (seen, _) => seen,
        };
        match seen {
            Wait::Answered => {
                if line.turn(State::Late, State::Calling) {
                    Ok(())
                } else {
                    Err(FaultCode::Gone)
                }
            }
            Wait::Died => {
                line.turn(State::Late, State::Down);
                Err(FaultCode::Gone)
            }
            Wait::Late => {
                line.counts.missed.fetch_add(1, Relaxed);
                if self.call.class == Class::Control {
                    line.turn(State::Late, State::Down);
                    return Err(FaultCode::Gone);
                }
                Err(FaultCode::TimedOut)
            }
        }
    }

    /// Tells the plugin of parameters that were set while it could not be told.
    fn tell_pending(&mut self) -> Result<(), FaultCode> {
        while let Some((index, value)) = self.line.take_pending() {
            let length = self.line.shared.write(&parameter_arguments(index, value));
            self.line.post(self.methods.set_parameter.to_raw(), length);
            match self.line.wait(self.deadline()) {
                Wait::Answered => {}
                Wait::Late => {
                    self.line.turn(State::Calling, State::Late);
                    return Err(FaultCode::TimedOut);
                }
                Wait::Died => {
                    self.line.turn(State::Calling, State::Down);
                    return Err(FaultCode::Gone);
                }
            }
        }
        Ok(())
    }

    fn exchange(&mut self, length: usize) -> Answer {
        let Current { method, class, .. } = self.call;
        let sets_up = class == Class::Control && wire::sets_up(self.shape, method);
        let setup = sets_up.then(|| self.line.shared.read(length as u32));
        let setting = (method == self.methods.set_parameter).then(|| self.parameter());
        self.line.post(method.to_raw(), length as u32);
        let code = match self.line.wait(self.deadline()) {
            Wait::Answered => {
                let answer = self.answered();
                if answer.status >= 0 {
                    if let Some(arguments) = setup {
                        self.line.note_setup(method, arguments);
                    }
                    if let Some((index, value)) = setting {
                        self.line.set(index, value, true);
                    }
                }
                return answer;
            }
            // What takes the control thread longer than this hangs.
            Wait::Late if class == Class::Control => {
                self.line.turn(State::Calling, State::Down);
                FaultCode::TimedOut
            }
            Wait::Late => {
                self.line.counts.missed.fetch_add(1, Relaxed);
                self.line.turn(State::Calling, State::Late);
                FaultCode::TimedOut
            }
            Wait::Died => {
                self.line.turn(State::Calling, State::Down);
                FaultCode::Gone
            }
        };
        if let Some((index, value)) = setting {
            // The plugin, or its successor, is told later.
            self.line.set(index, value, false);
            return Answer {
                status: 0,
                answered: false,
                records: 0,
            };
        }
        self.line.counts.concealed.fetch_add(1, Relaxed);
        Answer::none(self.failed(code))
    }

    fn answered(&mut self) -> Answer {
        let header = self.line.shared.header();
        let status = header.status.load(Relaxed);
        let records = (header.records.load(Relaxed) as usize).min(CAPACITY);
        if status < 0 {
            self.fault = self.line.shared.fault();
            self.fault.status = status;
        }
        if matches!(
            FaultCode::from_status(status),
            FaultCode::Panicked | FaultCode::Poisoned
        ) {
            // The instance is out of use, so its process is of no use either.
            self.line.turn(State::Calling, State::Down);
            if self.call.class != Class::Control {
                self.line.counts.concealed.fetch_add(1, Relaxed);
                return Answer {
                    status: FaultCode::Gone.status(),
                    answered: true,
                    records,
                };
            }
        } else {
            self.line.turn(State::Calling, State::Up);
        }
        Answer {
            status,
            answered: true,
            records,
        }
    }

    /// Answers in the place of a plugin that is not there: a parameter is what it was set to.
    fn answer_aside(&mut self) -> Answer {
        let (index, value) = self.parameter();
        let done = if self.call.method == self.methods.set_parameter {
            self.line.set(index, value, false)
        } else if let Some(value) = self.line.setting(index) {
            // Room for the result lies behind the index.
            let mut place = [0; 16];
            place[..8].copy_from_slice(&value.to_ne_bytes());
            self.aside[1] = u128::from_ne_bytes(place);
            true
        } else {
            false
        };
        let status = if done {
            0
        } else {
            self.failed(FaultCode::Gone).status()
        };
        Answer {
            status,
            answered: false,
            records: 0,
        }
    }

    /// The arguments of `set_parameter`, or the first of `parameter`, that were written.
    fn parameter(&self) -> (u32, f64) {
        let mut arguments = [0; 24];
        let from = if self.call.aside {
            self.aside.as_ptr().cast::<u8>()
        } else {
            self.line.shared.arguments().cast_const()
        };
        // SAFETY: both memories are at least that long, and ours at this moment.
        unsafe { std::ptr::copy_nonoverlapping(from, arguments.as_mut_ptr(), arguments.len()) };
        parameter_of(&arguments)
    }

    fn deadline(&self) -> Duration {
        if self.call.class == Class::Control {
            self.control_deadline
        } else {
            self.block_deadline
        }
    }

    /// Notes why there is no answer.
    fn failed(&mut self, code: FaultCode) -> FaultCode {
        self.fault.set(
            code.status(),
            match code {
                FaultCode::TimedOut => "the plugin's process did not answer in time; this block goes without it",
                FaultCode::Gone => "the plugin's process has ended; it is started again, and until then blocks go without it",
                _ => "the plugin's process ended too often and is not started again; the log tells why, put another plugin in its place",
            },
        );
        code
    }
}

impl Drop for ProcessChannel {
    fn drop(&mut self) {
        self.registry.end(self.id);
    }
}
