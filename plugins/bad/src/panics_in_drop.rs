//! Panics when it is destroyed, if it has processed a block.

use jackfield_sdk::prelude::*;

use crate::{Block, Sin, descriptor};

/// Panics when it is destroyed, if it has processed a block.
#[derive(Default)]
pub struct PanicsInDrop {
    armed: bool,
}

impl Sin for PanicsInDrop {
    const DESCRIPTOR: Descriptor = descriptor(
        "jackfield.bad.panics-in-drop",
        "Panics in drop",
        "Panics when it is destroyed.",
    );

    fn commit(&mut self, _block: Block<'_>) -> Result<(), Fault> {
        self.armed = true;
        Ok(())
    }
}

impl Drop for PanicsInDrop {
    fn drop(&mut self) {
        assert!(!self.armed, "on purpose, while it is destroyed");
    }
}
