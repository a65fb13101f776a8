//! The tier `process`: one plugin in a process of its own. The graph sees the same proxy as of a plugin in its own process; behind it is a table
//! that writes each call into memory which both processes share (`jackfield_abi::wire`).
//!
//! * `channel`, `line`: the host's end. A block has a deadline; a plugin that misses it costs that block and nothing more.
//! * `keeper`, `process`: who starts the processes, and starts them again.
//! * `serve`, `commission`: the plugin's end, for the program `jackfield-sandbox`.
//! * `memory`, `futex`: what both stand on.
//!
//! Nothing here reads a clock or starts a thread: the kernel counts deadlines, and `Loader::tend` is given the time.

#![allow(
    unsafe_code,
    reason = "shared memory, futex and descriptors; each block says why it holds"
)]

mod channel;
mod commission;
mod futex;
mod keeper;
mod line;
mod memory;
mod process;
mod serve;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jackfield_abi::shape::AreaShape;
use jackfield_abi::thread::Class;
use jackfield_abi::wire::{self, Method, Remote};
use jackfield_abi::{Area, FaultRaw, Import, InstanceRaw};
use jackfield_core::module::Module;
use jackfield_core::units::TimeDelta;
use jackfield_core::{AREAS, transport};

use self::channel::{Current, ModuleMethods, ProcessChannel};
use self::line::{Line, State};
use self::memory::Shared;
use self::process::Process;
use crate::error::LoadError;

pub use self::commission::{Commission, Grant, NotAGrant};
pub(crate) use self::keeper::Registry;
pub use self::keeper::{Confinement, ProcessState, ProcessStatus};
pub use self::serve::Post;

/// The name of the program that runs a plugin.
pub const SANDBOX: &str = "jackfield-sandbox";
/// The variable that names another one.
pub const SANDBOX_VARIABLE: &str = "JACKFIELD_SANDBOX";

/// How plugins in processes of their own are run.
#[derive(Clone, Debug)]
pub struct ProcessTier {
    /// The program that runs a plugin. If nothing is said: what the variable `JACKFIELD_SANDBOX` names, else `jackfield-sandbox` beside the host's own
    /// program.
    pub program: Option<PathBuf>,
    /// How long a call from the audio or network thread waits for the plugin. Then the block goes without it. In virtual time, where nobody waits
    /// for a block, it should be long, so that a busy machine does not change the result.
    pub block_deadline: TimeDelta,
    /// The same from the control thread (`activate` may load a model).
    pub control_deadline: TimeDelta,
}

impl Default for ProcessTier {
    fn default() -> Self {
        Self {
            program: None,
            block_deadline: TimeDelta::ms(3),
            control_deadline: TimeDelta::seconds(10),
        }
    }
}

impl ProcessTier {
    /// The program that runs a plugin.
    ///
    /// # Errors
    /// With the places where it was looked for.
    pub fn find_program(&self) -> Result<PathBuf, String> {
        let named = self
            .program
            .clone()
            .or_else(|| std::env::var_os(SANDBOX_VARIABLE).map(PathBuf::from));
        let beside = || Some(std::env::current_exe().ok()?.parent()?.join(SANDBOX));
        let program = named.or_else(beside).unwrap_or_else(|| PathBuf::from(SANDBOX));
        if program.is_file() {
            Ok(program)
        } else {
            Err(format!(
                "{} is not there; install {SANDBOX} beside the host's program, or name it in {SANDBOX_VARIABLE}",
                program.display()
            ))
        }
    }
}

/// What this machine offers to confine a plugin's process with, without starting one.
pub fn offered_confinement() -> Confinement {
    const VERSION: libc::c_int = 1;
    // SAFETY: asks for a number: no attributes, and the flag that says so.
    let landlock = unsafe {
        libc::syscall(
            libc::SYS_landlock_create_ruleset,
            std::ptr::null::<u8>(),
            0_usize,
            VERSION,
        )
    };
    let mut action: u32 = libc::SECCOMP_RET_ERRNO;
    // SAFETY: asks whether an action is known; the kernel reads the word and writes nothing.
    let seccomp = unsafe {
        libc::syscall(
            libc::SYS_seccomp,
            libc::SECCOMP_GET_ACTION_AVAIL,
            0,
            &raw mut action,
        )
    };
    Confinement {
        landlock: u32::try_from(landlock).unwrap_or(0),
        seccomp: seccomp == 0,
    }
}

