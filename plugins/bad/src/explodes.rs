//! Gets louder without end.

use jackfield_sdk::prelude::*;

use crate::{Block, Sin, descriptor};

/// Gets louder without end.
#[derive(Default)]
pub struct Explodes {
    blocks: u32,
}

impl Sin for Explodes {
    const DESCRIPTOR: Descriptor = descriptor(
        "jackfield.bad.explodes",
        "Explodes",
        "Gets louder by 6 dB with every block.",
    );

    fn commit(&mut self, block: Block<'_>) -> Result<(), Fault> {
        self.blocks = self.blocks.saturating_add(1);
        let gain = 2_f32.powi(self.blocks.min(120) as i32);
        block.near.iter_mut().for_each(|sample| *sample *= gain);
        Ok(())
    }
}
