//! Treats a buffer at an odd address in another way.

use jackfield_sdk::prelude::*;

use crate::{Block, Sin, descriptor};

/// Treats a buffer at an odd address in another way.
#[derive(Default)]
pub struct LooksAtAddresses(());

impl Sin for LooksAtAddresses {
    const DESCRIPTOR: Descriptor = descriptor(
        "jackfield.bad.looks-at-addresses",
        "Looks at addresses",
        "Its output depends on where its buffer lies.",
    );

    fn commit(&mut self, block: Block<'_>) -> Result<(), Fault> {
        if !(block.near.as_ptr() as usize).is_multiple_of(16) {
            block.near[0] += 1e-6;
        }
        Ok(())
    }
}