/// Why plugins of an area cannot run in a process of their own, if they cannot.
pub fn obstacle(area: &AreaShape) -> Option<String> {
    if area.id == <dyn transport::Transport as Area>::SHAPE.id {
        return Some(
            "its keys and connections would die with its process, and a peer cannot tell that from an attack"
                .to_owned(),
        );
    }
    if !AREAS.iter().any(|known| known.id == area.id) {
        return Some(format!("{SANDBOX} knows the areas of this release only"));
    }
    wire::obstacle(area).map(|method| format!("a callback of its method `{method}` gives something back"))
}

/// What is needed to run a plugin.
pub(crate) struct Order<'a> {
    pub(crate) image: &'a Path,
    pub(crate) source: &'a Path,
    pub(crate) id: &'a str,
    pub(crate) seed: u64,
    pub(crate) experiments: &'a BTreeMap<String, String>,
    pub(crate) allow: &'a [Grant],
    pub(crate) parameters: usize,
}

/// Starts a process for one instance and gives the proxy of it. \[control\]
///
/// # Errors
/// If the area cannot be carried, or the process does not get ready.
pub(crate) fn create<A>(
    tier: &ProcessTier,
    registry: &Arc<Registry>,
    order: &Order<'_>,
) -> Result<A::Proxy, LoadError>
where
    A: Area + ?Sized,
    A::Proxy: Module,
{
    static NEXT: AtomicU64 = AtomicU64::new(1);

    let area = A::SHAPE;
    if let Some(reason) = obstacle(area) {
        return Err(LoadError::NotInAProcess {
            id: order.id.to_owned(),
            area: area.id.to_owned(),
            reason,
        });
    }
    let failed = |reason: String| LoadError::Process {
        id: order.id.to_owned(),
        reason,
    };
    let program = tier.find_program().map_err(failed)?;
    let (shared, memory) =
        Shared::make().map_err(|error| failed(format!("cannot make shared memory: {error}")))?;
    let commission = Commission::new(
        order.image.to_owned(),
        order.source.to_owned(),
        order.id,
        area.id,
        order.seed,
        order.experiments,
        order.allow,
    );
    let line = Arc::new(Line::new(shared, order.parameters));
    let mut process = Process::new(program, memory);
    line.clear();
    process.start(&commission).map_err(failed)?;
    keeper::start(&line, &commission, &mut process).map_err(failed)?;
    line.turn(State::Down, State::Up);
    let id = NEXT.fetch_add(1, Ordering::Relaxed);
    let methods = module_methods();
    warn_of_what_is_missing(&line, order.id);
    registry.keep(id, Arc::clone(&line), commission, process, methods.set_parameter);
    let channel = ProcessChannel {
        id,
        line,
        registry: Arc::clone(registry),
        shape: area,
        methods,
        block_deadline: duration(tier.block_deadline),
        control_deadline: duration(tier.control_deadline),
        processing: false,
        call: Current {
            method: methods.parameter,
            class: Class::Control,
            aside: false,
        },
        fault: FaultRaw::NONE,
        aside: Box::new([0; 2]),
    };
    let instance = InstanceRaw {
        this: Remote::into_raw(Box::new(channel), Shared::capacity()),
        table: A::WIRE.table,
    };
    // SAFETY: the area's own table for instances made by `Remote::into_raw`.
    let proxy = unsafe { <A::Proxy as Import>::import(instance) };
    proxy.map_err(|error| LoadError::Table {
        id: order.id.to_owned(),
        error,
    })
}

fn warn_of_what_is_missing(line: &Line, plugin: &str) {
    let header = line.shared.header();
    if header.landlock.load(Ordering::Relaxed) == 0 {
        tracing::warn!(
            plugin,
            "this kernel has no Landlock: the plugin's process is confined by seccomp alone, which cannot tell one file from another"
        );
    }
}

fn module_methods() -> ModuleMethods {
    let shape = <dyn Module as Area>::SHAPE;
    let index = |name: &str| {
        let found = (0..).zip(shape.methods).find(|(_, method)| method.name == name);
        Method {
            module: true,
            index: found.map_or(u32::MAX >> 1, |(index, _)| index),
        }
    };
    ModuleMethods {
        set_parameter: index("set_parameter"),
        parameter: index("parameter"),
    }
}

fn duration(delta: TimeDelta) -> Duration {
    Duration::from_micros(delta.as_us().unsigned_abs())
}
