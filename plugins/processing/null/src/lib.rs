//! The audio processor that changes nothing: the smallest plugin there is, and the baseline that every other processor is measured against.
//!
//! It must never touch a sample.
//!
//! ```
//! use jackfield_processing_null::Null;
//! use jackfield_sdk::prelude::*;
//!
//! let mut null = Null::create(&Environment::seeded(1))?;
//! null.activate(&AudioFormat::MONO_48K)?;
//! let mut block = [0.25; 480];
//! null.process(Timestamp::ZERO, &mut block, &CaptureInfo::UNKNOWN, &mut ProcessorReport::UNKNOWN.clone())?;
//! assert_eq!(block, [0.25; 480]);
//! # Ok::<(), Fault>(())
//! ```

use jackfield_sdk::dsp::{check_block, check_format};
use jackfield_sdk::prelude::*;

/// Changes nothing.
pub struct Null {
    format: Option<AudioFormat>,
    parameters: (),
}

impl Plugin for Null {
    const DESCRIPTOR: Descriptor =
        Descriptor::new("jackfield.processing.null", "None", env!("CARGO_PKG_VERSION"))
            .vendor("Jackfield")
            .license("MIT OR Apache-2.0")
            .description("Changes nothing: the baseline for comparisons.");
    type Parameters = ();

    fn create(_: &Environment) -> Result<Self, Fault> {
        Ok(Self {
            format: None,
            parameters: (),
        })
    }

    fn parameters(&mut self) -> &mut () {
        &mut self.parameters
    }
}

impl AudioProcessor for Null {
    fn activate(&mut self, format: &AudioFormat) -> Result<(), Fault> {
        check_format(format)?;
        self.format = Some(*format);
        Ok(())
    }

    fn process(
        &mut self,
        _now: Timestamp,
        near: &mut [f32],
        _capture: &CaptureInfo,
        _report: &mut ProcessorReport,
    ) -> Result<(), Fault> {
        check_block(self.format, near.len()).map(|_| ())
    }
}

jackfield_sdk::export! { AudioProcessor => Null }
