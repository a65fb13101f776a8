//! Falls silent.

use jackfield_sdk::prelude::*;

use crate::{Block, Sin, descriptor};

/// Falls silent.
#[derive(Default)]
pub struct GivesSilence(());

impl Sin for GivesSilence {
    const DESCRIPTOR: Descriptor = descriptor(
        "jackfield.bad.gives-silence",
        "Gives silence",
        "Gives silence, whatever comes in.",
    );

    fn commit(&mut self, block: Block<'_>) -> Result<(), Fault> {
        block.near.fill(0.0);
        Ok(())
    }
}
