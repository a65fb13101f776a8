//! Finds plugins in folders, without running any of their code: an ELF section tells who they are.

use std::collections::HashMap;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::cache::Store;
use crate::catalogue::{Catalogue, PluginFile, Problem};
use crate::digest::Digest;
use crate::elf;
use crate::error::FileFault;
use crate::manifest::Isolation;
use crate::metadata::ModuleInfo;
use crate::signature::{PublicKey, Signature};

/// A plugin file is no larger than this: debug builds with everything in them stay below it.
pub(crate) const LARGEST_FILE: u64 = 512 << 20;

/// The environment variable that names plugin folders, joined by colons.
pub const FOLDERS_VARIABLE: &str = "JACKFIELD_PLUGIN_PATH";

/// The folders that [`FOLDERS_VARIABLE`] names, those that exist. Never the current directory.
pub fn named_folders() -> Vec<PathBuf> {
    let named = std::env::var_os(FOLDERS_VARIABLE).unwrap_or_default();
    let is_usable = |folder: &PathBuf| folder.is_absolute() && folder.is_dir();
    std::env::split_paths(&named).filter(is_usable).collect()
}

/// The folders in which plugins are installed on this machine, those that exist: `$XDG_DATA_HOME/jackfield/plugins` (`~/.local/share` without
/// the variable), `/usr/lib/jackfield/plugins`. Never the current directory.
pub fn standard_folders() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = Vec::new();
    let data = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from);
    let data = data.filter(|data| data.is_absolute());
    let data = data.or_else(|| std::env::home_dir().map(|home| home.join(".local/share")));
    folders.extend(data.map(|data| data.join("jackfield/plugins")));
    folders.push(PathBuf::from("/usr/lib/jackfield/plugins"));
    folders.retain(|folder| folder.is_absolute() && folder.is_dir());
    folders
}

/// Scans folders and remembers what it read of files that have not changed since.
#[derive(Debug, Default)]
pub(crate) struct Scanner {
    known: Known,
    store: Option<Store>,
}

/// What is scanned.
pub(crate) struct Scope<'a> {
    /// The folders, first one first.
    pub(crate) folders: &'a [PathBuf],
    /// Where folders and links may lead; without, into the folders.
    pub(crate) roots: Option<&'a [PathBuf]>,
    /// Whether files and folders that anybody may change are taken all the same.
    pub(crate) allow_world_writable: bool,
}

/// What was found in each file when it was as it is.
pub(crate) type Known = HashMap<PathBuf, (Stamp, Scanned)>;

/// A file with its signature is taken for unchanged while all of these are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stamp {
    file: FileStamp,
    signature: Option<FileStamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct FileStamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    mode: u32,
}

pub(crate) type Scanned = Result<Found, FileFault>;

/// What a plugin file holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Found {
    pub(crate) digest: Digest,
    pub(crate) signer: Option<PublicKey>,
    /// The bytes of its section `.jf_meta`.
    pub(crate) metadata: Vec<u8>,
    pub(crate) modules: Vec<ModuleInfo>,
}

impl Scanner {
    /// A scanner that remembers in the file at `cache` too, for the next run of the program.
    pub(crate) fn new(cache: Option<PathBuf>) -> Self {
        let store = cache.map(Store::new);
        Self {
            known: store.as_ref().map(Store::read).unwrap_or_default(),
            store,
        }
    }

    /// Adds everything in the folders to `catalogue`, first folder first, files by name.
    pub(crate) fn scan(&mut self, scope: &Scope<'_>, catalogue: &mut Catalogue) {
        let roots: Vec<PathBuf> = scope
            .roots
            .unwrap_or(scope.folders)
            .iter()
            .filter_map(|root| root.canonicalize().ok())
            .collect();
        let mut seen = HashMap::new();
        let mut scanned_folders: Vec<PathBuf> = Vec::new();
        let mut changed = false;
        for folder in scope.folders {
            let files = match files_of(folder, scope.allow_world_writable, &roots) {
                Ok((canonical, _)) if scanned_folders.contains(&canonical) => continue,
                Ok((canonical, files)) => {
                    scanned_folders.push(canonical);
                    files
                }
                Err(reason) => {
                    catalogue.add_problem(Problem::Folder {
                        path: folder.clone(),
                        reason,
                    });
                    continue;
                }
            };
            for path in files {
                let (stamp, is_known, scanned) = self.file(&path, scope.allow_world_writable, &roots);
                if !is_known {
                    catalogue.count_read();
                    changed = true;
                }
                match &scanned {
                    Ok(found) => catalogue.add(PluginFile {
                        path: path.clone(),
                        isolation: Isolation::InProcess,
                        digest: Some(found.digest),
                        signer: found.signer,
                        modules: found.modules.clone(),
                        linked: None,
                    }),
                    Err(fault) => {
                        catalogue.add_problem(Problem::File {
                            path: path.clone(),
                            fault: fault.clone(),
                        });
                    }
                }
                if let Some(stamp) = stamp {
                    seen.insert(path, (stamp, scanned));
                }
            }
        }
        changed |= seen.len() != self.known.len();
        // What is known of folders that were not scanned this time is of use another time.
        let elsewhere = self.known.drain().filter(|(path, _)| {
            !path
                .parent()
                .is_some_and(|folder| scope.folders.iter().any(|scanned| scanned == folder))
        });
        seen.extend(elsewhere);
        self.known = seen;
        if let (Some(store), true) = (&self.store, changed) {
            store.write(&self.known);
        }
    }

