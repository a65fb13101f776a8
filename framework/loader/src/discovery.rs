//! Finds plugins in folders, without running any of their code: an ELF section tells who they are.

use std::collections::HashMap;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::catalogue::{Catalogue, PluginFile, Problem};
use crate::digest::Digest;
use crate::elf;
use crate::error::FileFault;
use crate::manifest::Isolation;
use crate::metadata::ModuleInfo;

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
    cache: HashMap<PathBuf, (Stamp, Scanned)>,
}

/// A file is taken for unchanged while all of these are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    mode: u32,
}

type Scanned = Result<(Digest, Vec<ModuleInfo>), FileFault>;

impl Scanner {
    /// Adds everything in `folders` to `catalogue`, first folder first, files by name.
    pub(crate) fn scan(
        &mut self,
        folders: &[PathBuf],
        allow_world_writable: bool,
        catalogue: &mut Catalogue,
    ) {
        let mut seen = HashMap::new();
        let mut scanned_folders: Vec<PathBuf> = Vec::new();
        for folder in folders {
            let files = match files_of(folder, allow_world_writable) {
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
                let (stamp, scanned) = self.file(&path, allow_world_writable);
                match &scanned {
                    Ok((digest, modules)) => catalogue.add(PluginFile {
                        path: path.clone(),
                        isolation: Isolation::InProcess,
                        digest: Some(*digest),
                        modules: modules.clone(),
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
        self.cache = seen;
    }

    fn file(&mut self, path: &Path, allow_world_writable: bool) -> (Option<Stamp>, Scanned) {
        let metadata = match fs::metadata(path) {
            Ok(metadata) => metadata,
            Err(error) => return (None, Err(FileFault::Unreadable(error.to_string()))),
        };
        let stamp = Stamp::of(&metadata);
        if let Some((known, scanned)) = self.cache.remove(path)
            && known == stamp
        {
            return (Some(stamp), scanned);
        }
        (Some(stamp), read(path, &metadata, allow_world_writable))
    }
}

impl Stamp {
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
    Ok((
        Digest::of(&bytes),
        frames.into_iter().flat_map(|frame| frame.modules).collect(),
    ))
}

/// The folder's real path and the regular files in it whose names end in `.so`, by name.
fn files_of(folder: &Path, allow_world_writable: bool) -> Result<(PathBuf, Vec<PathBuf>), String> {
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
    Ok((folder.canonicalize().map_err(unreadable)?, files))
}

pub(crate) fn writable_by_all(metadata: &Metadata) -> bool {
    metadata.mode() & 0o002 != 0
}
