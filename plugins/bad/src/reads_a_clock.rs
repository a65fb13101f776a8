//! Reads the machine's clock in `process` and lets it be heard.

use jackfield_sdk::prelude::*;

use crate::{Block, Sin, descriptor};

/// Reads the machine's clock in `process` and lets it be heard.
#[derive(Default)]
pub struct ReadsAClock(());

impl Sin for ReadsAClock {
    const DESCRIPTOR: Descriptor = descriptor(
        "jackfield.bad.reads-a-clock",
        "Reads a clock",
        "Its output depends on the machine's clock.",
    );

    fn commit(&mut self, block: Block<'_>) -> Result<(), Fault> {
        let now = std::time::SystemTime::now();
        let day = now
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |since| since.as_secs() / 86_400);
        block.near[0] += day as f32 * 1e-9;
        Ok(())
    }
}