    /// What is in a file, its stamp, and whether that was known already.
    fn file(
        &mut self,
        path: &Path,
        allow_world_writable: bool,
        roots: &[PathBuf],
    ) -> (Option<Stamp>, bool, Scanned) {
        let metadata = match fs::metadata(path) {
            Ok(metadata) => metadata,
            Err(error) => return (None, true, Err(FileFault::Unreadable(error.to_string()))),
        };
        if let Some(target) = leads_out(path, roots) {
            return (None, true, Err(FileFault::Outside { target }));
        }
        let stamp = Stamp {
            file: FileStamp::of(&metadata),
            signature: fs::metadata(Signature::path_of(path))
                .ok()
                .map(|found| FileStamp::of(&found)),
        };
        if let Some((known, scanned)) = self.known.get(path)
            && *known == stamp
        {
            return (Some(stamp), true, scanned.clone());
        }
        (Some(stamp), false, read(path, &metadata, allow_world_writable))
    }
}

impl FileStamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            mode: metadata.mode(),
        }
    }
}

/// Where a link leads that leads out of all roots.
fn leads_out(path: &Path, roots: &[PathBuf]) -> Option<PathBuf> {
    if !path.symlink_metadata().is_ok_and(|found| found.is_symlink()) {
        return None;
    }
    let target = path.canonicalize().ok()?;
    (!is_inside(&target, roots)).then_some(target)
}

fn is_inside(canonical: &Path, roots: &[PathBuf]) -> bool {
    roots.iter().any(|root| canonical.starts_with(root))
}

fn read(path: &Path, metadata: &Metadata, allow_world_writable: bool) -> Scanned {
    if metadata.size() > LARGEST_FILE {
        return Err(FileFault::TooLarge(LARGEST_FILE));
    }
    if writable_by_all(metadata) && !allow_world_writable {
        return Err(FileFault::Unreadable(
            "anybody may change it; run chmod o-w on it".to_owned(),
        ));
    }
    let bytes = fs::read(path).map_err(|error| FileFault::Unreadable(error.to_string()))?;
    let frames = elf::examine(&bytes)?;
    let digest = Digest::of(&bytes);
    let signature = Signature::beside(path)?;
    if let Some(signature) = &signature {
        signature.verify(digest)?;
    }
    Ok(Found {
        digest,
        signer: signature.map(|signature| signature.signer),
        metadata: elf::metadata(&bytes).unwrap_or_default().to_vec(),
        modules: frames.into_iter().flat_map(|frame| frame.modules).collect(),
    })
}

/// The folder's real path and the regular files in it whose names end in `.so`, by name.
fn files_of(
    folder: &Path,
    allow_world_writable: bool,
    roots: &[PathBuf],
) -> Result<(PathBuf, Vec<PathBuf>), String> {
    if !folder.is_absolute() {
        return Err(
            "a plugin folder is an absolute path, so that nothing depends on the current directory"
                .to_owned(),
        );
    }
    let unreadable = |error: io::Error| {
        format!("cannot read this plugin folder: {error}; make it, or take it out of the list")
    };
    let metadata = fs::metadata(folder).map_err(unreadable)?;
    if !metadata.is_dir() {
        return Err("this is not a folder; name the folder in which the plugin lies".to_owned());
    }
    if writable_by_all(&metadata) && !allow_world_writable {
        return Err("anybody may write into this plugin folder; run chmod o-w on it".to_owned());
    }
    let canonical = folder.canonicalize().map_err(unreadable)?;
    if !is_inside(&canonical, roots) {
        return Err(format!(
            "this plugin folder is {}, outside the folder of the manifest; if plugins may lie there, add it to `folders` in [policy]",
            canonical.display()
        ));
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        // A pipe or a device of that name would block or never end.
        if path.extension().is_some_and(|ending| ending == "so")
            && path.metadata().is_ok_and(|found| found.is_file())
        {
            files.push(path);
        }
    }
    files.sort();
    Ok((canonical, files))
}

pub(crate) fn writable_by_all(metadata: &Metadata) -> bool {
    metadata.mode() & 0o002 != 0
}
