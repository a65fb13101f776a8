//! Leaves a kilobyte behind with every instance.

use jackfield_sdk::prelude::*;

use crate::{Block, Sin, descriptor};

/// Leaves a kilobyte behind with every instance.
pub struct Leaks(());

impl Default for Leaks {
    fn default() -> Self {
        std::mem::forget(std::hint::black_box(vec![1_u8; 1_024]));
        Self(())
    }
}

impl Sin for Leaks {
    const DESCRIPTOR: Descriptor = descriptor(
        "jackfield.bad.leaks",
        "Leaks",
        "Leaves a kilobyte behind with every instance.",
    );

    fn commit(&mut self, _block: Block<'_>) -> Result<(), Fault> {
        Ok(())
    }
}
