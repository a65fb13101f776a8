//! Reads, in each block, from the buffer of the block before.

use jackfield_sdk::prelude::*;

use crate::{Block, Sin, descriptor};

/// Reads, in each block, from the buffer of the block before.
#[derive(Default)]
pub struct KeepsPointers {
    kept: usize,
}

impl Sin for KeepsPointers {
    const DESCRIPTOR: Descriptor = descriptor(
        "jackfield.bad.keeps-pointers",
        "Keeps pointers",
        "Looks at the buffer of the last block again.",
    );

    fn commit(&mut self, block: Block<'_>) -> Result<(), Fault> {
        let last = std::mem::replace(&mut self.kept, block.near.as_ptr() as usize);
        if last != 0 {
            // SAFETY: none. The buffer was the host's, and may be gone: that is its sin.
            let sample = unsafe { (last as *const f32).read_volatile() };
            block.near[0] += (sample * 1e-12).clamp(-1e-12, 1e-12);
        }
        Ok(())
    }
}
