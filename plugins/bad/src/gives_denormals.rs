//! Never arrives at zero.

use jackfield_sdk::prelude::*;

use crate::{Block, Sin, descriptor};

/// Never arrives at zero: what is silent is a number too small to be normal.
#[derive(Default)]
pub struct GivesDenormals(());

impl Sin for GivesDenormals {
    const DESCRIPTOR: Descriptor = descriptor(
        "jackfield.bad.gives-denormals",
        "Gives denormals",
        "Gives numbers too small to be normal for silence.",
    );

    fn commit(&mut self, block: Block<'_>) -> Result<(), Fault> {
        for sample in block.near.iter_mut() {
            *sample = if *sample == 0.0 { 1e-40 } else { *sample };
        }
        Ok(())
    }
}
