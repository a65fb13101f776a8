//! Starts a thread in `activate` and never ends it.

use jackfield_sdk::prelude::*;

use crate::{Block, Sin, descriptor};

/// Starts a thread in `activate` and never ends it.
#[derive(Default)]
pub struct SpawnsThreads(());

impl Sin for SpawnsThreads {
    const DESCRIPTOR: Descriptor = descriptor(
        "jackfield.bad.spawns-threads",
        "Spawns threads",
        "Leaves a thread behind with every activation.",
    );

    fn commit(&mut self, _block: Block<'_>) -> Result<(), Fault> {
        Ok(())
    }

    fn activate(&mut self) {
        std::thread::spawn(|| {
            loop {
                std::thread::park();
            }
        });
    }
}
