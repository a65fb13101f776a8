//! Aborts the process.

use jackfield_sdk::prelude::*;

use crate::{Block, Sin, descriptor};

/// Aborts the process.
#[derive(Default)]
pub struct Aborts(());

impl Sin for Aborts {
    const DESCRIPTOR: Descriptor = descriptor(
        "jackfield.bad.aborts",
        "Aborts",
        "Ends the process with an abort.",
    );

    fn commit(&mut self, _block: Block<'_>) -> Result<(), Fault> {
        std::process::abort()
    }
}
