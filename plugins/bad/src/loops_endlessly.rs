//! Never comes back from `process`.

use jackfield_sdk::prelude::*;

use crate::{Block, Sin, descriptor};

/// Never comes back from `process`.
#[derive(Default)]
pub struct LoopsEndlessly(());

impl Sin for LoopsEndlessly {
    const DESCRIPTOR: Descriptor = descriptor(
        "jackfield.bad.loops-endlessly",
        "Loops endlessly",
        "Never comes back from a block.",
    );

    fn commit(&mut self, _block: Block<'_>) -> Result<(), Fault> {
        loop {
            std::hint::spin_loop();
        }
    }
}
