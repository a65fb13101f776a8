//! What the host offers to plugins: a log. A plugin file has its own copy of every global, so its own logging would go nowhere.

#![allow(
    unsafe_code,
    reason = "receives text from plugins; each block says why it holds"
)]

use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use jackfield_abi::entry::HostRaw;

/// The longest line that is taken whole.
const LONGEST_LINE: usize = 4096;

/// The table for the plugin of this file. It stays for as long as the plugin does: for ever.
pub(crate) fn host(plugin: &Path, flags: u32) -> *const HostRaw {
    let name: &'static mut String = Box::leak(Box::new(plugin.display().to_string()));
    Box::leak(Box::new(HostRaw {
        size: size_of::<HostRaw>() as u32,
        flags,
        context: std::ptr::from_mut(name).cast(),
        log: Some(log),
    }))
}

/// Takes a line from a plugin. Any thread but \[audio\].
unsafe extern "C" fn log(
    context: *mut c_void,
    level: u32,
    target: *const u8,
    target_len: usize,
    text: *const u8,
    text_len: usize,
) {
    // A subscriber that panics must not unwind into the plugin.
    let _ = catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: the context that `host` gave out, never freed; nobody changes it.
        let plugin = unsafe { &*context.cast::<String>() };
        // SAFETY: the plugin passes two texts that live until we return.
        let (target, text) = unsafe { (line(target, target_len), line(text, text_len)) };
        match level {
            1 => tracing::error!(target: "jackfield::plugin", plugin, from = %target, "{text}"),
            2 => tracing::warn!(target: "jackfield::plugin", plugin, from = %target, "{text}"),
            3 => tracing::info!(target: "jackfield::plugin", plugin, from = %target, "{text}"),
            4 => tracing::debug!(target: "jackfield::plugin", plugin, from = %target, "{text}"),
            _ => tracing::trace!(target: "jackfield::plugin", plugin, from = %target, "{text}"),
        }
    }));
}

/// # Safety
/// `start` is null or points at `len` bytes that live until the result is gone.
unsafe fn line<'a>(start: *const u8, len: usize) -> std::borrow::Cow<'a, str> {
    if start.is_null() || len == 0 {
        return "".into();
    }
    // SAFETY: as the caller vouches; cut to what a line may be.
    let bytes = unsafe { std::slice::from_raw_parts(start, len.min(LONGEST_LINE)) };
    String::from_utf8_lossy(bytes)
}
