//! The source.

use std::path::Path;

use jackfield_sdk::dsp::{ClipPlayer, check_format};
use jackfield_sdk::prelude::*;

use crate::wav;

/// What can be set.
#[derive(Params)]
pub struct FileSourceParameters {
    /// Whether the recording begins anew when it has ended.
    #[param(title = "Loop", default = true)]
    pub looped: bool,
}

/// Plays a WAV file: PCM of 8 to 32 bits or 32-bit float, any rate from 4 to 384 kHz, any number of channels.
pub struct FileSource {
    parameters: FileSourceParameters,
    player: ClipPlayer,
}

impl Plugin for FileSource {
    const DESCRIPTOR: Descriptor =
        Descriptor::new("jackfield.capture.file", "WAV file", env!("CARGO_PKG_VERSION"))
            .vendor("Jackfield")
            .license("MIT OR Apache-2.0")
            .description("Plays a WAV file. Location: the path.");
    const STATISTICS: &'static [Statistic] = ClipPlayer::STATISTICS;
    type Parameters = FileSourceParameters;

    fn create(_: &Environment) -> Result<Self, Fault> {
        Ok(Self {
            parameters: FileSourceParameters::defaults(),
            player: ClipPlayer::default(),
        })
    }

    fn parameters(&mut self) -> &mut FileSourceParameters {
        &mut self.parameters
    }

    fn statistics(&mut self, values: &mut [f64]) {
        self.player.statistics(values);
    }

    fn reset(&mut self, _reason: ResetReason) {
        self.player.rewind();
    }
}

impl AudioSource for FileSource {
    fn open(&mut self, location: &str, format: &AudioFormat) -> Result<(), Fault> {
        check_format(format)?;
        if location.is_empty() {
            return Err(Fault::invalid(
                "no file given: set the location to the path of a WAV file",
            ));
        }
        self.player.insert(wav::load(Path::new(location), format)?);
        Ok(())
    }

    fn read(&mut self, _now: Timestamp, block: &mut [f32]) -> Result<SourceState, Fault> {
        self.player.read(self.parameters.looped, block)
    }

    fn hand_over(&mut self) -> Result<SourceHandover, Fault> {
        Ok(self.player.hand_over())
    }

    fn take_over(&mut self, state: &SourceHandover) -> Result<(), Fault> {
        self.player.take_over(state);
        Ok(())
    }
}
