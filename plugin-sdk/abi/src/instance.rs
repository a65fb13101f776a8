//! The host's side of an instance.

use std::ffi::c_void;
use std::fmt;

use crate::fault::{Fault, FaultCode, FaultRaw};
use crate::proof::AreaProof;
use crate::shape::AreaShape;
use crate::thread::Class;
use crate::wire::AreaWire;

/// What every area's table begins with.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct TableHead {
    /// Size of the whole table in bytes.
    pub size: u32,
    /// Revision of the area that the table was written for.
    pub revision: u32,
    /// Ends the instance. \[control\]
    pub destroy: Option<unsafe extern "C" fn(this: *mut c_void)>,
    /// Copies the fault that the instance reported last. [any, never concurrent with another call on this instance]
    pub last_fault: Option<unsafe extern "C" fn(this: *mut c_void, out: *mut FaultRaw) -> i32>,
    /// The table of `jackfield.module/1` for the same instance; null in that table itself.
    pub module: *const c_void,
    /// Finds a capability by its extension id: a static table, or null. May be null itself. \[any\]
    pub extension:
        Option<unsafe extern "C" fn(this: *mut c_void, id: *const u8, id_len: usize) -> *const c_void>,
}

// SAFETY: a table is immutable; its pointers are to other immutable tables of the same image.
unsafe impl Send for TableHead {}
// SAFETY: as above.
unsafe impl Sync for TableHead {}

/// An instance as it crosses: itself and the table of its area.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct InstanceRaw {
    /// What every function of the table takes first.
    pub this: *mut c_void,
    /// The table; starts with a [`TableHead`].
    pub table: *const c_void,
}

impl InstanceRaw {
    /// None yet.
    pub const NONE: Self = Self {
        this: std::ptr::null_mut(),
        table: std::ptr::null(),
    };
}

/// What is known of an area at compile time; implemented by `#[area]` for `dyn Trait`.
pub trait Area {
    /// Its table.
    type Table;
    /// The host's proxy.
    type Proxy: Import;
    /// Its description.
    const SHAPE: &'static AreaShape;
    /// Its layout proof.
    const PROOF: &'static AreaProof;
    /// Its two ends of a wire between processes.
    const WIRE: &'static AreaWire;
}

/// A proxy that can be made of an instance.
pub trait Import: Sized {
    /// Takes the instance over, after a look at its table.
    ///
    /// # Safety
    /// The table is that of the proxy's area, written by someone who keeps the header's contract, and stays mapped; nobody else uses the
    /// instance. On an error the instance is leaked, not destroyed: its table cannot be trusted.
    ///
    /// # Errors
    /// If the table lacks something or has a size that it cannot have.
    unsafe fn import(instance: InstanceRaw) -> Result<Self, ImportError>;
}

/// Why a table was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImportError {
    /// There is no table, or not where one can stand.
    NoTable {
        /// The area.
        area: &'static str,
    },
    /// The size is none that the revision has had.
    Size {
        /// The area.
        area: &'static str,
        /// The size that the table claims.
        size: u32,
        /// The revision that it claims.
        revision: u32,
    },
    /// A required method is null.
    Missing {
        /// The area.
        area: &'static str,
        /// The method.
        method: &'static str,
    },
}

impl ImportError {
    pub(crate) const fn no_table(area: &'static str) -> Self {
        Self::NoTable { area }
    }

    pub(crate) const fn size(area: &'static str, size: u32, revision: u32) -> Self {
        Self::Size { area, size, revision }
    }

    /// A required method is null.
    pub const fn missing(area: &'static str, method: &'static str) -> Self {
        Self::Missing { area, method }
    }
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoTable { area } => write!(
                f,
                "{area}: the plugin gave no table; its `create` must fill in `table`"
            ),
            Self::Size { area, size, revision } => write!(
                f,
                "{area}: a table of {size} bytes cannot be revision {revision}; build the plugin with the header that comes with this host"
            ),
            Self::Missing { area, method } => {
                write!(
                    f,
                    "{area}: the table lacks the required method `{method}`; fill it in"
                )
            }
        }
    }
}

impl std::error::Error for ImportError {}

/// An instance that this side owns: destroyed when dropped.
pub struct Instance {
    this: *mut c_void,
    destroy: Option<unsafe extern "C" fn(*mut c_void)>,
    last_fault: Option<unsafe extern "C" fn(*mut c_void, *mut FaultRaw) -> i32>,
}

// SAFETY: an instance may move between threads (every area's trait is Send); `&mut` on all calls keeps them apart.
unsafe impl Send for Instance {}

impl Instance {
    /// Owns `this`.
    ///
    /// # Safety
    /// `head` is the head of the table that belongs to `this`, and nobody else destroys it.
    pub unsafe fn own(this: *mut c_void, head: &TableHead) -> Self {
        Self {
            this,
            destroy: head.destroy,
            last_fault: head.last_fault,
        }
    }

    /// Leaves destroying to somebody else.
    pub fn disown(&mut self) {
        self.destroy = None;
    }

    /// What the table's functions take first.
    #[inline]
    pub fn this(&self) -> *mut c_void {
        self.this
    }

    /// What `status`, given by a method of `class`, means. The whole text is fetched only on the control thread, where it may allocate.
    ///
    /// # Errors
    /// If the status is negative.
    #[inline]
    pub fn result(&mut self, status: i32, class: Class) -> Result<(), Fault> {
        if status >= 0 {
            Ok(())
        } else {
            Err(self.fault(status, class))
        }
    }

    /// The fault reported last. Allocates.
    pub fn last_fault(&mut self) -> Option<Fault> {
        let mut raw = FaultRaw::NONE;
        let function = self.last_fault?;
        // SAFETY: our instance and its table's function.
        let status = unsafe { function(self.this, &raw mut raw) };
        if status < 0 { None } else { raw.to_fault() }
    }

    #[cold]
    fn fault(&mut self, status: i32, class: Class) -> Fault {
        let code = FaultCode::from_status(status);
        if class == Class::Control
            && let Some(fault) = self.last_fault()
        {
            return Fault::new(code, fault.text().to_owned());
        }
        Fault::new(
            code,
            match code {
                FaultCode::Invalid => "the plugin refused an argument",
                FaultCode::Unsupported => "the plugin does not offer this",
                FaultCode::State => "the plugin was called in the wrong state",
                FaultCode::BufferTooSmall => "the plugin needs a larger buffer",
                FaultCode::Panicked => "the plugin panicked",
                FaultCode::Poisoned => "the plugin panicked earlier",
                FaultCode::TimedOut => "the plugin missed its deadline",
                FaultCode::Gone => "the plugin's process has ended",
                _ => "the plugin failed",
            },
        )
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        if let Some(destroy) = self.destroy {
            // SAFETY: our instance, destroyed once.
            unsafe { destroy(self.this) };
        }
    }
}
