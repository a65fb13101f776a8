//! Hands over what its successor does not take over.

use jackfield_sdk::prelude::*;

use crate::{Block, Sin, descriptor};

/// Hands over what its successor does not take over.
#[derive(Default)]
pub struct ForgetsItsState {
    blocks: f32,
}

impl Sin for ForgetsItsState {
    const DESCRIPTOR: Descriptor = descriptor(
        "jackfield.bad.forgets-its-state",
        "Forgets its state",
        "Hands over a gain that its successor does not take over.",
    );

    fn commit(&mut self, _block: Block<'_>) -> Result<(), Fault> {
        self.blocks += 1.0;
        Ok(())
    }

    fn hand_over(&mut self, state: &mut ProcessorHandover) {
        state.gain_db = -self.blocks.min(60.0);
    }
}
