//! Writes where no memory is.

use jackfield_sdk::prelude::*;

use crate::{Block, Sin, descriptor};

/// Writes where no memory is.
#[derive(Default)]
pub struct Segfaults(());

impl Sin for Segfaults {
    const DESCRIPTOR: Descriptor = descriptor(
        "jackfield.bad.segfaults",
        "Segfaults",
        "Writes to an address that there is not.",
    );

    fn commit(&mut self, _block: Block<'_>) -> Result<(), Fault> {
        let nowhere = std::hint::black_box(8_usize) as *mut u32;
        // SAFETY: there is no memory at this address, so the processor stops the write: that is its sin.
        unsafe { nowhere.write_volatile(1) };
        Ok(())
    }
}
