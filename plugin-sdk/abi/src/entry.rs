//! The one symbol that a plugin exports: plain data, so that looking at it runs none of the plugin's code.

use std::ffi::c_void;
use std::sync::OnceLock;

use crate::cross::StrRaw;
use crate::fault::FaultRaw;
use crate::instance::InstanceRaw;
use crate::proof::Proof;

/// What the first eight bytes of an entry are.
pub const MAGIC: [u8; 8] = *b"JACKFLD1";
/// The symbol that a C plugin exports. A Rust plugin's symbol carries its crate's name too, so that several can be linked into one
/// program; the `entry` line of `.jf_meta` tells it.
pub const SYMBOL: &str = "jf_plugin_entry";

/// The entry of a plugin.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct EntryRaw {
    /// [`MAGIC`].
    pub magic: [u8; 8],
    /// Size of this struct in bytes, as the plugin knows it.
    pub size: u32,
    /// Must equal the host's.
    pub abi_major: u16,
    /// Any.
    pub abi_minor: u16,
    /// Called once before the first `create`, with what the host offers, which stays valid until the process ends; must not start
    /// threads or do I/O. May be null. \[control\]
    pub init: Option<unsafe extern "C" fn(host: *const HostRaw) -> i32>,
    /// Reserved for hosts that unload; none does, because Rust images cannot be unmapped safely. May be null. \[control\]
    pub deinit: Option<unsafe extern "C" fn()>,
    /// The modules.
    pub modules: *const ModuleRaw,
    /// How many.
    pub n_modules: usize,
    /// The layout proof of a Rust plugin; null in C.
    pub proof: *const Proof,
}

// SAFETY: immutable; the pointers are to immutable statics.
unsafe impl Sync for EntryRaw {}

impl EntryRaw {
    /// The entry of a Rust plugin.
    pub const fn new(modules: &'static [ModuleRaw], proof: &'static Proof) -> Self {
        Self {
            magic: MAGIC,
            size: size_of::<Self>() as u32,
            abi_major: crate::ABI_MAJOR,
            abi_minor: crate::ABI_MINOR,
            init: Some(init),
            deinit: None,
            modules: modules.as_ptr(),
            n_modules: modules.len(),
            proof,
        }
    }
}

/// One module of a plugin: what it is and how to make one.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ModuleRaw {
    /// Size of this struct in bytes.
    pub size: u32,
    /// Zero.
    pub reserved: u32,
    /// The area: `jackfield.audio-processor/1`.
    pub area: StrRaw,
    /// The module's id.
    pub id: StrRaw,
    /// Makes an instance in `out`; on a negative status says why in `fault`. `environment` is a `jf_environment_t`. \[control\]
    pub create: Option<
        unsafe extern "C" fn(environment: *const c_void, out: *mut InstanceRaw, fault: *mut FaultRaw) -> i32,
    >,
}

/// What a host offers to a plugin image.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct HostRaw {
    /// Size of this struct in bytes.
    pub size: u32,
    /// [`HostRaw::LINKED`] if the plugin is linked into the host, else 0.
    pub flags: u32,
    /// Passed to `log`.
    pub context: *mut c_void,
    /// Takes a log line: level 1 (error) to 5 (trace), target and text in UTF-8. Any thread but \[audio\]. May be null.
    pub log: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            level: u32,
            target: *const u8,
            target_len: usize,
            text: *const u8,
            text_len: usize,
        ),
    >,
}

// SAFETY: the host vouches that `log` may be called from any thread with its context.
unsafe impl Send for HostRaw {}
// SAFETY: as above.
unsafe impl Sync for HostRaw {}

impl HostRaw {
    /// The plugin shares the host's image and with it the panic hook.
    pub const LINKED: u32 = 1;
}

static HOST: OnceLock<HostRaw> = OnceLock::new();

unsafe extern "C" fn init(host: *const HostRaw) -> i32 {
    // SAFETY: the host passes null or a table that starts with its size.
    let Some(host) = (unsafe { crate::cross::import_table(host) }) else {
        return 0;
    };
    crate::shell::guard_callback(|| {
        if host.flags & HostRaw::LINKED == 0 {
            crate::shell::install_silent_hook();
        }
        let _ = HOST.set(host);
        Ok(())
    })
}

/// Sends a line to the host's log; does nothing if there is no host. Level 1 (error) to 5 (trace). [control, network]
pub fn log(level: u32, target: &str, text: &str) {
    if let Some(host) = HOST.get()
        && let Some(function) = host.log
    {
        // SAFETY: the host's own function and context; both texts outlive the call.
        unsafe {
            function(
                host.context,
                level,
                target.as_ptr(),
                target.len(),
                text.as_ptr(),
                text.len(),
            );
        };
    }
}
