//! The boundary between two processes. The importing proxy of an area works over a table; here is a table whose functions write the call into
//! memory that another process reads, and there the same proxy makes the call on the plugin. `#[area]` makes both ends of it from the trait,
//! so whatever crosses the boundary inside a process crosses it between two.
//!
//! How a call lies in that memory: its arguments one after another, each at a multiple of 16 bytes, a slice or a text behind its length, and
//! at the end room for what the method gives. The plugin works on its arguments where they lie; what it changes is read back from there. Its calls
//! of callbacks are written down and made by the host when the method has returned, so a callback's failure is the method's, and the plugin
//! itself is not told of it.
//!
//! This file moves bytes. Who shares the memory, who wakes whom and how long a call may take is for the [`Channel`].

mod call;
mod canned;
mod frame;

use std::ffi::c_void;

use crate::fault::{Fault, FaultCode, FaultRaw};
use crate::instance::{ImportError, InstanceRaw};
use crate::shape::{AreaShape, Passing, Returns};
use crate::thread::Class;

pub use call::Call;
pub use canned::Canned;
pub use frame::{Frame, Records, Writer};

/// The two ends of an area; implemented by `#[area]`.
pub struct AreaWire {
    /// Its description.
    pub shape: &'static AreaShape,
    /// The table for the host; `this` of an instance behind it is made by [`Remote::into_raw`].
    pub table: *const c_void,
    /// Makes of a plugin's instance what the other process calls.
    ///
    /// # Safety
    /// As [`Import::import`](crate::Import::import).
    pub serve: unsafe fn(InstanceRaw) -> Result<Box<dyn Serve>, ImportError>,
}

// SAFETY: the table is an immutable constant.
unsafe impl Sync for AreaWire {}
// SAFETY: as above.
unsafe impl Send for AreaWire {}

/// Which method of an instance is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Method {
    /// Whether it is one of `jackfield.module/1`, which every area has beside its own.
    pub module: bool,
    /// Its place in the table.
    pub index: u32,
}

impl Method {
    const MODULE: u32 = 1 << 31;

    /// As one number.
    pub const fn to_raw(self) -> u32 {
        self.index | if self.module { Self::MODULE } else { 0 }
    }

    /// From that number.
    pub const fn from_raw(raw: u32) -> Self {
        Self {
            module: raw & Self::MODULE != 0,
            index: raw & !Self::MODULE,
        }
    }
}

/// What makes calls that come from another process; implemented by `#[area]` for each proxy.
pub trait Serve {
    /// Makes the call whose arguments are in `frame`, and puts there what came of it.
    ///
    /// # Errors
    /// With the plugin's fault, or if there is no such method or the arguments do not lie as they must.
    fn serve(&mut self, method: Method, frame: &mut Frame<'_>) -> Result<(), Fault>;

    /// The whole text of the fault that was given last. Allocates.
    fn whole_fault(&mut self) -> Option<Fault>;
}

/// The way to an instance in another process.
///
/// # Safety
/// The memory that `begin` gives is there, as long as it says, and used by nobody else on this side until the next call; `run` tells of no more records
/// than lie in it.
pub unsafe trait Channel: Send {
    /// Begins a call: where its arguments are to be written.
    ///
    /// # Errors
    /// If it cannot be made now.
    fn begin(&mut self, method: Method, class: Class) -> Result<Memory, FaultCode>;

    /// Makes the call that was begun, whose arguments are `length` bytes long, and waits for the answer as long as its class may wait.
    fn run(&mut self, length: usize) -> Answer;

    /// Gives up the call that was begun: its arguments do not fit.
    fn abandon(&mut self);

    /// Tells why the last call failed.
    fn fault(&mut self, fault: &mut FaultRaw);
}

/// Memory for one call, used by this side alone until [`Channel::run`], and again after an answer.
#[derive(Clone, Copy)]
pub struct Memory {
    /// The arguments; aligned to 16 bytes.
    pub arguments: *mut u8,
    /// How much there is.
    pub capacity: usize,
    /// What the plugin told its callbacks; aligned to 16 bytes.
    pub records: *const u8,
}

/// What came of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The method's status.
    pub status: i32,
    /// Whether the method returned, so that the arguments can be read back.
    pub answered: bool,
    /// Length of what the plugin told its callbacks.
    pub records: usize,
}

