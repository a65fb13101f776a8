//! Opens a plugin's image and makes instances of its modules. With the log, this is where the host touches foreign memory.
//!
//! An image is never unloaded: threads, thread-local storage and function pointers of a Rust library do not survive it.

#![allow(
    unsafe_code,
    reason = "opens foreign images and calls through their entries; each block says why it holds"
)]

use std::ffi::c_void;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use jackfield_abi::cross::import_table;
use jackfield_abi::entry::{EntryRaw, HostRaw, MAGIC, ModuleRaw};
use jackfield_abi::proof::{self, AreaProof, Proof};
use jackfield_abi::thread::{self, Class};
use jackfield_abi::{ABI_MAJOR, Area, Fault, FaultCode, FaultRaw, Import, InstanceRaw};
use jackfield_core::environment::Environment;
use jackfield_core::{AREAS, PROOFS};
use jackfield_sdk::StaticPlugin;
use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};

use crate::digest::Digest;
use crate::elf;
use crate::error::{FileFault, LoadError};
use crate::host_log;
use crate::metadata::{self, Frame, ModuleInfo};
use crate::shape;

/// One version of a plugin's code in this process.
#[derive(Debug)]
pub struct Image {
    path: PathBuf,
    digest: Option<Digest>,
    frames: Vec<Frame>,
    makers: Vec<Maker>,
    proofs: Vec<ProofPointer>,
    instances: AtomicU64,
}

/// What makes instances of one module.
#[derive(Debug)]
struct Maker {
    area: String,
    id: String,
    create: unsafe extern "C" fn(*const c_void, *mut InstanceRaw, *mut FaultRaw) -> i32,
}

/// A proof of the image; like all of it, it stays.
struct ProofPointer(&'static Proof);

impl std::fmt::Debug for ProofPointer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Proof")
    }
}

// SAFETY: a proof is immutable data.
unsafe impl Send for ProofPointer {}
// SAFETY: as above.
unsafe impl Sync for ProofPointer {}

impl Image {
    /// Opens a plugin file where it lies. For a process that judges this one plugin and ends; a host goes through [`Loader`](crate::Loader),
    /// which opens a copy that nobody can change. \[control\]
    ///
    /// # Errors
    /// If the file cannot be read, is no plugin of this host, or is refused.
    pub fn of_file(path: &Path) -> Result<Self, LoadError> {
        let io = |error| LoadError::Io {
            path: path.to_owned(),
            error,
        };
        let path = path.canonicalize().map_err(io)?;
        let bytes = fs::read(&path).map_err(io)?;
        let frames = elf::examine(&bytes).map_err(|fault| LoadError::File {
            path: path.clone(),
            fault,
        })?;
        Self::open(&path, &path, None, frames)
    }

    /// Opens the private copy of a plugin file. `frames` is what `elf::examine` found in that very copy; `digest` is not needed by who opens one image
    /// and no other.
    pub(crate) fn open(
        copy: &Path,
        source: &Path,
        digest: Option<Digest>,
        frames: Vec<Frame>,
    ) -> Result<Self, LoadError> {
        let path = source.to_owned();
        let flags = RTLD_NOW | RTLD_LOCAL | libc::RTLD_NODELETE;
        // SAFETY: runs the file's constructors. The file is one that the manifest allows, was checked as far as data can be checked, and
        // lies where nobody else can change it; in-process plugins are trusted with the process.
        let library = unsafe { Library::open(Some(copy), flags) }.map_err(|error| LoadError::Open {
            path: path.clone(),
            reason: error.to_string(),
        })?;
        let mut entries = Vec::new();
        for frame in &frames {
            // SAFETY: the symbol is only taken for an address here.
            let symbol = unsafe { library.get::<*const EntryRaw>(frame.entry.as_bytes()) };
            let symbol = symbol.map_err(|error| LoadError::Open {
                path: path.clone(),
                reason: error.to_string(),
            })?;
            entries.push(*symbol);
        }
        // Never closed. RTLD_NODELETE would keep the image mapped anyway; this also keeps its handle.
        std::mem::forget(library);
        // SAFETY: the file's own bytes showed the magic and our major version at each of these symbols, and the image stays mapped.
        unsafe { Self::from_entries(path, digest, frames, &entries, 0) }
    }

    /// Takes a plugin that is linked into the host through the same door.
    pub(crate) fn linked(plugin: &StaticPlugin) -> Result<Self, LoadError> {
        let frames = linked_frames(plugin)?;
        let path = PathBuf::from(&frames[0].entry);
        let entries = [std::ptr::from_ref(plugin.entry)];
        // SAFETY: `export!` made the entry for this very build, and statics stay.
        unsafe { Self::from_entries(path, None, frames, &entries, HostRaw::LINKED) }
    }

