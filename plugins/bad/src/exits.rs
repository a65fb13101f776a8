//! Ends the process from `process`.

use jackfield_sdk::prelude::*;

use crate::{Block, Sin, descriptor};

/// Ends the process from `process`.
#[derive(Default)]
pub struct Exits(());

impl Sin for Exits {
    const DESCRIPTOR: Descriptor = descriptor("jackfield.bad.exits", "Exits", "Ends the process.");

    fn commit(&mut self, _block: Block<'_>) -> Result<(), Fault> {
        std::process::exit(3)
    }
}
