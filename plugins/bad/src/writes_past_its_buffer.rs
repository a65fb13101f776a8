//! Writes one sample behind the block that it is passed.

use jackfield_sdk::prelude::*;

use crate::{Block, Sin, descriptor};

/// Writes one sample behind the block that it is passed.
#[derive(Default)]
pub struct WritesPastItsBuffer(());

impl Sin for WritesPastItsBuffer {
    const DESCRIPTOR: Descriptor = descriptor(
        "jackfield.bad.writes-past-its-buffer",
        "Writes past its buffer",
        "Writes one sample behind the block.",
    );

    fn commit(&mut self, block: Block<'_>) -> Result<(), Fault> {
        let behind = block.near.as_mut_ptr_range().end;
        // SAFETY: none. What lies behind the block belongs to somebody else: that is its sin.
        unsafe { behind.write_volatile(0.5) };
        Ok(())
    }
}