    /// # Safety
    /// Each of `entries` is null or points at an entry (magic, then its size) whose image stays mapped and whose author keeps the
    /// contract of the header.
    unsafe fn from_entries(
        path: PathBuf,
        digest: Option<Digest>,
        frames: Vec<Frame>,
        entries: &[*const EntryRaw],
        flags: u32,
    ) -> Result<Self, LoadError> {
        let mut image = Self {
            path,
            digest,
            frames,
            makers: Vec::new(),
            proofs: Vec::new(),
            instances: AtomicU64::new(0),
        };
        let mut inits = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            let wrong = |what: String| LoadError::Entry {
                path: image.path.clone(),
                symbol: image.frames[index].entry.clone(),
                what,
            };
            // SAFETY: as the caller vouches.
            let entry = unsafe { read_entry(*entry) }.map_err(wrong)?;
            if !entry.proof.is_null() {
                // SAFETY: a proof of a mapped image; `compare` looks at its header before anything else.
                let proof: &'static Proof = unsafe { &*entry.proof };
                image.prove(proof, PROOFS)?;
                image.proofs.push(ProofPointer(proof));
            }
            // SAFETY: as the caller vouches.
            let makers = unsafe { makers(&entry, &image.frames[index]) }.map_err(wrong)?;
            image.makers.extend(makers);
            inits.extend(entry.init);
        }
        let host = host_log::host(&image.path, flags);
        for init in inits {
            // SAFETY: the entry's own function, called once, with a table that stays.
            let status = unsafe { init(host) };
            if status < 0 {
                let symbol = image.frames[0].entry.clone();
                let what = format!("refused to start with status {status}; see the log for what it lacks");
                return Err(LoadError::Entry {
                    path: image.path,
                    symbol,
                    what,
                });
            }
        }
        Ok(image)
    }

    /// Makes an instance of the module `id` for the area `A`, such as `dyn AudioProcessor`. \[control\]
    ///
    /// # Errors
    /// If there is no such module, if it cannot make an instance, or if its table is not that of the area.
    pub fn create<A: Area + ?Sized>(
        &self,
        id: &str,
        environment: &Environment,
    ) -> Result<A::Proxy, LoadError> {
        if !AREAS.iter().any(|known| known.id == A::SHAPE.id) {
            self.check_foreign_area::<A>()?;
        }
        let instance = self.create_raw(id, A::SHAPE.id, environment)?;
        // SAFETY: the instance was made a moment ago for this area, by a plugin whose shape and proof agree with ours.
        let proxy = unsafe { <A::Proxy as Import>::import(instance) };
        let proxy = proxy.map_err(|error| LoadError::Table {
            id: id.to_owned(),
            error,
        })?;
        self.instances.fetch_add(1, Ordering::Relaxed);
        Ok(proxy)
    }

    /// The same for an area that was checked when the image was opened, without a proxy. \[control\]
    pub(crate) fn create_raw(
        &self,
        id: &str,
        area: &str,
        environment: &Environment,
    ) -> Result<InstanceRaw, LoadError> {
        thread::check(Class::Control);
        let Some(maker) = self
            .makers
            .iter()
            .find(|maker| maker.area == area && maker.id == id)
        else {
            let offered: Vec<_> = self
                .makers
                .iter()
                .filter(|maker| maker.id == id)
                .map(|maker| maker.area.as_str())
                .collect();
            let offered = if offered.is_empty() {
                "nothing of that id".to_owned()
            } else {
                offered.join(", ")
            };
            return Err(LoadError::WrongArea {
                id: id.to_owned(),
                wanted: area.to_owned(),
                offered,
            });
        };
        let mut instance = InstanceRaw::NONE;
        let mut fault = FaultRaw::NONE;
        // SAFETY: the module's own function; environment, instance and fault are ours and outlive the call.
        let status = unsafe {
            (maker.create)(
                std::ptr::from_ref(environment).cast(),
                &raw mut instance,
                &raw mut fault,
            )
        };
        if status < 0 {
            let fault = fault.to_fault().unwrap_or_else(|| {
                Fault::new(FaultCode::from_status(status), "it did not say why; see its log")
            });
            return Err(LoadError::Create {
                id: id.to_owned(),
                fault,
            });
        }
        Ok(instance)
    }

    /// An area that `jackfield-core` does not know was not checked when the image was opened.
    fn check_foreign_area<A: Area + ?Sized>(&self) -> Result<(), LoadError> {
        for frame in &self.frames {
            shape::check(frame, A::SHAPE).map_err(|fault| LoadError::File {
                path: self.path.clone(),
                fault,
            })?;
        }
        self.proofs
            .iter()
            .try_for_each(|proof| self.prove(proof.0, &[A::PROOF]))
    }

    fn prove(&self, theirs: &'static Proof, ours: &[&'static AreaProof]) -> Result<(), LoadError> {
        // SAFETY: it came from the entry of an image that is never unmapped.
        match unsafe { proof::compare(theirs, ours) } {
            Ok(proof::Verdict::Agrees) => Ok(()),
            Ok(proof::Verdict::Unreadable) => {
                tracing::debug!(plugin = %self.path.display(), "the layout proof was made by another abi_stable: relying on the shape text");
                Ok(())
            }
            Err(difference) => Err(LoadError::Proof {
                path: self.path.clone(),
                difference,
            }),
        }
    }

    /// The file that it was copied from, or the entry's name of a linked plugin.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The digest of the file; a linked plugin has none.
    pub fn digest(&self) -> Option<Digest> {
        self.digest
    }

    /// What it offers.
    pub fn modules(&self) -> impl Iterator<Item = &ModuleInfo> {
        self.frames.iter().flat_map(|frame| &frame.modules)
    }

    /// How many instances have been made, gone ones included.
    pub fn instances_made(&self) -> u64 {
        self.instances.load(Ordering::Relaxed)
    }
}

