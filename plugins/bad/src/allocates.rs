//! Allocates in `process`, and frees what it allocated.

use jackfield_sdk::prelude::*;

use crate::{Block, Sin, descriptor};

/// Allocates in `process`, and frees what it allocated.
#[derive(Default)]
pub struct Allocates(());

impl Sin for Allocates {
    const DESCRIPTOR: Descriptor = descriptor(
        "jackfield.bad.allocates",
        "Allocates",
        "Allocates in every block.",
    );

    fn commit(&mut self, block: Block<'_>) -> Result<(), Fault> {
        let copy = std::hint::black_box(block.near.to_vec());
        block.near.copy_from_slice(&copy);
        Ok(())
    }
}
