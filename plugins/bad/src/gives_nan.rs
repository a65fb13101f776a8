//! Puts one NaN into every block.

use jackfield_sdk::prelude::*;

use crate::{Block, Sin, descriptor};

/// Puts one NaN into every block.
#[derive(Default)]
pub struct GivesNan(());

impl Sin for GivesNan {
    const DESCRIPTOR: Descriptor = descriptor(
        "jackfield.bad.gives-nan",
        "Gives NaN",
        "Puts a sample that is no number into every block.",
    );

    fn commit(&mut self, block: Block<'_>) -> Result<(), Fault> {
        let middle = block.near.len() / 2;
        block.near[middle] = f32::NAN;
        Ok(())
    }
}
