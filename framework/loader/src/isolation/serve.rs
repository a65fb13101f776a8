//! The other end of the line: what runs in a plugin's process.

use std::fs::File;
use std::io;
use std::mem::offset_of;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};

use jackfield_abi::wire::{Frame, Method, Records, Serve};
use jackfield_abi::{Fault, FaultCode, FaultRaw};
use jackfield_core::WIRES;

use super::commission::Commission;
use super::futex::{self, WAITERS};
use super::keeper::{Confinement, DESTROY};
use super::memory::{FAILED, Header, READY, Shared};
use crate::elf;
use crate::image::Image;
use crate::loader::environment;

/// A plugin's process before its plugin: what it was started for, and the memory that it shares with its host.
pub struct Post {
    shared: Shared,
    commission: Commission,
    _lifeline: OwnedFd,
}

impl Post {
    /// Takes up the post: reads the commission, maps the memory, ties this process's life to its host's, and closes every descriptor that is not
    /// needed. To be called first, on the only thread.
    ///
    /// # Errors
    /// If this process was not started by a host.
    pub fn take_up(order: &str) -> Result<Self, String> {
        let by_hand = |what: String| {
            format!(
                "{what}; this program is started by a Jackfield host, for a plugin with isolation = \"process\""
            )
        };
        let commission: Commission = serde_json::from_str(order)
            .map_err(|error| by_hand(format!("this is no commission: {error}")))?;
        let shared = descriptor(0).and_then(|memory| Shared::map(&File::from(memory)));
        let shared =
            shared.map_err(|error| by_hand(format!("standard input is not the shared memory: {error}")))?;
        let lifeline = descriptor(1).and_then(tie_to_host);
        let lifeline =
            lifeline.map_err(|error| by_hand(format!("standard output is not the lifeline: {error}")))?;
        nothing_else_open(&lifeline).map_err(|error| format!("cannot close what is not needed: {error}"))?;
        Ok(Self {
            shared,
            commission,
            _lifeline: lifeline,
        })
    }

    /// What it was started for.
    pub fn commission(&self) -> &Commission {
        &self.commission
    }

    /// Confines this process by `confine`, then runs the plugin until the host has no more use for it. Constructors of the plugin's image run
    /// confined too.
    pub fn serve(
        self,
        confine: impl FnOnce(&Commission) -> Result<Confinement, String>,
    ) -> Result<(), String> {
        let header = self.shared.header();
        match self.prepare(confine) {
            Ok((mut instance, confinement)) => {
                header.landlock.store(confinement.landlock, Relaxed);
                header.seccomp.store(u32::from(confinement.seccomp), Relaxed);
                Will::leave(header);
                // Read before the host may call: what changes it afterwards is a call.
                let last = header.request.load(Acquire);
                self.ready(READY);
                self.work(&mut *instance, last);
                Ok(())
            }
            Err(reason) => {
                header.length.store(self.shared.write(reason.as_bytes()), Relaxed);
                self.ready(FAILED);
                Err(reason)
            }
        }
    }

    fn prepare(
        &self,
        confine: impl FnOnce(&Commission) -> Result<Confinement, String>,
    ) -> Result<(Box<dyn Serve>, Confinement), String> {
        let commission = &self.commission;
        if !commission.is_of_this_build() {
            return Err(
                "the host and jackfield-sandbox are not of one build; install both from the same release"
                    .to_owned(),
            );
        }
        let wire = WIRES.iter().find(|wire| wire.shape.id == commission.area);
        let Some(wire) = wire else {
            return Err(format!(
                "jackfield-sandbox does not know the area {}",
                commission.area
            ));
        };
        let confinement = confine(commission)?;
        let bytes =
            std::fs::read(&commission.image).map_err(|error| format!("cannot read the plugin: {error}"))?;
        let frames = elf::examine(&bytes).map_err(|fault| fault.to_string())?;
        drop(bytes);
        let image = Image::open(&commission.image, &commission.source, None, frames)
            .map_err(|error| error.to_string())?;
        let environment =
            environment(commission.seed, &commission.experiments).map_err(|fault| fault.to_string())?;
        let instance = image
            .create_raw(&commission.id, wire.shape.id, &environment)
            .map_err(|error| error.to_string())?;
        // SAFETY: the instance was made a moment ago for this area, by a plugin whose shape and proof agree with ours.
        let instance = unsafe { (wire.serve)(instance) }.map_err(|error| error.to_string())?;
        Ok((instance, confinement))
    }

    fn ready(&self, stage: u32) {
        let header = self.shared.header();
        header.stage.store(stage, Release);
        futex::wake(&header.stage);
    }

    /// Answers calls until the farewell.
    fn work(&self, instance: &mut dyn Serve, mut last: u32) {
        let header = self.shared.header();
        loop {
            let number = header.request.load(Acquire);
            if number == last {
                futex::wait(&header.request, number, None);
                continue;
            }
            last = number;
            let method = header.method.load(Relaxed);
            if method == DESTROY {
                return;
            }
            let (status, records) = self.answer(instance, Method::from_raw(method));
            header.status.store(status, Relaxed);
            header.records.store(records as u32, Relaxed);
            header.answered.store(number, Relaxed);
            if header.answer.swap(0, AcqRel) & WAITERS != 0 {
                futex::wake(&header.answer);
            }
        }
    }

