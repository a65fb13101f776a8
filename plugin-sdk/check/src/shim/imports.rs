//! Puts this program's functions between a loaded image and the C library, by changing the addresses that the dynamic linker wrote into the
//! image's own table of imports. Nothing else in the process is touched: what the host itself calls goes where it always went.

#![allow(
    unsafe_code,
    reason = "reads and changes the tables of images that are mapped; each block says why it holds"
)]

use std::ffi::{CStr, c_int, c_void};
use std::path::PathBuf;

/// An image that is mapped into this process.
#[derive(Clone, Debug)]
pub(crate) struct Object {
    pub(crate) path: PathBuf,
    /// What is added to an address in the file.
    pub(crate) base: usize,
    pub(crate) start: usize,
    pub(crate) end: usize,
    dynamic: usize,
}

/// A function that takes the place of an import.
pub(crate) struct Substitute {
    pub(crate) name: &'static str,
    pub(crate) address: usize,
    /// Is told where the import led; false leaves it as it is.
    pub(crate) adopt: fn(usize, usize) -> bool,
    /// Passed to `adopt`.
    pub(crate) index: usize,
}

/// Everything that is mapped now, apart from what the kernel itself maps.
pub(crate) fn objects() -> Vec<Object> {
    let mut found: Vec<Object> = Vec::new();
    // SAFETY: the callback gets back the very pointer that is passed here, while `found` lives.
    unsafe { libc::dl_iterate_phdr(Some(note), (&raw mut found).cast()) };
    found
}

unsafe extern "C" fn note(info: *mut libc::dl_phdr_info, _size: usize, found: *mut c_void) -> c_int {
    // SAFETY: the dynamic linker passes a valid description, and `objects` its list.
    unsafe {
        let (info, found) = (&*info, &mut *found.cast::<Vec<Object>>());
        let headers = std::slice::from_raw_parts(info.dlpi_phdr, usize::from(info.dlpi_phnum));
        let base = info.dlpi_addr as usize;
        let mut object = Object {
            path: PathBuf::from(CStr::from_ptr(info.dlpi_name).to_string_lossy().into_owned()),
            base,
            start: usize::MAX,
            end: 0,
            dynamic: 0,
        };
        for header in headers {
            let at = base + header.p_vaddr as usize;
            match header.p_type {
                libc::PT_LOAD => {
                    object.start = object.start.min(at);
                    object.end = object.end.max(at + header.p_memsz as usize);
                }
                libc::PT_DYNAMIC => object.dynamic = at,
                _ => {}
            }
        }
        found.push(object);
    }
    0
}

#[repr(C)]
#[derive(Clone, Copy)]
struct Dynamic {
    tag: i64,
    value: usize,
}

#[repr(C)]
#[derive(Clone, Copy)]
struct Relocation {
    offset: usize,
    info: u64,
    addend: i64,
}

#[repr(C)]
#[derive(Clone, Copy)]
struct Symbol {
    name: u32,
    info: u8,
    other: u8,
    section: u16,
    value: u64,
    size: u64,
}

const STRINGS: i64 = 5;
const SYMBOLS: i64 = 6;
const RELOCATIONS: i64 = 7;
const RELOCATIONS_SIZE: i64 = 8;
const PLT_RELOCATIONS_SIZE: i64 = 2;
const PLT_RELOCATIONS: i64 = 23;

/// The kinds of relocation that hold the bare address of a symbol.
#[cfg(target_arch = "x86_64")]
const ADDRESSES: [u32; 3] = [1, 6, 7];
#[cfg(target_arch = "aarch64")]
const ADDRESSES: [u32; 3] = [257, 1_025, 1_026];

/// Lets the imports of `object` that `substitutes` name lead to them. Gives how many were changed.
///
/// # Safety
/// `object` is mapped and stays so; nobody else writes to its tables; each substitute has the signature of what it stands for.
pub(crate) unsafe fn substitute(object: &Object, substitutes: &[Substitute]) -> usize {
    if object.dynamic == 0 {
        return 0;
    }
    // SAFETY: the dynamic linker has worked with this section, which ends with a zero tag.
    let entries = unsafe {
        let start = object.dynamic as *const Dynamic;
        let mut length = 0;
        while (*start.add(length)).tag != 0 {
            length += 1;
        }
        std::slice::from_raw_parts(start, length)
    };
    let value = |tag| {
        entries
            .iter()
            .find(|entry| entry.tag == tag)
            .map(|entry| entry.value)
    };
    // glibc has put addresses where the file has offsets; other linkers have not.
    let address = |tag| value(tag).map(|at| if at < object.base { at + object.base } else { at });
    let (Some(strings), Some(symbols)) = (address(STRINGS), address(SYMBOLS)) else {
        return 0;
    };
    let tables = [
        (address(RELOCATIONS), value(RELOCATIONS_SIZE)),
        (address(PLT_RELOCATIONS), value(PLT_RELOCATIONS_SIZE)),
    ];
    let mut changed = 0;
    for (start, size) in tables {
        let (Some(start), Some(size)) = (start, size) else {
            continue;
        };
        // SAFETY: where and how long the table is stands in the image's own dynamic section.
        let relocations =
            unsafe { std::slice::from_raw_parts(start as *const Relocation, size / size_of::<Relocation>()) };
        for relocation in relocations {
            let (kind, symbol) = (relocation.info as u32, (relocation.info >> 32) as usize);
            if symbol == 0 || relocation.addend != 0 || !ADDRESSES.contains(&kind) {
                continue;
            }
            // SAFETY: the linker has looked up this very symbol; its name ends in zero.
            let name = unsafe {
                let symbol = *(symbols as *const Symbol).add(symbol);
                CStr::from_ptr((strings + symbol.name as usize) as *const _)
            };
            let Some(substitute) = substitutes
                .iter()
                .find(|substitute| substitute.name.as_bytes() == name.to_bytes())
            else {
                continue;
            };
            let slot = object.base + relocation.offset;
            // SAFETY: a slot of eight bytes that the linker has filled in.
            let led_to = unsafe { *(slot as *const usize) };
            if led_to != 0
                && led_to != substitute.address
                && (substitute.adopt)(substitute.index, led_to)
                // SAFETY: as this function's caller vouches.
                && unsafe { write(slot, substitute.address) }
            {
                changed += 1;
            }
        }
    }
    changed
}

/// Writes to a slot that may have been made read-only after it was filled in.
///
/// # Safety
/// `slot` is eight mapped bytes that hold the address of a function, and `address` is one of the same signature.
unsafe fn write(slot: usize, address: usize) -> bool {
    let page = super::machine::page();
    let start = slot & !(page - 1);
    let length = slot + size_of::<usize>() - start;
    // SAFETY: whole pages of a mapped image, whose data stays readable and becomes writable.
    unsafe {
        if libc::mprotect(start as *mut c_void, length, libc::PROT_READ | libc::PROT_WRITE) != 0 {
            return false;
        }
        (slot as *mut usize).write(address);
    }
    true
}
