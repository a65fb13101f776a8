//! Adds noise that no seed decides.

use jackfield_sdk::prelude::*;

use crate::{Block, Sin, descriptor};

/// Adds noise that no seed decides.
#[derive(Default)]
pub struct LiesAboutDeterminism {
    state: u64,
}

impl Sin for LiesAboutDeterminism {
    const DESCRIPTOR: Descriptor = descriptor(
        "jackfield.bad.lies-about-determinism",
        "Lies about determinism",
        "Adds a little noise that is another one in every instance, and says that it is deterministic.",
    );

    fn commit(&mut self, block: Block<'_>) -> Result<(), Fault> {
        if self.state == 0 {
            // The keys of a hash map are drawn from the machine.
            self.state = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), 1_u8) | 1;
        }
        for sample in block.near.iter_mut() {
            self.state = self
                .state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            *sample += (self.state >> 40) as f32 * 1e-10;
        }
        Ok(())
    }
}
