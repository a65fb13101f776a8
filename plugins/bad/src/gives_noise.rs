//! Gives noise at full scale.

use jackfield_sdk::prelude::*;

use crate::{Block, Sin, descriptor};

/// Gives noise at full scale.
#[derive(Default)]
pub struct GivesNoise {
    state: u32,
}

impl Sin for GivesNoise {
    const DESCRIPTOR: Descriptor = descriptor(
        "jackfield.bad.gives-noise",
        "Gives noise",
        "Gives noise at full scale, whatever comes in.",
    );

    fn commit(&mut self, block: Block<'_>) -> Result<(), Fault> {
        for sample in block.near.iter_mut() {
            self.state = self.state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *sample = (self.state >> 8) as f32 / (1_u32 << 23) as f32 - 1.0;
        }
        Ok(())
    }
}
