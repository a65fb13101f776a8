//! PLUGIN_TITLE: an audio source. It gives a tone; put where your audio comes from into `open` and `fill`.

use jackfield_sdk::prelude::*;
use jackfield_sdk::source::{Signal, SignalSource};

/// One instance: one place that audio comes from.
pub struct PluginName {
    parameters: (),
}

impl Plugin for PluginName {
    const DESCRIPTOR: Descriptor = Descriptor::new("PLUGIN_ID", "PLUGIN_TITLE", "0.1.0")
        .vendor("PLUGIN_VENDOR")
        .license("MIT OR Apache-2.0")
        .description("Gives a tone of 440 Hz. Location: nothing.");
    type Parameters = ();
    fn create(_: &Environment) -> Result<Self, Fault> {
        Ok(Self { parameters: () })
    }
    fn parameters(&mut self) -> &mut () {
        &mut self.parameters
    }
}

impl Signal for PluginName {
    fn open(&mut self, location: &str, _format: &AudioFormat) -> Result<(), Fault> {
        let only = Fault::invalid("there is one tone only: leave the location empty");
        if location.is_empty() { Ok(()) } else { Err(only) }
    }
    // Ten milliseconds, one channel behind the other. No allocation, no lock, no clock in here.
    fn fill(&mut self, position: u64, format: &AudioFormat, block: &mut [f32]) -> Result<SourceState, Fault> {
        let (samples, rate) = (format.block_samples() as u64, u64::from(format.sample_rate.as_hz()));
        for (i, sample) in (0..).zip(block) {
            let turns = ((position % rate + i % samples) * 440 % rate) as f64 / rate as f64;
            *sample = 0.1 * (turns * std::f64::consts::TAU).sin() as f32;
        }
        Ok(SourceState::default())
    }
}

jackfield_sdk::export! { AudioSource => SignalSource<PluginName> }
