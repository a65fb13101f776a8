//! Panics in `process`.

use jackfield_sdk::prelude::*;

use crate::{Block, Sin, descriptor};

/// Panics in `process`.
#[derive(Default)]
pub struct PanicsInProcess(());

impl Sin for PanicsInProcess {
    const DESCRIPTOR: Descriptor = descriptor(
        "jackfield.bad.panics-in-process",
        "Panics in process",
        "Panics in a block.",
    );

    fn commit(&mut self, _block: Block<'_>) -> Result<(), Fault> {
        panic!("on purpose")
    }
}
