//! PLUGIN_TITLE: an audio processor. It makes the voice louder or softer; put your own algorithm into `process`.

use jackfield_sdk::dsp::ramp::Ramp;
use jackfield_sdk::dsp::{check_block, check_format, from_db, sanitize};
use jackfield_sdk::prelude::*;

/// What can be set while it runs. Each field becomes a parameter of the manifest and a slider on the page.
#[derive(Params)]
pub struct Knobs {
    /// How much louder the output is than the input.
    #[param(title = "Level", unit = "dB", min = -60.0, max = 12.0, default = 0.0)]
    level: f32,
}

/// One instance: one participant's voice.
pub struct PluginName {
    knobs: Knobs,
    format: Option<AudioFormat>,
    gain: Ramp,
}

impl Plugin for PluginName {
    const DESCRIPTOR: Descriptor = Descriptor::new("PLUGIN_ID", "PLUGIN_TITLE", "0.1.0")
        .vendor("PLUGIN_VENDOR")
        .license("MIT OR Apache-2.0")
        .description("Makes the voice louder or softer.");
    type Parameters = Knobs;
    fn create(_: &Environment) -> Result<Self, Fault> {
        Ok(Self { knobs: Knobs::defaults(), format: None, gain: Ramp::new(1.0, 480) })
    }
    fn parameters(&mut self) -> &mut Knobs {
        &mut self.knobs
    }
}

impl AudioProcessor for PluginName {
    fn activate(&mut self, format: &AudioFormat) -> Result<(), Fault> {
        self.format = check_format(format).map(|()| Some(*format))?;
        Ok(())
    }
    // Ten milliseconds, one channel behind the other. No allocation, no lock, no clock in here.
    fn process(&mut self, _: Timestamp, near: &mut [f32], _: &CaptureInfo, _: &mut ProcessorReport) -> Result<(), Fault> {
        let format = check_block(self.format, near.len())?;
        sanitize(near, 4.0);
        self.gain.aim(from_db(self.knobs.level));
        self.gain.apply(near, format.channels as usize);
        Ok(())
    }
}

jackfield_sdk::export! { AudioProcessor => PluginName }
