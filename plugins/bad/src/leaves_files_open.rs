//! Opens a file in `activate` and never closes it.

use jackfield_sdk::prelude::*;

use crate::{Block, Sin, descriptor};

/// Opens a file in `activate` and never closes it.
#[derive(Default)]
pub struct LeavesFilesOpen(());

impl Sin for LeavesFilesOpen {
    const DESCRIPTOR: Descriptor = descriptor(
        "jackfield.bad.leaves-files-open",
        "Leaves files open",
        "Leaves a file open with every activation.",
    );

    fn commit(&mut self, _block: Block<'_>) -> Result<(), Fault> {
        Ok(())
    }

    fn activate(&mut self) {
        if let Ok(file) = std::fs::File::open("/dev/null") {
            std::mem::forget(file);
        }
    }
}
