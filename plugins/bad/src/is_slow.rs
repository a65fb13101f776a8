//! Works for some 20 ms on every block of 10.

use jackfield_sdk::prelude::*;

use crate::{Block, Sin, descriptor};

/// Works for some 20 ms on every block of 10.
#[derive(Default)]
pub struct IsSlow(());

impl Sin for IsSlow {
    const DESCRIPTOR: Descriptor = descriptor(
        "jackfield.bad.is-slow",
        "Is slow",
        "Takes twice as long for a block as the block lasts.",
    );

    fn commit(&mut self, block: Block<'_>) -> Result<(), Fault> {
        let mut x = 1.000_000_1_f32;
        for _ in 0..u64::from(block.work) * 1_000_000 {
            x = std::hint::black_box(x * 0.999_999_9);
        }
        block.near[0] += x * 1e-12;
        Ok(())
    }
}
