//! Answers every block with a fault.

use jackfield_sdk::prelude::*;

use crate::{Block, Sin, descriptor};

/// Answers every block with a fault.
#[derive(Default)]
pub struct Fails(());

impl Sin for Fails {
    const DESCRIPTOR: Descriptor = descriptor(
        "jackfield.bad.fails",
        "Fails",
        "Answers every block with a fault.",
    );

    fn commit(&mut self, _block: Block<'_>) -> Result<(), Fault> {
        Err(Fault::failed("on purpose"))
    }
}
