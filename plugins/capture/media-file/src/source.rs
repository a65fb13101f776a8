//! The source.

use jackfield_sdk::dsp::{ClipPlayer, check_format};
use jackfield_sdk::prelude::*;

use crate::decode;

/// What can be set.
#[derive(Params)]
pub struct MediaFileSourceParameters {
    /// Whether the sound begins anew when it has ended.
    #[param(title = "Loop", default = true)]
    pub looped: bool,
}

/// Plays the best audio stream of a media file.
pub struct MediaFileSource {
    parameters: MediaFileSourceParameters,
    player: ClipPlayer,
}

impl Plugin for MediaFileSource {
    const DESCRIPTOR: Descriptor = Descriptor::new(
        "jackfield.capture.media-file",
        "Media file",
        env!("CARGO_PKG_VERSION"),
    )
    .vendor("Jackfield")
    .license("MIT OR Apache-2.0")
    .description("Plays the sound of any file that FFmpeg decodes. Location: the path.");
    const STATISTICS: &'static [Statistic] = ClipPlayer::STATISTICS;
    type Parameters = MediaFileSourceParameters;

    fn create(_: &Environment) -> Result<Self, Fault> {
        Ok(Self {
            parameters: MediaFileSourceParameters::defaults(),
            player: ClipPlayer::default(),
        })
    }

    fn parameters(&mut self) -> &mut MediaFileSourceParameters {
        &mut self.parameters
    }

    fn statistics(&mut self, values: &mut [f64]) {
        self.player.statistics(values);
    }

    fn reset(&mut self, _reason: ResetReason) {
        self.player.rewind();
    }
}

impl AudioSource for MediaFileSource {
    fn open(&mut self, location: &str, format: &AudioFormat) -> Result<(), Fault> {
        check_format(format)?;
        if location.is_empty() {
            return Err(Fault::invalid(
                "no file given: set the location to the path of a media file",
            ));
        }
        self.player.insert(decode::load(location, format)?);
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
