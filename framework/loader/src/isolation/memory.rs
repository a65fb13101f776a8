//! The memory that a host shares with one plugin's process: a page of words that both know, then the arguments of the call, then what the plugin
//! tells its callbacks. The other process is not trusted: no reference into the last two is ever made here, lengths are this side's own,
//! and the size is sealed, so that nobody can cut the memory off under the other.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicI32, AtomicU32};

use jackfield_abi::FaultRaw;

/// Of the whole memory. Only pages that are used cost anything.
pub(super) const SIZE: usize = 8 << 20;
/// Where the arguments begin.
const HEADER: usize = 4096;
/// As much of the arguments is there from the beginning, so that no call has to wait for a page: a second of 48 kHz.
const AT_HAND: usize = 256 << 10;
const RECORDS_AT_HAND: usize = 16 << 10;

/// The words that both sides know.
#[repr(C)]
pub(super) struct Header {
    /// The number of the last call, written by the host, which then wakes the plugin's process.
    pub(super) request: AtomicU32,
    pub(super) method: AtomicU32,
    /// Of the arguments.
    pub(super) length: AtomicU32,
    away: [u32; 13],
    /// Who holds the memory: 0 the host, else the thread id of the plugin's process. On its own cache line.
    pub(super) answer: AtomicU32,
    /// The number of the call that was answered last.
    pub(super) answered: AtomicU32,
    /// The thread that serves, and the kernel's mark once it has ended. As far behind `answer` as a pointer is long: see `serve::Will`.
    pub(super) alive: AtomicU32,
    pub(super) status: AtomicI32,
    /// Of what the plugin told its callbacks.
    pub(super) records: AtomicU32,
    /// How far the process has come: one of the stages.
    pub(super) stage: AtomicU32,
    /// The version of Landlock that closes files and sockets; 0 for none.
    pub(super) landlock: AtomicU32,
    /// 1 if system calls are filtered, else 0.
    pub(super) seccomp: AtomicU32,
    fault: FaultRaw,
}

const _: () = assert!(
    size_of::<Header>() <= HEADER
        && std::mem::offset_of!(Header, answer) == 64
        && std::mem::offset_of!(Header, alive) == 64 + size_of::<libc::c_long>()
);

/// [`Header::stage`]: not yet ready.
pub(super) const STARTING: u32 = 0;
/// [`Header::stage`]: the instance is there, calls may come.
pub(super) const READY: u32 = 1;
/// [`Header::stage`]: it will never be; the reason stands where arguments would.
pub(super) const FAILED: u32 = 2;

/// The memory as one process has it mapped.
pub(super) struct Shared {
    base: NonNull<u8>,
}

// SAFETY: plain memory; who may use which part of it when is what the words in the header are for.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

impl Shared {
    /// Makes the memory, zeroed, and a handle for the other process.
    pub(super) fn make() -> io::Result<(Self, File)> {
        // SAFETY: a name that ends in zero; the descriptor that comes back is nobody else's.
        let file = unsafe {
            let flags = libc::MFD_CLOEXEC | libc::MFD_ALLOW_SEALING;
            let descriptor = libc::memfd_create(c"jackfield-plugin".as_ptr(), flags);
            if descriptor < 0 {
                return Err(io::Error::last_os_error());
            }
            File::from(OwnedFd::from_raw_fd(descriptor))
        };
        file.set_len(SIZE as u64)?;
        let seals = libc::F_SEAL_SHRINK | libc::F_SEAL_GROW | libc::F_SEAL_SEAL;
        // SAFETY: a descriptor that is open, and a number.
        if unsafe { libc::fcntl(file.as_raw_fd(), libc::F_ADD_SEALS, seals) } < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok((Self::map(&file)?, file))
    }

    /// Maps the memory behind `file`.
    pub(super) fn map(file: &File) -> io::Result<Self> {
        if file.metadata()?.len() != SIZE as u64 {
            return Err(io::Error::other("the memory has another size than this build's"));
        }
        let access = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: a new mapping of as much as the file holds, at a place of the kernel's choice.
        let base = unsafe {
            libc::mmap(
                ptr::null_mut(),
                SIZE,
                access,
                libc::MAP_SHARED,
                file.as_raw_fd(),
                0,
            )
        };
        if base == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let base = NonNull::new(base.cast()).ok_or_else(|| io::Error::other("mapped at nothing"))?;
        let shared = Self { base };
        shared.at_hand();
        Ok(shared)
    }

    pub(super) fn header(&self) -> &Header {
        // SAFETY: the first page of the mapping, which lives as long as `self`; zeroed memory is a header, and all of it that either side
        // writes while the other reads are atomic words. The fault is only reached through a raw pointer.
        unsafe { self.base.cast::<Header>().as_ref() }
    }

    /// Where the arguments are.
    pub(super) fn arguments(&self) -> *mut u8 {
        // SAFETY: within the mapping.
        unsafe { self.base.as_ptr().add(HEADER) }
    }

    /// How long arguments, and records, may be.
    pub(super) const fn capacity() -> usize {
        (SIZE - HEADER) / 2
    }

    /// Where the records are.
    pub(super) fn records(&self) -> *mut u8 {
        // SAFETY: within the mapping.
        unsafe { self.base.as_ptr().add(HEADER + Self::capacity()) }
    }

    /// A copy of the fault that was left by the other side.
    pub(super) fn fault(&self) -> FaultRaw {
        // SAFETY: within the mapping, aligned; any bytes are a fault.
        unsafe { self.fault_place().read_volatile() }
    }

    /// Leaves a fault for the other side.
    pub(super) fn set_fault(&self, fault: FaultRaw) {
        // SAFETY: within the mapping, aligned.
        unsafe { self.fault_place().write_volatile(fault) };
    }

    /// Writes `bytes` where arguments go, as many as fit.
    pub(super) fn write(&self, bytes: &[u8]) -> u32 {
        let length = bytes.len().min(Self::capacity());
        // SAFETY: within the mapping.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), self.arguments(), length) };
        length as u32
    }

    /// A copy of the first `length` bytes where arguments go.
    pub(super) fn read(&self, length: u32) -> Vec<u8> {
        let length = (length as usize).min(Self::capacity());
        let mut bytes = vec![0; length];
        // SAFETY: within the mapping.
        unsafe { ptr::copy_nonoverlapping(self.arguments(), bytes.as_mut_ptr(), length) };
        bytes
    }

    fn fault_place(&self) -> *mut FaultRaw {
        let header = self.base.cast::<Header>().as_ptr();
        // SAFETY: within the mapping.
        unsafe { &raw mut (*header).fault }
    }

    /// Gets the pages that calls use, so that none has to be got on the audio thread. Where the kernel cannot (before 5.14), the first calls do.
    fn at_hand(&self) {
        for (start, length) in [
            (self.base.as_ptr(), HEADER + AT_HAND),
            (self.records(), RECORDS_AT_HAND),
        ] {
            // SAFETY: within the mapping; the call changes no content. Its beginning is rounded down to a page of the mapping.
            unsafe {
                let into_page = start as usize % HEADER;
                libc::madvise(
                    start.sub(into_page).cast(),
                    length + into_page,
                    libc::MADV_POPULATE_WRITE,
                );
            }
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // SAFETY: our mapping, unmapped once; nothing outlives it, because what points into it is borrowed from whoever holds `self`.
        unsafe { libc::munmap(self.base.as_ptr().cast(), SIZE) };
    }
}