    fn answer(&self, instance: &mut dyn Serve, method: Method) -> (i32, usize) {
        let length = self.shared.header().length.load(Relaxed) as usize;
        // What a method gives lies behind its arguments, in the room that the host left.
        let length = length.min(Shared::capacity());
        // SAFETY: records and arguments are two parts of the mapping, and both are ours until the answer.
        let (records, result) = unsafe {
            let records = Records::new(self.shared.records(), Shared::capacity());
            let mut frame = Frame::new(self.shared.arguments(), length, &records);
            let result = instance.serve(method, &mut frame);
            (records.length(), result)
        };
        match result {
            Ok(()) => (0, records),
            Err(fault) => (self.tell(instance, &fault), records),
        }
    }

    /// Leaves a fault where the host finds it, with its whole text.
    fn tell(&self, instance: &mut dyn Serve, fault: &Fault) -> i32 {
        let status = fault.code().status();
        let whole = instance
            .whole_fault()
            .filter(|whole| whole.code() == fault.code());
        let text = whole.as_ref().unwrap_or(fault).text();
        let mut raw = FaultRaw::NONE;
        raw.set(status, text);
        self.shared.set_fault(raw);
        if fault.code() == FaultCode::Panicked {
            tracing::error!("the plugin panicked: {text}");
        }
        status
    }
}

fn descriptor(number: i32) -> io::Result<OwnedFd> {
    // SAFETY: a number; fails if no such descriptor is open. The copy is nobody else's.
    unsafe {
        let copy = libc::fcntl(number, libc::F_DUPFD_CLOEXEC, 3);
        if copy < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(OwnedFd::from_raw_fd(copy))
    }
}

/// Has the kernel kill this process when the host's end of the lifeline is closed, whatever closes it and whatever this process is doing.
fn tie_to_host(lifeline: OwnedFd) -> io::Result<OwnedFd> {
    let number = lifeline.as_raw_fd();
    let set = |command, value: libc::c_int| {
        // SAFETY: a descriptor that is open, and numbers.
        let done = unsafe { libc::fcntl(number, command, value) };
        if done < 0 {
            Err(io::Error::last_os_error())
        } else {
            Ok(())
        }
    };
    set(libc::F_SETOWN, std::process::id() as libc::c_int)?;
    set(F_SETSIG, libc::SIGKILL)?;
    set(libc::F_SETFL, libc::O_ASYNC | libc::O_NONBLOCK)?;
    // The host may have ended before the lifeline was armed.
    let mut state = libc::pollfd {
        fd: number,
        events: libc::POLLIN,
        revents: 0,
    };
    // SAFETY: one entry, which lives until the call returns.
    unsafe { libc::poll(&raw mut state, 1, 0) };
    if state.revents != 0 {
        return Err(io::Error::other("the host has ended, or this is no pipe"));
    }
    Ok(lifeline)
}

/// From `asm-generic/fcntl.h`; libc has no name for it.
const F_SETSIG: libc::c_int = 10;

/// Leaves standard error and the lifeline; what a library prints on standard output goes nowhere.
fn nothing_else_open(lifeline: &OwnedFd) -> io::Result<()> {
    let nowhere = File::options().read(true).write(true).open("/dev/null")?;
    let keep = lifeline.as_raw_fd() as libc::c_uint;
    // SAFETY: descriptors that are open; those that are closed belong to nobody here, because nothing but this has run in the process.
    unsafe {
        for standard in [0, 1] {
            if libc::dup2(nowhere.as_raw_fd(), standard) < 0 {
                return Err(io::Error::last_os_error());
            }
        }
        drop(nowhere);
        let voice = libc::fcntl(2, libc::F_GETFL);
        libc::fcntl(2, libc::F_SETFL, voice | libc::O_NONBLOCK);
        if keep > 3 {
            libc::syscall(libc::SYS_close_range, 3, keep - 1, 0);
        }
        libc::syscall(libc::SYS_close_range, keep + 1, libc::c_uint::MAX, 0);
    }
    Ok(())
}

/// What the kernel does in the name of this thread when it ends, however it ends: it marks the word that says whose turn it is, if it is ours, and wakes
/// the host; and it marks the word that says that we are there. A robust futex list (`Documentation/locking/robust-futex-ABI.rst`): every word lies
/// equally far behind its entry.
#[repr(C)]
struct Will {
    head: libc::c_long,
    offset: libc::c_long,
    pending: libc::c_long,
    entries: [libc::c_long; 2],
}

impl Will {
    fn leave(header: &Header) {
        let will = Box::leak(Box::new(Self {
            head: 0,
            offset: 0,
            pending: 0,
            entries: [0; 2],
        }));
        let head = &raw const will.head as libc::c_long;
        let [answer, alive] = [&raw const will.entries[0], &raw const will.entries[1]];
        // A circle of the head and the entries. First it is told that we are gone: a host that takes its turn between the two finds that out.
        will.head = alive as libc::c_long;
        will.entries = [head, answer as libc::c_long];
        will.offset = header.answer.as_ptr() as libc::c_long - answer as libc::c_long;
        let length = offset_of!(Self, entries);
        // SAFETY: the list is leaked and stays where it is until the thread ends; its layout is the kernel's robust_list_head with the entries behind it,
        // and both words lie `offset` behind their entries, as `Header` makes sure.
        let thread = unsafe {
            libc::syscall(libc::SYS_set_robust_list, head, length);
            libc::gettid()
        };
        header.alive.store(thread as u32, Relaxed);
    }
}
