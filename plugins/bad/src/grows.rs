//! Keeps every block that it was ever passed.

use jackfield_sdk::prelude::*;

use crate::{Block, Sin, descriptor};

/// Keeps every block that it was ever passed.
#[derive(Default)]
pub struct Grows {
    kept: Vec<Vec<f32>>,
}

impl Sin for Grows {
    const DESCRIPTOR: Descriptor = descriptor(
        "jackfield.bad.grows",
        "Grows",
        "Keeps every block that it was ever passed.",
    );

    fn commit(&mut self, block: Block<'_>) -> Result<(), Fault> {
        self.kept.push(block.near.to_vec());
        Ok(())
    }
}
