//! Fades, and never arrives at zero.

use jackfield_sdk::prelude::*;

use crate::{Block, Sin, descriptor};

/// Fades, and never arrives at zero.
#[derive(Default)]
pub struct GivesDenormals {
    last: f32,
}

impl Sin for GivesDenormals {
    const DESCRIPTOR: Descriptor = descriptor(
        "jackfield.bad.gives-denormals",
        "Gives denormals",
        "Fades into numbers too small to be normal.",
    );

    fn commit(&mut self, block: Block<'_>) -> Result<(), Fault> {
        for sample in block.near.iter_mut() {
            // A pole so close to one that silence never comes.
            self.last = self.last * 0.99 + *sample * 0.01;
            if *sample == 0.0 && self.last.abs() < 2e-38 {
                self.last = 1e-40;
            }
            *sample = self.last;
        }
        Ok(())
    }
}
