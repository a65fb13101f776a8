//! The host's own folder for copies of plugin files: nobody else can change what stands in it between the check and the opening.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::digest::Digest;
use crate::discovery::writable_by_all;
use crate::error::LoadError;

const PREFIX: &str = "jackfield-images-";
const LOCK: &str = "lock";

/// A folder of mode 0700 that is removed in the end. A lock tells other hosts that it is in use.
#[derive(Debug)]
pub(crate) struct PrivateFolder {
    path: PathBuf,
    _lock: File,
}

impl PrivateFolder {
    /// Makes one in `parent`, and removes those that hosts left behind which ended without cleaning up.
    pub(crate) fn new(parent: &Path) -> Result<Self, LoadError> {
        let fail = |reason: String| LoadError::PrivateFolder {
            path: parent.to_owned(),
            reason,
        };
        let metadata = fs::metadata(parent).map_err(|error| fail(error.to_string()))?;
        let sticky = metadata.mode() & libc::S_ISVTX != 0;
        if writable_by_all(&metadata) && !sticky {
            return Err(fail("anybody may replace what stands in it".to_owned()));
        }
        sweep(parent);
        Self::make(parent).map_err(|error| fail(error.to_string()))
    }

    fn make(parent: &Path) -> io::Result<Self> {
        let process = std::process::id();
        for number in 0..=u16::MAX {
            let path = parent.join(format!("{PREFIX}{process}-{number}"));
            match DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => {
                    // Locked before it has its name: a lock file that nobody holds means that its host is gone.
                    let unnamed = path.join("unlocked");
                    let lock = File::create_new(&unnamed)?;
                    lock.lock()?;
                    fs::rename(&unnamed, path.join(LOCK))?;
                    return Ok(Self { path, _lock: lock });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::Error::other(
            "too many folders of this kind are there already",
        ))
    }

    /// Copies `bytes` into the folder under their digest, and gives the path with what can now be read there.
    pub(crate) fn keep(&self, bytes: &[u8], digest: Digest) -> io::Result<(PathBuf, Vec<u8>)> {
        let path = self.path.join(format!("{}.so", digest.hex()));
        let mut options = OpenOptions::new();
        match options.write(true).create_new(true).mode(0o500).open(&path) {
            Ok(mut file) => file.write_all(bytes).inspect_err(|_| {
                let _ = fs::remove_file(&path);
            })?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
        let copy = fs::read(&path)?;
        Ok((path, copy))
    }
}

impl Drop for PrivateFolder {
    fn drop(&mut self) {
        // Images stay mapped without their names.
        let _ = fs::remove_dir_all(&self.path);
    }
}

fn sweep(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        let ours = entry
            .file_name()
            .to_str()
            .is_some_and(|name| name.starts_with(PREFIX));
        if ours
            && path.symlink_metadata().is_ok_and(|found| found.is_dir())
            && let Ok(lock) = File::open(path.join(LOCK))
            && lock.try_lock().is_ok()
        {
            let _ = fs::remove_dir_all(&path);
        }
    }
}
