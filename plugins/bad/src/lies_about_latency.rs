//! Says that its output lags 10 ms behind, which it does not.

use jackfield_sdk::prelude::*;

use crate::{Block, Sin, descriptor};

/// Says that its output lags 10 ms behind, which it does not.
#[derive(Default)]
pub struct LiesAboutLatency(());

impl Sin for LiesAboutLatency {
    const DESCRIPTOR: Descriptor = descriptor(
        "jackfield.bad.lies-about-latency",
        "Lies about latency",
        "Declares a latency of 10 ms that it does not have.",
    );
    const LATENCY: Latency = Latency::samples(480, SampleRate::HZ_48000);

    fn commit(&mut self, _block: Block<'_>) -> Result<(), Fault> {
        Ok(())
    }
}
