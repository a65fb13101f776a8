//! What was found in which plugin file, remembered in a file from one run of a program to the next, so that listing many plugins does not read
//! them all.
//!
//! It is a help and no proof: whoever opens a plugin reads it again, compares its digest and verifies its signature. A cache of another build of
//! the host, or one that cannot be read, is as good as none. It holds the metadata as the files do, so that there is one reader for both.

use std::collections::HashMap;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use jackfield_core::AREAS;
use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::discovery::{Found, Known, Stamp, writable_by_all};
use crate::error::FileFault;
use crate::metadata;
use crate::shape;

/// A cache is no larger than this.
const LARGEST: u64 = 64 << 20;

/// The file in which it is remembered.
#[derive(Debug)]
pub(crate) struct Store {
    path: PathBuf,
}

#[derive(Serialize, Deserialize)]
struct Text {
    /// What this host knows of the areas: another host finds other faults.
    host: String,
    files: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    path: PathBuf,
    stamp: Stamp,
    #[serde(flatten)]
    content: Content,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Content {
    Plugin {
        digest: String,
        signer: Option<String>,
        metadata: String,
    },
    Fault {
        fault: String,
    },
}

impl Store {
    pub(crate) const fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// What it holds; nothing if it is not there, not ours, or not to be read.
    pub(crate) fn read(&self) -> Known {
        let usable = fs::metadata(&self.path)
            .is_ok_and(|found| found.is_file() && found.len() <= LARGEST && !writable_by_all(&found));
        if !usable {
            return HashMap::new();
        }
        fs::read(&self.path)
            .map(|bytes| known(&bytes))
            .unwrap_or_default()
    }

    /// Writes it anew, under another name first. That it cannot be written costs time only.
    pub(crate) fn write(&self, known: &Known) {
        if let Err(error) = self.replace(known) {
            tracing::debug!(path = %self.path.display(), %error, "what was found in the plugin files is not remembered");
        }
    }

    fn replace(&self, known: &Known) -> std::io::Result<()> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        let unfinished = self
            .path
            .with_extension(format!("{}.unfinished", std::process::id()));
        let written = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&unfinished)
            .and_then(|mut file| file.write_all(&text(known)))
            .and_then(|()| fs::rename(&unfinished, &self.path));
        written.inspect_err(|_| {
            let _ = fs::remove_file(&unfinished);
        })
    }
}

/// How many files the bytes of a cache tell of: whatever they are, the answer is a number and never a panic.
pub fn entries(bytes: &[u8]) -> usize {
    known(bytes).len()
}

fn known(bytes: &[u8]) -> Known {
    let Ok(text) = serde_json::from_slice::<Text>(bytes) else {
        return HashMap::new();
    };
    if text.host != host() {
        return HashMap::new();
    }
    text.files
        .into_iter()
        .filter_map(|entry| {
            let scanned = match entry.content {
                Content::Fault { fault } => Err(FileFault::Remembered(fault)),
                Content::Plugin {
                    digest,
                    signer,
                    metadata,
                } => Ok(Found {
                    digest: digest.parse().ok()?,
                    signer: match signer {
                        Some(signer) => Some(signer.parse().ok()?),
                        None => None,
                    },
                    modules: metadata::frames(metadata.as_bytes())
                        .ok()?
                        .into_iter()
                        .flat_map(|frame| frame.modules)
                        .collect(),
                    metadata: metadata.into_bytes(),
                }),
            };
            Some((entry.path, (entry.stamp, scanned)))
        })
        .collect()
}

fn text(known: &Known) -> Vec<u8> {
    let mut files: Vec<Entry> = known
        .iter()
        .filter_map(|(path, (stamp, scanned))| {
            let content = match scanned {
                Err(fault) => Content::Fault {
                    fault: fault.to_string(),
                },
                Ok(found) => Content::Plugin {
                    digest: found.digest.to_string(),
                    signer: found.signer.map(|signer| signer.to_string()),
                    metadata: String::from_utf8(found.metadata.clone()).ok()?,
                },
            };
            Some(Entry {
                path: path.clone(),
                stamp: *stamp,
                content,
            })
        })
        .collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let text = Text { host: host(), files };
    serde_json::to_vec(&text).unwrap_or_default()
}

/// What decides whether a file is a plugin for this host: the shapes of all areas.
fn host() -> String {
    let shapes: Vec<String> = AREAS.iter().map(|area| shape::text(area)).collect();
    Digest::of(format!("{} {}", env!("CARGO_PKG_VERSION"), shapes.concat()).as_bytes()).to_string()
}
