//! Sleeps in `process`.

use jackfield_sdk::prelude::*;

use crate::{Block, Sin, descriptor};

/// Sleeps in `process`.
#[derive(Default)]
pub struct Sleeps(());

impl Sin for Sleeps {
    const DESCRIPTOR: Descriptor = descriptor(
        "jackfield.bad.sleeps",
        "Sleeps",
        "Sleeps for 15 ms in every block.",
    );

    fn commit(&mut self, _block: Block<'_>) -> Result<(), Fault> {
        std::thread::sleep(std::time::Duration::from_millis(15));
        Ok(())
    }
}
