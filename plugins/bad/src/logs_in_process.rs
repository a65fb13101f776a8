//! Writes to the host's log on the audio thread.

use jackfield_sdk::prelude::*;

use crate::{Block, Sin, descriptor};

/// Writes to the host's log on the audio thread.
#[derive(Default)]
pub struct LogsInProcess(());

impl Sin for LogsInProcess {
    const DESCRIPTOR: Descriptor = descriptor(
        "jackfield.bad.logs-in-process",
        "Logs in process",
        "Writes to the host's log in every block.",
    );

    fn commit(&mut self, _block: Block<'_>) -> Result<(), Fault> {
        jackfield_sdk::log::info("bad", "another block");
        Ok(())
    }
}
