//! PLUGIN_TITLE: an audio sink. It measures how loud the audio is; put where your audio goes into `open` and `write`.

use jackfield_sdk::dsp::{check_block, check_format};
use jackfield_sdk::prelude::*;

/// One instance: one place that audio goes to.
pub struct PluginName {
    parameters: (),
    format: Option<AudioFormat>,
    level: f32,
}

impl Plugin for PluginName {
    const DESCRIPTOR: Descriptor = Descriptor::new("PLUGIN_ID", "PLUGIN_TITLE", "0.1.0")
        .vendor("PLUGIN_VENDOR")
        .license("MIT OR Apache-2.0")
        .description("Measures how loud the audio is. Location: nothing.");
    const STATISTICS: &'static [Statistic] = &[Statistic::gauge("level", "dBov", "The level of the last block.")];
    type Parameters = ();
    fn create(_: &Environment) -> Result<Self, Fault> {
        Ok(Self { parameters: (), format: None, level: -127.0 })
    }
    fn parameters(&mut self) -> &mut () {
        &mut self.parameters
    }
    fn statistics(&mut self, values: &mut [f64]) {
        values[0] = f64::from(self.level);
    }
}

impl AudioSink for PluginName {
    fn open(&mut self, location: &str, format: &AudioFormat) -> Result<(), Fault> {
        self.format = check_format(format).map(|()| location.is_empty().then_some(*format))?;
        self.format.map(|_| ()).ok_or(Fault::invalid("there is one meter only: leave the location empty"))
    }
    // Ten milliseconds, one channel behind the other. No allocation, no lock, no clock in here.
    fn write(&mut self, _now: Timestamp, block: &[f32]) -> Result<SinkState, Fault> {
        check_block(self.format, block.len())?;
        self.level = level_dbov(block);
        Ok(SinkState::default())
    }
    fn close(&mut self) -> Result<(), Fault> {
        self.format = None;
        Ok(())
    }
}

jackfield_sdk::export! { AudioSink => PluginName }