impl Answer {
    /// No answer came, for this reason.
    pub const fn none(code: FaultCode) -> Self {
        Self {
            status: code.status(),
            answered: false,
            records: 0,
        }
    }
}

/// The host's end: `this` of the tables in [`AreaWire::table`].
pub struct Remote {
    channel: Box<dyn Channel>,
    fault: FaultRaw,
    /// A private copy of what the plugin told its callbacks: the other process could change the shared one while it is read.
    told: Box<[u128]>,
}

impl Remote {
    /// Puts a channel behind the table of its area. At most `records` bytes of callbacks are taken from one call. [`destroy`] frees it.
    pub fn into_raw(channel: Box<dyn Channel>, records: usize) -> *mut c_void {
        let told = vec![0; records.div_ceil(size_of::<u128>())].into_boxed_slice();
        let remote = Self {
            channel,
            fault: FaultRaw::NONE,
            told,
        };
        Box::into_raw(Box::new(remote)).cast()
    }
}

/// `destroy` of the tables.
///
/// # Safety
/// `this` is null or came from [`Remote::into_raw`] and is not used afterwards.
pub unsafe extern "C" fn destroy(this: *mut c_void) {
    if !this.is_null() {
        // SAFETY: as the caller vouches.
        drop(unsafe { Box::from_raw(this.cast::<Remote>()) });
    }
}

/// `last_fault` of the tables.
///
/// # Safety
/// As [`destroy`]; `out` is null or has room for a [`FaultRaw`].
pub unsafe extern "C" fn last_fault(this: *mut c_void, out: *mut FaultRaw) -> i32 {
    // SAFETY: as the caller vouches.
    unsafe {
        let (Some(remote), Some(out)) = (this.cast::<Remote>().as_ref(), out.as_mut()) else {
            return FaultCode::Invalid.status();
        };
        *out = remote.fault;
        0
    }
}

/// The method that keeps an area out of another process, if one does: it has a callback that gives something back, and callbacks are
/// made when the method has returned.
pub fn obstacle(shape: &AreaShape) -> Option<&'static str> {
    let gives_back = |passing: &Passing| {
        matches!(
            passing,
            Passing::RefMut(_) | Passing::SliceMut(_) | Passing::Callback(_)
        )
    };
    let method = shape.methods.iter().find(|method| {
        method
            .parameters
            .iter()
            .any(|parameter| match &parameter.passing {
                Passing::Callback(callback) => callback
                    .methods
                    .iter()
                    .flat_map(|method| method.parameters)
                    .any(|parameter| gives_back(&parameter.passing)),
                _ => false,
            })
    });
    method.map(|method| method.name)
}

/// Whether a call of this method sets an instance up (`activate`, `open`), so that its successor in a new process is given the same call: it
/// is for the control thread and gives nothing but a status.
pub fn sets_up(shape: &AreaShape, method: Method) -> bool {
    if method.module {
        return false;
    }
    shape.methods.get(method.index as usize).is_some_and(|method| {
        let takes_callback = method
            .parameters
            .iter()
            .any(|parameter| matches!(parameter.passing, Passing::Callback(_)));
        method.docs.contains("[control") && matches!(method.returns, Returns::Status) && !takes_callback
    })
}

/// What a call needs to be found in the other process's answer.
pub(crate) const ALIGNMENT: usize = 16;

/// Takes `size` bytes behind `at`; where they begin, or nothing if they do not fit.
pub(crate) fn place(at: &mut usize, size: usize, capacity: usize) -> Option<usize> {
    let start = at.checked_next_multiple_of(ALIGNMENT)?;
    let end = start.checked_add(size).filter(|end| *end <= capacity)?;
    *at = end;
    Some(start)
}

pub(crate) fn too_long() -> Fault {
    Fault::new(
        FaultCode::BufferTooSmall,
        "the call does not fit into the memory shared with the plugin's process",
    )
}

pub(crate) fn misplaced() -> Fault {
    Fault::invalid("the arguments of a call from another process do not lie as they must")
}

/// For an index that there is not, in a method table or among callbacks.
pub fn unknown_method() -> Fault {
    Fault::unsupported(
        "the other process called a method that this one does not know: both must be of one build",
    )
}
