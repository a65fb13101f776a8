//! The images that this process has opened, and which of them are retired: still mapped, and offered by no file any more.

use std::path::PathBuf;

use serde::Serialize;

use crate::digest::Digest;

/// All images of a loader, in the order in which they were opened.
#[derive(Clone, Debug, Serialize)]
pub struct Ledger {
    /// The images.
    pub images: Vec<LedgerEntry>,
    /// How many may be retired before the next new one is refused.
    pub cap: usize,
}

/// One image.
#[derive(Clone, Debug, Serialize)]
pub struct LedgerEntry {
    /// The file that it was copied from.
    pub path: PathBuf,
    /// Its digest.
    pub digest: Digest,
    /// Its size in bytes.
    pub bytes: u64,
    /// Id and version of each module.
    pub modules: Vec<String>,
    /// Instances made from it since it was opened.
    pub instances_made: u64,
    /// Whether the last scan found no file of this digest.
    pub retired: bool,
}

impl Ledger {
    /// How many images are retired.
    pub fn retired(&self) -> usize {
        self.images.iter().filter(|image| image.retired).count()
    }

    /// The bytes of all images together: about what they hold of the address space.
    pub fn bytes(&self) -> u64 {
        self.images.iter().map(|image| image.bytes).sum()
    }
}