/// What a linked plugin says of itself, after the checks that a file goes through.
pub(crate) fn linked_frames(plugin: &StaticPlugin) -> Result<Vec<Frame>, LoadError> {
    let fail = |fault: FileFault| LoadError::File {
        path: PathBuf::from("a linked plugin"),
        fault,
    };
    let frames = metadata::frames(plugin.metadata).map_err(|error| fail(error.into()))?;
    for frame in &frames {
        if frame.abi.0 != ABI_MAJOR {
            return Err(fail(FileFault::AbiMajor { theirs: frame.abi.0 }));
        }
        elf::shapes(frame).map_err(fail)?;
    }
    if frames.len() == 1 {
        Ok(frames)
    } else {
        Err(fail(metadata::MetadataError::Empty.into()))
    }
}

/// A private copy of an entry, as far as both sides know it.
///
/// # Safety
/// `pointer` is null or points at an entry that begins with its magic and its size.
unsafe fn read_entry(pointer: *const EntryRaw) -> Result<EntryRaw, String> {
    if pointer.is_null() || !pointer.is_aligned() {
        return Err("is not where an entry can stand; export a jf_entry_t".to_owned());
    }
    // SAFETY: as the caller vouches; the copy stops at the smaller of the two sizes.
    let (magic, size) = unsafe {
        (
            pointer.cast::<[u8; 8]>().read(),
            (&raw const (*pointer).size).read(),
        )
    };
    if magic != MAGIC {
        return Err("does not begin with the magic; use `export!` or fill in JF_MAGIC".to_owned());
    }
    let least = std::mem::offset_of!(EntryRaw, proof);
    if (size as usize) < least {
        return Err(format!(
            "says that it is {size} bytes long and must be at least {least}; set `size` to sizeof(jf_entry_t)"
        ));
    }
    let mut entry = std::mem::MaybeUninit::<EntryRaw>::zeroed();
    let length = (size as usize).min(size_of::<EntryRaw>());
    // SAFETY: as the caller vouches; zeros stand for null and nothing.
    let entry = unsafe {
        std::ptr::copy_nonoverlapping(pointer.cast::<u8>(), entry.as_mut_ptr().cast::<u8>(), length);
        entry.assume_init()
    };
    if entry.abi_major != ABI_MAJOR {
        return Err(format!(
            "was built for major version {} of the plugin boundary and this host has {ABI_MAJOR}; build it with this host's SDK",
            entry.abi_major
        ));
    }
    Ok(entry)
}

/// What makes each module that the metadata promises.
///
/// # Safety
/// The entry's modules are as many structs as it says, one behind the other, each beginning with its size, in an image that stays.
unsafe fn makers(entry: &EntryRaw, frame: &Frame) -> Result<Vec<Maker>, String> {
    const MOST: usize = 1024;
    if entry.modules.is_null()
        || !entry.modules.is_aligned()
        || entry.n_modules == 0
        || entry.n_modules > MOST
    {
        return Err(format!(
            "has no list of 1 to {MOST} modules; fill in `modules` and `n_modules`"
        ));
    }
    // SAFETY: there is at least one, and it begins with its size.
    let stride = unsafe { entry.modules.cast::<u32>().read() } as usize;
    if stride < size_of::<ModuleRaw>() || !stride.is_multiple_of(align_of::<ModuleRaw>()) {
        return Err(format!(
            "has modules of {stride} bytes; set their `size` to sizeof(jf_module_t)"
        ));
    }
    let mut makers = Vec::new();
    for index in 0..entry.n_modules {
        // SAFETY: within the list, as the caller vouches.
        let module = unsafe { import_table(entry.modules.byte_add(index * stride)) };
        let Some(module) = module.filter(|module| module.size as usize == stride) else {
            return Err(format!("has a module {index} of another size than the first"));
        };
        // SAFETY: texts of an image that stays.
        let (area, id) = unsafe { (module.area.text(), module.id.text()) };
        let (Ok(area), Ok(id)) = (area, id) else {
            return Err(format!("has a module {index} whose area or id is not UTF-8"));
        };
        let Some(create) = module.create else {
            return Err(format!("has a module `{id}` without `create`; fill it in"));
        };
        makers.push(Maker {
            area: area.to_owned(),
            id: id.to_owned(),
            create,
        });
    }
    for promised in &frame.modules {
        if !makers
            .iter()
            .any(|maker| maker.area == promised.area && maker.id == promised.id)
        {
            return Err(format!(
                "has no module `{}` for {}, which the metadata promises; list it in `modules`",
                promised.id, promised.area
            ));
        }
    }
    Ok(makers)
}
